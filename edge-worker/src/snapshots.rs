//! What an isolate remembers of people; pure, so that it is tested on any machine.

use cdp_core::forward::{Snapshot, Subject};
use cdp_core::recent::Recent;
use cdp_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a snapshot is believed without asking again: what another device of the person does shows
/// after this time.
const FRESH: Span = Span::from_seconds(1);
/// How old a snapshot may be on which is decided while the aggregator cannot be asked.
pub(crate) const USABLE: Span = Span::from_seconds(24 * 3_600);
/// How often one that stays the same is written down for other isolates.
const WRITTEN_DOWN: Span = Span::from_seconds(3_600);

/// Of whom, in which space.
pub(crate) type Place = (String, Subject);

/// A snapshot, and when the aggregator said it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heard {
    pub(crate) at: Timestamp,
    pub(crate) snapshot: Snapshot,
}

impl Heard {
    /// Whether it may still be used when nobody can be asked.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        let usable = if self.snapshot.passing { FRESH } else { USABLE };
        now.since(self.at) < usable
    }
}

#[derive(Clone, Debug)]
struct Kept {
    heard: Heard,
    /// Whether something has happened since that may have changed it.
    doubtful: bool,
    written_down: Timestamp,
}

/// The snapshots of one isolate.
#[derive(Debug)]
pub(crate) struct Snapshots {
    kept: Recent<Place, Option<Kept>>,
    /// Profiles of whom nothing may be kept that was heard before.
    forgotten: Recent<String, Option<Timestamp>>,
}

impl Snapshots {
    /// A memory of so many people.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            kept: Recent::new(most),
            forgotten: Recent::new(most),
        }
    }

    fn kept(&mut self, place: &Place) -> Option<&mut Kept> {
        if !self.kept.knows(place) {
            return None;
        }
        let kept = self.kept.of(place.clone()).as_mut()?;
        let profile = kept.heard.snapshot.profile_id.as_ref();
        let forgotten = profile.filter(|profile| self.forgotten.knows(profile));
        let since = forgotten.and_then(|profile| *self.forgotten.of(profile.clone()));
        (since.is_none_or(|since| kept.heard.at > since)).then_some(kept)
    }

    /// What was said a moment ago.
    pub(crate) fn fresh(&mut self, place: &Place, now: Timestamp) -> Option<Snapshot> {
        let kept = self.kept(place)?;
        let fresh = !kept.doubtful && now.since(kept.heard.at) < FRESH;
        fresh.then(|| kept.heard.snapshot.clone())
    }

    /// What was said last.
    pub(crate) fn last(&mut self, place: &Place) -> Option<&Heard> {
        self.kept(place).map(|kept| &kept.heard)
    }

    /// Remembers what was said, unless something younger is there. Says whether it has to be written
    /// down for other isolates.
    pub(crate) fn remember(&mut self, place: &Place, heard: Heard) -> bool {
        let before = self.kept(place);
        if before.as_ref().is_some_and(|kept| {
            kept.heard.snapshot.version > heard.snapshot.version && heard.snapshot.version != 0
        }) {
            return false;
        }
        let written_down = before.and_then(|kept| {
            let recent = heard.at.since(kept.written_down) < WRITTEN_DOWN;
            (recent && says_the_same(&kept.heard.snapshot, &heard.snapshot))
                .then_some(kept.written_down)
        });
        // Of a stranger there is nothing to keep.
        let news = written_down.is_none() && heard.snapshot.profile_id.is_some();
        let kept = Kept {
            doubtful: false,
            written_down: written_down.unwrap_or(heard.at),
            heard,
        };
        *self.kept.of(place.clone()) = Some(kept);
        news
    }

    /// What is remembered is still so. Gives it.
    pub(crate) fn confirm(&mut self, place: &Place, at: Timestamp) -> Option<Snapshot> {
        let kept = self.kept(place)?;
        kept.heard.at = at;
        kept.doubtful = false;
        Some(kept.heard.snapshot.clone())
    }

    /// Something happened: it has to be asked for again.
    pub(crate) fn doubt(&mut self, place: &Place) {
        if let Some(kept) = self.kept(place) {
            kept.doubtful = true;
        }
    }

    /// Forgets somebody. Gives the profile.
    pub(crate) fn forget(&mut self, place: &Place) -> Option<String> {
        let profile = self.kept(place)?.heard.snapshot.profile_id.clone();
        *self.kept.of(place.clone()) = None;
        profile
    }

    /// Forgets whatever was heard of a profile until now.
    pub(crate) fn forget_profile(&mut self, profile_id: &str, now: Timestamp) {
        *self.forgotten.of(profile_id.to_owned()) = Some(now);
    }
}

