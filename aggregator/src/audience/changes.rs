//! Who entered an audience and who left it, and what did it: SQL of `audience_change`.

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::store::{Audience, time};
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;
use crate::http::page::Order;
use crate::id;

/// What their ids begin with.
const PREFIX: &str = "chg";
/// Sorts behind all of them.
const BEHIND_ALL: &str = "chh";
/// Changes that are taken away in one step.
const STEP: i64 = 5_000;

/// What made somebody enter or leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[schemars(rename = "AudienceChangeCause")]
pub(crate) enum Cause {
    /// An event of theirs.
    Event {
        /// Which.
        message_id: String,
        /// Its name; absent of events without one.
        #[serde(skip_serializing_if = "Option::is_none")]
        event: Option<String>,
    },
    /// Nothing but time.
    Time,
    /// They were joined with somebody, or parted.
    Identity,
    /// What is known of them was counted anew, because of what they said to consent or of a decision about them.
    Recount,
    /// The definition changed.
    Definition,
}

/// Somebody entered or left.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "AudienceChange")]
pub(crate) struct Change {
    id: String,
    #[serde(skip)]
    space_id: String,
    audience_id: String,
    /// What it is called now; nothing where it was taken away.
    audience_name: Option<String>,
    profile_id: String,
    /// `entered` or `left`.
    kind: String,
    happened_at: Timestamp,
    cause: Cause,
}

impl Change {
    /// One of this moment that has not been written.
    pub(super) fn new(
        space_id: &str,
        audience: &Audience,
        profile_id: &str,
        entered: bool,
        cause: Cause,
        now: Timestamp,
    ) -> Result<Self> {
        Ok(Self {
            id: id::dated(PREFIX, now)?,
            space_id: space_id.to_owned(),
            audience_id: audience.id.clone(),
            audience_name: Some(audience.name.clone()),
            profile_id: profile_id.to_owned(),
            kind: word(entered).to_owned(),
            happened_at: now,
            cause,
        })
    }

    /// What it sorts by.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Whose it is.
    pub(crate) fn space_id(&self) -> &str {
        &self.space_id
    }

    /// Which audience.
    pub(super) fn audience_id(&self) -> &str {
        &self.audience_id
    }

    /// Whom it is about.
    pub(crate) fn profile_id(&self) -> &str {
        &self.profile_id
    }

    /// When.
    pub(crate) fn happened_at(&self) -> Timestamp {
        self.happened_at
    }

    /// As an event among those that were collected. Its type says that nobody has sent it.
    pub(crate) fn event(&self) -> Value {
        let entered = self.kind == word(true);
        json!({
            "type": "audience",
            "event": if entered { "Audience Entered" } else { "Audience Exited" },
            "messageId": self.id,
            "timestamp": self.happened_at,
            "properties": {
                "audience_id": self.audience_id,
                "audience_name": self.audience_name,
                "cause": self.cause,
            },
        })
    }
}

fn word(entered: bool) -> &'static str {
    if entered { "entered" } else { "left" }
}

