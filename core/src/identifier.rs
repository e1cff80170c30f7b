//! Identifiers: kind and value of something that can name a person. What a space takes for one, and in
//! which normal form, its identity rules say (`identity::Rules`).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The customer's own id of a person.
pub const USER_ID: &str = "user_id";
/// An e-mail address.
pub const EMAIL: &str = "email";
/// A telephone number.
pub const PHONE: &str = "phone";
/// A browser's id.
pub const ANONYMOUS_ID: &str = "anonymous_id";
/// A device's id, as an app's SDK says it.
pub const DEVICE_ID: &str = "device_id";

/// How many bytes an identifier's value may have; longer ones are somebody's mistake, and two of them
/// have to fit a key of Postgres.
pub const LONGEST_VALUE: usize = 512;

/// Kind and value of something that can name a person. Written `kind:value`; reading that brings nothing into normal form.
/// Ordered by kind, then by value. A copy shares the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Identifier {
    text: Arc<str>,
    /// Where the value's colon is; no kind has one.
    colon: usize,
}

impl Identifier {
    /// Of a kind, such as `email`, which has no colon, and a value in normal form.
    #[must_use]
    pub fn new(kind: &str, value: &str) -> Self {
        let mut text = String::with_capacity(kind.len() + 1 + value.len());
        text.push_str(kind);
        text.push(':');
        text.push_str(value);
        Self {
            text: text.into(),
            colon: kind.len(),
        }
    }

    /// Such as `email`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.text[..self.colon]
    }

    /// In normal form.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.text[self.colon + 1..]
    }

    /// As it is written: `kind:value`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }
}

impl Hash for Identifier {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl Ord for Identifier {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.colon == other.colon {
            // Kinds of one length: the first byte that differs decides for the whole texts, too.
            return self.text.cmp(&other.text);
        }
        self.kind().cmp(other.kind())
    }
}

impl PartialOrd for Identifier {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, formatter)
    }
}

impl FromStr for Identifier {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some((kind, value)) if !kind.is_empty() && !value.is_empty() => Ok(Self {
                text: text.into(),
                colon: kind.len(),
            }),
            _ => Err(format!(
                "\"{text}\" is not an identifier: write kind:value, such as email:ada@example.com"
            )),
        }
    }
}

impl Serialize for Identifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
