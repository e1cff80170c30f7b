//! Where anything of a person is: the tables, and what of them is whose.

use std::collections::BTreeSet;

use cdp_core::time::Timestamp;
use serde_json::{Map, Value};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Column as _, Row as _};

use super::person::Person;
use crate::database::rows::Many;
use crate::error::Result;

/// By what a row is somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// By an identifier, `kind:value`.
    Identifier,
    /// By a profile's id.
    Profile,
}

/// A table with rows that are somebody's by a column.
#[derive(Debug)]
pub(super) struct Table {
    /// How progress and receipts call it.
    pub(super) store: &'static str,
    pub(super) name: &'static str,
    by: By,
    select: &'static str,
    delete: &'static str,
}

macro_rules! rows_of {
    ($store:literal, $table:literal, $column:literal, $by:ident) => {
        Table {
            store: $store,
            name: $table,
            by: By::$by,
            select: concat!(
                "SELECT * FROM ",
                $table,
                " WHERE space_id = $1 AND ",
                $column,
                " IN (VALUES {rows})"
            ),
            delete: concat!(
                "DELETE FROM ",
                $table,
                " WHERE space_id = $1 AND ",
                $column,
                " IN (VALUES {rows})"
            ),
        }
    };
}

/// Every table with an identifier or a profile's id in a column, but for the event table, which is read and erased a part at a
/// time. A pair is somebody's by either end.
pub(super) const TABLES: &[Table] = &[
    rows_of!("traits", "trait_value", "anchor", Identifier),
    rows_of!("computed_traits", "computed_value", "anchor", Identifier),
    rows_of!("exposures", "exposure", "anchor", Identifier),
    rows_of!("consent", "consent_state", "anchor", Identifier),
    rows_of!("consent", "consent_entry", "anchor", Identifier),
    rows_of!("consent", "consent_refold", "identifier", Identifier),
    rows_of!("consent", "consent_news", "profile_id", Profile),
    rows_of!("consent", "privacy_restriction", "identifier", Identifier),
    rows_of!("audiences", "audience_member", "profile_id", Profile),
    rows_of!("audiences", "audience_change", "profile_id", Profile),
    rows_of!("audiences", "profile_due", "profile_id", Profile),
    rows_of!("identity", "identity_edge", "a", Identifier),
    rows_of!("identity", "identity_edge", "b", Identifier),
    rows_of!("identity", "identity_link", "a", Identifier),
    rows_of!("identity", "identity_link", "b", Identifier),
    rows_of!("identity", "identity_blocked", "a", Identifier),
    rows_of!("identity", "identity_blocked", "b", Identifier),
    rows_of!("identity", "identity_constraint", "a", Identifier),
    rows_of!("identity", "identity_constraint", "b", Identifier),
    rows_of!("identity", "identity_again", "identifier", Identifier),
    rows_of!("identity", "identity_gone", "identifier", Identifier),
    rows_of!("identity", "identity_gone", "heir", Identifier),
    rows_of!("identity", "identity_read", "anchor", Identifier),
    rows_of!("identity", "profile_seed", "identifier", Identifier),
    rows_of!("identity", "device_word", "device", Identifier),
    rows_of!("identity", "device_word", "person", Identifier),
    rows_of!("identity", "device_person", "device", Identifier),
    rows_of!("identity", "device_person", "person", Identifier),
    rows_of!("identity", "device_event", "device", Identifier),
    rows_of!("identity", "identity_node", "identifier", Identifier),
    rows_of!("matching", "identity_suggestion", "a", Identifier),
    rows_of!("matching", "identity_suggestion", "b", Identifier),
];

impl Table {
    fn keys<'p>(&self, person: &'p Person) -> &'p BTreeSet<String> {
        match self.by {
            By::Identifier => &person.identifiers,
            By::Profile => &person.profiles,
        }
    }

    /// What there is of a person here.
    pub(super) async fn rows(
        &self,
        connection: &mut AnyConnection,
        space_id: &str,
        person: &Person,
    ) -> Result<Vec<Value>> {
        let query = Many::new(self.select, [space_id.into()]);
        let keys = self.keys(person).iter().map(|key| [key.into()]);
        let rows = query.rows(keys).fetch(connection).await?;
        Ok(rows.iter().map(as_json).collect())
    }

    /// Takes it away; how many rows that were.
    pub(super) async fn erase(
        &self,
        connection: &mut AnyConnection,
        space_id: &str,
        person: &Person,
    ) -> Result<u64> {
        let delete = Many::new(self.delete, [space_id.into()]);
        let keys = self.keys(person).iter().map(|key| [key.into()]);
        Ok(delete.rows(keys).execute(connection).await?)
    }
}

