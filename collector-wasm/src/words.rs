//! Small texts at the boundary: words divided by one character. `str::split` and the number parser
//! of the standard library cost a kilobyte of download; this is all the engine needs of them.

/// Takes the text up to `mark` off the front of `rest`; nothing when nothing is left.
pub fn next_word<'a>(rest: &mut &'a str, mark: u8) -> Option<&'a str> {
    if rest.is_empty() {
        return None;
    }
    let text = *rest;
    let end = text
        .as_bytes()
        .iter()
        .position(|&byte| byte == mark)
        .unwrap_or(text.len());
    // `mark` is ASCII, so both cuts are at character boundaries.
    *rest = text.get(end + 1..).unwrap_or("");
    text.get(..end)
}

/// Reads a number of at most nine digits; 0 is what does not make sense.
#[must_use]
pub fn number(text: &str) -> u32 {
    let mut number = 0;
    if text.len() > 9 {
        return 0;
    }
    for byte in text.bytes() {
        if !byte.is_ascii_digit() {
            return 0;
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    number
}

/// Whether a name can stand between quotes as it is. Purposes, tabs and keys are such names.
#[must_use]
pub fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte > b' ' && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_those_of_split(text in "[ab é]{0,12}") {
            let mut rest = text.as_str();
            let mut words = Vec::new();
            while let Some(word) = next_word(&mut rest, b' ') {
                words.push(word);
            }
            let mut expected: Vec<&str> = text.split(' ').collect();
            if expected.last() == Some(&"") {
                expected.pop();
            }
            prop_assert_eq!(words, expected);
        }

        #[test]
        fn numbers_are_those_of_parse(text in "[0-9]{1,9}") {
            prop_assert_eq!(number(&text), text.parse::<u32>().unwrap_or(0));
        }
    }

    #[test]
    fn what_is_no_number_is_zero() {
        for text in ["", "x", "1x", "-1", "1.5", "9999999999"] {
            assert_eq!(number(text), 0, "{text}");
        }
    }

    #[test]
    fn a_name_with_a_quote_is_not_plain() {
        assert!(is_plain("sale_or_share"));
        for name in ["", "a b", "a\"b", "a\\b", "a\nb"] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
