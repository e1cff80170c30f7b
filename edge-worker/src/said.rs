//! What a browser's visitor said of purposes, in the cookie that the SDK keeps beside the anonymous id.

use cdp_core::consent::Choices;

use crate::http::Request;

/// The cookie's name; only the SDK writes it.
const COOKIE: &str = "hw_said";

/// What was said, and under which policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// The version of the policy that the visitor was shown.
    pub(crate) version: u32,
    /// Whatever waits for somebody to decide allows nothing here.
    pub(crate) choices: Choices,
}

/// What the request's cookie says; `None` without one, where it is not whole, and where there are two that
/// differ: nobody can tell which of them is old.
pub(crate) fn from_cookie(request: &Request) -> Option<Said> {
    let mut cookies = request.cookies(COOKIE);
    let said = cookies.next()?;
    cookies.all(|other| other == said).then(|| read(said))?
}

/// Reads `3/+analytics/-advertising/?personalization/`; the slash at the end says that nothing is missing.
fn read(text: &str) -> Option<Said> {
    let (version, words) = text.strip_suffix('/')?.split_once('/')?;
    let choices = words
        .split('/')
        .filter(|word| !word.is_empty())
        .map(|word| {
            let (granted, purpose) = match word.split_at_checked(1)? {
                ("+", purpose) => (true, purpose),
                ("-" | "?", purpose) => (false, purpose),
                _ => return None,
            };
            Some((purpose.to_owned(), granted))
        })
        .collect::<Option<Choices>>()?;
    let version = version.parse().ok()?;
    Some(Said { version, choices })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cookie: &str) -> Option<Said> {
        from_cookie(&Request {
            headers: vec![("cookie".to_owned(), cookie.to_owned())],
            ..Request::default()
        })
    }

    fn said(version: u32, choices: &[(&str, bool)]) -> Option<Said> {
        let choices = choices.iter();
        let choices = choices.map(|(purpose, granted)| ((*purpose).to_owned(), *granted));
        Some(Said {
            version,
            choices: choices.collect(),
        })
    }

    #[test]
    fn words_are_read_and_what_waits_allows_nothing() {
        let read = of("a=b; hw_said=3/+analytics/-advertising/?personalization/; hw_aid=x");
        let words = [
            ("analytics", true),
            ("advertising", false),
            ("personalization", false),
        ];
        assert_eq!(read, said(3, &words));
        assert_eq!(of("hw_said=1//"), said(1, &[]), "nothing was said yet");
    }

    #[test]
    fn what_is_not_whole_or_not_certain_says_nothing() {
        for cookie in [
            "",
            "hw_said=",
            "hw_said=/",
            "hw_said=1",
            "hw_said=1/",
            "hw_said=1/+personalization",
            "hw_said=x/+personalization/",
            "hw_said=-1/+personalization/",
            "hw_said=1/personalization/",
            "hw_said=1/\u{e9}/",
            "hw_said=1/+personalization/; hw_said=1/-personalization/",
        ] {
            assert_eq!(of(cookie), None, "{cookie}");
        }
        let twice = of("hw_said=1/+personalization/; hw_said=1/+personalization/");
        assert_eq!(twice, said(1, &[("personalization", true)]));
    }
}
