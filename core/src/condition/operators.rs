//! Operators: what one value has to be.

use std::cmp::Ordering;

use serde_json::Value;

use super::Condition;
use super::pattern::Pattern;
use super::value::{List, any_item, order, same, type_of};
use super::{read, version};
use crate::audience::ExprError;
use crate::event::Object;

/// Says whether a value is in the group of this id; of an array, whether one of its items is.
pub type Groups<'a> = dyn Fn(&str, &Value) -> bool + 'a;

/// What one value has to be: a bare value that it equals, or an object of operators that all hold, such as
/// `{"$gte": 3, "$lt": 9}`.
///
/// | operators | hold of |
/// |---|---|
/// | `$eq`, `$ne` | what is, or is not, the same JSON; a missing value is null |
/// | `$gt`, `$gte`, `$lt`, `$lte` | a number that compares so with a number, a text with a text (by code point) |
/// | `$veq`, `$vne`, `$vgt`, `$vgte`, `$vlt`, `$vlte` | a text that compares so as a version |
/// | `$in`, `$nin`, `$ini`, `$nini` | a value that is, or is not, listed; an array of which an item is, or none. With `i`, upper and lower case are the same |
/// | `$all`, `$alli` | an array with every listed value |
/// | `$elemMatch` | an array with an item for which operators, or a condition on its members, hold |
/// | `$size` | an array whose length is so: a number, or operators |
/// | `$regex`, `$regexi`, `$notRegex`, `$notRegexi` | a text of at most 4,096 bytes in which the expression is found; what is no such text. With `i`, upper and lower case of ASCII letters are the same |
/// | `$exists` | something that is not null, or nothing |
/// | `$type` | a value of the type `string`, `number`, `boolean`, `array`, `object` or `null` |
/// | `$inGroup`, `$notInGroup` | a value that is, or is not, in the group |
/// | `$not` | a value of which the operators, or equality, do not hold |
#[derive(Clone, Debug, PartialEq)]
pub struct Operators {
    /// All hold; there is at least one.
    pub(super) all: Vec<Operator>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operator {
    Compare(Relation, Value),
    Version(Relation, Value),
    Listed {
        list: List,
        wanted: bool,
    },
    All(List),
    Element(Box<Element>),
    Size(Box<Operators>),
    Pattern {
        pattern: Pattern,
        wanted: bool,
    },
    Exists(bool),
    /// The word for the type.
    Type(String),
    Group {
        id: String,
        wanted: bool,
    },
    Not(Box<Operators>),
}

/// What an item of an array has to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Element {
    Operators(Operators),
    Condition(Condition),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Eq,
    Ne,
    Gt,
    Gte,
    Lt,
    Lte,
}

impl Relation {
    /// With the word that follows `$` or, of versions, `$v`.
    pub(super) const ALL: [(Self, &'static str); 6] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Gt, "gt"),
        (Self::Gte, "gte"),
        (Self::Lt, "lt"),
        (Self::Lte, "lte"),
    ];

    /// Whether it is about which comes first, and not only about being the same.
    pub(super) fn is_of_order(self) -> bool {
        !matches!(self, Self::Eq | Self::Ne)
    }

    fn fits(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Gt => order.is_gt(),
            Self::Gte => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Lte => order.is_le(),
        }
    }

    fn holds(self, value: &Value, operand: &Value) -> bool {
        match self {
            Self::Eq => same(value, operand),
            Self::Ne => !same(value, operand),
            _ => order(value, operand).is_some_and(|order| self.fits(order)),
        }
    }

    fn holds_of_version(self, value: &Value, operand: &Value) -> bool {
        match (value, operand) {
            (Value::String(value), Value::String(operand)) => {
                self.fits(version::order(value, operand))
            }
            _ if self.is_of_order() => false,
            _ => self.holds(value, operand),
        }
    }
}

impl Operators {
    /// Reads operators, or a bare value that stands for equality, at a place of a definition.
    ///
    /// # Errors
    /// The first place that is wrong, and what to write there.
    pub fn parse(operators: &Value, at: &str) -> Result<Self, ExprError> {
        read::Reader::default().operators(operators, at, 0)
    }

    /// Whether a value, or nothing, is so. `groups` says who is in a group, for `$inGroup`.
    #[must_use]
    pub fn holds(&self, value: Option<&Value>, groups: &Groups<'_>) -> bool {
        let value = value.unwrap_or(&Value::Null);
        self.all
            .iter()
            .all(|operator| operator.holds(value, groups))
    }

    /// From which whole number on the answer is the same for all: what a count need not be counted beyond.
    /// `None` where it never settles, because a group decides.
    #[must_use]
    pub fn settles_at(&self) -> Option<u64> {
        let mut each = self.all.iter().map(Operator::settles_at);
        each.try_fold(0, |most, one| Some(one?.max(most)))
    }
}

impl Operator {
    fn holds(&self, value: &Value, groups: &Groups<'_>) -> bool {
        match self {
            Self::Compare(relation, operand) => relation.holds(value, operand),
            Self::Version(relation, operand) => relation.holds_of_version(value, operand),
            Self::Listed { list, wanted } => any_item(value, |item| list.has(item)) == *wanted,
            Self::All(list) => value.as_array().is_some_and(|items| list.all_in(items)),
            Self::Element(element) => value
                .as_array()
                .is_some_and(|items| items.iter().any(|item| element.holds(item, groups))),
            Self::Size(size) => value.as_array().is_some_and(|items| {
                let length = Value::from(items.len());
                size.holds(Some(&length), groups)
            }),
            Self::Pattern { pattern, wanted } => {
                let found = value.as_str().is_some_and(|text| pattern.is_found_in(text));
                found == *wanted
            }
            Self::Exists(wanted) => value.is_null() != *wanted,
            Self::Type(word) => type_of(value) == word,
            Self::Group { id, wanted } => groups(id, value) == *wanted,
            Self::Not(operators) => !operators.holds(Some(value), groups),
        }
    }

    fn settles_at(&self) -> Option<u64> {
        match self {
            Self::Compare(_, bound) | Self::Version(_, bound) => Some(beyond(bound)),
            Self::Listed { list, .. } => Some(list.items.iter().map(beyond).max().unwrap_or(0)),
            Self::Not(operators) => operators.settles_at(),
            Self::Group { .. } => None,
            // The same of every number.
            Self::All(_)
            | Self::Element(_)
            | Self::Size(_)
            | Self::Pattern { .. }
            | Self::Exists(_)
            | Self::Type(_) => Some(0),
        }
    }
}

impl Element {
    fn holds(&self, item: &Value, groups: &Groups<'_>) -> bool {
        match (self, item) {
            (Self::Operators(operators), item) => operators.holds(Some(item), groups),
            (Self::Condition(condition), Value::Object(members)) => {
                condition.holds(members, groups)
            }
            // What is no object has no members.
            (Self::Condition(condition), _) => condition.holds(&Object::new(), groups),
        }
    }
}

/// The first whole number greater than an operand; 0 for what is no number, with which all compare alike.
fn beyond(bound: &Value) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturates: no count is so large"
    )]
    let whole = |bound: f64| bound.max(0.0) as u64;
    bound
        .as_f64()
        .map_or(0, |bound| whole(bound).saturating_add(1))
}
