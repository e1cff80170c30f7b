//! Counting people who did not agree: how often a few things happened, and nothing of anybody.

use serde::{Deserialize, Serialize};

use super::{Policy, place};
use crate::time::Timestamp;

/// The smallest number that a space may show.
pub const SMALLEST_GROUP: u32 = 10;
/// Names that a space may have counted, events and pages each.
pub const MOST_COUNTED: usize = 50;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// What a space has counted where people do not agree to be collected. Only what is named here is
/// ever sent, so that nothing that a page made of somebody's data can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(default))]
pub struct Counting {
    /// Numbers below this are not shown.
    pub minimum_group: u32,
    /// Names of `track` events.
    pub events: Vec<String>,
    /// Paths of pages, without a query.
    pub pages: Vec<String>,
}

/// Who of a place is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CountedFrom {
    /// Those who refused.
    Refusal,
    /// Those who have not chosen yet, too.
    Start,
}

/// What a page tells of its visitor's stay, each name once. There is no place for anything else in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stay {
    /// The source.
    #[serde(default)]
    pub write_key: Option<String>,
    /// Whether the visitor has refused; otherwise they have not chosen.
    pub refused: bool,
    /// Events that happened.
    #[serde(default)]
    pub events: Vec<String>,
    /// Pages that were seen.
    #[serde(default)]
    pub pages: Vec<String>,
}

/// What an edge passes on of a [`Stay`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The space of the source.
    pub space_id: String,
    /// The source.
    pub source_id: String,
    /// The beginning of the day, UTC.
    pub day: Timestamp,
    /// The country, from the edge's geography.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Events to count once.
    pub events: Vec<String>,
    /// Pages to count once.
    pub pages: Vec<String>,
}

impl Counts {
    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len() + self.pages.len()
    }

    /// Whether there is nothing to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Policy {
    /// What is counted in a place, and of whom; `None` is an unknown place.
    #[must_use]
    pub fn counting(&self, jurisdiction: Option<&str>) -> Option<(&Counting, CountedFrom)> {
        let (_, rule) = self.rule(jurisdiction);
        Some((self.counting.as_ref()?, rule.counting?))
    }

    /// What of a stay may be counted: names that the policy has, each once, at a place that counts.
    #[must_use]
    pub fn countable(
        &self,
        stay: &Stay,
        (space_id, source_id): (&str, &str),
        jurisdiction: Option<&str>,
        now: Timestamp,
    ) -> Option<Counts> {
        let (counting, from) = self.counting(jurisdiction)?;
        if !stay.refused && from == CountedFrom::Refusal {
            return None;
        }
        let known = |named: &[String], happened: &[String]| -> Vec<String> {
            let both = named.iter().filter(|name| happened.contains(name));
            both.cloned().collect()
        };
        let country = jurisdiction.map(place::country_of);
        Some(Counts {
            space_id: space_id.to_owned(),
            source_id: source_id.to_owned(),
            day: day_of(now),
            country: country
                .filter(|country| place::is_country(country))
                .map(str::to_owned),
            events: known(&counting.events, &stay.events),
            pages: known(&counting.pages, &stay.pages),
        })
    }
}

/// The beginning of a moment's day, UTC.
#[must_use]
pub fn day_of(moment: Timestamp) -> Timestamp {
    Timestamp::from_micros(moment.as_micros().div_euclid(DAY) * DAY)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    const POLICY: &str = r#"{
        "purposes": ["analytics"],
        "uses": {"store": ["analytics"], "send": ["analytics"], "link": ["analytics"], "traits": ["analytics"],
                 "audiences": ["analytics"], "decisions": ["analytics"], "destinations": ["analytics"]},
        "gpc_denies": [], "default": {"regime": "opt_in", "counting": "refusal"}, "unknown": "opt_in",
        "jurisdictions": {"FR": "opt_in", "US-CA": {"regime": "opt_out", "counting": "start"}},
        "counting": {"minimum_group": 20, "events": ["Order Completed"], "pages": ["/", "/prices"]}
    }"#;

    fn count(place: Option<&str>, refused: bool) -> Option<Counts> {
        let stay = Stay {
            write_key: None,
            refused,
            events: ["Order Completed", "jane@x.example", "Order Completed"]
                .map(str::to_owned)
                .to_vec(),
            pages: ["/prices", "/people/jane"].map(str::to_owned).to_vec(),
        };
        let now = Timestamp::from_millis(1_769_904_123_456);
        let policy = Policy::read(POLICY).unwrap();
        policy.countable(&stay, ("spc", "src"), place, now)
    }

    #[test]
    fn only_what_the_policy_names_is_counted_and_only_where_it_says_so() {
        let counts = count(Some("DE-BE"), true).unwrap();
        assert_eq!(counts.events, ["Order Completed"]);
        assert_eq!(counts.pages, ["/prices"]);
        assert_eq!(counts.country.as_deref(), Some("DE"));
        assert_eq!(counts.day, Timestamp::from_millis(1_769_904_000_000));
        assert_eq!(count(Some("FR"), true), None, "its rule does not say so");
        assert_eq!(count(Some("US-NY"), false), None, "nobody has refused");
        assert!(count(Some("US-CA"), false).is_some());
        assert_eq!(count(None, true), None, "unknown places have their rule");
        assert_eq!(count(Some("T1"), true), None);
    }

    #[test]
    fn a_stay_has_no_room_for_anything_else() {
        let stay = |more: &str| {
            serde_json::from_str::<Stay>(&format!("{{\"refused\":true,\"pages\":[\"/\"]{more}}}"))
        };
        assert!(stay("").is_ok());
        for more in [
            ",\"anonymousId\":\"a\"",
            ",\"messageId\":\"m\"",
            ",\"context\":{}",
        ] {
            assert!(stay(more).is_err(), "{more}");
        }
    }
}
