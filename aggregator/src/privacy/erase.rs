//! Erasing a person: a list of steps that the pipeline takes between its turns. A step is a transaction that also says how far
//! the request is, so that a process which ends in the middle goes on behind the last step.
//!
//! Suppression comes first: from then on nothing of the person is taken in. The database's leftovers come last, when nothing
//! is written of the person any more: what was deleted is overwritten, and what the request itself knew is gone before that.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::held::{self, TABLES};
use super::person::Person;
use super::request::{self, Kind, Progress, Request, State};
use super::suppression::Suppressions;
use crate::backup::{self, Destroyed, Whom};
use crate::database::{Database, Write};
use crate::error::{Code, Error, Result};
use crate::source::Directory;
use crate::{clock, id, identity};

mod store;

pub(super) use store::forget_offsets;

/// Events that are erased in one step.
const EVENTS: i64 = 500;
/// Rows whose texts are looked through in one step.
const TEXTS: i64 = 1_000;

/// What erasing works with.
pub(crate) struct Around<'a> {
    pub(crate) database: &'a Database,
    pub(crate) sources: &'a Directory,
    pub(crate) suppressions: &'a Suppressions,
    /// The keys of backups, where there is a data folder.
    pub(crate) backup_keys: Option<&'a Path>,
    /// The last entry of the log that has taken effect.
    pub(crate) position: i64,
    /// The last entry of the log.
    pub(crate) log_end: i64,
}

/// What a step has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// There is nothing to do, or nothing that can be done before something else happens.
    Nothing,
    /// Something of a person was erased.
    Erased,
    /// Events were, of these anchors.
    Events {
        space_id: String,
        anchors: BTreeSet<String>,
    },
}

/// What an erasure knows between its steps.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    person: Person,
    /// The store whose turn it is.
    store: usize,
    /// How far it has been looked through.
    after: String,
    /// The log's end when nothing of the person could come into it any more.
    log_end: Option<i64>,
}

/// The stores, in the order in which they are erased.
fn stores() -> Vec<&'static str> {
    let mut stores = vec!["suppressions", "events"];
    stores.extend(held::stores());
    stores.extend([
        "quarantine",
        "decisions",
        "answers",
        "requests",
        "backups",
        "log",
        "snapshots",
        "storage",
    ]);
    stores
}

/// What an erasure works with that has nothing left to find of the person, as in a backup of when it was under way: what the
/// database has no more is still to be taken out of what lies under it.
pub(crate) fn work_that_is_left() -> Result<String> {
    let store = stores().iter().position(|store| *store == "backups");
    Ok(serde_json::to_string(&Known {
        store: store.unwrap_or_default(),
        ..Known::default()
    })?)
}

/// Takes the next step of the oldest erasure that was begun.
pub(crate) async fn work(around: &Around<'_>) -> Result<Work> {
    around.suppressions.write_down(around.database).await?;
    let Some(request) = super::store::running(around.database).await? else {
        return Ok(Work::Nothing);
    };
    match step(around, request).await {
        // Whatever the matter is, it stops nobody else.
        Err(error) if error.code == Code::Internal => {
            tracing::error!(%error, "a step of an erasure failed; it is tried again");
            Ok(Work::Nothing)
        }
        other => other,
    }
}

async fn step(around: &Around<'_>, mut request: Request) -> Result<Work> {
    let mut transaction = around.database.begin().await?;
    let text = super::store::work_of(&mut transaction, &request.id).await?;
    if text.is_empty() {
        return begin(around, transaction, request).await;
    }
    let mut known: Known = serde_json::from_str(&text)?;
    let stores = stores();
    let Some(store) = stores.get(known.store).copied() else {
        drop(transaction);
        return end(around, request).await;
    };
    let done = match store {
        "backups" | "log" | "storage" => {
            // None of them happens within a transaction.
            drop(transaction);
            let done = match store {
                "backups" => destroy_keys(around, &mut request, &mut known).await?,
                "log" => let_log_go(around, &request, &mut known).await?,
                _ => around.database.tidy_up().await?,
            };
            transaction = around.database.begin().await?;
            done
        }
        _ => of_store(&mut transaction, &mut known, &mut request, store).await?,
    };
    if let Some(progress) = request.progress.get_mut(known.store) {
        if done { "done" } else { "running" }.clone_into(&mut progress.state);
    }
    if done {
        known.store += 1;
        known.after.clear();
    }
    if known.store + 1 == stores.len() {
        // What lies under the storage is tidied up after the last of what was known.
        known.person = Person::default();
    }
    super::store::put_work(&mut transaction, &request, &serde_json::to_string(&known)?).await?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(match store {
        "events" => Work::Events {
            space_id: request.space_id,
            anchors: known.person.identifiers,
        },
        // Nothing else waits for keys, for the log or for readers to let go.
        "backups" | "log" | "storage" if !done => Work::Nothing,
        _ => Work::Erased,
    })
}

