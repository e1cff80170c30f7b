//! The engine: a state machine that knows no browser. A [`Command`] and the moment go in; what is
//! to be done about it comes out as calls of a [`Host`].

mod delivery;

use cdp_core::consent::Verdict;

use crate::command::{Command, Moment};
use crate::consent::Consent;
use crate::host::Host;
use crate::json::{push_number, push_pair};
use crate::queue::{MOST_HELD, MOST_QUEUED, Queue};
use crate::retry::Retry;
use crate::session::{Loss, Tab};
use crate::settings::Settings;

/// A larger event could not leave with a beacon; a server takes 32 KB.
pub const LARGEST_EVENT: usize = 50_000;
/// Most events of a request, as long as no server finds that too large.
const BATCH_EVENTS: usize = 100;
/// How long an event waits for company.
const LINGER: f64 = 60.0;
/// How long after a beacon its events are sent again if the page is still there: only a reply settles them.
const AFTER_BEACON: f64 = 5_000.0;

/// The state of one page.
#[derive(Debug)]
pub struct Collector {
    settings: Settings,
    consent: Consent,
    /// Every tab whose numbers are accounted for here; `own` is this one.
    tabs: Vec<Tab>,
    own: usize,
    /// Consent allowed collecting when it was last asked; then every event in the queue is complete.
    collecting: bool,
    anonymous_id: String,
    /// Whether that id will be there on the next page.
    durable: bool,
    queue: Queue,
    retry: Retry,
    watched: String,
    offline: bool,
    /// The server said that the request itself is wrong: this page asks no more.
    refused: bool,
    /// A request is under way; `ticket` is its number.
    flying: bool,
    ticket: u32,
    /// When the timer fires; 0 when it is not set.
    due: f64,
    batch_events: usize,
}