/// The stores of [`TABLES`], each once, in order.
pub(super) fn stores() -> Vec<&'static str> {
    let mut stores: Vec<&str> = TABLES.iter().map(|table| table.store).collect();
    stores.dedup();
    stores
}

/// Columns whose numbers are times.
const TIMES: &[&str] = &[
    "timestamp",
    "first_seen",
    "last_seen",
    "since",
    "at",
    "change_at",
    "happened_at",
    "decided_at",
    "received_at",
];

/// A row as JSON: texts that are JSON as what they say, times as times, and nothing of how spaces are kept apart.
pub(super) fn as_json(row: &AnyRow) -> Value {
    let mut fields = Map::new();
    for (at, column) in row.columns().iter().enumerate() {
        let name = column.name();
        if name == "space_id" {
            continue;
        }
        let value = match (
            row.try_get::<Option<String>, _>(at),
            row.try_get::<Option<i64>, _>(at),
        ) {
            (Ok(Some(text)), _) if text.starts_with(['{', '[', '"']) => {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
            (Ok(text), _) => text.into(),
            (_, Ok(Some(number))) if TIMES.contains(&name) => {
                Timestamp::from_micros(number).to_string().into()
            }
            (_, Ok(number)) => number.into(),
            _ => Value::Null,
        };
        fields.insert(name.to_owned(), value);
    }
    Value::Object(fields)
}

/// Whether a text, or any text within JSON, has one of these values as a word of its own; upper and lower case are the same.
/// The values are in lower case.
pub(super) fn mentions(text: &str, values: &BTreeSet<String>) -> bool {
    match serde_json::from_str::<Value>(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => {
            within(&value, values)
        }
        _ => has_word(text, values),
    }
}

fn within(value: &Value, values: &BTreeSet<String>) -> bool {
    match value {
        Value::String(text) => has_word(text, values),
        Value::Number(number) => values.contains(&number.to_string()),
        Value::Array(items) => items.iter().any(|item| within(item, values)),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| has_word(name, values) || within(value, values)),
        _ => false,
    }
}

fn has_word(text: &str, values: &BTreeSet<String>) -> bool {
    let text = text.to_lowercase();
    let ends = |at: usize, length: usize| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text.get(at + length..).and_then(|text| text.chars().next());
        [before, after]
            .into_iter()
            .flatten()
            .all(|letter| !letter.is_alphanumeric())
    };
    values.iter().any(|value| {
        text.match_indices(value.as_str())
            .any(|(at, found)| ends(at, found.len()))
    })
}

/// Every column by which an erasure finds rows, with its table.
#[cfg(test)]
pub(crate) fn held() -> Vec<(&'static str, String)> {
    let column = |table: &Table| {
        let (_, column) = table.select.split_once(" AND ").unwrap();
        column.split_once(" IN").unwrap().0.to_owned()
    };
    let tables = TABLES.iter();
    tables.map(|table| (table.name, column(table))).collect()
}

