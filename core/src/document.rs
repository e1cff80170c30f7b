//! A JSON document whose parts know their line and column, so that each mistake is told with its place and
//! with what to write instead.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Mistakes that are told at once.
const MOST_ERRORS: usize = 50;
/// Characters of a name.
pub(crate) const LONGEST_NAME: usize = 64;

/// A mistake in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentError {
    /// Where in the document, such as `uses.send[0]`; empty for the whole.
    pub path: String,
    /// The line, from one.
    pub line: usize,
    /// The character in the line, from one.
    pub column: usize,
    /// What is wrong and what to write.
    pub message: String,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            line,
            column,
            message,
        } = self;
        write!(formatter, "line {line}, column {column}")?;
        if !path.is_empty() {
            write!(formatter, ", {path}")?;
        }
        write!(formatter, ": {message}")
    }
}

impl std::error::Error for DocumentError {}

/// The whole document.
///
/// # Errors
/// The place where it stops being JSON.
pub(crate) fn read(document: &str) -> Result<Node<'_>, Vec<DocumentError>> {
    Node::read(document).map_err(|(line, column, message)| {
        vec![DocumentError {
            path: String::new(),
            line,
            column,
            message: format!("this is no JSON: {message}"),
        }]
    })
}

/// The mistakes that a reader finds on its way.
#[derive(Default)]
pub(crate) struct Mistakes(Vec<DocumentError>);

impl Mistakes {
    /// What was read, if there was no mistake; otherwise the first mistakes in the order of the document.
    pub(crate) fn or_told<T>(mut self, value: Option<T>) -> Result<T, Vec<DocumentError>> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => {
                self.0.sort_by_key(|error| (error.line, error.column));
                self.0.truncate(MOST_ERRORS);
                Err(self.0)
            }
        }
    }

    /// The members of an object, none of them twice.
    pub(crate) fn object<'a>(
        &mut self,
        node: Node<'a>,
        path: &str,
        form: &str,
    ) -> Option<Vec<Member<'a>>> {
        let members = node.members();
        let members = self.or_wrong(members, node, path, form)?;
        let mut seen = BTreeSet::new();
        for member in &members {
            if !seen.insert(member.name.clone()) {
                let twice = format!("\"{}\" is there twice: remove one", start(&member.name));
                self.wrong_name(member.value, &join(path, &member.name), twice);
            }
        }
        Some(members)
    }

    /// Notes a member that its owner does not have.
    pub(crate) fn unknown<'k>(
        &mut self,
        member: &Member<'_>,
        path: &str,
        owner: &str,
        known: impl Iterator<Item = &'k str> + Clone,
    ) {
        let list: Vec<&str> = known.clone().collect();
        let hint = format!(
            "{owner} has no \"{}\"{}: it has {}",
            start(&member.name),
            meant(&member.name, known),
            list.join(", ")
        );
        self.wrong_name(member.value, path, hint);
    }

    /// Notes that the document lacks a member.
    pub(crate) fn missing<T>(&mut self, root: Node<'_>, field: &str, write: &str) -> Option<T> {
        self.wrong(root, "", format!("\"{field}\" is missing: write {write}"))
    }

    /// The value, or a mistake.
    pub(crate) fn or_wrong<T>(
        &mut self,
        value: Option<T>,
        node: Node<'_>,
        path: &str,
        hint: impl Into<String>,
    ) -> Option<T> {
        match value {
            Some(value) => Some(value),
            None => self.wrong(node, path, hint),
        }
    }

    /// Notes a mistake of a value.
    pub(crate) fn wrong<T>(
        &mut self,
        node: Node<'_>,
        path: &str,
        message: impl Into<String>,
    ) -> Option<T> {
        self.note(node.place(), path, message.into());
        None
    }

    /// Notes a mistake of the name before a value.
    pub(crate) fn wrong_name(&mut self, node: Node<'_>, path: &str, message: impl Into<String>) {
        self.note(node.place_of_name(), path, message.into());
    }

    fn note(&mut self, (line, column): (usize, usize), path: &str, message: String) {
        self.0.push(DocumentError {
            path: path.chars().take(200).collect(),
            line,
            column,
            message,
        });
    }
}

fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

/// The beginning of a name, for a message.
pub(crate) fn start(name: &str) -> String {
    name.chars().take(LONGEST_NAME).collect()
}

/// What somebody who wrote `name` seems to have meant.
pub(crate) fn meant<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let closest = known
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= 2 && *distance < known.len());
    closest.map_or_else(String::new, |(_, known)| format!(" (\"{known}\"?)"))
}

/// How many letters differ: the edit distance of Levenshtein, of the first 64 letters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().take(LONGEST_NAME).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, one) in left.chars().take(LONGEST_NAME).enumerate() {
        let mut before = at;
        let mut last = at + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&right) {
            let changed = before + usize::from(one != *other);
            before = *cell;
            last = changed.min(last + 1).min(before + 1);
            *cell = last;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'a> {
    document: &'a str,
    raw: &'a RawValue,
}

/// A member of an object.
pub(crate) struct Member<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// The whole document.
    ///
    /// # Errors
    /// Line, column and what the parser says, when it is no JSON.
    fn read(document: &'a str) -> Result<Self, (usize, usize, String)> {
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
    pub(crate) fn place(self) -> (usize, usize) {
        self.place_of(self.offset())
    }

    /// Line and column of the name that it has as a member, where that can be found.
    pub(crate) fn place_of_name(self) -> (usize, usize) {
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
    pub(crate) fn members(self) -> Option<Vec<Member<'a>>> {
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
    pub(crate) fn items(self) -> Option<Vec<Self>> {
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
    pub(crate) fn text(self) -> Option<String> {
        self.parse()
    }

    /// What it is, as one of serde's types; `None` when it is something else.
    pub(crate) fn parse<T: Deserialize<'a>>(self) -> Option<T> {
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
