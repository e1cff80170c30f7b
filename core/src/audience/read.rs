//! Reading a definition by hand, because the message must name the place that is wrong: serde's
//! untagged enums only say that nothing matched.

use serde_json::{Map, Value};

use super::event::Measure;
use super::sequence::Matching;
use super::words::{read_attribute, read_operators, read_where};
use super::{DateIs, DateRule, EventRule, Expr, ExprError, Said, SequenceRule, Step};
use crate::computed_trait::Aggregate;
use crate::condition::Condition;
use crate::time::{Span, Timestamp};
use crate::window;

/// Rules nested deeper than this are refused, so that evaluation has a bounded stack.
const DEEPEST: usize = 16;
/// More rules side by side than this are refused.
const WIDEST: usize = 200;

/// What makes a rule one of its kind.
const KINDS: [&str; 13] = [
    "all",
    "any",
    "not",
    "trait",
    "traits",
    "computed_trait",
    "computed_traits",
    "date",
    "event",
    "sequence",
    "audience",
    "consent",
    "identifier",
];

/// A place below another.
pub(super) fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn fail<T>(path: String, message: impl Into<String>) -> Result<T, ExprError> {
    Err(ExprError {
        path,
        message: message.into(),
    })
}

pub(super) fn expr(value: &Value, path: &str, depth: usize) -> Result<Expr, ExprError> {
    if depth > DEEPEST {
        return fail(
            path.to_owned(),
            format!("rules may be nested {DEEPEST} deep"),
        );
    }
    let Some(object) = value.as_object() else {
        let message = format!("write a rule as an object with one of {}", KINDS.join(", "));
        return fail(path.to_owned(), message);
    };
    let found: Vec<&str> = KINDS
        .into_iter()
        .filter(|kind| object.contains_key(*kind))
        .collect();
    let [kind] = found[..] else {
        let message = format!(
            "a rule has exactly one of {}; this one has {}",
            KINDS.join(", "),
            found.len()
        );
        return fail(path.to_owned(), message);
    };
    let at = |name: &str| below(path, name);
    let body = object.get(kind).unwrap_or(&Value::Null);
    match kind {
        "event" | "sequence" | "date" => {}
        "trait" | "computed_trait" | "consent" => only(object, &[kind, "is"], path)?,
        _ => only(object, &[kind], path)?,
    }
    Ok(match kind {
        "all" => Expr::All {
            all: list(body, &at(kind), depth)?,
        },
        "any" => Expr::Any {
            any: list(body, &at(kind), depth)?,
        },
        "not" => Expr::Not {
            not: Box::new(expr(body, &at(kind), depth + 1)?),
        },
        "traits" => Expr::Traits {
            traits: Condition::parse(body, &at(kind))?,
        },
        "computed_traits" => computed(Condition::parse(body, &at(kind))?),
        "trait" => Expr::Traits {
            traits: read_attribute(&text(body, &at(kind))?, object.get("is"), &at("is"))?,
        },
        "computed_trait" => {
            let name = text(body, &at(kind))?;
            computed(read_attribute(&name, object.get("is"), &at("is"))?)
        }
        "date" => Expr::Date(date(object, path)?),
        "event" => Expr::Event(Box::new(event(object, path)?)),
        "sequence" => Expr::Sequence(sequence(object, path)?),
        "audience" => Expr::Audience {
            audience: text(body, &at(kind))?,
        },
        "consent" => Expr::Consent {
            consent: text(body, &at(kind))?,
            is: said(object.get("is"), &at("is"))?,
        },
        _ => Expr::Identifier {
            identifier: text(body, &at(kind))?,
        },
    })
}

/// A condition on computed traits, with the numbers in it.
fn computed(computed_traits: Condition) -> Expr {
    let mut bounds = Vec::new();
    let written = serde_json::to_value(&computed_traits).unwrap_or_default();
    gather(&written, &mut bounds);
    Expr::ComputedTraits {
        computed_traits,
        bounds,
    }
}

