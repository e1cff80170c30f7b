//! Bodies that are not UTF-8 throughout: the messages that are damaged can be told from the others.

use std::borrow::Cow;

use super::WireError;

/// The mark of UTF-8 that some programs put in front of a text.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Characters that no text has: Unicode keeps them free for uses such as this one (chapter 23.7).
const NONCHARACTERS: std::ops::RangeInclusive<char> = '\u{fdd0}'..='\u{fdef}';

/// The body as text. Where it is no UTF-8 stands the character that is given with it.
///
/// # Errors
/// When the body is not UTF-8 and no character is free to say where.
pub(super) fn read(body: &[u8]) -> Result<(Cow<'_, str>, Option<char>), WireError> {
    let body = body.strip_prefix(MARK).unwrap_or(body);
    let error = match std::str::from_utf8(body) {
        Ok(text) => return Ok((Cow::Borrowed(text), None)),
        Err(error) => error,
    };
    let taken: String = body.utf8_chunks().map(|chunk| chunk.valid()).collect();
    let marker = NONCHARACTERS
        .into_iter()
        .find(|free| !taken.contains(*free));
    let Some(marker) = marker else {
        return Err(WireError::InvalidJson(error.to_string()));
    };
    let mut text = String::with_capacity(body.len());
    for chunk in body.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(marker);
        }
    }
    Ok((Cow::Owned(text), Some(marker)))
}

/// A text for people: U+FFFD where it was damaged.
pub(super) fn shown(text: &str, damage: Option<char>) -> String {
    match damage {
        Some(marker) => text.replace(marker, "\u{fffd}"),
        None => text.to_owned(),
    }
}
