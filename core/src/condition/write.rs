//! Writing a condition as the JSON that it was read from, in its shortest form.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};

use super::operators::{Element, Operator, Relation};
use super::value::List;
use super::{Clause, Condition, Operators};
use crate::event::Object;

impl Condition {
    fn written(&self) -> Value {
        let clauses = self.clauses.iter();
        Value::Object(clauses.map(Clause::written).collect())
    }
}

impl Clause {
    fn written(&self) -> (String, Value) {
        let list = |conditions: &[Condition]| {
            let written = conditions.iter().map(Condition::written);
            Value::Array(written.collect())
        };
        match self {
            Self::And(conditions) => ("$and".to_owned(), list(conditions)),
            Self::Or(conditions) => ("$or".to_owned(), list(conditions)),
            Self::Nor(conditions) => ("$nor".to_owned(), list(conditions)),
            Self::Not(condition) => ("$not".to_owned(), condition.written()),
            // A bare list below such a name would be taken for a mistyped `$and`.
            Self::Attribute { name, is } if name.starts_with('$') => {
                (name.clone(), is.written_in_full())
            }
            Self::Attribute { name, is } => (name.clone(), is.written()),
        }
    }
}

impl Operators {
    fn written(&self) -> Value {
        match self.all.as_slice() {
            [Operator::Compare(Relation::Eq, value)] if *value != json!({}) => value.clone(),
            _ => self.written_in_full(),
        }
    }

    fn written_in_full(&self) -> Value {
        let operators = self.all.iter();
        let members: Object = operators
            .map(|operator| (format!("${}", operator.word()), operator.operand()))
            .collect();
        Value::Object(members)
    }
}

impl Operator {
    fn word(&self) -> String {
        let relation = |wanted: &Relation| {
            let mut all = Relation::ALL.into_iter();
            let found = all.find(|(relation, _)| relation == wanted);
            found.map_or("", |(_, word)| word)
        };
        let any_case = |any_case: bool| if any_case { "i" } else { "" };
        match self {
            Self::Compare(how, _) => relation(how).to_owned(),
            Self::Version(how, _) => format!("v{}", relation(how)),
            Self::Listed { list, wanted } => {
                let word = if *wanted { "in" } else { "nin" };
                format!("{word}{}", any_case(list.any_case()))
            }
            Self::All(list) => format!("all{}", any_case(list.any_case())),
            Self::Element(_) => "elemMatch".to_owned(),
            Self::Size(_) => "size".to_owned(),
            Self::Pattern { pattern, wanted } => {
                let word = if *wanted { "regex" } else { "notRegex" };
                format!("{word}{}", any_case(pattern.any_case))
            }
            Self::Exists(_) => "exists".to_owned(),
            Self::Type(_) => "type".to_owned(),
            Self::Group { wanted: true, .. } => "inGroup".to_owned(),
            Self::Group { wanted: false, .. } => "notInGroup".to_owned(),
            Self::Not(_) => "not".to_owned(),
        }
    }

    fn operand(&self) -> Value {
        match self {
            Self::Compare(_, value) | Self::Version(_, value) => value.clone(),
            Self::Listed { list, .. } | Self::All(list) => list_written(list),
            Self::Element(element) => match element.as_ref() {
                Element::Operators(operators) => operators.written_in_full(),
                Element::Condition(condition) => condition.written(),
            },
            Self::Size(operators) | Self::Not(operators) => operators.written(),
            Self::Pattern { pattern, .. } => json!(pattern.text()),
            Self::Exists(wanted) => json!(wanted),
            Self::Type(word) => json!(word),
            Self::Group { id, .. } => json!(id),
        }
    }
}

fn list_written(list: &List) -> Value {
    Value::Array(list.items.clone())
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written().serialize(serializer)
    }
}

impl Serialize for Operators {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?, "").map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Operators {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Value::deserialize(deserializer)?, "").map_err(de::Error::custom)
    }
}
