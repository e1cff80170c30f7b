//! Rows that become one message.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value, json};

use super::Item;
use super::csv::Row;
use super::mapping::{Column, ColumnKind, Kind, Mapping};
use crate::id;

/// What is known of a message so far. Single values are those of the group's first row; who it is
/// about is the first that any row names, and all rows have to agree.
#[derive(Default)]
pub(super) struct Group {
    rows: u64,
    fields: Map<String, Value>,
    properties: Map<String, Value>,
    traits: Map<String, Value>,
    /// One JSON object a row, with commas between: a file's rows are held until its end, and as text
    /// they take a tenth of what they take as values.
    items: String,
    sums: Vec<Decimal>,
    problem: Option<String>,
}

impl Group {
    /// Takes a row in.
    pub(super) fn add(&mut self, mapping: &Mapping, row: Row<'_>) {
        if self.rows == 0 {
            self.sums = vec![Decimal::ZERO; mapping.sums.len()];
        }
        self.rows += 1;
        if let Err(problem) = self.take(mapping, row) {
            self.problem
                .get_or_insert(format!("row {}: {problem}", row.number));
        }
    }

    fn take(&mut self, mapping: &Mapping, row: Row<'_>) -> Result<(), String> {
        for (field, column) in [
            ("userId", &mapping.user_id),
            ("anonymousId", &mapping.anonymous_id),
        ] {
            agree(&mut self.fields, field, column.as_ref(), row)?;
        }
        agree(&mut self.traits, "email", mapping.email.as_ref(), row)?;
        if self.rows == 1 {
            self.take_first(mapping, row)?;
        }
        if let Some(items) = &mapping.items {
            let fields = items
                .fields
                .iter()
                .map(|(field, column)| Ok((field.clone(), value(column, row)?)));
            let row = Value::Object(fields.collect::<Result<_, String>>()?);
            let comma = if self.items.is_empty() { "" } else { "," };
            // Writing to a String cannot fail.
            let _ = write!(self.items, "{comma}{row}");
        }
        for (sum, columns) in self.sums.iter_mut().zip(mapping.sums.values()) {
            let mut product = Decimal::ONE;
            for column in &columns.multiply {
                product = product
                    .checked_mul(decimal(column, row)?)
                    .ok_or("the product is too large")?;
            }
            *sum = sum.checked_add(product).ok_or("the sum is too large")?;
        }
        Ok(())
    }

    fn take_first(&mut self, mapping: &Mapping, row: Row<'_>) -> Result<(), String> {
        let fits = |name: &&super::mapping::EventName| {
            name.when
                .as_ref()
                .is_none_or(|when| row.text(&when.column).starts_with(&when.starts_with))
        };
        if let Some(name) = mapping.event.iter().find(fits) {
            self.fields
                .insert("event".to_owned(), Value::from(name.name.as_str()));
        }
        if let Some(column) = &mapping.timestamp {
            self.fields
                .insert("originalTimestamp".to_owned(), value(column, row)?);
        }
        for (property, column) in &mapping.properties {
            self.properties
                .insert(property.clone(), value(column, row)?);
        }
        for (key, column) in &mapping.traits {
            self.traits.insert(key.clone(), value(column, row)?);
        }
        Ok(())
    }

    /// The finished message. Its id follows from the mapping, the source and the group.
    pub(super) fn item(mut self, mapping: &Mapping, source_id: &str, key: &str) -> Item {
        let message_id = format!(
            "import-{}",
            &id::digest(format!("{}\n{source_id}\n{key}", mapping.name))[..32]
        );
        for (property, sum) in mapping.sums.keys().zip(&self.sums) {
            self.properties.insert(property.clone(), number(*sum));
        }
        if let Some(items) = &mapping.items {
            // The text was written above, so it can be read.
            self.properties.insert(
                items.property.clone(),
                serde_json::from_str(&format!("[{}]", self.items)).unwrap_or_default(),
            );
        }
        let kind = if mapping.kind == Kind::Track {
            "track"
        } else {
            "identify"
        };
        let mut message = self.fields;
        message.extend([
            ("type".to_owned(), json!(kind)),
            ("messageId".to_owned(), json!(message_id)),
        ]);
        match mapping.kind {
            Kind::Track => {
                message.insert("properties".to_owned(), Value::Object(self.properties));
                if !self.traits.is_empty() {
                    message.insert("context".to_owned(), json!({"traits": self.traits}));
                }
            }
            Kind::Identify => drop(message.insert("traits".to_owned(), Value::Object(self.traits))),
        }
        match self.problem {
            Some(reason) => Item::Refused {
                message_id,
                reason,
                message: Value::Object(message),
            },
            None => Item::Message(Value::Object(message)),
        }
    }
}

/// Takes an id from the first row that has one; another id in a later row is a problem.
fn agree(
    fields: &mut Map<String, Value>,
    field: &str,
    column: Option<&Column>,
    row: Row<'_>,
) -> Result<(), String> {
    let Some(column) = column else { return Ok(()) };
    let text = text(column, row);
    if text.is_empty() {
        return Ok(());
    }
    match fields.get(field) {
        Some(known) if known.as_str() != Some(&text) => Err(format!(
            "column {} differs from an earlier row of the same group: rows of one group are about one person",
            column.column
        )),
        Some(_) => Ok(()),
        None => {
            fields.insert(field.to_owned(), Value::from(text));
            Ok(())
        }
    }
}

fn text(column: &Column, row: Row<'_>) -> String {
    let text = row.text(&column.column);
    let cut = column
        .remove_suffix
        .as_deref()
        .and_then(|suffix| text.strip_suffix(suffix))
        .map(str::to_owned);
    cut.unwrap_or(text)
}

fn value(column: &Column, row: Row<'_>) -> Result<Value, String> {
    let text = text(column, row);
    match column.kind {
        _ if text.is_empty() => Ok(Value::Null),
        ColumnKind::Text => Ok(Value::from(text)),
        ColumnKind::Number => decimal(&column.column, row).map(number),
        ColumnKind::Boolean => match text.to_lowercase().as_str() {
            "true" | "1" | "yes" => Ok(Value::Bool(true)),
            "false" | "0" | "no" => Ok(Value::Bool(false)),
            _ => Err(format!(
                "column {} is neither true nor false: {text}",
                column.column
            )),
        },
    }
}

fn decimal(column: &str, row: Row<'_>) -> Result<Decimal, String> {
    let text = row.text(column);
    let read = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text));
    read.map_err(|_| {
        format!(
            "column {column} is not a number: \"{}\"",
            text.chars().take(40).collect::<String>()
        )
    })
}

/// A decimal as JSON: whole numbers as such, others as the nearest double, whose shortest text is
/// the same decimal up to 15 digits.
fn number(decimal: Decimal) -> Value {
    let text = decimal.normalize().to_string();
    if let Ok(whole) = text.parse::<i64>() {
        return Value::from(whole);
    }
    text.parse::<f64>()
        .ok()
        .and_then(Number::from_f64)
        .map_or(Value::Null, Value::Number)
}