/// Every table that a database has, with those of its columns that name somebody.
#[cfg(test)]
pub(crate) async fn naming_columns(connection: &mut AnyConnection) -> Vec<(String, Vec<String>)> {
    let sql = "SELECT m.name AS name, c.name AS part FROM sqlite_master m JOIN pragma_table_info(m.name) c \
               WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations'";
    let rows = sqlx::query(sql).fetch_all(connection).await.unwrap();
    let mut tables = std::collections::BTreeMap::<String, Vec<String>>::new();
    for row in rows {
        let columns = tables.entry(row.get("name")).or_default();
        let column: String = row.get("part");
        if tests::NAMES.contains(&column.as_str()) {
            columns.push(column);
        }
    }
    tables.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns that name somebody, wherever they are.
    pub(super) const NAMES: &[&str] = &[
        "anchor",
        "identifier",
        "a",
        "b",
        "profile_id",
        "person_id",
        "device",
        "person",
        "heir",
        "subject",
        "message_id",
        "message",
        "pairs",
    ];
    /// Where such a column is, and why no entry of [`TABLES`] is about it.
    const OTHERWISE: &[(&str, &str)] = &[
        ("event", "erased a part at a time"),
        ("quarantine", "found by what its messages say"),
        (
            "ledger_entry",
            "keeps its numbers and loses the message ids",
        ),
        ("violation_sample", "erased with the event"),
        ("identity_decision", "found by what its pairs say"),
        ("idempotency", "found by what its answers say"),
        (
            "audit_entry",
            "names people by a profile's id alone, and its chain holds only whole",
        ),
        ("privacy_request", "loses its subject with the erasure"),
        (
            "computed_value_by_anchor",
            "is called computed_value since the migration that made it",
        ),
        ("sign_in_account", "names members, and goes with them"),
    ];

    /// Columns that need no entry, since another column of the same row finds it.
    const BESIDE: &[(&str, &str)] = &[
        ("identity_node", "profile_id"),
        ("identity_node", "person_id"),
        ("identity_gone", "profile_id"),
        ("profile_seed", "profile_id"),
        ("trait_value", "message_id"),
    ];

    /// The columns of texts that a statement of a migration makes, each with its table.
    fn columns(statement: &str) -> Vec<(String, String)> {
        let statement = statement.trim();
        let made = ["CREATE TABLE ", "ALTER TABLE "].into_iter();
        let Some((table, rest)) = made
            .filter_map(|begin| statement.strip_prefix(begin))
            .find_map(|rest| rest.split_once(' '))
        else {
            return Vec::new();
        };
        // What a table is called until it takes the place of the one before.
        let table = table
            .trim_end_matches("_clustered")
            .trim_end_matches("_rows");
        let parts = rest.split([',', '(']).map(str::trim);
        parts
            .filter_map(|part| part.trim_start_matches("ADD COLUMN ").split_once(' '))
            .filter(|(_, kind)| kind.starts_with("TEXT"))
            .map(|(column, _)| (table.to_owned(), column.to_owned()))
            .collect()
    }

    #[test]
    fn every_column_that_names_somebody_is_known() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let files = std::fs::read_dir(folder).unwrap();
        let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        // A comment may have a semicolon.
        let without_comments = |text: String| {
            let lines = text.lines().map(str::trim);
            let lines: Vec<&str> = lines.filter(|line| !line.starts_with("--")).collect();
            lines.join(" ")
        };
        let texts: Vec<String> = texts.map(without_comments).collect();
        let all = texts
            .iter()
            .flat_map(|text| text.split(';'))
            .flat_map(columns);
        let naming: Vec<_> = all
            .filter(|(_, column)| NAMES.contains(&column.as_str()))
            .collect();
        assert!(naming.len() > 40, "the schema was read: {naming:?}");
        for (table, column) in naming {
            let by = format!(" {column} IN (");
            let listed = TABLES
                .iter()
                .any(|known| known.name == table && known.select.contains(&by));
            let beside = BESIDE.contains(&(table.as_str(), column.as_str()));
            let elsewhere = OTHERWISE.iter().any(|(known, _)| *known == table);
            assert!(
                listed || beside || elsewhere,
                "{table}.{column} may name somebody: add it to TABLES, or say in OTHERWISE where it is erased"
            );
        }
    }

    #[test]
    fn a_value_is_found_as_a_word_and_not_within_another() {
        let values = BTreeSet::from(["ada@example.com".to_owned(), "7".to_owned()]);
        assert!(mentions(
            r#"{"a":["mailto:ADA\u0040example.com?x"]}"#,
            &values
        ));
        assert!(mentions(r#"{"user":7}"#, &values));
        assert!(!mentions(
            r#"{"user":"77","mail":"nada@example.com","other":"ada@example.comx"}"#,
            &values
        ));
    }
}
