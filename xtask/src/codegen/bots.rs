//! The list of known bots, from the npm package that its community keeps.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use serde_json::Value;

use crate::workspace::Workspace;

const PACKAGE: &str = "node_modules/crawler-user-agents";
/// A class with more characters than this is no other way to write a letter.
const WIDEST_CLASS: usize = 3;

/// The list in the form that the core reads.
pub(super) fn list(workspace: &Workspace) -> Result<String> {
    let read = |file: &str| -> Result<Value> {
        let path = workspace.path(&format!("{PACKAGE}/{file}"));
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}: run cargo xtask setup", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    };
    let version = read("package.json")?;
    let entries = read("crawler-user-agents.json")?;
    let mut lines = BTreeSet::new();
    for entry in entries.as_array().context("the list is no JSON array")? {
        let pattern = entry["pattern"]
            .as_str()
            .context("an entry has no pattern")?;
        lines.extend(lines_of(pattern)?);
    }
    let lines: Vec<String> = lines.into_iter().collect();
    Ok(format!(
        "# crawler-user-agents {}, MIT licence, https://github.com/monperrus/crawler-user-agents\n# Written by cargo xtask codegen.\n{}\n",
        version["version"].as_str().unwrap_or_default(),
        lines.join("\n")
    ))
}

/// A text that a pattern stands for, perhaps bound to an end of the user agent.
#[derive(Clone, Debug, Default, PartialEq)]
struct Text {
    at_start: bool,
    text: String,
    at_end: bool,
}

impl Text {
    fn line(&self) -> String {
        let (start, end) = (
            if self.at_start { "^" } else { "" },
            if self.at_end { "$" } else { "" },
        );
        format!("{start}{}{end}", self.text)
    }
}

fn lines_of(pattern: &str) -> Result<Vec<String>> {
    let parsed = regex_syntax::parse(pattern)
        .with_context(|| format!("the pattern {pattern} cannot be read"))?;
    let texts = texts(&parsed).unwrap_or_else(|| longest_end(&parsed));
    Ok(texts
        .iter()
        .filter(|text| !text.text.is_empty())
        .map(Text::line)
        .collect())
}

/// Every text that a pattern stands for; `None` when they cannot be counted.
fn texts(pattern: &Hir) -> Option<Vec<Text>> {
    let plain = |text: String| Text {
        text,
        ..Text::default()
    };
    match pattern.kind() {
        HirKind::Empty => Some(vec![Text::default()]),
        HirKind::Literal(literal) => Some(vec![plain(String::from_utf8(literal.0.to_vec()).ok()?)]),
        HirKind::Class(Class::Unicode(class)) => {
            let letters: Vec<char> = class
                .iter()
                .flat_map(|range| range.start()..=range.end())
                .take(WIDEST_CLASS + 1)
                .collect();
            (letters.len() <= WIDEST_CLASS).then(|| {
                letters
                    .into_iter()
                    .map(|letter| plain(letter.to_string()))
                    .collect()
            })
        }
        HirKind::Look(Look::Start) => Some(vec![Text {
            at_start: true,
            ..Text::default()
        }]),
        HirKind::Look(Look::End) => Some(vec![Text {
            at_end: true,
            ..Text::default()
        }]),
        HirKind::Capture(capture) => texts(&capture.sub),
        HirKind::Alternation(parts) => {
            let parts: Option<Vec<Vec<Text>>> = parts.iter().map(texts).collect();
            Some(parts?.concat())
        }
        HirKind::Concat(parts) => row(parts.iter()),
        HirKind::Class(_) | HirKind::Look(_) | HirKind::Repetition(_) => None,
    }
}

/// Every text of patterns in a row.
fn row<'a>(parts: impl Iterator<Item = &'a Hir>) -> Option<Vec<Text>> {
    let mut found = vec![Text::default()];
    for part in parts {
        let next = texts(part)?;
        found = found
            .iter()
            .flat_map(|before| next.iter().map(move |after| joined(before, after)))
            .collect();
    }
    Some(found)
}

fn joined(before: &Text, after: &Text) -> Text {
    Text {
        at_start: before.at_start || after.at_start,
        text: format!("{}{}", before.text, after.text),
        at_end: before.at_end || after.at_end,
    }
}

/// What a pattern with something uncountable in it begins or ends with, whichever is longer.
fn longest_end(pattern: &Hir) -> Vec<Text> {
    let HirKind::Concat(parts) = pattern.kind() else {
        return Vec::new();
    };
    let countable = |parts: &mut dyn Iterator<Item = &Hir>| {
        parts.take_while(|part| texts(part).is_some()).count()
    };
    let from_start = countable(&mut parts.iter());
    let from_end = countable(&mut parts.iter().rev());
    let begin = row(parts.iter().take(from_start)).unwrap_or_default();
    let end = row(parts.iter().skip(parts.len() - from_end)).unwrap_or_default();
    let shortest = |texts: &[Text]| {
        texts
            .iter()
            .map(|text| text.text.len())
            .min()
            .unwrap_or_default()
    };
    if shortest(&begin) >= shortest(&end) {
        begin
    } else {
        end
    }
}

#[cfg(test)]
mod tests {
    use super::lines_of;

    #[test]
    fn patterns_become_texts() -> anyhow::Result<()> {
        for (pattern, wanted) in [
            (r"Googlebot\/", &["Googlebot/"][..]),
            ("[wW]get", &["Wget", "wget"]),
            ("Ahrefs(Bot|SiteAudit)", &["AhrefsBot", "AhrefsSiteAudit"]),
            (r"(^| )sentry\/", &["^sentry/", " sentry/"]),
            ("^curl", &["^curl"]),
            ("SSL Labs$", &["SSL Labs$"]),
            ("AdsBot-Google([^-]|$)", &["AdsBot-Google"]),
            (r"Current[\s\S]*RSS Reader", &["RSS Reader"]),
            (r"Traffic\/\d\.\d+ Feed-Fetcher", &[" Feed-Fetcher"]),
        ] {
            assert_eq!(lines_of(pattern)?, wanted, "{pattern}");
        }
        Ok(())
    }
}
