//! A message's outline: its members, and those of its context, as texts. One pass over the text finds
//! them and what cannot be kept as it was sent ([`super::exact`]).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::exact::{self, DEEPEST};
use crate::fields::Fields;

/// The member whose own members are found on the same way.
const CONTEXT: &str = "context";
/// What JSON takes for a space (RFC 8259, section 2).
const SPACE: [char; 4] = [' ', '\n', '\r', '\t'];
/// Members that most objects have room for.
const USUAL: usize = 12;
/// Members up to which names are looked for one by one.
const FEW: usize = 32;

/// What the pass finds.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    /// The message's own members.
    pub(super) members: Members<'a>,
    /// The members of its context, where that is an object and its name is written without escapes.
    pub(super) context: Option<Members<'a>>,
}

/// Members of an object in the order in which they were sent, as texts. Of members with the same name
/// the last is the one that counts, as it is for every reader of JSON that clients are written with.
#[derive(Debug, Default)]
pub(super) struct Members<'a> {
    list: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Whether it is no longer what was read.
    changed: bool,
}

/// Reads the text of an object, which is JSON.
///
/// # Errors
/// When it is nested too deep, or has a number or a name that cannot be kept; with what to do.
pub(super) fn read(text: &str) -> Result<Outline<'_>, String> {
    let bytes = text.as_bytes();
    let (mut own, mut inner) = (Level::default(), Level::default());
    // Whether the object on the second level is the context.
    let mut inside = false;
    let mut outline = Outline::default();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = exact::end_of_string(bytes, at + 1);
                exact::check_name(text, at, end)?;
                match depth {
                    1 if own.is_at_a_name() => {
                        own.name = Some((at + 1, end));
                        if text.get(at + 1..end) == Some(CONTEXT) {
                            outline.context = None;
                        }
                    }
                    2 if inside && inner.is_at_a_name() => inner.name = Some((at + 1, end)),
                    _ => {}
                }
                at = end;
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > DEEPEST {
                    return Err(exact::too_deep());
                }
                if depth == 2 && byte == b'{' && own.is_in(text, CONTEXT) {
                    inside = true;
                    inner = Level::default();
                }
            }
            b'}' | b']' => {
                match depth {
                    1 => own.end(text, at),
                    2 if inside => {
                        inner.end(text, at);
                        inside = false;
                        let found = std::mem::take(&mut inner.members);
                        outline.context = Some(found.settled());
                    }
                    _ => {}
                }
                depth = depth.saturating_sub(1);
            }
            b':' => match depth {
                1 => own.begin(at + 1),
                2 if inside => inner.begin(at + 1),
                _ => {}
            },
            b',' => match depth {
                1 => own.end(text, at),
                2 if inside => inner.end(text, at),
                _ => {}
            },
            b'-' | b'0'..=b'9' => {
                at += exact::check_number(text, at)?;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    outline.members = own.members.settled();
    Ok(outline)
}

/// An object while it is passed.
#[derive(Debug, Default)]
struct Level<'a> {
    members: Members<'a>,
    /// Where the present member's name begins and ends.
    name: Option<(usize, usize)>,
    /// Where its value begins.
    value: Option<usize>,
}

impl<'a> Level<'a> {
    fn is_at_a_name(&self) -> bool {
        self.name.is_none()
    }

    fn is_in(&self, text: &str, member: &str) -> bool {
        let name = self.name.and_then(|(from, to)| text.get(from..to));
        self.value.is_some() && name == Some(member)
    }

    fn begin(&mut self, at: usize) {
        if self.value.is_none() {
            self.value = Some(at);
        }
    }

    fn end(&mut self, text: &'a str, at: usize) {
        let (Some((from, to)), Some(value)) = (self.name.take(), self.value.take()) else {
            return;
        };
        let (Some(name), Some(value)) = (text.get(from..to), text.get(value..at)) else {
            return;
        };
        let name = if name.as_bytes().contains(&b'\\') {
            // The text is JSON, so its names can be read; if not, none is looked for under what is written.
            let quoted = text.get(from - 1..=to).unwrap_or_default();
            Cow::Owned(serde_json::from_str(quoted).unwrap_or_else(|_| name.to_owned()))
        } else {
            Cow::Borrowed(name)
        };
        if self.members.list.is_empty() {
            self.members.list.reserve(USUAL);
        }
        self.members
            .list
            .push((name, Cow::Borrowed(trimmed(value))));
    }
}

