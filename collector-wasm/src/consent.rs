//! What the visitor allows, and the text in which each event says so.

use cdp_core::consent::{NECESSARY, Regime, Verdict, verdict};

use crate::json::{push_comma, push_quoted, push_time};
use crate::settings::Settings;
use crate::words::{is_plain, next_word};

/// The choices of a visitor. What they mean is up to the site's settings.
#[derive(Debug)]
pub struct Consent {
    /// Purposes divided by spaces, each after `+` (granted), `-` (denied) or `?` (waits).
    choices: String,
    /// Who says so. It is written between quotes as it is: the loader may add `","chosenAt":"…`.
    source: String,
}

/// What is said of a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Grant,
    Deny,
    Wait,
}

impl Default for Consent {
    /// Nothing chosen yet.
    fn default() -> Self {
        Self {
            choices: String::new(),
            source: "default".to_owned(),
        }
    }
}

impl Consent {
    /// Replaces the choices. `choices` names purposes divided by spaces, each after `+` (granted),
    /// `-` (denied) or `?`: nobody has decided, and until somebody does the purpose waits, whatever
    /// the place presumes. Whoever is not named was not decided. `source` says so, in the
    /// words of the receipt; when the person decided is a member behind it (`banner","chosenAt":"…`), because
    /// the receipt is text and nothing here has to know the moment.
    pub fn choose(&mut self, choices: &str, source: &str) {
        choices.clone_into(&mut self.choices);
        source.clone_into(&mut self.source);
    }

    /// Whether events may be stored and sent.
    #[must_use]
    pub fn collect(&self, settings: &Settings) -> Verdict {
        self.ask(settings.collect(), settings)
    }

    /// Whether a reply may bring decisions about the visitor.
    #[must_use]
    pub fn may_decide(&self, settings: &Settings) -> bool {
        self.ask(settings.decide(), settings) == Verdict::Allow
    }

    /// The strictest verdict of several purposes; no purpose allows nothing.
    fn ask(&self, mut purposes: &str, settings: &Settings) -> Verdict {
        let mut strictest = None;
        while let Some(purpose) = next_word(&mut purposes, b' ') {
            strictest = strictest.max(Some(self.ask_one(purpose, settings)));
        }
        strictest.unwrap_or(Verdict::Deny)
    }

    fn ask_one(&self, purpose: &str, settings: &Settings) -> Verdict {
        if purpose == NECESSARY {
            return Verdict::Allow;
        }
        let choice = choice_in(&self.choices, purpose);
        let regime = match (choice, choice_in(settings.regimes(), purpose)) {
            (Some(Choice::Wait), _) | (_, Some(Choice::Deny)) => Regime::OptIn,
            (_, Some(Choice::Grant)) => Regime::OptOut,
            _ => settings.regime(),
        };
        let decided = match choice {
            Some(Choice::Grant) => Some(true),
            Some(Choice::Deny) => Some(false),
            Some(Choice::Wait) | None => None,
        };
        verdict(decided, regime, is_vetoed(purpose, settings))
    }

    /// Appends `"categoryPreferences":{…},"source":"…"`: the choices with the browser's veto in them.
    pub fn push_state(&self, out: &mut String, settings: &Settings) {
        out.push_str("\"categoryPreferences\":{");
        let mut first = true;
        let mut rest = self.choices.as_str();
        while let Some((name, choice)) = next_choice(&mut rest) {
            if choice == Choice::Wait {
                continue;
            }
            push_comma(out, &mut first);
            push_quoted(out, name);
            out.push_str(if choice == Choice::Grant && !is_vetoed(name, settings) {
                ":true"
            } else {
                ":false"
            });
        }
        let mut rest = settings.vetoed();
        while let Some(name) = next_word(&mut rest, b' ') {
            if choice_in(&self.choices, name).is_none() {
                push_comma(out, &mut first);
                push_quoted(out, name);
                out.push_str(":false");
            }
        }
        out.push_str("},\"source\":");
        push_quoted(out, &self.source);
    }

    /// Appends the receipt of an event captured now, without its closing brace: a release may follow.
    pub fn push_receipt(&self, out: &mut String, now: f64, settings: &Settings) {
        out.push_str(",\"consent\":{");
        self.push_state(out, settings);
        out.push_str(",\"policyVersion\":");
        out.push_str(settings.policy_version());
        out.push_str(",\"capturedAt\":");
        push_time(out, now);
        if !settings.vetoed().is_empty() {
            out.push_str(",\"gpc\":true");
        }
    }

    /// Appends the second record of an event that was held: the choice that released it.
    pub fn push_release(&self, out: &mut String, now: f64, settings: &Settings) {
        out.push_str(",\"release\":{");
        self.push_state(out, settings);
        out.push_str(",\"releasedAt\":");
        push_time(out, now);
        out.push('}');
    }
}

fn is_vetoed(purpose: &str, settings: &Settings) -> bool {
    let mut rest = settings.vetoed();
    while let Some(name) = next_word(&mut rest, b' ') {
        if name == purpose {
            return true;
        }
    }
    false
}

