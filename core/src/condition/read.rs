//! Reading conditions, so that whatever is wrong is told with its place and what to write instead.

use serde_json::Value;

use super::operators::{Element, Operator, Relation};
use super::pattern::Pattern;
use super::value::List;
use super::{Clause, Condition, Operators};
use crate::audience::ExprError;
use crate::event::Object;

/// Conditions and operators nested deeper than this are refused, so that evaluation has a bounded stack.
const DEEPEST: usize = 16;
/// Names, operators and listed values of one condition, together.
const MOST: usize = 10_000;
/// As how many of those a regular expression counts.
const PATTERN: usize = 200;

const LOGICAL: [&str; 4] = ["$and", "$or", "$nor", "$not"];
const OPERATORS: &str = "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $ini, $nini, $all, $alli, $elemMatch, $size, \
     $regex, $regexi, $notRegex, $notRegexi, $exists, $type, $inGroup, $notInGroup, $veq, $vne, $vgt, $vgte, $vlt, \
     $vlte and $not";
/// GrowthBook's documents also have `undefined`, which nothing is, as what is missing is null.
const TYPES: [&str; 7] = [
    "string",
    "number",
    "boolean",
    "array",
    "object",
    "null",
    "undefined",
];

/// Reads one condition, and counts how much is in it.
#[derive(Default)]
pub(super) struct Reader {
    counted: usize,
}