/// The value without the spaces around it; most have none.
fn trimmed(value: &str) -> &str {
    let ends = [value.bytes().next(), value.bytes().next_back()];
    if ends.into_iter().flatten().any(|byte| byte <= b' ') {
        value.trim_matches(SPACE)
    } else {
        value
    }
}

impl<'a> Members<'a> {
    /// The member's text.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.list.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// Takes the member out.
    pub(super) fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.list.iter().position(|(known, _)| known == name)?;
        self.changed = true;
        Some(self.list.remove(at).1)
    }

    /// Adds a member that is not there. `value` is the text of JSON.
    pub(super) fn add(&mut self, name: &'a str, value: Cow<'a, str>) {
        self.changed = true;
        self.list.push((Cow::Borrowed(name), value));
    }

    /// The names of the members.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|(name, _)| name.as_ref())
    }

    /// The object's text.
    pub(super) fn text(&self) -> String {
        let length: usize = self
            .list
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4)
            .sum();
        let mut text = String::with_capacity(length + 2);
        text.push('{');
        for (number, (name, value)) in self.list.iter().enumerate() {
            if number > 0 {
                text.push(',');
            }
            match name {
                // As it was written, without escapes.
                Cow::Borrowed(name) => text.extend(["\"", name, "\""]),
                Cow::Owned(name) => {
                    text.push_str(&serde_json::Value::from(name.as_str()).to_string());
                }
            }
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        text
    }

    /// The object, kept. `sent` is what it was read from.
    pub(super) fn keep(self, sent: Option<&str>) -> Fields {
        if self.list.is_empty() {
            return Fields::default();
        }
        Fields::of_text(match sent {
            Some(sent) if !self.changed => sent.to_owned(),
            _ => self.text(),
        })
    }

    /// Leaves of members with the same name the last.
    fn settled(mut self) -> Self {
        let mut rest = self.list.as_slice();
        let mut repeated = self.list.len() > FEW;
        while let (Some((first, others)), false) = (rest.split_first(), repeated) {
            repeated = others.iter().any(|other| other.0 == first.0);
            rest = others;
        }
        if !repeated {
            return self;
        }
        let before = self.list.len();
        let mut seen = BTreeSet::new();
        let mut kept: Vec<_> = self
            .list
            .into_iter()
            .rev()
            .filter(|(name, _)| seen.insert(name.clone()))
            .collect();
        kept.reverse();
        self.changed |= kept.len() < before;
        self.list = kept;
        self
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use serde_json::{Value, json};

    use super::*;

    fn kept(text: &str, take: &str) -> String {
        let mut members = read(text).unwrap().members;
        members.take(take);
        members.text()
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

    #[test]
    fn structure_within_texts_is_text() {
        let text = r#"{ "a" : "},{\"b\":[1" , "c\"d" : [ {"context":{"no":1}} ] , "e":null }"#;
        let outline = read(text).unwrap();
        assert_eq!(
            outline.members.names().collect::<Vec<_>>(),
            ["a", "c\"d", "e"]
        );
        assert_eq!(outline.members.get("a"), Some(r#""},{\"b\":[1""#));
        assert_eq!(
            outline.members.get("c\"d"),
            Some(r#"[ {"context":{"no":1}} ]"#)
        );
        assert_eq!(outline.members.get("e"), Some("null"));
        assert!(outline.context.is_none());
    }

    #[test]
    fn the_context_that_counts_is_the_last_one() {
        let members = |text| {
            let context: Option<Members<'_>> = read(text).unwrap().context;
            context.map(|context| context.text())
        };
        assert_eq!(
            members(r#"{"context": { "a" : {"context":1}, "b":[2] } }"#).as_deref(),
            Some(r#"{"a":{"context":1},"b":[2]}"#)
        );
        assert_eq!(
            members(r#"{"context":{"a":1},"context":{"b":2}}"#).as_deref(),
            Some(r#"{"b":2}"#)
        );
        assert_eq!(members(r#"{"context":{"a":1},"context":null}"#), None);
        assert_eq!(members(r#"{"context":[{"a":1}]}"#), None);
        assert_eq!(members(r#"{"context":{}}"#).as_deref(), Some("{}"));
    }
}
