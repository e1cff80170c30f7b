//! The outline of a body and of a message: their members, and those of a message's context, as texts. One
//! pass finds them and says whether it is JSON ([`super::scan`]), and of a message what cannot be kept as
//! it was sent ([`super::exact`]).

use super::exact::Kept;
use crate::json::members::{Members, members, passed};
use crate::json::scan::{Anything, Scan, Watch};

/// The member whose own members are found on the same way.
const CONTEXT: &str = "context";
/// The member of a body that has its messages.
const BATCH: &str = "batch";

/// What the pass finds.
#[derive(Debug, Default)]
pub(super) struct Outline<'a> {
    /// The message's own members.
    pub(super) members: Members<'a>,
    /// The members of its context, where that is an object.
    pub(super) context: Option<Members<'a>>,
}

/// Reads the text of a message, which is JSON. What is no object has no members.
///
/// # Errors
/// When it is nested too deep, or has a number or a name that cannot be kept; with what to do.
pub(super) fn read(text: &str) -> Result<Outline<'_>, String> {
    let mut scan = Scan::new(text, Kept::default());
    let mut outline = Outline::default();
    let passed = message(&mut scan, &mut outline);
    match passed.and_then(|()| scan.end()) {
        Some(()) => Ok(outline),
        None => Err(scan
            .watch
            .flaw
            .unwrap_or_else(|| "the message is not JSON".to_owned())),
    }
}

fn message<'a>(scan: &mut Scan<'a, Kept>, outline: &mut Outline<'a>) -> Option<()> {
    if scan.peek()? != b'{' {
        return scan.value().map(drop);
    }
    let context = &mut outline.context;
    outline.members = members(scan, &mut |scan, name, first| {
        if name == CONTEXT {
            *context = None;
            if first == b'{' {
                *context = Some(members(scan, &mut passed)?);
                return Some(());
            }
        }
        passed(scan, name, first)
    })?;
    Some(())
}

/// A body: what it says beside its messages, and those, each a text. `None` where it is no JSON object.
pub(super) fn body(text: &str) -> Option<(Members<'_>, Option<Vec<&str>>)> {
    let mut scan = Scan::new(text, Anything);
    if scan.peek()? != b'{' {
        return None;
    }
    let mut messages = None;
    let members = members(&mut scan, &mut |scan, name, first| {
        if name == BATCH {
            messages = None;
            if first == b'[' {
                messages = Some(elements(scan)?);
                return Some(());
            }
        }
        passed(scan, name, first)
    })?;
    scan.end()?;
    Some((members, messages))
}

/// Passes a list: its elements.
fn elements<'a, W: Watch>(scan: &mut Scan<'a, W>) -> Option<Vec<&'a str>> {
    let mut elements = Vec::new();
    let mut follows = scan.open(b']')?;
    while follows {
        let at = scan.value()?;
        elements.push(scan.text(at));
        follows = scan.more(b']')?;
    }
    Some(elements)
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
