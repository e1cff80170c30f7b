//! A JSON document whose parts know their line and column, so that a mistake can be shown.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A value of a document.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    document: &'a str,
    raw: &'a RawValue,
}

/// A member of an object.
pub(super) struct Member<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The whole document.
    ///
    /// # Errors
    /// Line, column and what the parser says, when it is no JSON.
    pub(super) fn read(document: &'a str) -> Result<Self, (usize, usize, String)> {
        match serde_json::from_str(document) {
            Ok(raw) => Ok(Self { document, raw }),
            Err(error) => {
                let told = error.to_string();
                // The parser puts the place behind, which is told apart.
                let told = told
                    .split(" at line ")
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                Err((error.line(), error.column(), told))
            }
        }
    }

    /// Line and column of its first character, counted from one.
    pub(super) fn place(self) -> (usize, usize) {
        self.place_of(self.offset())
    }

    /// Line and column of the name that it has as a member, where that can be found.
    pub(super) fn place_of_name(self) -> (usize, usize) {
        let before = self.document.get(..self.offset()).unwrap_or_default();
        let name = before
            .trim_end()
            .strip_suffix(':')
            .and_then(|name| name.trim_end().strip_suffix('"'))
            .and_then(|name| name.rfind('"'));
        self.place_of(name.unwrap_or(before.len()))
    }

    fn offset(self) -> usize {
        // A raw value borrows the document, so this is how far into it.
        let start = self.document.as_ptr() as usize;
        (self.raw.get().as_ptr() as usize).saturating_sub(start)
    }

    fn place_of(self, offset: usize) -> (usize, usize) {
        let before = self.document.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count();
        (line, column + 1)
    }

    /// The members, in their order and with repeated ones; `None` when it is no object.
    pub(super) fn members(self) -> Option<Vec<Member<'a>>> {
        let members: Members<'a> = self.parse()?;
        let node = |(name, raw)| Member {
            name,
            value: Self {
                document: self.document,
                raw,
            },
        };
        Some(members.0.into_iter().map(node).collect())
    }

    /// The items; `None` when it is no list.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        let items: Vec<&'a RawValue> = self.parse()?;
        let document = self.document;
        Some(
            items
                .into_iter()
                .map(|raw| Self { document, raw })
                .collect(),
        )
    }

    /// The text; `None` when it is none.
    pub(super) fn text(self) -> Option<String> {
        self.parse()
    }

    /// What it is, as one of serde's types; `None` when it is something else.
    pub(super) fn parse<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.raw.get()).ok()
    }
}

/// The members of an object, in their order and with repeated ones.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A member's name, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(All)
    }
}