impl Collector {
    /// A page's collector, before any command.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let tab = Tab::new(settings.tab(), settings.next());
        Self {
            settings,
            consent: Consent::default(),
            tabs: vec![tab],
            own: 0,
            collecting: false,
            anonymous_id: String::new(),
            durable: true,
            queue: Queue::default(),
            retry: Retry::default(),
            watched: String::new(),
            offline: false,
            refused: false,
            flying: false,
            ticket: 0,
            due: 0.0,
            batch_events: BATCH_EVENTS,
        }
    }

    /// Whether events are stored and sent.
    #[must_use]
    pub fn collecting(&self) -> bool {
        self.collecting
    }

    /// Whether decisions about the visitor may be asked for.
    #[must_use]
    pub fn deciding(&self) -> bool {
        self.collecting && self.consent.may_decide(&self.settings)
    }

    /// How many events wait: for an outcome while collecting, else for a choice.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Handles one command.
    pub fn handle(&mut self, moment: Moment, command: Command<'_>, host: &mut impl Host) {
        let now = moment.now;
        match command {
            Command::Capture(head) => self.capture(now, head, host),
            Command::Consent {
                choices,
                source,
                anonymous_id,
            } => {
                self.consent.choose(choices, source);
                anonymous_id.clone_into(&mut self.anonymous_id);
                self.reconsider(now, host);
            }
            Command::Adopt { tab, seq, text } => self.adopt(now, tab, seq, text, host),
            Command::AdoptLosses { tab, saved } => {
                let tab = self.tab(tab);
                // Known already where the page came back from the cache.
                if let Some(tab) = self.tabs.get_mut(tab)
                    && !tab.has_losses()
                {
                    tab.restore(saved);
                }
            }
            Command::Ask => {
                let mut state = String::new();
                self.consent.push_state(&mut state, &self.settings);
                host.tell(&state);
            }
            Command::Reset(spare) => {
                if !self.collecting {
                    self.queue.hand_over(spare);
                }
            }
            Command::Watch(placements) => placements.clone_into(&mut self.watched),
            Command::Tick => self.due = 0.0,
            Command::Replied {
                ticket,
                status,
                wait,
                outcomes,
            } => {
                if !self.flying || ticket != self.ticket {
                    return;
                }
                self.replied(moment, status, wait, outcomes, host);
            }
            Command::Online(online) => {
                self.offline = !online;
                self.retry.reset();
                self.due = 0.0;
            }
            Command::Hide { leaving } => {
                self.hide(now, leaving, host);
                return;
            }
            // Numbers that wait for a choice were never written anywhere: nobody counted on from them.
            Command::Resume(tab) => {
                if self.collecting {
                    self.own = self.tab(tab);
                    self.land(false, host);
                    self.due = 0.0;
                }
            }
        }
        // Whatever happened, what may go and is due goes.
        if self.due == 0.0 {
            self.flush(now, host);
        }
    }

    fn capture(&mut self, now: f64, head: &str, host: &mut impl Host) {
        let Some(seq) = self.tabs.get_mut(self.own).map(Tab::number) else {
            return;
        };
        let verdict = self.consent.collect(&self.settings);
        if verdict == Verdict::Deny {
            self.lose(self.own, seq, Loss::Refused, host);
        } else if head.len() > LARGEST_EVENT {
            self.lose(self.own, seq, Loss::TooLarge, host);
        } else {
            let mut text = head.to_owned();
            self.consent.push_receipt(&mut text, now, &self.settings);
            if self.collecting {
                self.complete(self.own, seq, &self.anonymous_id, &mut text, host);
                self.remember(host);
                self.wake(now, LINGER, host);
            } else {
                host.report("", 1);
            }
            self.queue.push(self.own, seq, text);
            self.make_room(host);
        }
    }

    fn adopt(&mut self, now: f64, tab: &str, seq: u32, text: &str, host: &mut impl Host) {
        let tab = self.tab(tab);
        if !self.collecting || self.queue.has(tab, seq) {
            return;
        }
        if let Some(tab) = self.tabs.get_mut(tab) {
            tab.saw(seq);
        }
        if text.is_empty() {
            host.store(&self.key(tab, seq), "");
            self.lose(tab, seq, Loss::Unreadable, host);
            return;
        }
        self.queue.push(tab, seq, text.to_owned());
        self.make_room(host);
        self.wake(now, LINGER, host);
    }

    /// Closes the open consent object, the context and the event, and stores it.
    fn complete(&self, tab: usize, seq: u32, owner: &str, text: &mut String, host: &mut impl Host) {
        text.push('}');
        if !self.durable {
            text.push(',');
            push_pair(text, "storage", "memory");
        }
        text.push_str(",\"ledger\":{");
        push_pair(text, "tab", self.id(tab));
        text.push_str(",\"seq\":");
        push_number(text, seq);
        text.push_str("}},");
        push_pair(text, "anonymousId", owner);
        text.push('}');
        host.store(&self.key(tab, seq), text);
    }

    fn make_room(&mut self, host: &mut impl Host) {
        let (most, loss) = if self.collecting {
            (MOST_QUEUED, Loss::QueueFull)
        } else {
            (MOST_HELD, Loss::HeldFull)
        };
        for (tab, seq) in self.queue.evict(most) {
            self.settled(tab, seq, host);
            self.lose(tab, seq, loss, host);
        }
    }

    /// The choices changed.
    fn reconsider(&mut self, now: f64, host: &mut impl Host) {
        let verdict = self.consent.collect(&self.settings);
        if verdict == Verdict::Allow {
            if !self.collecting {
                self.durable = host.begin();
                self.collecting = true;
                self.release(now, host);
            }
            self.wake(now, LINGER, host);
        } else if verdict == Verdict::Deny || self.collecting {
            // Back to "not asked" after a grant is a withdrawal too.
            self.forget(host);
        }
    }

    /// Everything that waited for a choice may go.
    fn release(&mut self, now: f64, host: &mut impl Host) {
        let mut queue = std::mem::take(&mut self.queue);
        for entry in queue.entries_mut() {
            let owner = if entry.owner.is_empty() {
                &self.anonymous_id
            } else {
                &entry.owner
            };
            self.consent
                .push_release(&mut entry.text, now, &self.settings);
            self.complete(entry.tab, entry.seq, owner, &mut entry.text, host);
        }
        self.queue = queue;
        self.remember(host);
        self.save_losses(self.own, host);
    }

    /// Nothing of the visitor stays, in memory or on the device; the numbers are accounted for.
    fn forget(&mut self, host: &mut impl Host) {
        let loss = if self.collecting {
            Loss::Withdrawn
        } else {
            Loss::Refused
        };
        self.land(false, host);
        self.collecting = false;
        host.purge();
        for (tab, seq) in self.queue.clear() {
            self.lose(tab, seq, loss, host);
        }
    }

    fn lose(&mut self, tab: usize, seq: u32, loss: Loss, host: &mut impl Host) {
        if let Some(tab) = self.tabs.get_mut(tab) {
            tab.lose(seq, seq, loss);
        }
        host.report(loss.reason(), 1);
        self.save_losses(tab, host);
    }

    /// Writes down what was lost, where writing is allowed.
    fn save_losses(&self, tab: usize, host: &mut impl Host) {
        if !self.collecting {
            return;
        }
        let mut key = String::from("hw:l:");
        key.push_str(self.id(tab));
        let saved = self.tabs.get(tab).map(Tab::saved).unwrap_or_default();
        host.store(&key, &saved);
    }

    /// Lets the next page of this tab count on.
    fn remember(&self, host: &mut impl Host) {
        let Some(tab) = self.tabs.get(self.own) else {
            return;
        };
        let mut value = tab.id().to_owned();
        value.push(' ');
        push_number(&mut value, tab.next());
        host.session(&value);
    }

    /// Sets the timer, unless it fires sooner anyway. A due time in the past is one that a sleeping
    /// or cached page lost.
    fn wake(&mut self, now: f64, after: f64, host: &mut impl Host) {
        if self.due == 0.0 || self.due > now + after || self.due < now - AFTER_BEACON {
            self.due = now + after;
            host.wake(after);
        }
    }

    /// An event needs no place on the device any more.
    fn settled(&self, tab: usize, seq: u32, host: &mut impl Host) {
        if self.collecting {
            host.store(&self.key(tab, seq), "");
        }
    }

    /// The place of a tab among those that are accounted for here.
    fn tab(&mut self, id: &str) -> usize {
        let known = self.tabs.iter().position(|tab| tab.id() == id);
        known.unwrap_or_else(|| {
            self.tabs.push(Tab::new(id, 1));
            self.tabs.len() - 1
        })
    }

    fn id(&self, tab: usize) -> &str {
        self.tabs.get(tab).map_or("", Tab::id)
    }

    fn key(&self, tab: usize, seq: u32) -> String {
        let mut key = String::from("hw:q:");
        key.push_str(self.id(tab));
        key.push(':');
        push_number(&mut key, seq);
        key
    }
}
