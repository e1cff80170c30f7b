//! The pieces of a text: words, quoted texts, signs, JSON.

use serde_json::Value;

/// One piece.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A bare word, a length of time, or a moment: whatever has no blank in it.
    Word(String),
    /// A text in quotes, a number, true, false, null, a list or an object, as JSON has them.
    Json(Value),
    /// A sign such as `>=`, `(` or `,`.
    Sign(&'static str),
    /// Nothing is left.
    End,
}

const SIGNS: [&str; 9] = [">=", "<=", "!=", "=", ">", "<", "(", ")", ","];

fn is_in_word(letter: char) -> bool {
    letter.is_alphanumeric() || "_-.:+/".contains(letter)
}

/// Words that mean something where a name may stand.
const KEPT: [&str; 6] = ["and", "or", "not", "then", "everybody", "nobody"];

/// Whether a name can stand without quotes.
pub(super) fn is_word(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_alphanumeric() || first == '_')
        && letters.all(is_in_word)
        && !KEPT.contains(&name)
        // What is JSON is read as JSON.
        && serde_json::from_str::<Value>(name).is_err()
}

/// The next piece of what is left, and how many bytes it has; none where nothing fits.
pub(super) fn next(rest: &str) -> Option<(Token, usize)> {
    let Some(first) = rest.chars().next() else {
        return Some((Token::End, 0));
    };
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Some((Token::Sign(sign), sign.len()));
    }
    let end = rest
        .find(|letter| !is_in_word(letter))
        .unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    if "\"{[".contains(first) {
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next()?.ok()?;
        return Some((Token::Json(value), values.byte_offset()));
    }
    if word.is_empty() {
        return None;
    }
    Some(match serde_json::from_str::<Value>(word) {
        Ok(value) => (Token::Json(value), end),
        Err(_) => (Token::Word(word.to_owned()), end),
    })
}