/// Finds out whose data it is, and suppresses it.
async fn begin(around: &Around<'_>, mut transaction: Write, mut request: Request) -> Result<Work> {
    let subject = super::store::subject_of(&mut transaction, &request.id).await?;
    let rules = around.sources.identity(&request.space_id);
    let person = Person::of(&mut transaction, &rules, &request.space_id, &subject).await?;
    let count = around
        .suppressions
        .add(&mut transaction, &request.space_id, &request.id, &person)
        .await?;
    let waiting = |store: &&str| Progress {
        store: (*store).to_owned(),
        state: "waiting".to_owned(),
        count: 0,
    };
    request.progress = stores().iter().map(waiting).collect();
    if let Some(first) = request.progress.first_mut() {
        "done".clone_into(&mut first.state);
        first.count = count;
    }
    let known = Known {
        person,
        store: 1,
        ..Known::default()
    };
    super::store::put_work(&mut transaction, &request, &serde_json::to_string(&known)?).await?;
    transaction.commit().await.map_err(Error::from)?;
    around.suppressions.reload(around.database).await?;
    Ok(Work::Erased)
}

/// Erases some of what a store has; whether that was all.
async fn of_store(
    connection: &mut AnyConnection,
    known: &mut Known,
    request: &mut Request,
    store: &str,
) -> Result<bool> {
    let space_id = request.space_id.clone();
    let person = &known.person;
    let (count, done) = match store {
        "events" => {
            let gone = store::events(connection, &space_id, &person.identifiers, EVENTS).await?;
            (gone, gone == 0)
        }
        "quarantine" => {
            let (gone, after) =
                store::quarantine(connection, &space_id, &person.values(), &known.after, TEXTS)
                    .await?;
            let done = after.is_none();
            known.after = after.unwrap_or_default();
            (gone, done)
        }
        "answers" => {
            let (gone, after) =
                store::answers(connection, &space_id, &person.values(), &known.after, TEXTS)
                    .await?;
            let done = after.is_none();
            known.after = after.unwrap_or_default();
            (gone, done)
        }
        "decisions" => {
            let (gone, after) =
                store::decisions(connection, &space_id, person, &known.after, TEXTS).await?;
            let done = after.is_none();
            known.after = after.unwrap_or_default();
            (gone, done)
        }
        "requests" => {
            let gone = store::requests(
                connection,
                &space_id,
                &person.all().identifiers,
                &request.id,
            )
            .await?;
            request.note.clear();
            (gone, true)
        }
        // The pipeline forgets what it has in memory after every step; edges ask again after a second.
        "snapshots" => (0, true),
        _ => (of_tables(connection, &space_id, person, store).await?, true),
    };
    if let Some(progress) = request.progress.get_mut(known.store) {
        progress.count += count;
    }
    Ok(done)
}