fn fail<T>(path: &str, message: impl Into<String>) -> Result<T, ExprError> {
    Err(ExprError {
        path: path.to_owned(),
        message: message.into(),
    })
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

impl Reader {
    pub(super) fn condition(
        &mut self,
        condition: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Condition, ExprError> {
        let Some(members) = condition.as_object() else {
            return fail(
                path,
                "write a condition as an object such as {\"country\": \"NL\", \"age\": {\"$gte\": 18}}",
            );
        };
        self.count(members.len(), path)?;
        not_too_deep(path, depth)?;
        let clauses = members
            .iter()
            .map(|(name, value)| self.clause(name, value, &below(path, name), depth + 1))
            .collect::<Result<_, _>>()?;
        Ok(Condition { clauses })
    }

    fn clause(
        &mut self,
        name: &str,
        value: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Clause, ExprError> {
        Ok(match name {
            "$and" => Clause::And(self.conditions(value, path, depth)?),
            "$or" => Clause::Or(self.conditions(value, path, depth)?),
            "$nor" => Clause::Nor(self.conditions(value, path, depth)?),
            "$not" => Clause::Not(Box::new(self.condition(value, path, depth)?)),
            _ => {
                may_be_an_attribute(name, value, path)?;
                Clause::Attribute {
                    name: name.to_owned(),
                    is: self.operators(value, path, depth)?,
                }
            }
        })
    }

    fn conditions(
        &mut self,
        value: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Vec<Condition>, ExprError> {
        let Some(items) = value.as_array() else {
            return fail(
                path,
                "write a list of conditions, such as [{\"country\": \"NL\"}, {\"age\": {\"$gte\": 18}}]",
            );
        };
        self.count(items.len(), path)?;
        let items = items.iter().enumerate();
        items
            .map(|(at, item)| self.condition(item, &format!("{path}[{at}]"), depth))
            .collect()
    }

    pub(super) fn operators(
        &mut self,
        value: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Operators, ExprError> {
        not_too_deep(path, depth)?;
        let Some(members) = value.as_object().filter(|members| !is_plain(members)) else {
            self.count(1, path)?;
            return Ok(Operators {
                all: vec![Operator::Compare(Relation::Eq, value.clone())],
            });
        };
        if members.is_empty() {
            return fail(
                path,
                "an object without operators would hold of everything: write a value, or operators such as \
                 {\"$exists\": true}; {\"$eq\": {}} is the empty object",
            );
        }
        if let Some(name) = members.keys().find(|name| !name.starts_with('$')) {
            return fail(
                &below(path, name),
                "write either operators, which begin with $, or the members of an object that the value equals; an \
                 attribute below another is written {\"address.city\": …}",
            );
        }
        self.count(members.len(), path)?;
        let all = members
            .iter()
            .map(|(name, operand)| self.operator(name, operand, &below(path, name), depth + 1))
            .collect::<Result<_, _>>()?;
        Ok(Operators { all })
    }

    fn operator(
        &mut self,
        name: &str,
        operand: &Value,
        path: &str,
        depth: usize,
    ) -> Result<Operator, ExprError> {
        if let Some(relation) = relation(name, "$") {
            return compare(relation, operand, path);
        }
        if let Some(relation) = relation(name, "$v") {
            return version(relation, operand, path);
        }
        let any_case = name.ends_with('i');
        Ok(match name {
            "$in" | "$ini" | "$nin" | "$nini" => Operator::Listed {
                list: self.list(operand, any_case, path)?,
                wanted: !name.starts_with("$n"),
            },
            "$all" | "$alli" => Operator::All(self.list(operand, any_case, path)?),
            "$elemMatch" => Operator::Element(Box::new(self.element(operand, path, depth)?)),
            "$size" => Operator::Size(Box::new(self.operators(operand, path, depth)?)),
            "$not" => Operator::Not(Box::new(self.operators(operand, path, depth)?)),
            "$regex" | "$regexi" | "$notRegex" | "$notRegexi" => {
                let pattern = text(operand, path, "a regular expression such as \"^/shop/\"")?;
                self.count(PATTERN, path)?;
                Operator::Pattern {
                    pattern: Pattern::read(pattern, any_case)
                        .or_else(|message| fail(path, message))?,
                    wanted: !name.starts_with("$not"),
                }
            }
            "$exists" => match operand {
                Value::Bool(wanted) => Operator::Exists(*wanted),
                _ => return fail(path, "write true or false"),
            },
            "$type" => match operand.as_str().filter(|word| TYPES.contains(word)) {
                Some(word) => Operator::Type(word.to_owned()),
                None => {
                    let known = TYPES.join(", ");
                    return fail(path, format!("write a type: {known}"));
                }
            },
            "$inGroup" | "$notInGroup" => Operator::Group {
                id: text(operand, path, "the id of a group")?.to_owned(),
                wanted: name == "$inGroup",
            },
            _ if LOGICAL.contains(&name) => {
                return fail(
                    path,
                    format!(
                        "{name} joins conditions, and this is the value of an attribute: write it beside the \
                         attributes' names, such as {{\"{name}\": [{{\"age\": 3}}, {{\"age\": 4}}]}}"
                    ),
                );
            }
            _ => {
                return fail(
                    path,
                    format!("{name} is no operator; there are {OPERATORS}"),
                );
            }
        })
    }

    /// Values that are listed.
    fn list(&mut self, operand: &Value, any_case: bool, path: &str) -> Result<List, ExprError> {
        let Some(items) = operand.as_array() else {
            return fail(path, "write a list of values, such as [\"NL\", \"BE\"]");
        };
        self.count(items.len(), path)?;
        for (at, item) in items.iter().enumerate() {
            plain(item, &format!("{path}[{at}]"))?;
        }
        Ok(List::new(items.clone(), any_case))
    }

    /// Operators, unless a name that is none, or that joins conditions, says that it is a condition.
    fn element(&mut self, operand: &Value, path: &str, depth: usize) -> Result<Element, ExprError> {
        let members = operand.as_object().filter(|members| !members.is_empty());
        let Some(members) = members else {
            return fail(
                path,
                "write what an item has to be: operators such as {\"$gt\": 10}, or a condition on its members such as \
                 {\"name\": \"bowling\"}",
            );
        };
        let of_condition = |name: &String| {
            !name.starts_with('$') || ["$and", "$or", "$nor"].contains(&name.as_str())
        };
        Ok(if members.keys().any(of_condition) {
            Element::Condition(self.condition(operand, path, depth)?)
        } else {
            Element::Operators(self.operators(operand, path, depth)?)
        })
    }

    fn count(&mut self, more: usize, path: &str) -> Result<(), ExprError> {
        self.counted = self.counted.saturating_add(more);
        if self.counted <= MOST {
            return Ok(());
        }
        fail(
            path,
            format!(
                "a condition has at most {MOST} names, operators and listed values, where a regular expression counts \
                 as {PATTERN}: put long lists into a group, and write {{\"$inGroup\": …}}"
            ),
        )
    }
}

fn not_too_deep(path: &str, depth: usize) -> Result<(), ExprError> {
    if depth <= DEEPEST {
        return Ok(());
    }
    fail(path, format!("conditions may be nested {DEEPEST} deep"))
}

/// Members of an object that is itself the value.
fn is_plain(members: &Object) -> bool {
    !members.is_empty() && members.keys().all(|name| !name.starts_with('$'))
}

/// An operand that is a value and no operators, which would never be equal to anything.
fn plain(operand: &Value, path: &str) -> Result<(), ExprError> {
    let members = operand.as_object().into_iter().flatten();
    match members
        .map(|(name, _)| name)
        .find(|name| name.starts_with('$'))
    {
        Some(name) => fail(
            &below(path, name),
            "write a value here; operators stand beside this one, or in $elemMatch or $not",
        ),
        None => Ok(()),
    }
}

fn relation(name: &str, prefix: &str) -> Option<Relation> {
    let word = name.strip_prefix(prefix)?;
    let mut all = Relation::ALL.into_iter();
    all.find(|(_, known)| *known == word)
        .map(|(relation, _)| relation)
}

fn compare(relation: Relation, operand: &Value, path: &str) -> Result<Operator, ExprError> {
    plain(operand, path)?;
    if relation.is_of_order() && (operand.is_null() || operand.is_array() || operand.is_object()) {
        return fail(path, "write a number or a text: nothing else has an order");
    }
    Ok(Operator::Compare(relation, operand.clone()))
}

fn version(relation: Relation, operand: &Value, path: &str) -> Result<Operator, ExprError> {
    // A number is a version to nobody, but may be equal to one.
    if operand.is_string() || (operand.is_number() && !relation.is_of_order()) {
        return Ok(Operator::Version(relation, operand.clone()));
    }
    fail(path, "write a version as a text, such as \"1.2.3\"")
}

fn text<'a>(operand: &'a Value, path: &str, what: &str) -> Result<&'a str, ExprError> {
    operand
        .as_str()
        .map_or_else(|| fail(path, format!("write {what} as a text")), Ok)
}

/// Attributes may have names with `$`, as those of other programs do. One that is an operator's, or whose value
/// looks like conditions, is a mistake.
fn may_be_an_attribute(name: &str, value: &Value, path: &str) -> Result<(), ExprError> {
    if !name.starts_with('$') {
        return Ok(());
    }
    if OPERATORS.split([',', ' ']).any(|known| known == name) {
        return fail(
            path,
            format!(
                "{name} says what a value has to be: write it below an attribute's name, such as {{\"age\": \
                 {{\"{name}\": …}}}}"
            ),
        );
    }
    let compares = match value {
        Value::Object(members) => !members.is_empty() && !is_plain(members),
        Value::Array(_) => false,
        _ => true,
    };
    if compares {
        return Ok(());
    }
    let logical = LOGICAL.join(", ");
    fail(
        path,
        format!(
            "{name} joins no conditions; there are {logical}. If it is an attribute's name, write {{\"{name}\": \
             {{\"$eq\": …}}}}"
        ),
    )
}
