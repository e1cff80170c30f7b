//! Statements over many rows: one round trip for a whole batch instead of one a row.
//!
//! A template has `{rows}` where the list of rows goes, either `INSERT … VALUES {rows} ON CONFLICT …`
//! or `WITH wanted (a, b) AS (VALUES {rows}) SELECT …`, and `$1 …` for values that all rows share. An INSERT that selects from the
//! rows itself, `INSERT … SELECT … FROM (VALUES {rows}) AS added WHERE column1 IS NOT NULL …`, passes over rows of NULL itself.
//!
//! The list is filled up with rows of NULL to the next power of two, so that few different texts come
//! about and the database has them prepared: a NULL equals nothing, and is not inserted.
//!
//! Joins start from the smallest table and are written `CROSS JOIN … WHERE`: SQLite keeps that order,
//! where without statistics it would rather read a whole space's events; Postgres plans by itself.

use std::fmt::Write as _;

use cdp_core::identifier::Identifier;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

/// A value of a row.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    /// TEXT.
    Text(String),
    /// TEXT that may be NULL.
    Nullable(Option<String>),
    /// BIGINT.
    Int(i64),
    /// A BIGINT that is NULL.
    NoInt,
}

impl Cell {
    /// NULL of the same type.
    fn null(&self) -> Self {
        match self {
            Self::Text(_) | Self::Nullable(_) => Self::Nullable(None),
            Self::Int(_) | Self::NoInt => Self::NoInt,
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<&Identifier> for Cell {
    fn from(identifier: &Identifier) -> Self {
        Self::Text(identifier.as_str().to_owned())
    }
}

impl From<Identifier> for Cell {
    fn from(identifier: Identifier) -> Self {
        Self::from(&identifier)
    }
}

impl From<Option<String>> for Cell {
    fn from(text: Option<String>) -> Self {
        Self::Nullable(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// Values in one statement at most; SQLite takes 32,766 and Postgres 65,535.
const MOST_VALUES: usize = 8_000;

/// A statement over many rows.
pub(crate) struct Many<const COLUMNS: usize> {
    template: &'static str,
    shared: Vec<Cell>,
    rows: Vec<[Cell; COLUMNS]>,
    /// Whether SQLite keeps the rows that it has written when it fails at another.
    is_whole: bool,
}

impl<const COLUMNS: usize> Many<COLUMNS> {
    /// From a template and the values all rows share (`$1`, `$2`, …).
    pub(crate) fn new(template: &'static str, shared: impl IntoIterator<Item = Cell>) -> Self {
        Self {
            template,
            shared: shared.into_iter().collect(),
            rows: Vec::new(),
            is_whole: false,
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: [Cell; COLUMNS]) {
        self.rows.push(row);
    }

    /// With these rows.
    pub(crate) fn rows(mut self, rows: impl IntoIterator<Item = [Cell; COLUMNS]>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Runs the statement; nothing happens without rows.
    pub(crate) async fn execute(self, connection: &mut AnyConnection) -> sqlx::Result<u64> {
        let mut affected = 0;
        for (sql, cells) in self.statements(takes_anonymous(connection)) {
            affected += bound(sql, cells)
                .execute(&mut *connection)
                .await?
                .rows_affected();
        }
        Ok(affected)
    }

    /// Runs an INSERT of rows that are not there yet, in a transaction that ends with it where it fails: SQLite need not copy each page
    /// before it changes it, to take back a part of the rows.
    pub(crate) async fn execute_whole(
        mut self,
        connection: &mut AnyConnection,
    ) -> sqlx::Result<()> {
        self.is_whole = takes_anonymous(connection);
        self.execute(connection).await?;
        Ok(())
    }

    /// Runs the statement and gives the rows it answers; none without rows.
    pub(crate) async fn fetch(self, connection: &mut AnyConnection) -> sqlx::Result<Vec<AnyRow>> {
        let mut answer = Vec::new();
        for (sql, cells) in self.statements(takes_anonymous(connection)) {
            answer.extend(bound(sql, cells).fetch_all(&mut *connection).await?);
        }
        Ok(answer)
    }

    fn statements(self, anonymous: bool) -> impl Iterator<Item = (String, Vec<Cell>)> {
        let Self {
            template,
            shared,
            rows,
            is_whole,
        } = self;
        let most = (MOST_VALUES / COLUMNS.max(1)).max(1);
        let most = most.next_power_of_two() >> usize::from(!most.is_power_of_two());
        let mut rows = rows.into_iter().peekable();
        std::iter::from_fn(move || {
            let nothing = rows.peek()?.each_ref().map(Cell::null);
            let part: Vec<[Cell; COLUMNS]> = rows.by_ref().take(most).collect();
            let size = part.len().next_power_of_two();
            let mut sql = statement(template, anonymous, size, COLUMNS, shared.len());
            if is_whole {
                sql = sql.replacen("INSERT INTO", "INSERT OR FAIL INTO", 1);
            }
            let padding = std::iter::repeat_n(nothing, size - part.len());
            let cells = part.into_iter().chain(padding).flatten();
            Some((sql, cells.chain(shared.iter().cloned()).collect()))
        })
    }
}

/// Inserts whole rows into a table of which is known only now what columns it has. The names must be safe to stand in SQL, and
/// the first column is never NULL.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Cell>>,
) -> sqlx::Result<()> {
    let most = (MOST_VALUES / columns.len().max(1)).max(1);
    let most = most.next_power_of_two() >> usize::from(!most.is_power_of_two());
    let template = format!(
        "INSERT INTO {table} ({}) VALUES {{rows}}",
        columns.join(", ")
    );
    let anonymous = takes_anonymous(connection);
    let mut rows = rows.into_iter().peekable();
    while let Some(first) = rows.peek() {
        let nothing: Vec<Cell> = first.iter().map(Cell::null).collect();
        let part: Vec<Vec<Cell>> = rows.by_ref().take(most).collect();
        let size = part.len().next_power_of_two();
        let sql = statement(&template, anonymous, size, columns.len(), 0);
        let padding = std::iter::repeat_n(nothing, size - part.len());
        let cells = part.into_iter().chain(padding).flatten();
        bound(sql, cells.collect())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Sets the columns of a row that the first column finds. As with [`insert`], the names must be safe to stand in SQL.
pub(crate) async fn complete(
    connection: &mut AnyConnection,
    table: &str,
    columns: &[&str],
    row: Vec<Cell>,
) -> sqlx::Result<()> {
    let sets: Vec<String> = columns
        .iter()
        .enumerate()
        .skip(1)
        .map(|(at, column)| format!("{column} = ${}", at + 1))
        .collect();
    let key = columns.first().copied().unwrap_or_default();
    let sql = format!("UPDATE {table} SET {} WHERE {key} = $1", sets.join(", "));
    bound(sql, row).execute(connection).await?;
    Ok(())
}

/// Whether a value of a row is written `?`. SQLite and its driver look numbered values up one by one
/// in a list, which is quadratic over a statement; Postgres knows numbered ones alone.
fn takes_anonymous(connection: &AnyConnection) -> bool {
    connection.backend_name() == "SQLite"
}

/// The template with its rows; the rows' values come first and the shared ones behind them.
fn statement(
    template: &str,
    anonymous: bool,
    rows: usize,
    columns: usize,
    shared: usize,
) -> String {
    let template = if template.starts_with("INSERT") && !template.contains("(VALUES {rows})") {
        template.replace(
            "VALUES {rows}",
            "SELECT * FROM (VALUES {rows}) AS added WHERE column1 IS NOT NULL",
        )
    } else {
        template.to_owned()
    };
    // The NUL keeps a number that was just written from being read as the beginning of another.
    let template = (1..=shared).rev().fold(template, |text, number| {
        text.replace(
            &format!("${number}"),
            &format!("$\u{0}{}", rows * columns + number),
        )
    });
    let mut text = String::with_capacity(template.len() + rows * columns * 6);
    let (before, after) = template.split_once("{rows}").unwrap_or((&template, ""));
    text.push_str(before);
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            text.push_str(if column == 0 { "" } else { ", " });
            if anonymous {
                text.push('?');
            } else {
                // Writing to a String cannot fail.
                let _ = write!(text, "${}", row * columns + column + 1);
            }
        }
        text.push(')');
    }
    text.push_str(after);
    text.replace('\u{0}', "")
}

/// The text comes from a template in the source and from `placeholders`; values are only bound.
fn bound<'q>(sql: String, cells: Vec<Cell>) -> Query<'q, Any, AnyArguments> {
    cells
        .into_iter()
        .fold(sqlx::query(AssertSqlSafe(sql)), |query, cell| match cell {
            Cell::Text(text) => query.bind(text),
            Cell::Nullable(text) => query.bind(text),
            Cell::Int(number) => query.bind(number),
            Cell::NoInt => query.bind(None::<i64>),
        })
}
