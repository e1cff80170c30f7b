//! Regular expressions, found anywhere in a text, in time linear in its length.

use regex_lite::{Regex, RegexBuilder};

/// Bytes of a pattern, so that reading it stays cheap.
const LONGEST: usize = 1_000;
/// Bytes that a pattern may take when it is made ready: about 500 characters. Its product with the length of the
/// text bounds how long a search takes.
const LARGEST: usize = 16 * 1024;
/// Bytes of a text in which it is looked for; in a longer one nothing is found. Anybody may send a text, and none
/// may make the rules of others slow.
const LONGEST_TEXT: usize = 4_096;
/// Groups within groups.
const DEEPEST: u32 = 20;

/// A regular expression that was read.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// Whether upper and lower case of ASCII letters are the same.
    pub(super) any_case: bool,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What is wrong with it, and what may be written.
    pub(super) fn read(pattern: &str, any_case: bool) -> Result<Self, String> {
        if pattern.len() > LONGEST {
            return Err(format!(
                "a regular expression is at most {LONGEST} bytes long; this one has {}",
                pattern.len()
            ));
        }
        RegexBuilder::new(pattern)
            .case_insensitive(any_case)
            .size_limit(LARGEST)
            .nest_limit(DEEPEST)
            .build()
            .map(|regex| Self { regex, any_case })
            .map_err(|error| {
                format!(
                    "this regular expression cannot be read: {error}. Write RE2's syntax, such as ^/shop/(a|b)[0-9]+$, \
                     with \\d, \\s, \\w for ASCII; there is no look-around, back-reference or \\p{{…}}, and repetitions \
                     such as {{1,1000}} soon are too large"
                )
            })
    }

    pub(super) fn text(&self) -> &str {
        self.regex.as_str()
    }

    pub(super) fn is_found_in(&self, text: &str) -> bool {
        text.len() <= LONGEST_TEXT && self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (self.text(), self.any_case) == (other.text(), other.any_case)
    }
}
