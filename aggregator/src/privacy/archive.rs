//! What is held of a person, as a file: for the person to read, and for a program. It is made when it is fetched, a part at a
//! time, and is kept nowhere.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use cdp_core::time::{Span, Timestamp};
use futures_util::stream;
use serde_json::{Map, Value, json};
use sqlx::Row as _;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::held::{self, TABLES, Table};
use super::person::Person;
use super::readable;
use super::request::{Kind, Progress, Request, State};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::context::Shared;
use crate::{clock, profile};

/// Days for which an answered request can be fetched.
const DAYS: i64 = 7;
/// Events and refused messages that are read at once.
const PAGE: i64 = 500;
/// Events that the page for people shows; the others are in their file.
const SHOWN: usize = 1_000;
/// Parts of the file that may wait for a slow reader.
const WAITING: usize = 16;
/// Bytes of a part.
const PART: usize = 64 * 1024;
/// Stores that are of the person's own giving, or what they said.
const PROVIDED: &[&str] = &["traits", "consent"];

fn tables(kind: Kind) -> impl Iterator<Item = &'static Table> {
    TABLES
        .iter()
        .filter(move |table| kind != Kind::Portability || PROVIDED.contains(&table.store))
}

async fn person(app: &App, request: &Request) -> Result<Person> {
    let subject = request
        .subject
        .as_ref()
        .ok_or_else(|| Error::not_found("person"))?;
    let rules = app.sources.identity(&request.space_id);
    let mut connection = app.database.reader().acquire().await?;
    Person::of(
        &mut connection,
        &rules,
        &request.space_id,
        &subject.to_string(),
    )
    .await
}

/// How much each store has of the person.
pub(super) async fn count(app: &App, request: &Request) -> Result<Vec<Progress>> {
    let person = person(app, request).await?;
    let mut found: Vec<Progress> = Vec::new();
    let mut add = |store: &str, count: usize| match found.last_mut() {
        Some(last) if last.store == store => last.count += u64::try_from(count).unwrap_or(0),
        _ => found.push(Progress {
            store: store.to_owned(),
            state: "done".to_owned(),
            count: u64::try_from(count).unwrap_or(0),
        }),
    };
    let mut connection = app.database.reader().acquire().await?;
    for anchor in &person.identifiers {
        let row =
            sqlx::query("SELECT COUNT(*) AS events FROM event WHERE space_id = $1 AND anchor = $2")
                .bind(&request.space_id)
                .bind(anchor)
                .fetch_one(&mut *connection)
                .await?;
        add(
            "events",
            usize::try_from(row.try_get::<i64, _>("events")?).unwrap_or(0),
        );
    }
    for table in tables(request.kind) {
        add(
            table.store,
            table
                .rows(&mut connection, &request.space_id, &person)
                .await?
                .len(),
        );
    }
    drop(connection);
    let values = person.values();
    let mut after = String::new();
    while let Some((last, messages)) = quarantine(app, &request.space_id, &values, &after).await? {
        add("quarantine", messages.len());
        after = last;
    }
    Ok(found)
}

/// The next refused messages that mention somebody, and the last row that was looked at; `None` at the end.
async fn quarantine(
    app: &App,
    space_id: &str,
    values: &std::collections::BTreeSet<String>,
    after: &str,
) -> Result<Option<(String, Vec<Value>)>> {
    let sql = "SELECT id, source_id, reason, message, received_at FROM quarantine WHERE space_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(after)
        .bind(PAGE)
        .fetch_all(app.database.reader())
        .await?;
    let Some(last) = rows.last() else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for row in &rows {
        let message: String = row.try_get("message")?;
        if held::mentions(&message, values) {
            found.push(held::as_json(row));
        }
    }
    Ok(Some((last.try_get("id")?, found)))
}

/// The file of an answered request, as it is made.
pub(super) async fn fetch(app: Shared, request: Request) -> Result<Body> {
    let conflict = |say: &str| Error::new(Code::Conflict, say);
    if !matches!(request.kind, Kind::Access | Kind::Portability) {
        return Err(conflict(
            "only requests of access and portability have an archive",
        ));
    }
    if request.state != State::Done {
        return Err(conflict(
            "the archive can be fetched when the request is done: check the requester's identity and start it",
        ));
    }
    let ended = request.ended_at.unwrap_or_default();
    if clock::now() > ended.plus(Span::from_seconds(DAYS * 86_400)) {
        return Err(conflict(
            "the archive could be fetched for 7 days: make a new request",
        ));
    }
    let person = person(&app, &request).await?;
    let (parts, mut made) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        let fail = parts.clone();
        let written = Making {
            app,
            request,
            person,
            handle,
        }
        .write(Pipe {
            parts,
            part: Vec::with_capacity(PART),
        });
        if let Err(error) = written {
            tracing::error!(%error, "an archive could not be made");
            // Whoever has hung up needs no word of it.
            let _ = fail.blocking_send(Err(io::Error::other("the archive could not be made")));
        }
    });
    Ok(Body::from_stream(stream::poll_fn(move |context| {
        made.poll_recv(context)
    })))
}