fn gather(value: &Value, bounds: &mut Vec<i64>) {
    match value {
        Value::Number(number) => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "saturates, and what is beyond every time never comes"
            )]
            bounds.extend(number.as_f64().map(|number| number.floor() as i64));
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, bounds)),
        Value::Object(members) => members.values().for_each(|value| gather(value, bounds)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn list(value: &Value, path: &str, depth: usize) -> Result<Vec<Expr>, ExprError> {
    let Some(items) = value.as_array().filter(|items| items.len() <= WIDEST) else {
        let message = format!("write a list of at most {WIDEST} rules");
        return fail(path.to_owned(), message);
    };
    items
        .iter()
        .enumerate()
        .map(|(index, item)| expr(item, &format!("{path}[{index}]"), depth + 1))
        .collect()
}

fn said(value: Option<&Value>, path: &str) -> Result<Said, ExprError> {
    let read = value.map(|value| serde_json::from_value(value.clone()));
    match read.transpose() {
        Ok(said) => Ok(said.unwrap_or_default()),
        Err(_) => fail(path.to_owned(), "write granted, denied or unset"),
    }
}

fn date(object: &Map<String, Value>, path: &str) -> Result<DateRule, ExprError> {
    const WORDS: [&str; 5] = ["in_last", "in_next", "longer_ago", "before", "after"];
    let at = |name: &str| below(path, name);
    only(
        object,
        &[
            "date",
            "in_last",
            "in_next",
            "longer_ago",
            "before",
            "after",
        ],
        path,
    )?;
    let found: Vec<&str> = WORDS
        .into_iter()
        .filter(|word| object.contains_key(*word))
        .collect();
    let [word] = found[..] else {
        let message = format!("a date has exactly one of {}", WORDS.join(", "));
        return fail(path.to_owned(), message);
    };
    let value = object.get(word).unwrap_or(&Value::Null);
    let length = || span(value, &at(word));
    let moment = || Timestamp::from_json(value).or_else(|error| fail(at(word), error.to_string()));
    Ok(DateRule {
        date: text(object.get("date").unwrap_or(&Value::Null), &at("date"))?,
        is: match word {
            "in_last" => DateIs::InLast(length()?),
            "in_next" => DateIs::InNext(length()?),
            "longer_ago" => DateIs::LongerAgo(length()?),
            "before" => DateIs::Before(moment()?),
            _ => DateIs::After(moment()?),
        },
    })
}

fn event(object: &Map<String, Value>, path: &str) -> Result<EventRule, ExprError> {
    let at = |name: &str| below(path, name);
    let mut allowed = vec!["event", "where", "bots", "count", "aggregate", "of", "is"];
    allowed.extend(window::FIELDS);
    only(object, &allowed, path)?;
    let bots = object.get("bots").map(|bots| {
        bots.as_bool().ok_or_else(|| ExprError {
            path: at("bots"),
            message: "write false to leave known bots out, or true for them alone".to_owned(),
        })
    });
    let window = window::FIELDS
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), object.get(name)?.clone())));
    let window = window::read(window.collect()).map_err(|(field, message)| ExprError {
        path: at(field),
        message,
    })?;
    let name = text(object.get("event").unwrap_or(&Value::Null), &at("event"))?;
    let properties = conditions(object, path)?;
    let measure = measure(object, path)?;
    EventRule::new(name, properties, bots.transpose()?, measure, window).map_err(
        |(field, message)| ExprError {
            path: at(field),
            message,
        },
    )
}

fn measure(object: &Map<String, Value>, path: &str) -> Result<Measure, ExprError> {
    let at = |name: &str| below(path, name);
    let Some(aggregate) = object.get("aggregate") else {
        if let Some(word) = ["of", "is"]
            .into_iter()
            .find(|word| object.contains_key(*word))
        {
            let message = format!("\"{word}\" belongs to an \"aggregate\", such as sum");
            return fail(at(word), message);
        }
        let at_least_one = serde_json::json!({"$gte": 1});
        let count = object.get("count").unwrap_or(&at_least_one);
        return Ok(Measure::Count {
            count: read_operators(count, &at("count"))?,
        });
    };
    if object.contains_key("count") {
        let message = "a rule compares a \"count\" or an \"aggregate\": write two rules";
        return fail(at("count"), message);
    }
    let words = "write one of sum, average, min, max, first, last, most_frequent, unique_count; events themselves are counted with \"count\"";
    let aggregate = serde_json::from_value(aggregate.clone())
        .ok()
        .filter(|aggregate| {
            matches!(
                aggregate,
                Aggregate::Sum
                    | Aggregate::Average
                    | Aggregate::Min
                    | Aggregate::Max
                    | Aggregate::First
                    | Aggregate::Last
                    | Aggregate::MostFrequent
                    | Aggregate::UniqueCount
            )
        });
    let Some(aggregate) = aggregate else {
        return fail(at("aggregate"), words);
    };
    let Some(is) = object.get("is") else {
        return fail(at("is"), "a comparison is missing, such as {\"$gte\": 100}");
    };
    Ok(Measure::Value {
        aggregate,
        of: text(object.get("of").unwrap_or(&Value::Null), &at("of"))?,
        is: read_operators(is, &at("is"))?,
    })
}

