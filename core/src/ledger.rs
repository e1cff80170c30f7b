//! Loss ledger: every event the SDK numbers ends in exactly one named outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::collection::BOT_REASON;
use crate::outcome::Outcome;
use crate::rate::Rate;
use crate::time::{Span, Timestamp};

/// The number a browser tab gave to an event: `context.ledger` on the wire. A tab's id is random
/// and lives as long as the tab; it never joins tabs or sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LedgerMark {
    /// The tab, 16 hexadecimal digits.
    pub tab: String,
    /// The event's number within the tab, from 1.
    pub seq: u64,
}

/// What a tab reports about its numbering with each batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TabReport {
    /// The tab.
    pub tab: String,
    /// The number its next event will get: it has numbered `next - 1` so far.
    pub next: u64,
    /// Numbers that will never arrive, with the reason.
    #[serde(default)]
    pub lost: Vec<LostRange>,
}

/// A run of numbers that the SDK itself settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LostRange {
    /// First number.
    pub from: u64,
    /// Last number, included.
    pub to: u64,
    /// `dropped` or `denied`.
    pub outcome: Outcome,
    /// Why, as a short word such as `memory_full`; what is longer than [`MOST_REASON`] bytes is cut off.
    pub reason: String,
}

impl LostRange {
    /// The reason as it is kept.
    fn short_reason(&self) -> &str {
        let end = self.reason.floor_char_boundary(MOST_REASON);
        self.reason.get(..end).unwrap_or_default()
    }
}

/// Numbers that one batch may settle as lost, and numbers by which what arrives may be ahead of what
/// is known of a tab. Each settled number is a row, and the write key is public.
pub const MOST_AHEAD: u64 = 10_000;
/// Numbers that a tab may only claim to have given out: more than the SDK can have waiting (500 for a
/// choice, 1,000 for an outcome).
pub const MOST_WAITING: u64 = 2_000;
/// Tabs that one batch may report of.
pub const MOST_REPORTS: usize = 100;
/// Bytes that the reason of a lost range may have; it is kept with every number of the range.
pub const MOST_REASON: usize = 100;
/// New tabs that a source may have. A page view is one at most.
pub const NEW_TABS: Rate = Rate {
    events_per_second: 1_000,
    burst: 60_000,
};
/// How long something may be under way before its absence says anything.
pub const GRACE: Span = Span::from_seconds(60);

impl TabReport {
    /// How many numbers the report settles.
    #[must_use]
    pub fn settles(&self) -> usize {
        let numbers = self.lost.iter().map(|range| range.to - range.from + 1);
        usize::try_from(numbers.fold(0, u64::saturating_add)).unwrap_or(usize::MAX)
    }

    /// Whether the report makes sense: an id of the right form, numbers that fit each other, and
    /// only outcomes that an SDK may report.
    #[must_use]
    pub fn is_plausible(&self) -> bool {
        is_tab(&self.tab)
            && self.next >= 1
            && self.next < u64::from(u32::MAX)
            && self.lost.iter().all(|range| {
                range.from >= 1
                    && range.from <= range.to
                    && range.to < self.next
                    && matches!(range.outcome, Outcome::Dropped | Outcome::Denied)
            })
    }
}

/// What of a batch's reports is believed: those that make sense, of at most [`MOST_REPORTS`] tabs,
/// with the first [`MOST_AHEAD`] numbers that they call lost. What is cut off has no outcome, so it
/// shows as a gap.
#[must_use]
pub fn believable(reports: Vec<TabReport>) -> Vec<TabReport> {
    let mut left = MOST_AHEAD;
    let mut shorten = |mut report: TabReport| {
        report.lost.retain_mut(|range| {
            range.reason = range.short_reason().to_owned();
            range.to = range.to.min(range.from.saturating_add(left) - 1);
            let fits = left > 0;
            left -= if fits { range.to - range.from + 1 } else { 0 };
            fits
        });
        report
    };
    reports
        .into_iter()
        .filter(TabReport::is_plausible)
        .take(MOST_REPORTS)
        .map(&mut shorten)
        .collect()
}

