//! Placements: the places that experiences fill, and what may stand there.
//!
//! Only the server checks values against a placement's schema, when something is saved.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decision::Mistake;
use crate::tracking_plan::schema;

/// Characters that a key or a name may have.
const LONGEST: usize = 200;
/// Mistakes of one value that are told.
const MOST_MISTAKES: usize = 10;

/// A place on pages or in apps that experiences fill.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Placement {
    /// What pages ask for, such as `home-hero`.
    pub key: String,
    /// Name for people.
    pub name: String,
    /// JSON Schema of what may stand there; anything may when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// What stands there while nothing else is decided; the page's own content when null.
    #[serde(default)]
    pub default: Value,
}

impl Placement {
    /// Everything because of which it cannot be used; nothing when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        for (path, text) in [("key", &self.key), ("name", &self.name)] {
            let length = text.chars().count();
            if text.trim().is_empty() || length > LONGEST || text.chars().any(char::is_control) {
                let message = format!("write 1 to {LONGEST} characters");
                found.push(Mistake::at(path, message));
            }
        }
        if let Some(schema) = &self.schema {
            let mut patterns = schema::MAX_PATTERNS;
            let wrong = schema::check(schema, &mut patterns).into_iter();
            found.extend(
                wrong.map(|wrong| Mistake::at(format!("schema{}", wrong.path), wrong.message)),
            );
        }
        if found.is_empty() && !self.default.is_null() {
            found = self.mistakes_of(&self.default, "default");
        }
        found
    }

    /// Where a value is not what the schema asks for; `path` is where the value stands.
    #[must_use]
    pub fn mistakes_of(&self, value: &Value, path: &str) -> Vec<Mistake> {
        let Some(schema) = &self.schema else {
            return Vec::new();
        };
        match schema::compile(schema) {
            Err(wrong) => vec![Mistake::at(format!("schema{}", wrong.path), wrong.message)],
            Ok(validator) => validator
                .iter_errors(value)
                .take(MOST_MISTAKES)
                .map(|error| {
                    let place = format!("{path}{}", error.instance_path());
                    let message = format!("placement \"{}\" does not take this: {error}", self.key);
                    Mistake::at(place, message)
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Placement;
    use serde_json::{Value, json};

    fn paths(schema: Value, default: Value) -> Vec<String> {
        let placement = Placement {
            key: "hero".to_owned(),
            name: "Hero".to_owned(),
            schema: Some(schema),
            default,
        };
        let mistakes = placement.mistakes().into_iter();
        mistakes.map(|mistake| mistake.path).collect()
    }

    #[test]
    fn values_are_compared_with_the_schema_and_told_by_place() {
        let schema = json!({"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}, "links": {"items": {"type": "string"}}}});
        assert_eq!(paths(schema.clone(), json!({"title": "Hi"})), [""; 0]);
        assert_eq!(paths(schema.clone(), Value::Null), [""; 0]);
        assert_eq!(paths(schema.clone(), json!({})), ["default"]);
        let two = paths(schema, json!({"title": 1, "links": ["a", 2]}));
        assert_eq!(two, ["default/links/1", "default/title"]);
    }

    #[test]
    fn a_schema_that_cannot_be_used_is_told_by_place() {
        let wrong = paths(
            json!({"properties": {"a": {"type": "strong"}}}),
            Value::Null,
        );
        assert_eq!(wrong, ["schema/properties/a/type"]);
        let fetched = paths(json!({"$ref": "https://example.com/schema"}), Value::Null);
        assert_eq!(fetched, ["schema/$ref"]);
    }
}
