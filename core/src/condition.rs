//! Conditions: what has to hold of somebody's attributes, in the language of GrowthBook's conditions
//! (spec 0.12, <https://docs.growthbook.io/lib/build-your-own>), which is JSON after MongoDB's queries.
//!
//! A condition is an object whose members must all hold: an attribute's name with what its value has to
//! be ([`Operators`]), or `$and`, `$or`, `$nor` with a list of conditions, or `$not` with one. A name's dots
//! go into objects ([`json_path::find`](crate::json_path::find)).
//!
//! An answer is true or false. What is missing equals null. Nothing is converted: `"5"` is not `5`. What
//! orders is false of what has no order with its operand, and what denies is true of what is missing.
//!
//! Reading is stricter than GrowthBook's libraries, which answer false where they do not understand: what
//! could never be meant is refused with its place and what to write.

use crate::audience::ExprError;
use crate::event::Object;
use serde_json::Value;

mod operators;
mod pattern;
mod read;
mod value;
mod version;
mod write;

pub use operators::{Groups, Operators};
pub use value::{is_in, no_groups};

/// A condition on attributes, read once.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// All hold; true when there is none.
    clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq)]
enum Clause {
    And(Vec<Condition>),
    /// True when there is none, as the spec has it.
    Or(Vec<Condition>),
    /// The opposite of `Or`.
    Nor(Vec<Condition>),
    Not(Box<Condition>),
    Attribute {
        name: String,
        is: Operators,
    },
}

impl Condition {
    /// Reads a condition that stands at a place, such as `event.where`, of a definition; the place is put before
    /// those of errors.
    ///
    /// # Errors
    /// The first place that is wrong, and what to write there.
    pub fn parse(condition: &Value, at: &str) -> Result<Self, ExprError> {
        read::Reader::default().condition(condition, at, 0)
    }

    /// Whether it holds of somebody with these attributes. `groups` says who is in a group, for `$inGroup`.
    #[must_use]
    pub fn holds(&self, attributes: &Object, groups: &Groups<'_>) -> bool {
        self.clauses
            .iter()
            .all(|clause| clause.holds(attributes, groups))
    }

    /// The names of the attributes on whose values the answer may depend. A name with dots is read as a whole
    /// and, where nothing has it, as a path: so the name is here, and the path's first name.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        let mut names = Vec::new();
        self.gather(&mut names);
        names.sort_unstable();
        names.dedup();
        names.into_iter()
    }

    fn gather<'a>(&'a self, names: &mut Vec<&'a str>) {
        for clause in &self.clauses {
            match clause {
                Clause::And(inner) | Clause::Or(inner) | Clause::Nor(inner) => {
                    inner.iter().for_each(|condition| condition.gather(names));
                }
                Clause::Not(inner) => inner.gather(names),
                Clause::Attribute { name, .. } => {
                    names.push(name);
                    names.extend(name.split_once('.').map(|(first, _)| first));
                }
            }
        }
    }
}

impl Clause {
    fn holds(&self, attributes: &Object, groups: &Groups<'_>) -> bool {
        let any = |conditions: &[Condition]| {
            let mut each = conditions.iter();
            conditions.is_empty() || each.any(|condition| condition.holds(attributes, groups))
        };
        match self {
            Self::And(conditions) => conditions
                .iter()
                .all(|condition| condition.holds(attributes, groups)),
            Self::Or(conditions) => any(conditions),
            Self::Nor(conditions) => !any(conditions),
            Self::Not(condition) => !condition.holds(attributes, groups),
            Self::Attribute { name, is } => {
                is.holds(crate::json_path::find(attributes, name), groups)
            }
        }
    }
}
