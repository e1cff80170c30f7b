//! Why somebody belongs to an audience, or does not: each rule with its answer and what it saw.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Expr, Facts};
use crate::event::Object;
use crate::json_path::find;
use crate::time::Timestamp;

/// One rule of a definition with its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "AudienceClause"))]
pub struct Clause {
    /// The rule, in the text form.
    pub rule: String,
    /// Whether it holds.
    pub holds: bool,
    /// What it looked at: the values of attributes, a count, what was said to consent. Null of rules that
    /// only join others.
    pub seen: Value,
    /// When the answer can change although nothing happens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes_at: Option<Timestamp>,
    /// The rules that it joins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<Clause>,
}

impl Expr {
    /// Why the rule holds at `now`, or does not.
    #[must_use]
    pub fn explain(&self, facts: &Facts<'_>, now: Timestamp) -> Clause {
        let evaluation = self.evaluate(facts, now);
        let parts: &[Self] = match self {
            Self::All { all: parts } | Self::Any { any: parts } => parts,
            Self::Not { not } => std::slice::from_ref(not),
            _ => &[],
        };
        Clause {
            rule: self.to_string(),
            holds: evaluation.member,
            seen: self.seen(facts, now),
            changes_at: evaluation.changes_at,
            clauses: parts.iter().map(|part| part.explain(facts, now)).collect(),
        }
    }

    fn seen(&self, facts: &Facts<'_>, now: Timestamp) -> Value {
        match self {
            Self::All { .. } | Self::Any { .. } | Self::Not { .. } => Value::Null,
            Self::Traits { traits } => of(facts.traits, traits.reads()),
            Self::ComputedTraits {
                computed_traits, ..
            } => of(facts.computed_traits, computed_traits.reads()),
            Self::Date(rule) => of(facts.traits, std::iter::once(rule.date.as_str())),
            Self::Event(rule) => rule.seen(facts.counts, now),
            Self::Sequence(rule) => rule.seen(facts.counts),
            Self::Audience { audience } => json!(facts.audiences.contains(audience)),
            Self::Consent { consent, .. } => json!(facts.choices.get(consent)),
            Self::Identifier { .. } => json!(facts.identifiers),
        }
    }
}

/// The values of attributes; those without one are not named.
fn of<'a>(attributes: &Object, names: impl Iterator<Item = &'a str>) -> Value {
    let seen = names.filter_map(|name| Some((name.to_owned(), find(attributes, name)?.clone())));
    Value::Object(seen.collect::<Map<String, Value>>())
}