async fn of_tables(
    connection: &mut AnyConnection,
    space_id: &str,
    person: &Person,
    store: &str,
) -> Result<u64> {
    let mut count = 0;
    if store == "audiences" {
        store::leave(connection, space_id, &person.profiles).await?;
    }
    let components = if store == "identity" {
        identity::components_of(connection, space_id, &person.identifiers).await?
    } else {
        BTreeSet::new()
    };
    for table in TABLES.iter().filter(|table| table.store == store) {
        count += table.erase(connection, space_id, person).await?;
    }
    if store == "identity" {
        // What joined what is left of them may be gone, evidence or somebody's decision.
        identity::put_components_again(connection, space_id, &components).await?;
        // Rules that are being read have seen the person, too.
        if let Some(apart) = identity::read_apart(connection, space_id).await? {
            for table in TABLES
                .iter()
                .filter(|table| matches!(table.store, "identity" | "consent"))
            {
                table.erase(connection, &apart, person).await?;
            }
        }
        let others: BTreeSet<&String> = person.shared.iter().chain(&person.beside).collect();
        store::look_again(connection, space_id, &others).await?;
    }
    Ok(count)
}

/// Destroys the person's keys of backups; false where the keys are not at hand. The database has nothing of the person any
/// more, and still has it that the request is under way: done again, it does no more.
async fn destroy_keys(
    around: &Around<'_>,
    request: &mut Request,
    known: &mut Known,
) -> Result<bool> {
    let names: Vec<String> = known.person.names().cloned().collect();
    let whom = Whom {
        space_id: &request.space_id,
        names: &names,
    };
    match backup::destroy(around.database, around.backup_keys, whom).await? {
        Destroyed::Keys(count) => {
            if let Some(progress) = request.progress.get_mut(known.store) {
                progress.count += count;
            }
            Ok(true)
        }
        Destroyed::Elsewhere => {
            if known.after.is_empty() {
                tracing::error!(
                    request.id = request.id,
                    "an erasure waits: the keys of this database's backups are not in the data folder. Start headwater serve with the --data-dir that headwater backup has"
                );
                "waits".clone_into(&mut known.after);
            }
            Ok(false)
        }
    }
}

/// Lets go of the log's entries that may be about the person; false until all of them have taken effect.
async fn let_log_go(around: &Around<'_>, request: &Request, known: &mut Known) -> Result<bool> {
    let end = *known.log_end.get_or_insert(around.log_end);
    if around.position < end {
        return Ok(false);
    }
    around.database.settle().await?;
    around.database.journal().let_go(around.position).await?;
    tracing::info!(
        request.id = request.id,
        "the log's entries that an erased person may be in are gone"
    );
    Ok(true)
}

/// Ends an erasure with its receipt.
async fn end(around: &Around<'_>, mut request: Request) -> Result<Work> {
    request.state = State::Done;
    request.ended_at = Some(clock::now());
    request.note.clear();
    request.receipt = Some(request::receipt(&request)?);
    let mut transaction = around.database.begin().await?;
    super::store::put_work(&mut transaction, &request, "").await?;
    super::store::update_in(&mut transaction, &request, State::Running).await?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(Work::Erased)
}

/// Has everybody erased again who was erased and is there again, as in a database that was restored from before.
pub(crate) async fn again(suppressions: Arc<Suppressions>, database: Database) {
    match ask_again(&database, &suppressions).await {
        Ok(0) => {}
        Ok(count) => tracing::warn!(
            count,
            "identifiers that were erased are there again: they are erased again"
        ),
        Err(error) => {
            tracing::error!(%error, "whether somebody who was erased is there again could not be found out");
        }
    }
}

async fn ask_again(database: &Database, suppressions: &Suppressions) -> Result<usize> {
    let returned = suppressions.returned(database).await?;
    let now = clock::now();
    let count = returned.len();
    for (space_id, identifier) in returned {
        let subject = identifier
            .parse()
            .map_err(|text: String| Error::internal(text))?;
        let request = Request {
            id: id::dated("prq", now)?,
            space_id,
            kind: Kind::Erasure,
            state: State::Running,
            subject_hash: suppressions.hash(&subject),
            subject: Some(subject),
            regime: request::Regime::Gdpr,
            note: "erased before, and there again when the server started".to_owned(),
            verification: None,
            changes: serde_json::Map::new(),
            progress: Vec::new(),
            reason: String::new(),
            receipt: None,
            created_at: now,
            due_at: request::Regime::Gdpr.due(now, false),
            extended: false,
            started_at: Some(now),
            ended_at: None,
        };
        super::store::insert(database, &request).await?;
    }
    Ok(count)
}
