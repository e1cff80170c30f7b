//! Restriction: a person's data is kept and not used. What they agreed to counts for nothing until it is lifted, by the same
//! machinery by which a withdrawal does; the events stay, so lifting brings everything back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sqlx::Row as _;

use super::person::Person;
use super::request::{Kind, Progress, Request, State};
use crate::app::App;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::{Code, Error, Result};

/// The identifiers of people whose data may not be used, by space.
pub(crate) async fn restricted(
    database: &Database,
) -> Result<HashMap<String, Arc<HashSet<String>>>> {
    let rows = sqlx::query("SELECT space_id, identifier FROM privacy_restriction")
        .fetch_all(database.reader())
        .await?;
    let mut spaces: HashMap<String, HashSet<String>> = HashMap::new();
    for row in &rows {
        let space = spaces.entry(row.try_get("space_id")?).or_default();
        space.insert(row.try_get("identifier")?);
    }
    Ok(spaces
        .into_iter()
        .map(|(space, identifiers)| (space, Arc::new(identifiers)))
        .collect())
}

/// Restricts the person of a request.
pub(super) async fn begin(app: &App, request: &Request) -> Result<Vec<Progress>> {
    let space_id = request.space_id.as_str();
    let subject = request
        .subject
        .as_ref()
        .ok_or_else(|| Error::internal("a restriction without a subject"))?;
    let _guard = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let rules = app.sources.identity(space_id);
    let person = Person::of(&mut transaction, &rules, space_id, &subject.to_string())
        .await?
        .all();
    let insert = Many::new(
        "INSERT INTO privacy_restriction (space_id, identifier, request_id) VALUES {rows} ON CONFLICT (space_id, identifier) DO UPDATE SET request_id = excluded.request_id",
        [],
    );
    let rows = person
        .identifiers
        .iter()
        .map(|one| [space_id.into(), one.into(), request.id.as_str().into()]);
    let count = insert.rows(rows).execute(&mut transaction).await?;
    fold_again(&mut transaction, space_id, person.identifiers.iter()).await?;
    transaction.commit().await?;
    follow(app).await?;
    Ok(vec![Progress {
        store: "identifiers".to_owned(),
        state: "done".to_owned(),
        count,
    }])
}

/// Lifts the restriction that a request has brought.
pub(super) async fn lift(app: &App, request: &Request) -> Result<()> {
    if request.kind != Kind::Restriction || request.state != State::Done {
        return Err(Error::new(
            Code::Conflict,
            "only a restriction that is in force can be lifted",
        ));
    }
    let space_id = request.space_id.as_str();
    let _guard = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let rows = sqlx::query("DELETE FROM privacy_restriction WHERE space_id = $1 AND request_id = $2 RETURNING identifier")
        .bind(space_id)
        .bind(&request.id)
        .fetch_all(&mut *transaction)
        .await?;
    let identifiers: Vec<String> = rows
        .iter()
        .map(|row| row.try_get("identifier"))
        .collect::<Result<_, _>>()?;
    if identifiers.is_empty() {
        return Err(Error::new(
            Code::Conflict,
            "this restriction was lifted already",
        ));
    }
    fold_again(&mut transaction, space_id, identifiers.iter()).await?;
    transaction.commit().await?;
    follow(app).await
}

async fn fold_again(
    connection: &mut sqlx::AnyConnection,
    space_id: &str,
    identifiers: impl Iterator<Item = &String>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO consent_refold (space_id, identifier) VALUES {rows} ON CONFLICT (space_id, identifier) DO NOTHING",
        [],
    );
    insert
        .rows(identifiers.map(|one| [space_id.into(), one.into()]))
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets everybody know who may be used, before the pipeline goes on.
async fn follow(app: &App) -> Result<()> {
    app.sources.reload(&app.database).await?;
    app.snapshots.clear();
    app.pipeline.wake();
    Ok(())
}
