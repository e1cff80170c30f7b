//! The members of an object, as texts.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::scan::{Anything, Scan, Watch};
use crate::fields::Fields;

/// Members that most objects have room for.
const USUAL: usize = 12;
/// Members up to which names are looked for one by one.
const FEW: usize = 32;

/// Members of an object in the order in which they were sent, as texts. Of members with the same name
/// the last is the one that counts, as it is for every reader of JSON that clients are written with.
#[derive(Debug, Default)]
pub(crate) struct Members<'a> {
    list: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Whether it is no longer what was read.
    changed: bool,
}

/// Passes a member that is not looked into.
pub(crate) fn passed<W: Watch>(scan: &mut Scan<'_, W>, _: &str, _: u8) -> Option<()> {
    scan.value().map(drop)
}

/// Passes an object. `within` passes the value of each member, given its name and the value's first byte.
pub(crate) fn members<'a, W: Watch>(
    scan: &mut Scan<'a, W>,
    within: &mut impl FnMut(&mut Scan<'a, W>, &str, u8) -> Option<()>,
) -> Option<Members<'a>> {
    let mut members = Members::default();
    let mut follows = scan.open(b'}')?;
    if follows {
        members.list.reserve(USUAL);
    }
    while follows {
        let (at, escaped) = scan.name()?;
        let name = name(scan, at, escaped);
        let first = scan.peek()?;
        let from = scan.at();
        within(scan, &name, first)?;
        let value = scan.text(from..scan.at());
        members.list.push((name, Cow::Borrowed(value)));
        follows = scan.more(b'}')?;
    }
    Some(members.settled())
}

/// An object's members, from its text; `None` where that is no object.
pub(crate) fn of_text(text: &str) -> Option<Members<'_>> {
    let mut scan = Scan::new(text, Anything);
    if scan.peek()? != b'{' {
        return None;
    }
    let members = members(&mut scan, &mut passed)?;
    scan.end()?;
    Some(members)
}

fn name<'a, W: Watch>(scan: &Scan<'a, W>, at: Range<usize>, escaped: bool) -> Cow<'a, str> {
    let name = scan.text(at.clone());
    if !escaped {
        return Cow::Borrowed(name);
    }
    // Half a pair of surrogates can be in no text: then nothing is looked for under what is written.
    let quoted = scan.text(at.start - 1..at.end + 1);
    Cow::Owned(serde_json::from_str(quoted).unwrap_or_else(|_| name.to_owned()))
}

impl<'a> Members<'a> {
    /// The member's text.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.list.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// Takes the member out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.list.iter().position(|(known, _)| known == name)?;
        self.changed = true;
        Some(self.list.remove(at).1)
    }

    /// Adds a member that is not there. `value` is the text of JSON.
    pub(crate) fn add(&mut self, name: &'a str, value: Cow<'a, str>) {
        self.changed = true;
        self.list.push((Cow::Borrowed(name), value));
    }

    /// The members: names and texts.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list
            .iter()
            .map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The names of the members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(|(name, _)| name.as_ref())
    }

    /// The object's text.
    pub(crate) fn text(&self) -> String {
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
    pub(crate) fn keep(self, sent: Option<&str>) -> Fields {
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
