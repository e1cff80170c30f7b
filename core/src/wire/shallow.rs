//! A JSON object read one level deep: its members stay texts.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::fields::Fields;

/// Members of an object in the order in which they were sent. Of members with the same name the last
/// is the one that counts, as it is for every reader of JSON that clients are written with.
#[derive(Debug, Default)]
pub(super) struct Shallow<'a> {
    members: Vec<(Cow<'a, str>, Cow<'a, RawValue>)>,
    /// Whether it is no longer what was read.
    changed: bool,
}

/// Members up to which names are looked for one by one.
const FEW: usize = 32;

impl<'a> Shallow<'a> {
    /// The member's text.
    pub(super) fn get(&self, name: &str) -> Option<&RawValue> {
        let found = self.members.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// Takes the member out.
    pub(super) fn take(&mut self, name: &str) -> Option<Cow<'a, RawValue>> {
        let at = self.members.iter().position(|(known, _)| known == name)?;
        self.changed = true;
        Some(self.members.remove(at).1)
    }

    /// Adds a member that is not there.
    pub(super) fn add(&mut self, name: &'a str, value: Cow<'a, RawValue>) {
        self.changed = true;
        self.members.push((Cow::Borrowed(name), value));
    }

    /// The names of the members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_ref())
    }

    /// The object, kept. `text` is what it was read from.
    pub(super) fn keep(self, text: Option<&RawValue>) -> Fields {
        if self.members.is_empty() {
            return Fields::default();
        }
        let kept = match text {
            Some(text) if !self.changed => Some(text.to_owned()),
            // Texts and names always have a text.
            _ => to_raw_value(&self).ok(),
        };
        kept.map(Fields::of_text).unwrap_or_default()
    }

    /// Leaves of members with the same name the last.
    fn settle(&mut self) {
        let repeated = if self.members.len() <= FEW {
            let mut rest = self.members.as_slice();
            std::iter::from_fn(|| {
                let (first, others) = rest.split_first()?;
                rest = others;
                Some(others.iter().any(|other| other.0 == first.0))
            })
            .any(|repeated| repeated)
        } else {
            true
        };
        if !repeated {
            return;
        }
        let before = self.members.len();
        let mut seen = BTreeSet::new();
        let mut kept: Vec<_> = std::mem::take(&mut self.members)
            .into_iter()
            .rev()
            .filter(|(name, _)| seen.insert(name.clone()))
            .collect();
        kept.reverse();
        self.changed |= kept.len() < before;
        self.members = kept;
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Shallow<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Shallow<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Shallow<'de>, A::Error> {
                let mut shallow = Shallow::default();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    shallow.members.push((name, Cow::Borrowed(value)));
                }
                shallow.settle();
                Ok(shallow)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl Serialize for Shallow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, value) in &self.members {
            map.serialize_entry(name, value.as_ref())?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn kept(text: &str, take: &str) -> String {
        let mut shallow: Shallow<'_> = serde_json::from_str(text).unwrap_or_default();
        shallow.take(take);
        let fields = shallow.keep(None);
        serde_json::to_string(&fields).unwrap_or_default()
    }

    #[test]
    fn of_members_with_one_name_the_last_counts_however_it_is_written() {
        let text = r#"{"a":1,"b":2,"\u0061":3}"#;
        assert_eq!(kept(text, "b"), r#"{"a":3}"#);
        assert_eq!(kept(text, "a"), r#"{"b":2}"#);
        let many: String = (0..100)
            .map(|at| format!(r#""n{}":{at},"#, at % 50))
            .collect();
        let read: Value =
            serde_json::from_str(&kept(&format!("{{{many}\"z\":0}}"), "z")).unwrap_or_default();
        assert_eq!(read["n49"], json!(99));
        assert_eq!(read.as_object().map(serde_json::Map::len), Some(50));
    }

    #[test]
    fn what_is_not_looked_into_stays_as_it_was_written() {
        let text = r#"{"a": {"x" : 1.50, "e":1e2 },"gone":0}"#;
        assert_eq!(kept(text, "gone"), r#"{"a":{"x" : 1.50, "e":1e2 }}"#);
    }
}
