//! Known bots, by what they call themselves.
//!
//! The list is that of crawler-user-agents (MIT), kept by its community;
//! `cargo xtask codegen` writes it into `bots/list.txt` from the npm package of that name.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// One pattern a line: a text that the user agent contains; `^` before it means at the start, `$`
/// behind it at the end. Lines that begin with `#` say where the list is from.
const LIST: &str = include_str!("bots/list.txt");
/// Bytes of a user agent that are looked at.
const LOOKED_AT: usize = 1_024;

/// The patterns as one automaton; `None` if the list could not be made into one, which a test excludes.
static KNOWN: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(patterns().map(|pattern| pattern.text))
        .ok()
});
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| patterns().collect());

#[derive(Clone, Copy)]
struct Pattern {
    text: &'static str,
    at_start: bool,
    at_end: bool,
}

fn patterns() -> impl Iterator<Item = Pattern> {
    LIST.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (at_start, text) = line
                .strip_prefix('^')
                .map_or((false, line), |rest| (true, rest));
            let (at_end, text) = text
                .strip_suffix('$')
                .map_or((false, text), |rest| (true, rest));
            Pattern {
                text,
                at_start,
                at_end,
            }
        })
}

/// The name of the bot that calls itself so; `None` when it is not a known one.
#[must_use]
pub fn name(user_agent: &str) -> Option<&'static str> {
    let end = user_agent.floor_char_boundary(LOOKED_AT);
    let looked_at = user_agent.get(..end)?;
    let found = KNOWN
        .as_ref()?
        .find_overlapping_iter(looked_at)
        .find_map(|found| {
            let pattern = PATTERNS.get(found.pattern().as_usize())?;
            let fits = (!pattern.at_start || found.start() == 0)
                && (!pattern.at_end || found.end() == user_agent.len());
            fits.then_some(pattern.text)
        })?;
    Some(found.trim_matches(|letter: char| !letter.is_alphanumeric()))
}

/// Recognises bots in a row of messages, which mostly come from the same one: what was found last
/// is remembered.
#[derive(Debug, Default)]
pub struct Recogniser {
    last: Option<(String, Option<&'static str>)>,
}

impl Recogniser {
    /// The same as [`name`].
    pub fn name(&mut self, user_agent: &str) -> Option<&'static str> {
        match &self.last {
            Some((known, found)) if known == user_agent => *found,
            _ => {
                let found = name(user_agent);
                self.last = Some((user_agent.to_owned(), found));
                found
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_the_list_finds_itself() {
        assert!(patterns().count() > 1_400, "the list is there");
        for pattern in patterns() {
            let said = match (pattern.at_start, pattern.at_end) {
                (true, _) => format!("{} (x)", pattern.text),
                (false, true) => format!("Mozilla/5.0 {}", pattern.text),
                (false, false) => format!("Mozilla/5.0 (x) {} y", pattern.text),
            };
            assert!(name(&said).is_some(), "{said}");
        }
    }

    #[test]
    fn crawlers_libraries_and_headless_browsers_are_known() {
        for (user_agent, known) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "Googlebot",
            ),
            (
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
                "GPTBot",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36",
                "HeadlessChrome",
            ),
            ("python-requests/2.32.3", "python-requests"),
            ("Wget/1.21.4", "Wget"),
            ("curl/8.5.0", "curl"),
        ] {
            assert_eq!(name(user_agent), Some(known), "{user_agent}");
        }
    }

    #[test]
    fn people_are_not() {
        for user_agent in [
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
            "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Mozilla/5.0 (Linux; Android 14; CUBOT X90) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
            "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP2A)",
            "a curl behind the start is no curl",
            "",
        ] {
            assert_eq!(name(user_agent), None, "{user_agent}");
        }
    }

    #[test]
    fn a_remembered_answer_is_the_same_answer() {
        let mut recogniser = Recogniser::default();
        for user_agent in ["curl/8", "curl/8", "Firefox", "Firefox", "curl/8"] {
            assert_eq!(recogniser.name(user_agent), name(user_agent));
        }
    }
}
