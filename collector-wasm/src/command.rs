//! What the engine is told: one half of its seam to a page. The other half is [`crate::host::Host`].

use crate::words::next_word;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// The page made an event. The text is its JSON without the last two closing braces, with a
    /// non-empty `context` as its last member: the engine completes both.
    Capture(&'a str),
    /// The visitor's choices are now `choices` ([`crate::consent::Consent::choose`]), says `source`.
    Consent {
        /// Purposes after `+`, `-` or `?`.
        choices: &'a str,
        /// `banner`, `api`, …, with the moment of the decision ([`crate::consent::Consent::choose`]).
        source: &'a str,
        /// The visitor's id, should collecting be allowed. Until then it is in memory only.
        anonymous_id: &'a str,
    },
    /// A closed tab left this event in storage; an empty text could not be read.
    Adopt {
        /// The closed tab.
        tab: &'a str,
        /// The event's number.
        seq: u32,
        /// The complete event.
        text: &'a str,
    },
    /// A closed tab left this account of its losses ([`crate::session::Tab::saved`]).
    AdoptLosses {
        /// The closed tab.
        tab: &'a str,
        /// The line.
        saved: &'a str,
    },
    /// Each reply shall bring decisions for these placements, a JSON array; nothing for none.
    Watch(&'a str),
    /// The timer fired.
    Tick,
    /// A request was answered.
    Replied {
        /// Which one.
        ticket: u32,
        /// The HTTP status; 0 without an answer.
        status: u32,
        /// What `Retry-After` asks for, in milliseconds.
        wait: f64,
        /// One letter per event of the batch, `d` where its outcome is final.
        outcomes: &'a str,
    },
    /// The network is there, or is not.
    Online(bool),
    /// The page is hidden; or it leaves.
    Hide {
        /// It leaves.
        leaving: bool,
    },
    /// The page came back from the browser's cache, as this tab: another page may have counted on.
    Resume(&'a str),
    /// Somebody else uses the page from here on: what waits for a choice belongs to this id.
    Reset(&'a str),
    /// The page asks for the consent state: [`crate::host::Host::tell`].
    Ask,
}

impl<'a> Command<'a> {
    /// A command from the page: a number for its kind, a text (several are divided by line feeds)
    /// and numbers. One function for all of them is what keeps the boundary small.
    #[must_use]
    pub fn read(kind: u32, text: &'a str, number: u32, status: u32, wait: f64) -> Option<Self> {
        let flag = number != 0;
        let mut rest = text;
        Some(match kind {
            0 => Self::Capture(text),
            1 => Self::Consent {
                choices: next_word(&mut rest, b'\n')?,
                source: next_word(&mut rest, b'\n')?,
                anonymous_id: rest,
            },
            2 => Self::Adopt {
                tab: next_word(&mut rest, b'\n')?,
                seq: number,
                text: rest,
            },
            3 => Self::AdoptLosses {
                tab: next_word(&mut rest, b'\n')?,
                saved: rest,
            },
            4 => Self::Watch(text),
            5 => Self::Tick,
            6 => Self::Replied {
                ticket: number,
                status,
                wait,
                outcomes: text,
            },
            7 => Self::Online(flag),
            8 => Self::Hide { leaving: flag },
            9 => Self::Resume(text),
            10 => Self::Ask,
            11 => Self::Reset(text),
            _ => return None,
        })
    }
}

/// When a command is handled, and a random number in 0..1.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Milliseconds since 1970.
    pub now: f64,
    /// Randomness for jitter.
    pub dice: f64,
}