/// Where the file goes.
struct Pipe {
    parts: mpsc::Sender<io::Result<Bytes>>,
    part: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(PART));
        if part.is_empty() {
            return Ok(());
        }
        let sent = self.parts.blocking_send(Ok(part.into()));
        sent.map_err(|_| {
            io::Error::new(
                io::ErrorKind::BrokenPipe,
                "nobody takes the archive any more",
            )
        })
    }
}

/// A file that is being made.
struct Making {
    app: Shared,
    request: Request,
    person: Person,
    handle: Handle,
}

impl Making {
    fn write(&self, pipe: Pipe) -> Result<()> {
        let options = SimpleFileOptions::default();
        let mut zip = ZipWriter::new_stream(pipe);
        let data = self.handle.block_on(self.data())?;
        zip.start_file("data.json", options)
            .map_err(Error::internal)?;
        serde_json::to_writer_pretty(&mut zip, &data)?;
        zip.start_file("events.ndjson", options)
            .map_err(Error::internal)?;
        let mut shown = Vec::new();
        self.events(|event| {
            serde_json::to_writer(&mut zip, &event)?;
            zip.write_all(b"\n").map_err(Error::internal)?;
            if shown.len() < SHOWN {
                shown.push(event);
            }
            Ok(())
        })?;
        if self.request.kind == Kind::Access {
            zip.start_file("index.html", options)
                .map_err(Error::internal)?;
            zip.write_all(readable::page(&data, &shown).as_bytes())
                .map_err(Error::internal)?;
        }
        let mut pipe = zip.finish().map_err(Error::internal)?.into_inner();
        pipe.flush().map_err(Error::internal)
    }

    /// Everything but the events.
    async fn data(&self) -> Result<Value> {
        let (app, space_id) = (&self.app, self.request.space_id.as_str());
        let mut stores: Map<String, Value> = Map::new();
        let mut connection = app.database.reader().acquire().await?;
        for table in tables(self.request.kind) {
            let rows = table.rows(&mut connection, space_id, &self.person).await?;
            let store = stores.entry(table.store).or_insert_with(|| json!({}));
            match &mut store[table.name] {
                Value::Array(known) => {
                    // A pair of the person's own identifiers is found by both of its ends.
                    let new: Vec<Value> = rows
                        .into_iter()
                        .filter(|row| !known.contains(row))
                        .collect();
                    known.extend(new);
                }
                place => *place = rows.into(),
            }
        }
        drop(connection);
        let mut profiles = Vec::new();
        if self.request.kind == Kind::Access {
            profiles = profile::known_of(app, space_id, self.person.profiles.iter()).await?;
        }
        let values = self.person.values();
        let (mut refused, mut after) = (Vec::new(), String::new());
        while let Some((last, mut messages)) = quarantine(app, space_id, &values, &after).await? {
            refused.append(&mut messages);
            after = last;
        }
        Ok(json!({
            "request_id": self.request.id, "kind": self.request.kind, "made_at": clock::now(),
            "identifiers": self.person.identifiers,
            "identifiers_that_others_use_as_well": self.person.shared,
            "profiles": profiles, "stores": stores, "quarantine": refused,
        }))
    }

    /// Shows each event, identifier by identifier, oldest first.
    fn events(&self, mut show: impl FnMut(Value) -> Result<()>) -> Result<()> {
        for anchor in &self.person.identifiers {
            let mut after = (i64::MIN, 0);
            loop {
                let rows = self.handle.block_on(self.events_after(anchor, after))?;
                let Some((last, _)) = rows.last() else { break };
                after = *last;
                for (_, event) in rows {
                    show(event)?;
                }
            }
        }
        Ok(())
    }

    async fn events_after(
        &self,
        anchor: &str,
        after: (i64, i64),
    ) -> Result<Vec<((i64, i64), Value)>> {
        let sql = "SELECT timestamp, offset_id, source_id, body FROM event WHERE space_id = $1 AND anchor = $2 AND (timestamp, offset_id) > ($3, $4) \
                   ORDER BY timestamp, offset_id LIMIT $5";
        let rows = sqlx::query(sql)
            .bind(&self.request.space_id)
            .bind(anchor)
            .bind(after.0)
            .bind(after.1)
            .bind(PAGE)
            .fetch_all(self.app.database.reader())
            .await?;
        let read = |row: &sqlx::any::AnyRow| {
            let place: (i64, i64) = (row.try_get("timestamp")?, row.try_get("offset_id")?);
            let body: String = row.try_get("body")?;
            let source_id: String = row.try_get("source_id")?;
            let event: Value = serde_json::from_str(&body)?;
            Ok((
                place,
                json!({"timestamp": Timestamp::from_micros(place.0), "source_id": source_id, "event": event}),
            ))
        };
        rows.iter().map(read).collect()
    }
}
