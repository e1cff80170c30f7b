//! SQL of `consent_state`.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::{Choices, Standing};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::folded::Folded;
use super::rules::{Devices, Rules};
use super::state::State;
use crate::database::rows::Many;
use crate::error::Result;
use crate::identity::store::is_person;
use crate::pipeline::Logged;

/// What is kept of an anchor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Kept {
    pub(super) state: State,
    pub(super) folded: Folded,
}

/// What is kept of all anchors of these people, by anchor, with the person.
pub(super) async fn of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, (String, Kept)>> {
    let query = Many::new(
        concat!(
            "WITH wanted (person_id) AS (VALUES {rows}) SELECT w.person_id AS person_id, c.anchor AS anchor, c.state AS state, \
             c.folded AS folded FROM wanted w CROSS JOIN identity_node n CROSS JOIN consent_state c WHERE n.space_id = $1 AND ",
            is_person!("w.person_id"),
            " AND c.space_id = $1 AND c.anchor = n.identifier"
        ),
        [space_id.into()],
    );
    let rows = query
        .rows(people.map(|person| [person.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let kept = Kept {
                state: state(row)?,
                folded: folded(row)?,
            };
            Ok((row.try_get("anchor")?, (row.try_get("person_id")?, kept)))
        })
        .collect()
}

/// What was said with these anchors, by anchor.
pub(super) async fn states(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, State>> {
    let query = Many::new(
        "WITH wanted (anchor) AS (VALUES {rows}) SELECT c.anchor AS anchor, c.state AS state FROM wanted w \
         CROSS JOIN consent_state c WHERE c.space_id = $1 AND c.anchor = w.anchor",
        [space_id.into()],
    );
    let rows = query
        .rows(anchors.map(|anchor| [anchor.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("anchor")?, state(row)?)))
        .collect()
}

/// Keeps what anchors have come to.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    space_id: &str,
    kept: BTreeMap<String, Kept>,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO consent_state (space_id, anchor, state, folded, refuses) VALUES {rows} \
         ON CONFLICT (space_id, anchor) DO UPDATE SET state = excluded.state, folded = excluded.folded, refuses = excluded.refuses",
        [],
    );
    for (anchor, Kept { state, folded }) in kept {
        insert.push([
            space_id.into(),
            anchor.into(),
            serde_json::to_string(&state)?.into(),
            serde_json::to_string(&folded)?.into(),
            i64::from(state.ever_refuses()).into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// Keeps under which words anchors were folded.
pub(crate) async fn put_folded(
    connection: &mut AnyConnection,
    space_id: &str,
    folded: &BTreeMap<String, Folded>,
) -> Result<()> {
    let mut insert = Many::new(
        "INSERT INTO consent_state (space_id, anchor, state, folded) VALUES {rows} \
         ON CONFLICT (space_id, anchor) DO UPDATE SET folded = excluded.folded",
        [],
    );
    for (anchor, folded) in folded {
        insert.push([
            space_id.into(),
            anchor.into(),
            "{}".into(),
            serde_json::to_string(folded)?.into(),
        ]);
    }
    insert.execute(connection).await?;
    Ok(())
}

/// What people have said, by person.
pub(crate) async fn standings_of_people(
    connection: &mut AnyConnection,
    space_id: &str,
    people: impl Iterator<Item = &String>,
) -> Result<BTreeMap<String, Standing>> {
    let mut states: BTreeMap<String, State> = BTreeMap::new();
    for (person, kept) in of_people(connection, space_id, people).await?.into_values() {
        states.entry(person).or_default().merge(kept.state);
    }
    let standings = states.into_iter();
    Ok(standings
        .map(|(person, state)| (person, state.standing()))
        .collect())
}

/// The scopes that the events of profiles have, by profile and identifier. Every profile that exists is in it.
pub(crate) async fn folded_of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, BTreeMap<String, Folded>>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT n.profile_id AS profile_id, n.identifier AS identifier, \
         COALESCE(c.folded, '{}') AS folded FROM wanted w CROSS JOIN identity_node n LEFT JOIN consent_state c ON c.space_id = $1 AND c.anchor = n.identifier \
         WHERE n.space_id = $1 AND n.profile_id = w.profile_id",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<String, BTreeMap<String, Folded>> = BTreeMap::new();
    for row in &rows {
        let of_profile = found.entry(row.try_get("profile_id")?).or_default();
        of_profile.insert(row.try_get("identifier")?, folded(row)?);
    }
    Ok(found)
}

/// The choices of the people behind these anchors, by anchor.
pub(super) async fn of_anchors(
    connection: &mut AnyConnection,
    space_id: &str,
    anchors: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, State>> {
    let query = Many::new(
        concat!(
            "WITH wanted (anchor) AS (VALUES {rows}) SELECT w.anchor AS person, c.state AS state \
             FROM wanted w CROSS JOIN identity_node mine CROSS JOIN identity_node n CROSS JOIN \
             consent_state c WHERE mine.space_id = $1 AND mine.identifier = w.anchor AND n.space_id = $1 AND ",
            is_person!("mine.person_id"),
            " AND c.space_id = $1 AND c.anchor = n.identifier"
        ),
        [space_id.into()],
    );
    people(
        &query
            .rows(anchors.map(|anchor| [anchor.into()]))
            .fetch(connection)
            .await?,
    )
}

impl Devices {
    /// What was said with those from which these events were given.
    pub(crate) async fn of_events(
        connection: &mut AnyConnection,
        rules: &Rules,
        events: impl Iterator<Item = &Logged>,
    ) -> Result<Self> {
        let devices: BTreeSet<String> =
            events.flat_map(|logged| rules.given_from(logged)).collect();
        let states = states(connection, rules.space_id(), devices.into_iter()).await?;
        Ok(Self::said(states))
    }

    /// The same of all events of these anchors.
    pub(crate) async fn of_anchors(
        connection: &mut AnyConnection,
        rules: &Rules,
        anchors: impl Iterator<Item = &String>,
    ) -> Result<Self> {
        if !rules.identity().attributes_by_time() {
            return Ok(Self::default());
        }
        let query = Many::new(
            "WITH wanted (anchor) AS (VALUES {rows}) SELECT DISTINCT c.anchor AS anchor, c.state AS state FROM wanted w \
             CROSS JOIN event e CROSS JOIN device_event d CROSS JOIN consent_state c WHERE e.space_id = $1 AND e.anchor = w.anchor \
             AND d.space_id = $1 AND d.offset_id = e.offset_id AND c.space_id = $1 AND c.anchor = d.device",
            [rules.space_id().into()],
        );
        let rows = query
            .rows(anchors.map(|anchor| [anchor.into()]))
            .fetch(connection)
            .await?;
        let states = rows
            .iter()
            .map(|row| Ok((row.try_get("anchor")?, state(row)?)));
        Ok(Self::said(states.collect::<Result<_>>()?))
    }

    fn said(states: BTreeMap<String, State>) -> Self {
        let states = states.into_iter();
        Self(
            states
                .map(|(device, state)| (device, state.standing()))
                .collect(),
        )
    }
}

/// The choices of profiles, by profile id.
pub(crate) async fn of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, Choices>> {
    let states = states_of_profiles(connection, space_id, profiles).await?;
    Ok(states
        .into_iter()
        .map(|(profile, state)| (profile, state.choices()))
        .collect())
}

/// What profiles have come to, by profile id.
pub(super) async fn states_of_profiles(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, State>> {
    let query = Many::new(
        concat!(
            "WITH wanted (profile_id) AS (VALUES {rows}), whose (profile_id, person_id) AS (SELECT w.profile_id, (SELECT p.person_id \
             FROM identity_node p WHERE p.space_id = $1 AND p.profile_id = w.profile_id LIMIT 1) FROM wanted w) \
             SELECT w.profile_id AS person, c.state AS state FROM whose w CROSS JOIN identity_node n CROSS JOIN consent_state c \
             WHERE n.space_id = $1 AND ",
            is_person!("w.person_id"),
            " AND c.space_id = $1 AND c.anchor = n.identifier"
        ),
        [space_id.into()],
    );
    people(
        &query
            .rows(profiles.iter().map(|profile| [profile.into()]))
            .fetch(connection)
            .await?,
    )
}

/// All identifiers of these people.
pub(super) async fn identifiers_of(
    connection: &mut AnyConnection,
    space_id: &str,
    people: impl Iterator<Item = &String>,
) -> Result<Vec<String>> {
    let query = Many::new(
        concat!(
            "WITH wanted (person_id) AS (VALUES {rows}) SELECT n.identifier AS identifier FROM wanted w \
             CROSS JOIN identity_node n WHERE n.space_id = $1 AND ",
            is_person!("w.person_id")
        ),
        [space_id.into()],
    );
    let rows = query
        .rows(people.map(|person| [person.into()]))
        .fetch(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("identifier")?))
        .collect()
}

/// The person behind a profile.
pub(super) async fn person_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
) -> Result<Option<String>> {
    let sql = "SELECT person_id FROM identity_node WHERE space_id = $1 AND profile_id = $2 LIMIT 1";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(profile_id)
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|row| row.try_get("person_id")).transpose()?)
}

/// All identifiers of the person behind one of them.
pub(super) async fn identifiers_beside(
    connection: &mut AnyConnection,
    space_id: &str,
    identifier: &str,
) -> Result<Vec<String>> {
    let sql = concat!(
        "SELECT n.identifier AS identifier FROM identity_node mine CROSS JOIN identity_node n \
         WHERE mine.space_id = $1 AND mine.identifier = $2 AND n.space_id = $1 AND ",
        is_person!("mine.person_id")
    );
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(identifier)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok(row.try_get("identifier")?))
        .collect()
}

