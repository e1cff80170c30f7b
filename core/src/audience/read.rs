//! Reading a definition by hand, because the message must name the place that is wrong: serde's
//! untagged enums only say that nothing matched.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Comparison, EventRule, Expr, ExprError, at_least_one};
use crate::time::Span;

/// Rules nested deeper than this are refused, so that evaluation has a bounded stack.
const DEEPEST: usize = 16;
/// More rules side by side than this are refused.
const WIDEST: usize = 200;

pub(super) fn expr(value: &Value, path: &str, depth: usize) -> Result<Expr, ExprError> {
    let fail = |message: String| {
        Err(ExprError {
            path: path.to_owned(),
            message,
        })
    };
    if depth > DEEPEST {
        return fail(format!("rules may be nested {DEEPEST} deep"));
    }
    let Some(object) = value.as_object() else {
        return fail(
            "write a rule as an object with one of all, any, not, trait, computed_trait, event"
                .to_owned(),
        );
    };
    let kinds = ["all", "any", "not", "trait", "computed_trait", "event"];
    let found: Vec<&str> = kinds
        .into_iter()
        .filter(|kind| object.contains_key(*kind))
        .collect();
    let [kind] = found[..] else {
        return fail(format!(
            "a rule has exactly one of {}; this one has {}",
            kinds.join(", "),
            found.len()
        ));
    };
    match kind {
        "all" | "any" | "not" => only(object, &[kind], path)?,
        "event" => only(object, &["event", "where", "count", "within", "bots"], path)?,
        _ => only(object, &[kind, "is"], path)?,
    }
    let at = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let body = &object[kind];
    match kind {
        "all" => Ok(Expr::All {
            all: list(body, &at(kind), depth)?,
        }),
        "any" => Ok(Expr::Any {
            any: list(body, &at(kind), depth)?,
        }),
        "not" => Ok(Expr::Not {
            not: Box::new(expr(body, &at(kind), depth + 1)?),
        }),
        "event" => Ok(Expr::Event(event_rule(object, path)?)),
        _ => {
            let key = text(body, &at(kind))?;
            let is = comparison(object.get("is"), &at("is"))?;
            Ok(if kind == "trait" {
                Expr::Trait { key, is }
            } else {
                Expr::ComputedTrait {
                    computed_trait: key,
                    is,
                }
            })
        }
    }
}

fn list(value: &Value, path: &str, depth: usize) -> Result<Vec<Expr>, ExprError> {
    let items = value.as_array().filter(|items| items.len() <= WIDEST);
    let items = items.ok_or_else(|| ExprError {
        path: path.to_owned(),
        message: format!("write a list of at most {WIDEST} rules"),
    })?;
    items
        .iter()
        .enumerate()
        .map(|(index, item)| expr(item, &format!("{path}[{index}]"), depth + 1))
        .collect()
}

fn event_rule(object: &Map<String, Value>, path: &str) -> Result<EventRule, ExprError> {
    let at = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    let mut properties = BTreeMap::new();
    match object.get("where") {
        None => {}
        Some(Value::Object(wheres)) => {
            for (key, value) in wheres {
                let wanted = comparison(Some(value), &at(&format!("where.{key}")))?;
                properties.insert(key.clone(), wanted);
            }
        }
        Some(_) => {
            return Err(ExprError {
                path: at("where"),
                message: "write an object from property to comparison".to_owned(),
            });
        }
    }
    let bots = object.get("bots").map(|bots| {
        bots.as_bool().ok_or_else(|| ExprError {
            path: at("bots"),
            message: "write false to leave known bots out, or true for them alone".to_owned(),
        })
    });
    let count = match object.get("count") {
        None => at_least_one(),
        Some(count) => comparison(Some(count), &at("count"))?,
    };
    let within = object.get("within").map(|within| {
        text(within, &at("within"))?
            .parse::<Span>()
            .map_err(|message| ExprError {
                path: at("within"),
                message,
            })
    });
    EventRule::new(
        text(&object["event"], &at("event"))?,
        properties,
        bots.transpose()?,
        count,
        within.transpose()?,
    )
    .map_err(|message| ExprError {
        path: at("count"),
        message,
    })
}

fn comparison(value: Option<&Value>, path: &str) -> Result<Comparison, ExprError> {
    let fail = |message: String| ExprError {
        path: path.to_owned(),
        message,
    };
    let value = value
        .ok_or_else(|| fail("a comparison is missing, such as {\"eq\": \"pro\"}".to_owned()))?;
    let read: Comparison = serde_json::from_value(value.clone()).map_err(|error| {
        fail(format!(
            "{error}; write an object with eq, ne, gt, gte, lt, lte, in, contains or exists"
        ))
    })?;
    if read.is_empty() {
        return Err(fail(
            "write at least one of eq, ne, gt, gte, lt, lte, in, contains, exists".to_owned(),
        ));
    }
    Ok(read)
}

fn text(value: &Value, path: &str) -> Result<String, ExprError> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.map(str::to_owned).ok_or_else(|| ExprError {
        path: path.to_owned(),
        message: "write a text".to_owned(),
    })
}

fn only(object: &Map<String, Value>, allowed: &[&str], path: &str) -> Result<(), ExprError> {
    match object.keys().find(|key| !allowed.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(ExprError {
            path: path.to_owned(),
            message: format!(
                "\"{key}\" does not belong here; known are {}",
                allowed.join(", ")
            ),
        }),
    }
}
