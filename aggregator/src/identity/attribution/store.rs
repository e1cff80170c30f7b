//! SQL of who used devices, and of the events that carry nothing but devices.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{BELIEVED, Decision, SignIns, Word, is_device, only_devices};
use cdp_core::time::Timestamp;
use futures_util::TryStreamExt as _;
use sqlx::{AnyConnection, Row as _};

use super::{Open, Window};
use crate::consent::Rules;
use crate::database::rows::Many;
use crate::error::Result;
use crate::identity::store::{constraints_of, decides, identifier};
use crate::pipeline;

/// Who signed in on a device, as far as that says whether several did, and whose evidence somebody cut.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    used: SignIns,
    cut: BTreeSet<Identifier>,
}

impl People {
    /// Whether several people used it.
    pub(super) fn is_shared(&self) -> bool {
        self.used.is_shared()
    }
}

/// Who signed in on devices, without those whose evidence somebody cut. A robot may be thousands of people, and two are enough.
pub(super) async fn people<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    devices: impl Iterator<Item = &'a Identifier> + Clone,
) -> Result<BTreeMap<Identifier, People>> {
    let mut people: BTreeMap<Identifier, People> = BTreeMap::new();
    if decides(connection, space_id).await? {
        let decided = constraints_of(connection, space_id, devices.clone()).await?;
        for one in decided.iter().filter(|one| one.decision == Decision::Cut) {
            for (device, person) in [(&one.a, &one.b), (&one.b, &one.a)] {
                if is_device(device) {
                    let device = people.entry(device.clone()).or_default();
                    device.cut.insert(person.clone());
                }
            }
        }
    }
    let ends = "WITH wanted (device) AS (VALUES {rows}) SELECT w.device AS device, \
                (SELECT MIN(p.person) FROM device_person p WHERE p.space_id = $1 AND p.device = w.device) AS person, \
                (SELECT MAX(p.person) FROM device_person p WHERE p.space_id = $1 AND p.device = w.device) AS other FROM wanted w";
    let all = "WITH wanted (device) AS (VALUES {rows}) SELECT p.device AS device, p.person AS person, p.person AS other \
               FROM wanted w CROSS JOIN device_person p WHERE p.space_id = $1 AND p.device = w.device";
    let cut: BTreeSet<Identifier> = people.keys().cloned().collect();
    for (sql, with_cuts) in [(ends, false), (all, true)] {
        let devices = devices
            .clone()
            .filter(|one| cut.contains(*one) == with_cuts);
        let rows = devices.map(|device| [device.to_string().into()]);
        let query = Many::new(sql, [space_id.into()]);
        for row in query.rows(rows).fetch(connection).await? {
            if row.try_get::<Option<&str>, _>("person")?.is_none() {
                continue;
            }
            let device = people.entry(identifier(&row, "device")?).or_default();
            for column in ["person", "other"] {
                let person = identifier(&row, column)?;
                if !device.cut.contains(&person) {
                    device.used.used_by(person);
                }
            }
        }
    }
    Ok(people)
}

/// What was said of a device in some time, and what around it says who used it then: the words before and after, and the
/// sign-ins before and after. The evidence of nobody among them was cut.
pub(super) async fn around(
    connection: &mut AnyConnection,
    space_id: &str,
    device: &Identifier,
    people: &People,
    (first, last): Window,
) -> Result<SignIns> {
    let between = "SELECT at, person FROM device_word WHERE space_id = $1 AND device = $2 AND at >= $3 AND at <= $4";
    let nearest = "SELECT at, person FROM device_word WHERE space_id = $1 AND device = $2 AND at >= $3 AND at <= $4 \
         UNION SELECT at, person FROM device_word WHERE space_id = $1 AND device = $2 AND at = \
         (SELECT MAX(at) FROM device_word WHERE space_id = $1 AND device = $2 AND at < $3) \
         UNION SELECT at, person FROM device_word WHERE space_id = $1 AND device = $2 AND at = \
         (SELECT MAX(at) FROM device_word WHERE space_id = $1 AND device = $2 AND at < $3 AND person <> '') \
         UNION SELECT at, person FROM device_word WHERE space_id = $1 AND device = $2 AND at = \
         (SELECT MIN(at) FROM device_word WHERE space_id = $1 AND device = $2 AND at > $4) \
         UNION SELECT at, person FROM device_word WHERE space_id = $1 AND device = $2 AND at = \
         (SELECT MIN(at) FROM device_word WHERE space_id = $1 AND device = $2 AND at > $4 AND person <> '')";
    // The nearest words may be of somebody who does not count: then all that could matter are read.
    let (sql, first, last) = if people.cut.is_empty() {
        (nearest, first, last)
    } else {
        (between, first.plus(BELIEVED.negated()), last.plus(BELIEVED))
    };
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(device.to_string())
        .bind(first.as_micros())
        .bind(last.as_micros())
        .fetch_all(connection)
        .await?;
    let mut around = people.used.clone();
    for row in &rows {
        let at = Timestamp::from_micros(row.try_get("at")?);
        if row.try_get::<&str, _>("person")?.is_empty() {
            around.add(at, Word::SignedOut);
            continue;
        }
        let person = identifier(row, "person")?;
        if !people.cut.contains(&person) {
            around.add(at, Word::SignedIn(person));
        }
    }
    Ok(around)
}

