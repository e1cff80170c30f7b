//! Identifiers: kind and value of something that can name a person. What a space takes for one, and in
//! which normal form, its identity rules say (`identity::Rules`).

use std::fmt;
use std::str::FromStr;

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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    /// Such as `email`.
    pub kind: String,
    /// In normal form.
    pub value: String,
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
            Some((kind, value)) if !kind.is_empty() && !value.is_empty() => Ok(Self {
                kind: kind.to_owned(),
                value: value.to_owned(),
            }),
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
