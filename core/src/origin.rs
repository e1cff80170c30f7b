//! Origins from which a source takes events: `https://shop.example`, or `https://*.example.org` for
//! every host below.

/// Characters that an origin may have.
const LONGEST: usize = 255;
/// Origins that a source may list.
pub const MOST: usize = 200;

/// Whether an origin is among those allowed. An empty list allows every origin.
#[must_use]
pub fn is_allowed(allowed: &[String], origin: &str) -> bool {
    allowed.is_empty() || allowed.iter().any(|pattern| matches(pattern, origin))
}

fn matches(pattern: &str, origin: &str) -> bool {
    let Some((scheme, below)) = pattern.split_once("://*.") else {
        return pattern.eq_ignore_ascii_case(origin);
    };
    let Some((origin_scheme, host)) = origin.split_once("://") else {
        return false;
    };
    let split = host
        .len()
        .checked_sub(below.len() + 1)
        .and_then(|at| Some((host.get(..at)?, host.get(at..)?)));
    // A label or more, a dot, and the rest of the pattern.
    scheme.eq_ignore_ascii_case(origin_scheme)
        && split.is_some_and(|(labels, rest)| {
            !labels.is_empty()
                && rest
                    .strip_prefix('.')
                    .is_some_and(|rest| rest.eq_ignore_ascii_case(below))
        })
}

/// Whether every entry can ever match what a browser sends as its origin.
///
/// # Errors
/// Every entry that cannot, with what to write instead.
pub fn check(allowed: &[String]) -> Result<(), Vec<String>> {
    let mut wrong: Vec<String> = allowed
        .iter()
        .filter_map(|pattern| {
            let start: String = pattern.chars().take(80).collect();
            let why = fault(pattern)?;
            Some(format!("\"{start}\": {why}"))
        })
        .collect();
    if allowed.len() > MOST {
        wrong.push(format!("a source may list {MOST} origins"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn fault(pattern: &str) -> Option<&'static str> {
    const FORM: &str = "write scheme, host and perhaps port as browsers send them, such as https://shop.example or https://*.example.org";
    if pattern.len() > LONGEST {
        return Some("an origin has at most 255 characters");
    }
    let Some((scheme, rest)) = pattern.split_once("://") else {
        return Some(FORM);
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    if !is_scheme {
        return Some(FORM);
    }
    if rest.contains(['/', '?', '#', '@']) {
        return Some(
            "an origin has no path, query or user: leave away what follows the host and port",
        );
    }
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, after)) => {
            return (address.parse::<std::net::Ipv6Addr>().is_err() || !is_port(after))
                .then_some(FORM);
        }
        None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
    };
    if !is_port(port) {
        return Some(FORM);
    }
    if matches!((scheme, port), ("https", ":443") | ("http", ":80")) {
        return Some("browsers leave the usual port away: do so too");
    }
    let named = match host.strip_prefix("*.") {
        Some(below) if !below.contains('.') => {
            return Some(
                "a wildcard needs a domain below which it stands, such as https://*.example.org",
            );
        }
        Some(below) => below,
        None => host,
    };
    if named.contains('*') {
        return Some(
            "a wildcard stands for whole labels at the start, such as https://*.example.org",
        );
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    (!named.split('.').all(is_label)).then_some(FORM)
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(patterns: &[&str], origin: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|&one| one.to_owned()).collect();
        is_allowed(&patterns, origin)
    }

    #[test]
    fn a_wildcard_stands_for_every_host_below_and_for_nothing_else() {
        let pattern = ["https://*.example.org"];
        for (origin, wanted) in [
            ("https://shop.example.org", true),
            ("https://a.b.example.org", true),
            ("https://Shop.Example.org", true),
            ("https://example.org", false),
            ("https://.example.org", false),
            ("http://shop.example.org", false),
            ("https://shop.example.org:8443", false),
            ("https://evilexample.org", false),
            ("https://shop.example.org.evil.test", false),
            ("https://é.example.org", true),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(allowed(&pattern, origin), wanted, "{origin}");
        }
        assert!(allowed(&[], "https://anywhere.test"));
        assert!(allowed(&["http://localhost:3000"], "http://localhost:3000"));
        assert!(!allowed(
            &["http://localhost:3000"],
            "http://localhost:3001"
        ));
    }

    #[test]
    fn what_no_browser_can_send_is_refused_and_all_of_it_is_named() {
        let good = [
            "https://shop.example",
            "https://*.example.org",
            "https://*.example.org:8443",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "capacitor://localhost",
            "https://xn--bcher-kva.example",
        ];
        assert_eq!(check(&good.map(str::to_owned)), Ok(()));
        let bad = [
            "shop.example",
            "https://shop.example/",
            "https://shop.example/page",
            "https://",
            "https://*",
            "https://*.org",
            "https://shop*.example.org",
            "https://*.*.example.org",
            "https://a..example",
            "https://shop.example:443",
            "https://shop.example:port",
            "https://user@shop.example",
            "HTTPS://shop.example",
            "https://Shop.example",
            "https://bücher.example",
            "https://[::1",
        ];
        let wrong = check(&bad.map(str::to_owned)).err().unwrap_or_default();
        assert_eq!(wrong.len(), bad.len(), "{wrong:#?}");
    }
}
