//! What the edge does while the aggregator is away; pure, so that it is tested on any machine.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use cdp_core::forward::{Forward, lines};
use cdp_core::hex::hex;
use cdp_core::outcome::MessageOutcome;
use cdp_core::time::{Span, Timestamp};
use sha2::{Digest, Sha256};

use crate::snapshots::Place;

/// How many Durable Objects share the buffer.
const SHARDS: u64 = 8;
/// How long nobody asks an aggregator that did not answer; then one request tries.
const SHUT: Span = Span::from_seconds(2);
/// The longest pause between two tries to deliver.
pub(crate) const LONGEST_PAUSE: Span = Span::from_seconds(30);

/// The answer to a batch that the buffer holds: what the edge admitted is `ok`, what it refused
/// stays refused. Whether an id was stored before is only known in the log, which drops it there.
pub(crate) fn outcomes(batch: &Forward) -> Vec<MessageOutcome> {
    let mut seen = BTreeSet::new();
    let taken = batch.admitted.iter().map(|admitted| {
        let message_id = admitted.event.message_id.as_str();
        (admitted.index, message_id, seen.insert(message_id))
    });
    lines(taken, &batch.refused)
}

/// The line in which a batch waits. Batches of one line are delivered one after the other: a
/// browser's batches are one line, and so are a source's batches of more than one person.
pub(crate) fn line(batch: &Forward) -> u64 {
    let mut hash = DefaultHasher::new();
    batch.space_id.hash(&mut hash);
    match whose(batch) {
        Some(anonymous_id) => anonymous_id.hash(&mut hash),
        None => batch.source_id.hash(&mut hash),
    }
    hash.finish()
}

/// The Durable Object, from 0, that holds a line.
pub(crate) fn shard(line: u64) -> u64 {
    line % SHARDS
}

/// The Durable Object, from 0, that keeps what is known of somebody, and the key there, which does not
/// say who it is.
pub(crate) fn snapshot_key((space_id, subject): &Place) -> (u64, String) {
    let named = format!("{space_id}\n{}\n{}", subject.kind(), subject.id());
    let digest = Sha256::digest(named);
    let first = digest.first().copied().unwrap_or_default();
    let key = hex(&digest);
    (shard(u64::from(first)), key)
}

/// Every such object.
pub(crate) fn shards() -> std::ops::Range<u64> {
    0..SHARDS
}

/// The anonymous id that all events share.
pub(crate) fn whose(batch: &Forward) -> Option<&str> {
    let mut ids = batch
        .admitted
        .iter()
        .map(|admitted| admitted.event.anonymous_id.as_deref());
    let first = ids.next()??;
    ids.all(|id| id == Some(first)).then_some(first)
}

/// The pause after this many failed tries in a row, counted from 1.
pub(crate) fn pause(failures: u32) -> Span {
    let doubled = 1_i64 << failures.saturating_sub(1).min(10);
    Span::from_seconds(doubled).min(LONGEST_PAUSE)
}

/// Keeps requests from waiting, one after the other, for an aggregator that does not answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Breaker {
    shut_until: Option<Timestamp>,
}

impl Breaker {
    /// One that lets everybody through.
    pub(crate) const fn new() -> Self {
        Self { shut_until: None }
    }

    /// Whether to ask now. After a failure nobody may for a moment; then one, and the others again
    /// only when that one was answered.
    pub(crate) fn may_ask(&mut self, now: Timestamp) -> bool {
        match self.shut_until {
            None => true,
            Some(until) if now < until => false,
            Some(_) => {
                self.shut_until = Some(now.plus(SHUT));
                true
            }
        }
    }

    /// The aggregator answered.
    pub(crate) fn answered(&mut self) {
        self.shut_until = None;
    }