fn conditions(object: &Map<String, Value>, path: &str) -> Result<Option<Condition>, ExprError> {
    let properties = object.get("where");
    properties
        .map(|properties| read_where(properties, &below(path, "where")))
        .transpose()
}

fn sequence(object: &Map<String, Value>, path: &str) -> Result<SequenceRule, ExprError> {
    let at = |name: &str| below(path, name);
    only(object, &["sequence", "without", "within"], path)?;
    let items = |name: &str| {
        let Some(value) = object.get(name) else {
            return Ok(&[][..]);
        };
        match value.as_array() {
            Some(items) if items.len() <= WIDEST => Ok(items.as_slice()),
            _ => fail(at(name), format!("write a list of at most {WIDEST} events")),
        }
    };
    let mut steps = Vec::new();
    for (index, item) in items("sequence")?.iter().enumerate() {
        steps.push(step(item, &at(&format!("sequence[{index}]")))?);
    }
    let mut without = Vec::new();
    for (index, item) in items("without")?.iter().enumerate() {
        let place = at(&format!("without[{index}]"));
        let object = an_object(item, &place)?;
        only(object, &["event", "where"], &place)?;
        without.push(matching(object, &place)?);
    }
    let within = object
        .get("within")
        .map(|within| span(within, &at("within")));
    SequenceRule::new(steps, without, within.transpose()?, path)
}

fn step(value: &Value, path: &str) -> Result<Step, ExprError> {
    let object = an_object(value, path)?;
    let within = object
        .get("within")
        .map(|within| span(within, &below(path, "within")))
        .transpose()?;
    let Some(not) = object.get("not") else {
        only(object, &["event", "where", "within"], path)?;
        return Ok(Step::Happens {
            what: matching(object, path)?,
            within,
        });
    };
    only(object, &["not", "within"], path)?;
    let place = below(path, "not");
    let inner = an_object(not, &place)?;
    only(inner, &["event", "where"], &place)?;
    let Some(within) = within else {
        let message = "write for how long it must not happen, such as 1h";
        return fail(below(path, "within"), message);
    };
    Ok(Step::Not {
        not: matching(inner, &place)?,
        within,
    })
}

fn matching(object: &Map<String, Value>, path: &str) -> Result<Matching, ExprError> {
    let at = |name: &str| below(path, name);
    let name = text(object.get("event").unwrap_or(&Value::Null), &at("event"))?;
    Matching::new(name, conditions(object, path)?).or_else(|message| fail(at("event"), message))
}

fn an_object<'a>(value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, ExprError> {
    match value.as_object() {
        Some(object) => Ok(object),
        None => fail(
            path.to_owned(),
            "write an object such as {\"event\": \"Order Completed\"}",
        ),
    }
}

fn span(value: &Value, path: &str) -> Result<Span, ExprError> {
    let read = text(value, path)?.parse::<Span>();
    match read {
        Ok(span) if span.as_micros() > 0 => Ok(span),
        Ok(_) => fail(
            path.to_owned(),
            "write a length of time above 0, such as 30d",
        ),
        Err(message) => fail(path.to_owned(), message),
    }
}

fn text(value: &Value, path: &str) -> Result<String, ExprError> {
    let text = value.as_str().filter(|text| !text.is_empty());
    match text {
        Some(text) => Ok(text.to_owned()),
        None => fail(path.to_owned(), "write a text"),
    }
}

fn only(object: &Map<String, Value>, allowed: &[&str], path: &str) -> Result<(), ExprError> {
    match object.keys().find(|key| !allowed.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => fail(
            path.to_owned(),
            format!(
                "\"{key}\" does not belong here; known are {}",
                allowed.join(", ")
            ),
        ),
    }
}
