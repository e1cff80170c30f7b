//! What a page's engine starts with, for the life of the page.

use cdp_core::consent::Regime;

use crate::words::{next_word, number};

/// The settings of a page: one a line, in the order of the functions here. They are kept as the text
/// they came as; a field for each would cost more code than finding a line does.
#[derive(Debug)]
pub struct Settings {
    text: String,
}

impl Settings {
    /// Keeps the settings.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }

    /// Where batches go.
    #[must_use]
    pub fn url(&self) -> &str {
        self.line(0)
    }

    /// The source's public key.
    #[must_use]
    pub fn write_key(&self) -> &str {
        self.line(1)
    }

    /// This tab's id.
    #[must_use]
    pub fn tab(&self) -> &str {
        self.line(2)
    }

    /// The number the tab's next event gets.
    #[must_use]
    pub fn next(&self) -> u32 {
        number(self.line(3))
    }

    /// What holds while nothing was chosen. Whatever is not exactly `opt_out` is opt-in: a typo
    /// never loosens anything.
    #[must_use]
    pub fn regime(&self) -> Regime {
        if self.line(4) == "opt_out" {
            Regime::OptOut
        } else {
            Regime::OptIn
        }
    }

    /// The purposes that collecting needs, divided by spaces.
    #[must_use]
    pub fn collect(&self) -> &str {
        self.line(5)
    }

    /// The purposes that decisions need, divided by spaces.
    #[must_use]
    pub fn decide(&self) -> &str {
        self.line(6)
    }

    /// Purposes that Global Privacy Control denies here, divided by spaces; empty where the browser
    /// does not send it.
    #[must_use]
    pub fn vetoed(&self) -> &str {
        self.line(7)
    }

    /// Version of the policy that the visitor was shown: digits.
    #[must_use]
    pub fn policy_version(&self) -> &str {
        self.line(8)
    }

    /// Purposes that have a regime of their own here, divided by spaces, each after `+` (opt-out) or `-`
    /// (opt-in).
    #[must_use]
    pub fn regimes(&self) -> &str {
        self.line(9)
    }

    fn line(&self, index: usize) -> &str {
        let mut rest = self.text.as_str();
        for _ in 0..index {
            next_word(&mut rest, b'\n');
        }
        next_word(&mut rest, b'\n').unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_lines_in_order() {
        let settings =
            Settings::read("https://e/v1/batch\nwk_1\n0123456789abcdef\n7\nopt_out\na\np\nx y\n3");
        assert_eq!(settings.url(), "https://e/v1/batch");
        assert_eq!(
            (settings.write_key(), settings.tab(), settings.next()),
            ("wk_1", "0123456789abcdef", 7)
        );
        assert_eq!(settings.regime(), Regime::OptOut);
        assert_eq!(
            (settings.collect(), settings.decide(), settings.vetoed()),
            ("a", "p", "x y")
        );
        assert_eq!(settings.policy_version(), "3");
    }

    #[test]
    fn a_line_may_be_empty() {
        assert_eq!(
            Settings::read("u\nk\nt\n1\nopt_in\na\np\n\n2").policy_version(),
            "2"
        );
    }

    #[test]
    fn a_misspelled_regime_is_opt_in() {
        for regime in ["", "opt-out", "OPT_OUT", "out"] {
            let text = ["u\nk\nt\n1\n", regime, "\na\np\n\n1"].concat();
            assert_eq!(Settings::read(&text).regime(), Regime::OptIn, "{regime}");
        }
    }
}