    /// It did not. Says whether that is news.
    pub(crate) fn failed(&mut self, now: Timestamp) -> bool {
        self.shut_until.replace(now.plus(SHUT)).is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn batch(whose: &[(&str, &str)]) -> Forward {
        let event = |message_id: &str, anonymous_id: &str| {
            json!({
                "messageId": message_id, "type": "track", "anonymousId": anonymous_id, "timestamp": "2026-01-01T00:00:00Z",
                "receivedAt": "2026-01-01T00:00:00Z", "receipt": {"categoryPreferences": {}}
            })
        };
        let admitted: Vec<_> = whose
            .iter()
            .enumerate()
            .map(|(index, (message_id, anonymous_id))| json!({"index": index, "event": event(message_id, anonymous_id)}))
            .collect();
        serde_json::from_value(json!({
            "space_id": "spc_1", "source_id": "src_1", "received_at": "2026-01-01T00:00:00Z", "admitted": admitted,
            "refused": [{"index": 9, "message_id": "m-9", "outcome": "quarantined", "reason": "it has no type"}]
        }))
        .unwrap_or_else(|error| panic!("the test's own batch: {error}"))
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn what_was_admitted_is_ok_and_what_was_refused_stays_refused() {
        let outcomes = outcomes(&batch(&[("m-0", "a"), ("m-1", "a"), ("m-0", "a")]));
        let words: Vec<_> = outcomes
            .iter()
            .map(|line| {
                (
                    line.index,
                    line.message_id.as_str(),
                    line.outcome.as_str(),
                    line.reason.is_some(),
                )
            })
            .collect();
        assert_eq!(
            words,
            [
                (0, "m-0", "ok", false),
                (1, "m-1", "ok", false),
                (2, "m-0", "duplicate", false),
                (9, "m-9", "quarantined", true)
            ]
        );
    }

    #[test]
    fn one_browser_is_one_line_and_many_people_are_their_sources_line() {
        let one = line(&batch(&[("m-0", "a")]));
        assert_eq!(one, line(&batch(&[("m-1", "a"), ("m-2", "a")])));
        assert_ne!(one, line(&batch(&[("m-1", "b")])));
        let many = line(&batch(&[("m-1", "a"), ("m-2", "b")]));
        assert_eq!(many, line(&batch(&[("m-3", "c"), ("m-4", "d")])));
        assert_eq!(many, line(&batch(&[])), "and so is a report without events");
        assert_ne!(many, one);
    }

    #[test]
    fn lines_are_spread_over_all_objects() {
        let used: BTreeSet<u64> = (0..100)
            .map(|person| shard(line(&batch(&[("m-0", &format!("person-{person}"))]))))
            .collect();
        assert_eq!(used, (0..SHARDS).collect());
    }

    #[test]
    fn what_is_kept_of_people_is_spread_and_its_key_does_not_say_of_whom() {
        use cdp_core::forward::Subject;
        let key = |space: &str, subject| snapshot_key(&(space.to_owned(), subject));
        let browser = |id: &str| Subject::AnonymousId(id.to_owned());
        let used: BTreeSet<u64> = (0..200)
            .map(|person| key("spc_1", browser(&format!("person-{person}"))).0)
            .collect();
        assert_eq!(used, shards().collect());
        let one = key("spc_1", browser("u-1"));
        assert_eq!(one, key("spc_1", browser("u-1")));
        assert!(one.1.len() == 64 && !one.1.contains("u-1"));
        assert_ne!(one, key("spc_2", browser("u-1")));
        assert_ne!(one, key("spc_1", Subject::UserId("u-1".to_owned())));
    }

    #[test]
    fn pauses_double_up_to_thirty_seconds() {
        let seconds: Vec<_> = [1, 2, 3, 5, 6, 7, u32::MAX]
            .map(|failures| pause(failures).as_micros() / 1_000_000)
            .into();
        assert_eq!(seconds, [1, 2, 4, 16, 30, 30, 30]);
    }

    #[test]
    fn after_a_failure_one_request_in_two_seconds_asks() {
        let mut breaker = Breaker::new();
        assert!(breaker.may_ask(at(0)) && breaker.may_ask(at(0)));
        assert!(breaker.failed(at(1_000)), "the first failure is news");
        assert!(!breaker.failed(at(1_000)));
        assert!(!breaker.may_ask(at(2_999)));
        assert!(breaker.may_ask(at(3_000)), "one tries");
        assert!(!breaker.may_ask(at(3_000)), "only one");
        assert!(
            breaker.may_ask(at(5_000)),
            "and another, should that one never have come back"
        );
        breaker.answered();
        assert!(breaker.may_ask(at(5_001)) && breaker.may_ask(at(5_001)));
    }
}
