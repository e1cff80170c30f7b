//! Identifiers: kind and value, normalised, without the values that are nobody's.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::event::{Event, EventKind};

/// The customer's own id of a person.
pub const USER_ID: &str = "user_id";
/// An e-mail address.
pub const EMAIL: &str = "email";
/// A browser's id.
pub const ANONYMOUS_ID: &str = "anonymous_id";

/// Kinds from strongest to weakest: the strongest on an event says whose event it is.
const PRIORITY: [&str; 3] = [USER_ID, EMAIL, ANONYMOUS_ID];

/// How many bytes an identifier's value may have; longer ones are somebody's mistake, and two of them
/// have to fit a key of Postgres.
pub const LONGEST_VALUE: usize = 512;

/// Values that many people share because a program wrote them: placeholders, test data and the
/// texts of empty values. Collected from the default block lists of Segment, PostHog and Adobe.
const BLOCKED: [&str; 24] = [
    "",
    "null",
    "undefined",
    "none",
    "nil",
    "nan",
    "n/a",
    "na",
    "unknown",
    "anonymous",
    "guest",
    "user",
    "id",
    "not set",
    "(not set)",
    "true",
    "false",
    "[object object]",
    "-1",
    "test",
    "test@test.com",
    "test@example.com",
    "noreply@example.com",
    "0",
];

/// Kind and value of something that can name a person. Written `kind:value`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    /// Such as `email`.
    pub kind: String,
    /// In normal form.
    pub value: String,
}

impl Identifier {
    /// Puts an identifier into normal form: text trimmed, e-mail in lower case. `None` when the
    /// value is blocked, empty, too long, or not of the kind's form.
    #[must_use]
    pub fn normalised(kind: &str, value: &str) -> Option<Self> {
        let trimmed = value.trim().trim_matches('"').trim();
        let lower = trimmed.to_lowercase();
        let zeros = trimmed.bytes().all(|byte| matches!(byte, b'0' | b'-'));
        if zeros || BLOCKED.contains(&lower.as_str()) || trimmed.len() > LONGEST_VALUE {
            return None;
        }
        if trimmed.chars().any(char::is_control) {
            return None;
        }
        let value = if kind == EMAIL {
            lower
        } else {
            trimmed.to_owned()
        };
        let well_formed = kind != EMAIL || is_email(&value);
        well_formed.then(|| Self {
            kind: kind.to_owned(),
            value,
        })
    }

    /// Place of the kind among the known ones, 0 the strongest; unknown kinds are weakest.
    #[must_use]
    pub fn priority(&self) -> usize {
        PRIORITY
            .iter()
            .position(|kind| *kind == self.kind)
            .unwrap_or(PRIORITY.len())
    }
}

/// One `@`, something before it, a domain with a dot or `localhost` after it, no space.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let domain_is_fine =
        domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    !local.is_empty()
        && domain_is_fine
        && !domain.contains('@')
        && !text.contains(char::is_whitespace)
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.value)
    }
}

impl FromStr for Identifier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((kind, value)) if !kind.is_empty() && !value.is_empty() => {
                let value = if kind == EMAIL {
                    value.to_lowercase()
                } else {
                    value.to_owned()
                };
                Ok(Self {
                    kind: kind.to_owned(),
                    value,
                })
            }
            _ => Err(format!(
                "\"{text}\" is not an identifier: write kind:value, such as email:ada@example.com"
            )),
        }
    }
}

impl Serialize for Identifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The identifiers of an event, strongest first; the first is the event's anchor, the one it
/// belongs to. Empty when everything on it is blocked. An alias's previous id is the last of its kind.
#[must_use]
pub fn of_event(event: &Event) -> Vec<Identifier> {
    let mut found = Vec::with_capacity(3);
    found.extend(
        event
            .user_id
            .as_deref()
            .and_then(|id| Identifier::normalised(USER_ID, id)),
    );
    // A group's traits describe the account, so only the person's own calls name an e-mail.
    let own_traits = (event.kind != EventKind::Group).then_some(&event.traits);
    let own = own_traits.and_then(|traits| traits.member(EMAIL));
    let in_context = || event.context.member("traits")?.get(EMAIL);
    let email = [own, in_context()]
        .into_iter()
        .flatten()
        .find_map(Value::as_str);
    found.extend(email.and_then(|email| Identifier::normalised(EMAIL, email)));
    found.extend(
        event
            .anonymous_id
            .as_deref()
            .and_then(|id| Identifier::normalised(ANONYMOUS_ID, id)),
    );
    if event.kind == EventKind::Alias {
        found.extend(event.previous_id.as_deref().and_then(previous));
    }
    found
}

/// An alias says `previousId` without its kind: our SDKs and Segment's use it for the browser's id.
fn previous(id: &str) -> Option<Identifier> {
    Identifier::normalised(ANONYMOUS_ID, id)
}
