//! Which refused messages are asked for.

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::error::{Code, Error, Result};

/// What a caller asks for; what is left away asks for all.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "QuarantineFilter")]
pub(super) struct Filter {
    /// A text that the message, its id or the reason contains, in capitals or not.
    q: Option<String>,
    /// A source's id or write key.
    source: Option<String>,
    /// A text that the reason contains.
    reason: Option<String>,
    /// Received at this time or later.
    from: Option<String>,
    /// Received before this time.
    to: Option<String>,
}

/// The same as SQL takes it; '' asks for all.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) source_id: String,
    pub(super) reason: String,
    pub(super) text: String,
    /// The text as it stands inside a text of JSON.
    pub(super) in_json: String,
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Filter {
    /// Checks the filter.
    pub(super) fn terms(self, app: &App, space_id: &str) -> Result<Terms> {
        let source_id = match self.source.filter(|source| !source.is_empty()) {
            Some(source) => app.sources.named(space_id, &source)?,
            None => String::new(),
        };
        let text = self.q.unwrap_or_default();
        let in_json = Value::from(text.as_str()).to_string();
        let in_json = in_json.trim_start_matches('"');
        let in_json = in_json.strip_suffix('"').unwrap_or(in_json);
        Ok(Terms {
            source_id,
            reason: contains(&self.reason.unwrap_or_default()),
            in_json: contains(in_json),
            text: contains(&text),
            from: micros("from", self.from)?.unwrap_or(i64::MIN),
            to: micros("to", self.to)?.unwrap_or(i64::MAX),
        })
    }
}

impl Terms {
    /// Everything that was received at this time or later.
    pub(super) fn since(from: Timestamp) -> Self {
        Self {
            source_id: String::new(),
            reason: String::new(),
            text: String::new(),
            in_json: String::new(),
            from: from.as_micros(),
            to: i64::MAX,
        }
    }
}

fn micros(name: &str, time: Option<String>) -> Result<Option<i64>> {
    let Some(time) = time.filter(|time| !time.is_empty()) else {
        return Ok(None);
    };
    let time = time
        .parse::<Timestamp>()
        .map_err(|error| Error::new(Code::InvalidRequest, format!("\"{name}\": {error}")))?;
    Ok(Some(time.as_micros()))
}

/// A pattern of LIKE for texts that contain this one; '' for ''. Its escape is `!`.
fn contains(text: &str) -> String {
    // Postgres takes no NUL, and no message has one outside of its JSON escape.
    let text = text.replace('\0', "\u{fffd}");
    if text.is_empty() {
        return text;
    }
    let escaped = text
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{escaped}%")
}
