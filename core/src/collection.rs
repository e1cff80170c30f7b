//! What a source takes and what it records: its collection policy.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::address::IpPolicy;
use crate::rate::Rate;
use crate::source::ConsentBasis;

/// How the reason begins with which the event of a known bot is denied.
pub const BOT_REASON: &str = "a known bot";

/// What becomes of events of known bots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bots {
    /// They are events as any other.
    Keep,
    /// They are stored with the bot's name, and count unless a rule leaves bots out.
    #[default]
    Flag,
    /// They are denied; nothing of their content is kept.
    Drop,
}

/// How many events a source takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RateLimits {
    /// From all callers together.
    pub write_key: Rate,
    /// From one caller ([`crate::address::caller`]), where callers have public addresses.
    pub address: Rate,
}

/// What a source takes and what it records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CollectionPolicy {
    /// Known bots.
    pub bots: Bots,
    /// Addresses.
    pub ip: IpPolicy,
    /// Speed.
    pub rate_limits: RateLimits,
}

impl Default for CollectionPolicy {
    fn default() -> Self {
        Self::usual(&ConsentBasis::EveryEvent)
    }
}

impl CollectionPolicy {
    /// What a source has until its owner says otherwise. One browser sends a few events a second;
    /// 1,000 are an office behind one address. A server sends for everybody, so its address says nothing.
    #[must_use]
    pub const fn usual(basis: &ConsentBasis) -> Self {
        Self {
            bots: Bots::Flag,
            ip: IpPolicy::Truncate,
            rate_limits: RateLimits {
                write_key: Rate::UNLIMITED,
                address: match basis {
                    ConsentBasis::EveryEvent => Rate {
                        events_per_second: 1_000,
                        burst: 10_000,
                    },
                    ConsentBasis::Declared { .. } => Rate::UNLIMITED,
                },
            },
        }
    }

    /// Whether the policy can be used.
    ///
    /// # Errors
    /// Says which limit cannot and what to write.
    pub fn check(&self) -> Result<(), String> {
        let limits = &self.rate_limits;
        for (name, rate) in [("write_key", limits.write_key), ("address", limits.address)] {
            rate.check()
                .map_err(|error| format!("rate_limits.{name}: {error}"))?;
        }
        Ok(())
    }
}

/// What a request says of who sent it, besides its body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// The address, as the host of the edge knows it.
    pub address: Option<IpAddr>,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
}

/// What may be recorded of `context.ip`. Where the page itself is the caller and says nothing, the
/// caller's address stands in; `0.0.0.0`, by which Segment's clients say that none is to be recorded,
/// stays what it is.
#[must_use]
pub fn recorded_address(
    given: Option<Value>,
    policy: IpPolicy,
    stands_in: Option<IpAddr>,
) -> Option<Value> {
    let recorded = match given {
        None | Some(Value::Null) => stands_in
            .filter(|address| !address.is_loopback())
            .and_then(|address| policy.recorded(&address.to_string())),
        Some(Value::String(given)) => policy.recorded(&given),
        Some(other) => return (policy == IpPolicy::Keep).then_some(other),
    };
    recorded.map(Value::from)
}

/// A message that cannot be read as JSON, with every text that stands behind a name `"ip"` reduced
/// to what may be recorded.
#[must_use]
pub fn shorten_addresses(text: &str, policy: IpPolicy) -> String {
    const NAME: &str = "\"ip\"";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(NAME) {
        let (before, after) = rest.split_at(at + NAME.len());
        out.push_str(before);
        rest = after;
        let Some(value) = after
            .trim_start()
            .strip_prefix(':')
            .and_then(|value| value.trim_start().strip_prefix('"'))
        else {
            continue;
        };
        let Some(length) = value.find('"') else {
            // A text without an end: whatever it says stays away.
            return out;
        };
        let (given, after) = value.split_at(length);
        out.push_str(":\"");
        out.push_str(&policy.recorded(given).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address;
    use serde_json::json;

    fn kept(text: &str, policy: IpPolicy) -> Value {
        serde_json::from_str(crate::wire::kept(text, policy).text()).unwrap_or_default()
    }

    fn recorded(context: &Value, policy: IpPolicy, caller: Option<&str>) -> Value {
        let mut context = context.as_object().cloned().unwrap_or_default();
        let given = context.remove("ip");
        let recorded = recorded_address(given, policy, caller.and_then(address::read));
        context.extend(recorded.map(|recorded| ("ip".to_owned(), recorded)));
        Value::Object(context)
    }

    #[test]
    fn the_address_of_the_context_goes_first_and_the_callers_stands_in() {
        let given = json!({"ip": "198.51.100.9", "locale": "de"});
        let silent = json!({"locale": "de"});
        let caller = Some("203.0.113.77");
        let truncate = IpPolicy::Truncate;
        for (context, policy, caller, wanted) in [
            (
                &given,
                truncate,
                caller,
                json!({"ip": "198.51.100.0", "locale": "de"}),
            ),
            (&given, IpPolicy::Keep, caller, given.clone()),
            (&given, IpPolicy::Drop, caller, silent.clone()),
            (
                &silent,
                truncate,
                caller,
                json!({"ip": "203.0.113.0", "locale": "de"}),
            ),
            (
                &silent,
                IpPolicy::Keep,
                caller,
                json!({"ip": "203.0.113.77", "locale": "de"}),
            ),
            (&silent, IpPolicy::Drop, caller, silent.clone()),
            (&silent, truncate, None, silent.clone()),
            (&silent, truncate, Some("127.0.0.1"), silent.clone()),
            (
                &json!({"ip": "0.0.0.0"}),
                truncate,
                caller,
                json!({"ip": "0.0.0.0"}),
            ),
            (&json!({"ip": 7}), truncate, caller, json!({})),
            (&json!({"ip": 7}), IpPolicy::Keep, caller, json!({"ip": 7})),
        ] {
            assert_eq!(
                recorded(context, policy, caller),
                wanted,
                "{context} {policy:?}"
            );
        }
    }

    #[test]
    fn what_is_kept_of_a_refused_message_has_no_more_of_the_address() {
        let truncate = IpPolicy::Truncate;
        assert_eq!(
            kept(
                r#"{"type":"wave","context":{"ip":"198.51.100.9"}}"#,
                truncate
            ),
            json!({"type": "wave", "context": {"ip": "198.51.100.0"}})
        );
        assert_eq!(
            kept(
                r#"{"n":1e999,"context":{"ip" : "198.51.100.9","b":"\"ip\": x"}}"#,
                truncate
            ),
            json!(r#"{"n":1e999,"context":{"ip":"198.51.100.0","b":"\"ip\": x"}}"#)
        );
        assert_eq!(
            kept(r#"{"n":1e999,"ip":"198.51"#, IpPolicy::Drop),
            json!(r#"{"n":1e999,"ip""#)
        );
        let text = r#"{"ip":"198.51.100.9","n":1e999}"#;
        assert_eq!(kept(text, IpPolicy::Keep), json!(text));
    }

    #[test]
    fn a_limit_that_lets_nothing_pass_is_a_mistake() {
        let mut policy = CollectionPolicy::default();
        assert_eq!(policy.check(), Ok(()));
        policy.rate_limits.address.burst = 0;
        let error = policy.check().err().unwrap_or_default();
        assert!(error.starts_with("rate_limits.address"), "{error}");
    }
}