/// An anchor whose events refused something.
pub(super) struct Refusing {
    pub(super) space_id: String,
    pub(super) anchor: String,
    pub(super) state: State,
}

/// The next anchors whose events ever refused anything, in order.
pub(super) async fn refusing_after(
    connection: &mut AnyConnection,
    space_id: &str,
    anchor: &str,
) -> Result<Vec<Refusing>> {
    let sql = "SELECT space_id, anchor, state FROM consent_state \
               WHERE (space_id > $1 OR (space_id = $1 AND anchor > $2)) AND refuses = 1 \
               ORDER BY space_id, anchor LIMIT 1000";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(anchor)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Refusing {
                space_id: row.try_get("space_id")?,
                anchor: row.try_get("anchor")?,
                state: state(row)?,
            })
        })
        .collect()
}

/// Everybody of a space who ever refused anything, with what they have said.
pub(crate) async fn standings_of_refusing(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<BTreeMap<String, Standing>> {
    let sql = "SELECT DISTINCT n.person_id AS person_id FROM consent_state c CROSS JOIN identity_node n \
               WHERE c.space_id = $1 AND c.refuses = 1 \
               AND n.space_id = $1 AND n.identifier = c.anchor";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(&mut *connection)
        .await?;
    let people = rows.iter().map(|row| row.try_get("person_id"));
    let people: Vec<String> = people.collect::<sqlx::Result<_>>()?;
    standings_of_people(connection, space_id, people.iter()).await
}

/// Merges the states of each person's anchors.
fn people(rows: &[AnyRow]) -> Result<BTreeMap<String, State>> {
    let mut merged: BTreeMap<String, State> = BTreeMap::new();
    for row in rows {
        merged
            .entry(row.try_get("person")?)
            .or_default()
            .merge(state(row)?);
    }
    Ok(merged)
}

fn folded(row: &AnyRow) -> Result<Folded> {
    let text: String = row.try_get("folded")?;
    Ok(serde_json::from_str(&text)?)
}

fn state(row: &AnyRow) -> Result<State> {
    let text: String = row.try_get("state")?;
    Ok(serde_json::from_str(&text)?)
}