/// Remembers what was said.
pub(super) async fn put_words(
    connection: &mut AnyConnection,
    space_id: &str,
    words: &BTreeMap<Identifier, BTreeSet<(Timestamp, Word)>>,
) -> Result<()> {
    let mut said = Many::new(
        "INSERT INTO device_word (space_id, device, at, person) VALUES {rows} ON CONFLICT (space_id, device, at, person) DO NOTHING",
        [],
    );
    let mut used = Many::new(
        "INSERT INTO device_person (space_id, device, person) VALUES {rows} ON CONFLICT (space_id, device, person) DO NOTHING",
        [],
    );
    for (device, words) in words {
        let device = device.to_string();
        let mut people = BTreeSet::new();
        for (at, word) in words {
            let person = match word {
                Word::SignedIn(person) => person.to_string(),
                Word::SignedOut => String::new(),
            };
            said.push([
                space_id.into(),
                device.as_str().into(),
                at.as_micros().into(),
                person.as_str().into(),
            ]);
            people.insert(person);
        }
        for person in people.into_iter().filter(|person| !person.is_empty()) {
            used.push([space_id.into(), device.as_str().into(), person.into()]);
        }
    }
    said.execute(&mut *connection).await?;
    used.execute(connection).await?;
    Ok(())
}

/// Remembers under which devices events are found that do not have them as their anchor.
pub(super) async fn put_events<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    events: impl Iterator<Item = (&'a Identifier, Timestamp, i64)>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO device_event (space_id, device, timestamp, offset_id) VALUES {rows} \
         ON CONFLICT (space_id, device, timestamp, offset_id) DO NOTHING",
        [],
    );
    let rows = events.map(|(device, at, offset)| {
        let device = device.to_string();
        [
            space_id.into(),
            device.into(),
            at.as_micros().into(),
            offset.into(),
        ]
    });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// The events of some time that carry nothing but devices, with this among them, by their numbers.
pub(super) async fn open(
    connection: &mut AnyConnection,
    rules: &Rules,
    device: &Identifier,
    (from, until): Window,
) -> Result<BTreeMap<i64, Open>> {
    let mut found = BTreeMap::new();
    for sql in [
        "SELECT offset_id, space_id, source_id, anchor, body FROM event \
         WHERE space_id = $1 AND anchor = $2 AND timestamp >= $3 AND timestamp <= $4",
        "SELECT e.offset_id AS offset_id, e.space_id AS space_id, e.source_id AS source_id, e.anchor AS anchor, e.body AS body \
         FROM device_event d CROSS JOIN event e WHERE d.space_id = $1 AND d.device = $2 AND d.timestamp >= $3 AND d.timestamp <= $4 \
         AND e.offset_id = d.offset_id",
    ] {
        let rows = sqlx::query(sql)
            .bind(rules.space_id())
            .bind(device.to_string())
            .bind(from.as_micros())
            .bind(until.as_micros())
            .fetch(&mut *connection);
        // There may be very many, and little of each is wanted.
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await? {
            let logged = pipeline::logged(&row)?;
            let named = rules.identity().identifiers_of(&logged.event);
            let devices = only_devices(&named).cloned().collect();
            found.insert(logged.offset, Open::of(&logged, devices));
        }
    }
    found.retain(|_, open: &mut Open| !open.devices.is_empty());
    Ok(found)
}

/// Those of these devices that several people used, whether their evidence counts or not.
pub(super) async fn of_several<'a>(
    connection: &mut AnyConnection,
    space_id: &str,
    devices: impl Iterator<Item = &'a Identifier>,
) -> Result<Vec<Identifier>> {
    let query = Many::new(
        "WITH wanted (device) AS (VALUES {rows}) SELECT p.device AS device FROM wanted w CROSS JOIN device_person p \
         WHERE p.space_id = $1 AND p.device = w.device GROUP BY p.device HAVING COUNT(*) > 1",
        [space_id.into()],
    );
    let rows = devices.map(|device| [device.to_string().into()]);
    let rows = query.rows(rows).fetch(connection).await?;
    rows.iter().map(|row| identifier(row, "device")).collect()
}

/// Gives events to other anchors, by these.
pub(super) async fn put_anchors(
    connection: &mut AnyConnection,
    offsets: BTreeMap<String, Vec<i64>>,
) -> Result<()> {
    for (anchor, offsets) in offsets {
        let update = Many::new(
            "UPDATE event SET anchor = $1 WHERE offset_id IN (VALUES {rows})",
            [anchor.into()],
        );
        let rows = offsets.into_iter().map(|offset| [offset.into()]);
        update.rows(rows).execute(connection).await?;
    }
    Ok(())
}

/// Has events that came to be others' be their devices' own again when rules come into force for which they were read before
/// that: these give them anew.
pub(super) async fn put_read(
    connection: &mut AnyConnection,
    space_id: &str,
    events: Vec<(i64, &Identifier)>,
) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let row = sqlx::query("SELECT position FROM identity_reading WHERE space_id = $1")
        .bind(space_id)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else {
        return Ok(());
    };
    let position: i64 = row.try_get("position")?;
    let insert = Many::new(
        "INSERT INTO identity_read (space_id, offset_id, anchor) VALUES {rows} ON CONFLICT (space_id, offset_id) DO NOTHING",
        [],
    );
    let read = events.into_iter().filter(|(offset, _)| *offset <= position);
    let rows =
        read.map(|(offset, device)| [space_id.into(), offset.into(), device.to_string().into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// To whom events of devices were given: anchors, each with its person.
pub(crate) async fn given(
    connection: &mut AnyConnection,
    space_id: &str,
    devices: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, String>> {
    let query = Many::new(
        "WITH wanted (device) AS (VALUES {rows}) SELECT DISTINCT n.identifier AS anchor, n.person_id AS person_id FROM wanted w \
         CROSS JOIN device_event d CROSS JOIN event e CROSS JOIN identity_node n WHERE d.space_id = $1 AND d.device = w.device \
         AND e.offset_id = d.offset_id AND e.anchor <> w.device AND n.space_id = $1 AND n.identifier = e.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(devices.map(|device| [device.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("anchor")?, row.try_get("person_id")?)))
        .collect()
}
