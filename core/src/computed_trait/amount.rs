//! Numbers in events: exact decimals as far as these reach, and what is larger.

use std::cmp::Ordering;
use std::str::FromStr as _;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

/// A number that an event has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Amount {
    /// An exact decimal: at most 28 digits behind the point, and less than 2⁹⁶.
    Exact(Decimal),
    /// Larger than every decimal, or smaller than every one.
    Beyond(f64),
}

impl Amount {
    /// Reads a number, or a text that is one (clients send both), without passing through a float that
    /// would change its decimals: the text of the JSON number is what counts. What is finer than a decimal
    /// is rounded to one.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = match value {
            Value::Number(number) => number.to_string(),
            Value::String(text) => text.trim().to_owned(),
            _ => return None,
        };
        let exact = Decimal::from_str_exact(&text)
            .or_else(|_| Decimal::from_str(&text))
            .or_else(|_| Decimal::from_scientific(&text));
        if let Ok(exact) = exact {
            return Some(Self::Exact(exact));
        }
        let number: f64 = text
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())?;
        // A number that is written with a power of ten may be finer than a decimal, not only larger.
        Some(Decimal::from_str(&format!("{number:.28}")).map_or(Self::Beyond(number), Self::Exact))
    }

    /// The same as JSON has it.
    pub(super) fn json(self) -> Value {
        match self {
            Self::Exact(number) => json_number(number),
            Self::Beyond(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        }
    }
}

impl Eq for Amount {}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Exact(one), Self::Exact(two)) => one.cmp(two),
            (Self::Beyond(one), Self::Beyond(two)) => one.total_cmp(two),
            (Self::Beyond(one), Self::Exact(_)) => one.total_cmp(&0.0),
            (Self::Exact(_), Self::Beyond(two)) => 0.0_f64.total_cmp(two),
        }
    }
}

/// A decimal as JSON has it: a whole number where it is one.
pub(super) fn json_number(number: Decimal) -> Value {
    let number = number.normalize();
    let text = number.to_string();
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole
        .or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64))
        .map_or(Value::Null, Value::Number)
}