/// Whether two snapshots differ in nothing but the time at which they were read.
fn says_the_same(one: &Snapshot, other: &Snapshot) -> bool {
    let other = Snapshot {
        version: one.version,
        as_of: one.as_of,
        ..other.clone()
    };
    *one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(id: &str) -> Place {
        ("spc_1".to_owned(), Subject::AnonymousId(id.to_owned()))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn heard(millis: i64, version: i64) -> Heard {
        let snapshot = Snapshot {
            profile_id: Some("prf_1".to_owned()),
            version,
            ..Snapshot::default()
        };
        Heard {
            at: at(millis),
            snapshot,
        }
    }

    #[test]
    fn a_snapshot_is_believed_for_a_second_and_then_asked_for() {
        let mut snapshots = Snapshots::new(10);
        assert!(snapshots.remember(&place("a"), heard(0, 1)));
        assert!(snapshots.fresh(&place("a"), at(999)).is_some());
        assert!(snapshots.fresh(&place("a"), at(1_000)).is_none());
        assert!(snapshots.confirm(&place("a"), at(1_500)).is_some());
        assert!(snapshots.fresh(&place("a"), at(2_499)).is_some());
        snapshots.doubt(&place("a"));
        assert!(snapshots.fresh(&place("a"), at(1_501)).is_none());
        assert!(
            snapshots.last(&place("a")).is_some(),
            "for an outage it is good enough"
        );
        assert!(snapshots.fresh(&place("b"), at(0)).is_none());
    }

    #[test]
    fn what_is_a_day_old_is_of_no_use() {
        let one = heard(0, 1);
        let day = at(USABLE.as_micros() / 1_000);
        assert!(one.is_usable(day.plus(Span::from_micros(-1))) && !one.is_usable(day));
    }

    #[test]
    fn an_older_answer_that_comes_later_changes_nothing() {
        let mut snapshots = Snapshots::new(10);
        snapshots.remember(&place("a"), heard(10, 7));
        assert!(!snapshots.remember(&place("a"), heard(20, 6)));
        assert_eq!(snapshots.last(&place("a")), Some(&heard(10, 7)));
    }

    #[test]
    fn what_stays_the_same_is_written_down_once_an_hour() {
        let mut snapshots = Snapshots::new(10);
        assert!(snapshots.remember(&place("a"), heard(0, 1)));
        assert!(!snapshots.remember(&place("a"), heard(10, 2)));
        assert!(snapshots.remember(&place("a"), heard(3_600_000, 3)));
        let stranger = Heard {
            at: at(0),
            snapshot: Snapshot::default(),
        };
        assert!(!snapshots.remember(&place("b"), stranger));
    }

    #[test]
    fn what_rules_look_at_and_what_was_shown_is_written_down_when_it_changes() {
        let mut snapshots = Snapshots::new(10);
        assert!(snapshots.remember(&place("a"), heard(0, 1)));
        let mut seen = heard(10, 2);
        seen.snapshot.basis = Some(cdp_core::audience::Basis::default());
        assert!(snapshots.remember(&place("a"), seen.clone()));
        seen.snapshot
            .exposures
            .entry("exp_1".to_owned())
            .or_default();
        assert!(snapshots.remember(&place("a"), seen));
    }

    #[test]
    fn who_is_forgotten_is_forgotten_on_every_device() {
        let mut snapshots = Snapshots::new(10);
        for device in ["a", "b"] {
            snapshots.remember(&place(device), heard(0, 1));
        }
        assert_eq!(snapshots.forget(&place("a")).as_deref(), Some("prf_1"));
        snapshots.forget_profile("prf_1", at(5));
        assert!(snapshots.last(&place("a")).is_none() && snapshots.last(&place("b")).is_none());
        snapshots.remember(&place("b"), heard(6, 2));
        assert!(
            snapshots.last(&place("b")).is_some(),
            "what is heard afterwards is kept again"
        );
    }
}