/// How one number ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending<'a> {
    /// Its outcome.
    pub outcome: Outcome,
    /// Why, where there is something to explain.
    pub reason: Option<&'a str>,
    /// The message, where one arrived.
    pub message_id: Option<&'a str>,
}

/// What batches say of one tab: the events that arrived, and the tab's own reports.
#[derive(Clone, Debug, Default)]
pub struct News<'a> {
    arrived: Vec<(u64, Ending<'a>)>,
    reports: Vec<&'a TabReport>,
}

/// A tab's account after news: how far it has numbered, and how numbers ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account<'a> {
    /// The number its next event will get.
    pub next: u64,
    /// How numbers below that ended, as far as the news say so.
    pub endings: BTreeMap<u64, Ending<'a>>,
}

impl<'a> News<'a> {
    /// An event with this number arrived and ended so.
    pub fn arrived(&mut self, seq: u64, ending: Ending<'a>) {
        self.arrived.push((seq, ending));
    }

    /// The tab reported.
    pub fn reported(&mut self, report: &'a TabReport) {
        self.reports.push(report);
    }

    /// The account of a tab that was known to have numbered up to `known` (1 for a new tab). Only
    /// so much ahead of that is believed; a number beyond has no place in the ledger. Of two endings of
    /// a number the first stays, except that `ok` makes good for any other.
    #[must_use]
    pub fn account(&self, known: u64) -> Account<'a> {
        let ahead = known.max(1).saturating_add(MOST_AHEAD);
        let arrived = self.arrived.iter().map(|(seq, _)| seq + 1);
        let lost = self
            .reports
            .iter()
            .flat_map(|report| report.lost.iter().map(|range| range.to + 1));
        let proved = arrived
            .chain(lost)
            .filter(|after| *after <= ahead)
            .fold(known.max(1), u64::max);
        let claimed = self.reports.iter().map(|report| report.next).max();
        let next = claimed
            .unwrap_or(proved)
            .clamp(proved, proved.saturating_add(MOST_WAITING));
        let mut endings: BTreeMap<u64, Ending<'a>> = BTreeMap::new();
        for (seq, ending) in self.arrived.iter().filter(|(seq, _)| *seq < next) {
            let known = endings.entry(*seq).or_insert(*ending);
            if ending.outcome == Outcome::Ok {
                *known = *ending;
            }
        }
        for range in self.reports.iter().flat_map(|report| &report.lost) {
            for seq in range.from..=range.to.min(next - 1) {
                endings.entry(seq).or_insert(Ending {
                    outcome: range.outcome,
                    // What is in the log may have come before the bound was asked for.
                    reason: Some(range.short_reason()),
                    message_id: None,
                });
            }
        }
        Account { next, endings }
    }
}

/// Why numbers have no outcome, as far as the evidence says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "GapCause"))]
pub enum Cause {
    /// The evidence is younger than [`GRACE`].
    InFlight,
    /// Later numbers arrived, these never did.
    Blocked,
    /// The tab told of them and was not heard of again.
    Offline,
    /// Nothing of the tab ever arrived.
    ClosedBeforeFirstSend,
    /// The last that is known of the tab is that consent was refused or withdrawn.
    Consent,
}

impl Cause {
    /// Every cause, in the order in which screens list them.
    pub const ALL: [Self; 5] = [
        Self::InFlight,
        Self::Blocked,
        Self::Offline,
        Self::ClosedBeforeFirstSend,
        Self::Consent,
    ];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InFlight => "in_flight",
            Self::Blocked => "blocked",
            Self::Offline => "offline",
            Self::ClosedBeforeFirstSend => "closed_before_first_send",
            Self::Consent => "consent",
        }
    }

    /// The cause in words for a person.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::InFlight => "heard of less than a minute ago: probably still on its way",
            Self::Blocked => {
                "later events of the tab arrived and these did not: their request was blocked or lost, or the device no longer had them"
            }
            Self::Offline => {
                "the tab told of these and was not heard of again: it lost its connection or was closed; what is stored on the device comes with the next visit"
            }
            Self::ClosedBeforeFirstSend => {
                "nothing of this tab ever arrived: it was closed before it could send"
            }
            Self::Consent => {
                "the person refused or withdrew consent, and what waited on the device was deleted"
            }
        }
    }
}

