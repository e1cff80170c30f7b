//! Lists: `?limit=&cursor=` in, with `&order=desc` where a list can be read from its other end;
//! `{"data":[…],"next_cursor":…}` out.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use cdp_core::hex::hex;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::contract::{Description, Takes};
use super::json::Json;
use crate::error::{Code, Error, Result};

/// Rows of a page when the caller does not say.
const USUAL: i64 = 50;
/// Rows of a page at most.
const MOST: i64 = 500;

/// Which end of a list comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// The oldest.
    #[default]
    Asc,
    /// The youngest.
    Desc,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) struct List<T> {
    data: Vec<T>,
    /// Where the next page begins, to be given as `cursor`; null on the last.
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A list that has no further pages.
    pub(crate) fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
        }
    }

    /// A page that ends where something else than its length says; with the key of its last row where there are more.
    pub(crate) fn ending(data: Vec<T>, last: Option<&str>) -> Self {
        Self {
            data,
            next_cursor: last.map(encode),
        }
    }
}

/// Which page is asked for.
#[derive(Debug)]
pub(crate) struct Page {
    limit: i64,
    after: String,
    order: Order,
}

#[derive(Deserialize)]
struct Asked {
    limit: Option<i64>,
    cursor: Option<String>,
    #[serde(default)]
    order: Order,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Self::read(parts, state, USUAL).await
    }
}

/// A page of what is nearly always wanted in whole: as many rows as there may be, unless the caller wants fewer.
#[derive(Debug)]
pub(crate) struct Wide(pub(crate) Page);

impl<S: Send + Sync> FromRequestParts<S> for Wide {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Page::read(parts, state, MOST).await.map(Self)
    }
}

impl Page {
    async fn read<S: Send + Sync>(parts: &mut Parts, state: &S, usual: i64) -> Result<Self> {
        let asked = Query::<Asked>::from_request_parts(parts, state).await;
        let Query(asked) = asked.map_err(|error| {
            Error::new(
                Code::InvalidRequest,
                format!("the query cannot be read: {error}"),
            )
        })?;
        let limit = asked.limit.unwrap_or(usual);
        if !(1..=MOST).contains(&limit) {
            return Err(Error::new(
                Code::InvalidRequest,
                format!("\"limit\" is a number from 1 to {MOST}"),
            ));
        }
        let after = asked
            .cursor
            .filter(|cursor| !cursor.is_empty())
            .map(|cursor| decode(&cursor))
            .transpose()?;
        Ok(Self {
            limit,
            after: after.unwrap_or_default(),
            order: asked.order,
        })
    }
}

impl Page {
    /// The key behind which the page starts; empty for the first.
    pub(crate) fn after(&self) -> &str {
        &self.after
    }

    /// Which end comes first, of lists that can be read from both.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// The place behind which the page starts, for lists that are ordered by more than one column.
    pub(crate) fn place<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        if self.after.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(&self.after)
            .map(Some)
            .map_err(|_| unknown())
    }

    /// How many rows are asked for.
    pub(crate) fn limit(&self) -> usize {
        usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// How many rows to read: one more than shown tells whether there is a next page.
    pub(crate) fn fetch(&self) -> i64 {
        self.limit + 1
    }

    /// The rows of the page, and where the next begins, from rows and the key of each.
    pub(crate) fn cut<T>(
        &self,
        mut rows: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> (Vec<T>, Option<String>) {
        let more = rows.len() > self.limit();
        rows.truncate(self.limit());
        let last = rows.last().filter(|_| more);
        let next = last.map(|last| encode(&key(last)));
        (rows, next)
    }

    /// The answer, from rows and the key of each.
    pub(crate) fn answer<T: Serialize>(
        &self,
        rows: Vec<T>,
        key: impl Fn(&T) -> String,
    ) -> Result<Json<List<T>>> {
        let (data, next_cursor) = self.cut(rows, key);
        Ok(Json(List { data, next_cursor }))
    }

    /// The answer, from rows and the key at each row's place.
    pub(crate) fn answer_at<T: Serialize>(
        &self,
        rows: Vec<T>,
        key: impl Fn(usize) -> String,
    ) -> Result<Json<List<T>>> {
        let last = self.limit().saturating_sub(1);
        self.answer(rows, |_| key(last))
    }
}

impl Takes for Page {
    fn takes(description: &mut Description<'_>) {
        takes_page(description, USUAL);
        let order = json!({"type": "string", "enum": ["asc", "desc"]});
        description.optional(
            "query",
            "order",
            "Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc).",
            order,
        );
    }
}

impl Takes for Wide {
    fn takes(description: &mut Description<'_>) {
        takes_page(description, MOST);
    }
}

fn takes_page(description: &mut Description<'_>, usual: i64) {
    let limit = json!({"type": "integer", "minimum": 1, "maximum": MOST, "default": usual});
    let cursor = json!({"type": "string"});
    description.optional("query", "limit", "Rows of a page.", limit);
    description.optional(
        "query",
        "cursor",
        "The next_cursor of the page before; the first page without it.",
        cursor,
    );
    description
        .codes
        .extend([Code::InvalidRequest, Code::InvalidCursor]);
}

fn unknown() -> Error {
    Error::new(
        Code::InvalidCursor,
        "no list of this kind gave out this cursor: leave it away for the first page",
    )
}

/// A cursor from the key behind which the next page starts.
pub(crate) fn encode(key: &str) -> String {
    hex(key.as_bytes())
}

/// The key that a cursor stands for.
pub(crate) fn decode(cursor: &str) -> Result<String> {
    let digits = |at: usize| {
        cursor
            .get(at..at + 2)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    let bytes: Option<Vec<u8>> = (0..cursor.len()).step_by(2).map(digits).collect();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(unknown)
}