/// Writes changes.
pub(super) async fn write(connection: &mut AnyConnection, changes: &[Change]) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO audience_change (id, space_id, audience_id, profile_id, kind, cause, happened_at) VALUES {rows}",
        [],
    );
    for change in changes {
        insert.push([
            change.id.as_str().into(),
            change.space_id.as_str().into(),
            change.audience_id.as_str().into(),
            change.profile_id.as_str().into(),
            change.kind.as_str().into(),
            serde_json::to_string(&change.cause)?.into(),
            change.happened_at.as_micros().into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Writes who is in one audience and not in another as having entered, or left, a third.
pub(super) async fn write_differences(
    connection: &mut AnyConnection,
    space_id: &str,
    [within, without, audience_id]: [&str; 3],
    entered: bool,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO audience_change (id, space_id, audience_id, profile_id, kind, cause, happened_at) \
               SELECT $1 || m.profile_id, m.space_id, $2, m.profile_id, $3, $4, $5 FROM audience_member m \
               WHERE m.space_id = $6 AND m.audience_id = $7 AND NOT EXISTS (SELECT 1 FROM audience_member o WHERE \
               o.space_id = $6 AND o.audience_id = $8 AND o.profile_id = m.profile_id)";
    sqlx::query(sql)
        .bind(format!("{}_", id::dated(PREFIX, now)?))
        .bind(audience_id)
        .bind(word(entered))
        .bind(serde_json::to_string(&Cause::Definition)?)
        .bind(now.as_micros())
        .bind(space_id)
        .bind(within)
        .bind(without)
        .execute(connection)
        .await?;
    Ok(())
}

/// An audience's changes of a moment and later, oldest first.
pub(super) async fn since(
    database: &Database,
    space_id: &str,
    audience_id: &str,
    moment: Timestamp,
    limit: i64,
) -> Result<Vec<Change>> {
    let after = id::dated_from(PREFIX, moment);
    of_audience(database, space_id, audience_id, Order::Asc, &after, limit).await
}

/// Reading changes, each with the name of its audience. `of_person`: those of a profile, and of every profile that
/// went into it.
macro_rules! select {
    (of_person $which:literal) => {
        select!(
            "c.space_id = $1 AND c.profile_id IN (SELECT CAST($2 AS TEXT) UNION SELECT s.profile_id FROM \
             identity_node n CROSS JOIN profile_seed s WHERE s.space_id = $1 AND s.identifier = n.identifier AND \
             n.space_id = $1 AND n.profile_id = $2) AND ",
            $which
        )
    };
    ($($which:literal),+) => {
        concat!(
            "SELECT c.id AS id, c.space_id AS space_id, c.audience_id AS audience_id, a.name AS audience_name, \
             c.profile_id AS profile_id, c.kind AS kind, c.cause AS cause, c.happened_at AS happened_at \
             FROM audience_change c LEFT JOIN audience a ON a.id = c.audience_id WHERE ",
            $($which),+
        )
    };
}

/// A page of an audience's changes.
pub(super) async fn of_audience(
    database: &Database,
    space_id: &str,
    audience_id: &str,
    order: Order,
    after: &str,
    limit: i64,
) -> Result<Vec<Change>> {
    let sql = match order {
        Order::Asc => {
            select!("c.space_id = $1 AND c.audience_id = $2 AND c.id > $3 ORDER BY c.id LIMIT $4")
        }
        Order::Desc => {
            select!(
                "c.space_id = $1 AND c.audience_id = $2 AND c.id < $3 ORDER BY c.id DESC LIMIT $4"
            )
        }
    };
    page(database, sql, [space_id, audience_id], order, after, limit).await
}

/// A page of a profile's changes, with those of the profiles that went into it.
pub(crate) async fn of_profile(
    database: &Database,
    space_id: &str,
    profile_id: &str,
    order: Order,
    after: &str,
    limit: i64,
) -> Result<Vec<Change>> {
    let sql = match order {
        Order::Asc => {
            select!(of_person "c.id > $3 ORDER BY c.id LIMIT $4")
        }
        Order::Desc => {
            select!(of_person "c.id < $3 ORDER BY c.id DESC LIMIT $4")
        }
    };
    page(database, sql, [space_id, profile_id], order, after, limit).await
}

async fn page(
    database: &Database,
    sql: &'static str,
    [space_id, of]: [&str; 2],
    order: Order,
    after: &str,
    limit: i64,
) -> Result<Vec<Change>> {
    let after = if order == Order::Desc && after.is_empty() {
        BEHIND_ALL
    } else {
        after
    };
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(of)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(change).collect()
}

/// Takes away some of the changes from before a moment; false when these were the last.
pub(crate) async fn trim(database: &Database, before: Timestamp) -> Result<bool> {
    // Ids sort by time, so this reads nothing but what goes.
    let sql = "DELETE FROM audience_change WHERE id IN (SELECT id FROM audience_change WHERE id < $1 ORDER BY id LIMIT $2)";
    let mut transaction = database.begin().await?;
    let gone = sqlx::query(sql)
        .bind(id::dated_from(PREFIX, before))
        .bind(STEP)
        .execute(&mut *transaction)
        .await?
        .rows_affected();
    transaction.commit().await?;
    Ok(i64::try_from(gone).is_ok_and(|gone| gone == STEP))
}

fn change(row: &AnyRow) -> Result<Change> {
    let cause: String = row.try_get("cause")?;
    Ok(Change {
        id: row.try_get("id")?,
        space_id: row.try_get("space_id")?,
        audience_id: row.try_get("audience_id")?,
        audience_name: row.try_get("audience_name")?,
        profile_id: row.try_get("profile_id")?,
        kind: row.try_get("kind")?,
        happened_at: time(row, "happened_at")?,
        cause: serde_json::from_str(&cause)?,
    })
}