/// What is known around numbers without an outcome.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// When a later number of the tab was settled; none where these are the tab's last.
    pub passed_at: Option<Timestamp>,
    /// When the tab was last heard of.
    pub heard_at: Timestamp,
    /// Whether anything of the tab ever arrived.
    pub anything_arrived: bool,
    /// How the number just before them ended.
    pub before: Option<(Outcome, Option<&'a str>)>,
}

impl Evidence<'_> {
    /// The likely cause.
    #[must_use]
    pub fn cause(&self, now: Timestamp) -> Cause {
        let since = self.passed_at.unwrap_or(self.heard_at);
        let refused = matches!(self.before, Some((Outcome::Denied, reason))
            if !reason.is_some_and(|reason| reason.starts_with(BOT_REASON)));
        if self.passed_at.is_none() && refused {
            Cause::Consent
        } else if now.since(since) < GRACE {
            Cause::InFlight
        } else if self.passed_at.is_some() {
            Cause::Blocked
        } else if self.anything_arrived {
            Cause::Offline
        } else {
            Cause::ClosedBeforeFirstSend
        }
    }
}

/// Whether `text` is a tab's id: 16 lower-case hexadecimal digits.
#[must_use]
pub fn is_tab(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAB: &str = "0123456789abcdef";

    fn report(next: u64, lost: &[(u64, u64)]) -> TabReport {
        let lost = lost.iter().map(|&(from, to)| LostRange {
            from,
            to,
            outcome: Outcome::Dropped,
            reason: "memory_full".to_owned(),
        });
        TabReport {
            tab: TAB.to_owned(),
            next,
            lost: lost.collect(),
        }
    }

    fn ending(outcome: Outcome) -> Ending<'static> {
        Ending {
            outcome,
            reason: None,
            message_id: Some("m"),
        }
    }

    fn account(known: u64, arrived: &[u64], reports: &[TabReport]) -> (u64, Vec<u64>) {
        let mut news = News::default();
        for seq in arrived {
            news.arrived(*seq, ending(Outcome::Ok));
        }
        for report in reports {
            news.reported(report);
        }
        let account = news.account(known);
        (account.next, account.endings.into_keys().collect())
    }

    #[test]
    fn an_honest_tab_is_believed() {
        assert_eq!(account(1, &[1, 2], &[report(3, &[])]), (3, vec![1, 2]));
        assert_eq!(
            account(3, &[5], &[report(9, &[(3, 4)])]),
            (9, vec![3, 4, 5])
        );
        // The beacon of an older page comes late.
        assert_eq!(account(9, &[4], &[report(5, &[])]), (9, vec![4]));
        assert_eq!(account(9, &[], &[]), (9, vec![]));
        // A thousand wait in the queue, the last five hundred behind a choice.
        assert_eq!(account(1, &[], &[report(1_501, &[])]).0, 1_501);
    }

    #[test]
    fn a_stranger_cannot_inflate_the_numbers() {
        let far = u64::from(u32::MAX) - 1;
        assert_eq!(account(1, &[], &[report(far, &[])]).0, 1 + MOST_WAITING);
        assert_eq!(account(1, &[far], &[]), (1, vec![]));
        assert_eq!(
            account(1, &[3, far], &[report(far, &[])]),
            (4 + MOST_WAITING, vec![3])
        );
        let claims = believable(vec![report(far, &[(1, far - 1)])]);
        let (next, settled) = account(1, &[], &claims);
        assert_eq!(next, 1 + MOST_AHEAD + MOST_WAITING);
        assert_eq!(u64::try_from(settled.len()), Ok(MOST_AHEAD));
    }

    #[test]
    fn what_is_settled_is_numbered() {
        for arrived in [&[][..], &[1], &[9_000], &[10_000], &[10_001], &[11_000, 4]] {
            for next in [1, 2, 10_000, 20_000] {
                for lost in [&[][..], &[(1, 2)], &[(1, 5_000), (6_000, 15_000)]] {
                    let reports = believable(vec![report(next, lost)]);
                    let (next, settled) = account(1, arrived, &reports);
                    assert!(
                        settled.iter().all(|seq| *seq < next),
                        "{arrived:?} {reports:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn all_reports_of_a_batch_share_one_bound() {
        let many: Vec<TabReport> = (0..500)
            .map(|_| report(1_000, &[(1, 50), (60, 309)]))
            .collect();
        let believed = believable(many);
        assert_eq!(believed.len(), MOST_REPORTS);
        let lost: u64 = believed
            .iter()
            .flat_map(|report| &report.lost)
            .map(|range| range.to - range.from + 1)
            .sum();
        assert_eq!(lost, MOST_AHEAD);
        assert_eq!(
            believable(vec![report(2, &[(1, 2)]), report(0, &[])]),
            vec![]
        );
    }

    #[test]
    fn a_reason_is_short_wherever_it_was_cut() {
        let mut long = report(10_001, &[(1, 9_999)]);
        long.lost[0].reason = "\u{e9}".repeat(1_000_000);
        // In the log it may stand as it came.
        let mut news = News::default();
        news.reported(&long);
        let account = news.account(1);
        let length = |ending: &Ending<'_>| ending.reason.map_or(0, str::len);
        assert_eq!(account.endings.len(), 9_999);
        assert!(
            account
                .endings
                .values()
                .all(|ending| length(ending) == MOST_REASON)
        );
        let believed = believable(vec![long.clone()]);
        assert_eq!(believed[0].lost[0].reason.len(), MOST_REASON);
        assert_eq!(believed[0].settles(), 9_999);
    }

    #[test]
    fn the_first_ending_stays_and_ok_makes_good() {
        let lost = report(3, &[(1, 2)]);
        let mut news = News::default();
        news.reported(&lost);
        news.arrived(1, ending(Outcome::Denied));
        news.arrived(1, ending(Outcome::Ok));
        news.arrived(1, ending(Outcome::Duplicate));
        let account = news.account(1);
        assert_eq!(account.endings[&1].outcome, Outcome::Ok);
        assert_eq!(account.endings[&2].outcome, Outcome::Dropped);
    }

    #[test]
    fn causes_follow_the_evidence() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let evidence = Evidence {
            passed_at: None,
            heard_at: at(100),
            anything_arrived: true,
            before: Some((Outcome::Ok, None)),
        };
        let passed = Evidence {
            passed_at: Some(at(10)),
            ..evidence
        };
        let nothing = Evidence {
            anything_arrived: false,
            before: None,
            ..evidence
        };
        let denied = |reason| Evidence {
            before: Some((Outcome::Denied, Some(reason))),
            ..evidence
        };
        for (evidence, now, cause) in [
            (evidence, 159, Cause::InFlight),
            (evidence, 160, Cause::Offline),
            (passed, 69, Cause::InFlight),
            (passed, 70, Cause::Blocked),
            (nothing, 159, Cause::InFlight),
            (nothing, 160, Cause::ClosedBeforeFirstSend),
            (denied("consent_withdrawn"), 101, Cause::Consent),
            (
                denied("a known bot (curl): this source drops the events of bots"),
                160,
                Cause::Offline,
            ),
        ] {
            assert_eq!(evidence.cause(at(now)), cause, "{evidence:?} at {now}");
        }
    }
}