/// What a list of choices says of a purpose.
fn choice_in(mut choices: &str, purpose: &str) -> Option<Choice> {
    while let Some((name, choice)) = next_choice(&mut choices) {
        if name == purpose {
            return Some(choice);
        }
    }
    None
}

/// The next choice that makes sense: one that does not is none, so it grants nothing.
fn next_choice<'a>(rest: &mut &'a str) -> Option<(&'a str, Choice)> {
    while let Some(word) = next_word(rest, b' ') {
        let choice = match word.as_bytes().first() {
            Some(b'+') => Choice::Grant,
            Some(b'-') => Choice::Deny,
            Some(b'?') => Choice::Wait,
            _ => continue,
        };
        if let Some(name) = word.get(1..)
            && is_plain(name)
        {
            return Some((name, choice));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(regime: &str, vetoed: &str) -> Settings {
        let lines = [
            "u",
            "k",
            "t",
            "1",
            regime,
            "analytics",
            "personalization",
            vetoed,
            "1",
        ];
        Settings::read(&lines.join("\n"))
    }

    fn chosen(choices: &str) -> Consent {
        let mut consent = Consent::default();
        consent.choose(choices, "banner");
        consent
    }

    #[test]
    fn nothing_chosen_holds_or_allows_by_regime() {
        assert_eq!(
            Consent::default().collect(&site("opt_in", "")),
            Verdict::Hold
        );
        assert_eq!(
            Consent::default().collect(&site("opt_out", "")),
            Verdict::Allow
        );
    }

    #[test]
    fn what_waits_is_held_whatever_the_place_presumes() {
        let place = site("opt_out", "");
        let consent = chosen("?analytics");
        assert_eq!(consent.collect(&place), Verdict::Hold);
        assert!(
            consent.may_decide(&place),
            "the other purposes are presumed"
        );
        let mut state = String::new();
        consent.push_state(&mut state, &place);
        assert_eq!(state, r#""categoryPreferences":{},"source":"banner""#);
    }

    #[test]
    fn each_purpose_is_its_own_choice() {
        let site = site("opt_in", "");
        let consent = chosen("+analytics -personalization");
        assert_eq!(consent.collect(&site), Verdict::Allow);
        assert!(!consent.may_decide(&site));
        assert_eq!(
            chosen("").collect(&site),
            Verdict::Hold,
            "a choice that is taken back is no choice"
        );
    }

    #[test]
    fn all_purposes_have_to_be_allowed_and_none_allows_nothing() {
        let site = |collect: &str, regimes: &str| {
            let lines = [
                "u", "k", "t", "1", "opt_out", collect, "p", "", "1", regimes,
            ];
            Settings::read(&lines.join("\n"))
        };
        let asked = |choices: &str, collect: &str, regimes: &str| {
            chosen(choices).collect(&site(collect, regimes))
        };
        assert_eq!(asked("", "a b", ""), Verdict::Allow);
        assert_eq!(asked("", "a b", "-b"), Verdict::Hold, "b is opt-in here");
        assert_eq!(asked("+b", "a b", "-b"), Verdict::Allow);
        assert_eq!(asked("+b -a", "a b", "-b"), Verdict::Deny);
        assert_eq!(asked("+a", "", ""), Verdict::Deny);
        assert_eq!(asked("", "necessary", "-necessary"), Verdict::Allow);
    }

    #[test]
    fn a_veto_overrules_the_banner_and_is_written_down() {
        let mut state = String::new();
        chosen("+analytics +advertising")
            .push_state(&mut state, &site("opt_in", "advertising sale_or_share"));
        assert_eq!(
            state,
            r#""categoryPreferences":{"analytics":true,"advertising":false,"sale_or_share":false},"source":"banner""#
        );
    }

    #[test]
    fn the_moment_of_the_choice_comes_behind_its_source() {
        let mut consent = Consent::default();
        consent.choose(
            "+analytics",
            r#"banner","chosenAt":"2026-01-01T00:00:00.000Z"#,
        );
        let mut receipt = String::from(r#"{"a":1"#);
        consent.push_receipt(&mut receipt, 0.0, &site("opt_in", ""));
        receipt.push_str("}}");
        let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
        assert_eq!(
            receipt["consent"],
            serde_json::json!({
                "categoryPreferences": {"analytics": true},
                "source": "banner",
                "chosenAt": "2026-01-01T00:00:00.000Z",
                "policyVersion": 1,
                "capturedAt": "1970-01-01T00:00:00.000Z",
            })
        );
    }

    #[test]
    fn a_veto_of_the_collecting_purpose_denies_what_was_granted() {
        assert_eq!(
            chosen("+analytics").collect(&site("opt_out", "analytics")),
            Verdict::Deny
        );
    }

    #[test]
    fn a_typo_in_a_choice_grants_nothing() {
        for typo in [
            "analytics",
            "++analytics",
            "+Analytics",
            "+ analytics",
            "+analytics\"",
            "é",
        ] {
            assert_eq!(
                chosen(typo).collect(&site("opt_in", "")),
                Verdict::Hold,
                "{typo}"
            );
        }
    }
}
