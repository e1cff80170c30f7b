//! What of many values is kept: so many of them and so many bytes, always the same ones whatever the order of arrival.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::hex::hex;
use crate::time::Timestamp;

/// Different values that a state remembers; which of more it keeps follows from the values alone, so
/// that the order of arrival does not matter.
pub const MOST_VALUES: usize = 1_000;
/// Bytes of values that a state remembers.
pub const MOST_BYTES: usize = 128 * 1024;
/// Bytes of a value's JSON text that is counted as it is; of a longer one, only whether it is the same counts.
pub const LONGEST_VALUE: usize = 512;

/// Characters that stay of a longer one. Each has at most six bytes as JSON, so that what stays is not cut again.
const CUT: usize = 64;
/// Hexadecimal digits by which cut values are told apart.
const DIGITS: usize = 32;

/// How often each value came, by the value's JSON text.
pub(super) type Counts = BTreeMap<String, u64>;

/// The value as it is counted: of a long one the beginning, with a digest of the whole.
pub(super) fn short(value: &Value) -> Value {
    let text = value.to_string();
    if text.len() <= LONGEST_VALUE {
        return value.clone();
    }
    let readable = value.as_str().unwrap_or(&text);
    let beginning: String = readable.chars().take(CUT).collect();
    let mut digest = hash(&text);
    digest.truncate(DIGITS);
    Value::String(format!("{beginning}…{digest}"))
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Reads counts; those from before had long values whole.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Counts, D::Error> {
    let kept = Counts::deserialize(deserializer)?;
    if kept.keys().all(|text| text.len() <= LONGEST_VALUE) {
        return Ok(kept);
    }
    let mut counts = Counts::new();
    for (text, count) in kept {
        let value =
            serde_json::from_str(&text).map_or_else(|_| text, |value| short(&value).to_string());
        let known = counts.entry(value).or_default();
        *known = known.saturating_add(count);
    }
    Ok(counts)
}

/// Adds counts. Of more values than are kept those with the smallest hashes stay: what was not kept once, whose hash
/// is `below` at least, never is, since what came of it before is forgotten.
pub(super) fn add(
    mine: &mut Counts,
    below: &mut Option<String>,
    (theirs, their_below): (&Counts, Option<&String>),
) {
    if let Some(theirs) = their_below
        && below.as_ref().is_none_or(|mine| theirs < mine)
    {
        *below = Some(theirs.clone());
        mine.retain(|value, _| hash(value) < *theirs);
    }
    let mut has_grown = false;
    for (value, count) in theirs {
        if let Some(known) = mine.get_mut(value) {
            *known = known.saturating_add(*count);
        } else if below.as_ref().is_none_or(|below| hash(value) < *below) {
            mine.insert(value.clone(), *count);
            has_grown = true;
        }
    }
    let mut bytes: usize = if has_grown {
        mine.keys().map(String::len).sum()
    } else {
        0
    };
    if !has_grown || (mine.len() <= MOST_VALUES && bytes <= MOST_BYTES) {
        return;
    }
    let mut by_hash: Vec<(String, String)> = mine
        .keys()
        .map(|value| (hash(value), value.clone()))
        .collect();
    by_hash.sort_unstable();
    while (mine.len() > MOST_VALUES || bytes > MOST_BYTES)
        && let Some((hash, value)) = by_hash.pop()
    {
        mine.remove(&value);
        bytes = bytes.saturating_sub(value.len());
        *below = Some(hash);
    }
}

/// A place in the order of time.
pub(super) type Place = (Timestamp, String);

/// What has a place in the order of time, and values.
pub(super) trait Placed: Clone {
    /// When, and which of several at that time.
    fn order(&self) -> (Timestamp, &str);

    /// Bytes of its values.
    fn bytes(&self) -> usize;
}

/// Adds what is kept in the order of time. Of more than `most`, or of more bytes, the latest stay, and one in any case.
/// What was too much once, up to `behind`, never comes again, since what is older is forgotten, too.
pub(super) fn add_latest<T: Placed>(
    mine: &mut Vec<T>,
    behind: &mut Option<Place>,
    (theirs, their_behind): (&[T], Option<&Place>),
    most: usize,
) {
    if let Some(theirs) = their_behind
        && behind.as_ref().is_none_or(|mine| theirs > mine)
    {
        *behind = Some(theirs.clone());
    }
    mine.extend_from_slice(theirs);
    if let Some((at, id)) = behind {
        mine.retain(|one| one.order() > (*at, id));
    }
    mine.sort_by(|left, right| left.order().cmp(&right.order()));
    let surplus = mine.len().saturating_sub(most);
    mine.drain(..surplus);
    let mut bytes = 0_usize;
    let fits = |one: &&T| {
        bytes = bytes.saturating_add(one.bytes());
        bytes <= MOST_BYTES
    };
    let fitting = mine.iter().rev().take_while(fits).count().max(1);
    let surplus = mine.len().saturating_sub(fitting);
    if let Some(last) = mine.drain(..surplus).next_back() {
        let (at, id) = last.order();
        *behind = Some((at, id.to_owned()));
    }
}

/// About how many bytes a value takes.
pub(super) fn bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| bytes(item) + 1).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| name.len() + bytes(value) + 4)
            .sum(),
    }
}
