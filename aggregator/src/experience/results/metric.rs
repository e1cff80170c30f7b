//! By what arms are compared.

use cdp_core::computed_trait::Definition;
use cdp_core::decision::Mistake;
use cdp_core::event::Event;
use cdp_core::json_path;
use cdp_core::time::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Result;
use crate::experience::fields;

/// How long after the first exposure an event counts, unless said otherwise.
const USUAL: Span = Span::from_seconds(14 * 86_400);

/// Values further from zero are mistakes of whoever sent them, and count as nothing.
const MOST: f64 = 1e30;

/// The question, as it stands in the address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::experience) struct Question {
    #[serde(default)]
    metric: Kind,
    event: Option<String>,
    /// Conditions on properties, JSON.
    #[serde(rename = "where")]
    conditions: Option<String>,
    of: Option<String>,
    within: Option<String>,
    #[serde(default)]
    better: Better,
}

/// What is made of a person's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricKind")]
pub(super) enum Kind {
    /// Whether there was one.
    #[default]
    Conversion,
    /// The sum of a property for each person, 0 for those without an event.
    Sum,
    /// The mean of a property over all events.
    Mean,
}

/// What is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricBetter")]
pub(super) enum Better {
    #[default]
    Higher,
    Lower,
}

/// By what arms are compared.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Metric {
    pub(super) metric: Kind,
    pub(super) better: Better,
    /// How long after the first exposure an event counts.
    within: Span,
    #[serde(skip_serializing_if = "Option::is_none")]
    of: Option<String>,
    /// Which events.
    events: Definition,
}

/// What one person did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Of {
    /// Events, or of [`Kind::Mean`] the values in them.
    pub(super) count: u32,
    /// The sum of the values.
    pub(super) sum: f64,
}

impl Metric {
    /// Reads a question, or says everything that is wrong with it.
    pub(super) fn read(question: Question) -> Result<Self> {
        let mut mistakes = Vec::new();
        let mut wrong = |path: &str, message: String| mistakes.push(Mistake::at(path, message));
        let event = question.event.unwrap_or_default();
        if event.is_empty() {
            let message = "write the name of an event, such as event=Order%20Completed";
            wrong("event", message.to_owned());
        }
        let within = question.within.map_or(Ok(USUAL), |text| text.parse());
        let within = within.unwrap_or_else(|message| {
            wrong("within", message);
            USUAL
        });
        let of = question.of.filter(|_| question.metric != Kind::Conversion);
        if question.metric != Kind::Conversion && of.is_none() {
            let message = "write of which values, such as of=properties.revenue";
            wrong("of", message.to_owned());
        }
        let conditions = question.conditions.as_deref().unwrap_or("{}");
        let conditions: Value = serde_json::from_str(conditions).unwrap_or_else(|error| {
            wrong("where", format!("this is no JSON: {error}"));
            json!({})
        });
        let definition = json!({"key": "metric", "event": event, "where": conditions, "aggregate": "count", "of": of});
        let definition = serde_json::from_value(definition)
            .map_err(|error| error.to_string())
            .and_then(|definition: Definition| definition.check().map(|()| definition));
        match definition {
            Ok(events) if mistakes.is_empty() => Ok(Self {
                metric: question.metric,
                better: question.better,
                within,
                of,
                events,
            }),
            Err(message) if mistakes.is_empty() => {
                Err(fields::refuse(&[Mistake::at("where", message)]))
            }
            _ => Err(fields::refuse(&mistakes)),
        }
    }

    /// The name of its events.
    pub(super) fn event(&self) -> &str {
        &self.events.event
    }

    /// Whether an event counts of somebody who was first shown an arm at `since`: from that moment on,
    /// until just before the time is over.
    pub(super) fn counts(&self, event: &Event, since: Timestamp) -> bool {
        event.timestamp >= since
            && event.timestamp.since(since) < self.within
            && self.events.matches(event)
    }

    /// Adds an event that counts to what a person did.
    pub(super) fn add(&self, of: &mut Of, event: &Event) {
        let Some(path) = &self.of else {
            of.count = of.count.saturating_add(1);
            return;
        };
        for value in json_path::of_event(event, path) {
            let text = value.as_str().and_then(|text| text.trim().parse().ok());
            if let Some(number) = value
                .as_f64()
                .or(text)
                .filter(|number| number.abs() <= MOST)
            {
                of.count = of.count.saturating_add(1);
                of.sum += number;
            }
        }
    }
}
