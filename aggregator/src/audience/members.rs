//! SQL of `audience_member` and `profile_due`.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::{NECESSARY, Scope};
use cdp_core::forward::Membership;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::evaluate::Asked;
use super::store::time;
use crate::database::Database;
use crate::database::rows::Many;
use crate::error::Result;

/// A profile's place in an audience, as the profile shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Membership")]
pub(crate) struct Belongs {
    id: String,
    name: String,
    since: Timestamp,
    /// For which it holds.
    purposes: Vec<String>,
}

impl Belongs {
    /// The audience's id and its name.
    pub(crate) fn audience(&self) -> (&str, &str) {
        (&self.id, &self.name)
    }

    /// Whether the membership holds for a purpose.
    pub(crate) fn holds_for(&self, purpose: &str) -> bool {
        purpose == NECESSARY || self.purposes.iter().any(|known| known == purpose)
    }
}

/// A member, as the audience shows it.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) profile_id: String,
    pub(super) since: Timestamp,
}

/// A page of an audience's members.
pub(super) async fn members(
    database: &Database,
    space_id: &str,
    id: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Member>> {
    let sql = "SELECT profile_id, since FROM audience_member \
               WHERE space_id = $1 AND audience_id = $2 AND profile_id > $3 ORDER BY profile_id LIMIT $4";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Member {
                profile_id: row.try_get("profile_id")?,
                since: time(row, "since")?,
            })
        })
        .collect()
}

/// Where these profiles belong, by audience and profile.
pub(super) async fn memberships(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<(String, String), (Timestamp, Scope)>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT m.audience_id AS audience_id, \
         m.profile_id AS profile_id, m.since AS since, m.scope AS scope FROM wanted w CROSS JOIN audience_member \
         m WHERE m.space_id = $1 AND m.profile_id = w.profile_id",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    rows.iter().map(membership).collect()
}

/// The same of profiles of which only some audiences are asked: in these, and in those that they look at.
pub(super) async fn memberships_at(
    connection: &mut AnyConnection,
    space_id: &str,
    asked: &[Asked<'_>],
) -> Result<BTreeMap<(String, String), (Timestamp, Scope)>> {
    // In the order of the primary key, so that neighbours are read together.
    let mut places: BTreeSet<(&String, &String)> = BTreeSet::new();
    for (profile_id, asked) in asked {
        for ready in asked {
            let looked_at = ready.interest.audiences();
            let ids = looked_at.chain([&ready.audience.id]);
            places.extend(ids.map(|id| (id, profile_id)));
        }
    }
    let query = Many::new(
        "WITH wanted (audience_id, profile_id) AS (VALUES {rows}) SELECT m.audience_id AS audience_id, \
         m.profile_id AS profile_id, m.since AS since, m.scope AS scope FROM wanted w CROSS JOIN audience_member \
         m WHERE m.space_id = $1 AND m.audience_id = w.audience_id AND m.profile_id = w.profile_id",
        [space_id.into()],
    );
    let rows = query
        .rows(
            places
                .into_iter()
                .map(|(audience, profile)| [audience.into(), profile.into()]),
        )
        .fetch(connection)
        .await?;
    rows.iter().map(membership).collect()
}

fn membership(row: &AnyRow) -> Result<((String, String), (Timestamp, Scope))> {
    Ok((
        (row.try_get("audience_id")?, row.try_get("profile_id")?),
        (time(row, "since")?, scope(row)?),
    ))
}

/// Where these profiles belong, with the audiences' names.
pub(crate) async fn memberships_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
) -> Result<BTreeMap<String, Vec<Belongs>>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT m.profile_id AS profile_id, a.id \
         AS id, a.name AS name, m.since AS since, m.scope AS scope FROM wanted w CROSS JOIN audience_member m \
         CROSS JOIN audience a WHERE m.space_id = $1 AND m.profile_id = w.profile_id AND \
         a.space_id = $1 AND a.id = m.audience_id AND a.replaces = '' ORDER BY a.id",
        [space_id.into()],
    );
    let rows = query
        .rows(profiles.iter().map(|profile| [profile.into()]))
        .fetch(connection)
        .await?;
    let mut found: BTreeMap<String, Vec<Belongs>> = BTreeMap::new();
    for row in &rows {
        let belongs = Belongs {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            since: time(row, "since")?,
            purposes: scope(row)?.purposes().map(str::to_owned).collect(),
        };
        found
            .entry(row.try_get("profile_id")?)
            .or_default()
            .push(belongs);
    }
    Ok(found)
}

/// The audiences of profiles, as far as they hold for these purposes, as a decision sees them.
pub(crate) async fn for_decisions(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
    needed: &[String],
) -> Result<BTreeMap<String, Vec<Membership>>> {
    let query = Many::new(
        "WITH wanted (profile_id) AS (VALUES {rows}) SELECT w.profile_id AS profile_id, a.id AS id, a.name AS name, \
         m.since AS since, m.scope AS scope FROM wanted w CROSS JOIN audience_member m CROSS JOIN audience a WHERE \
         m.space_id = $1 AND m.profile_id = w.profile_id AND a.space_id = $1 AND a.id = m.audience_id AND a.replaces = '' \
         ORDER BY a.id",
        [space_id.into()],
    );
    let rows = query.rows(profiles.iter().map(|profile| [profile.into()]));
    let mut found: BTreeMap<String, Vec<Membership>> = BTreeMap::new();
    for row in &rows.fetch(connection).await? {
        if scope(row)?.serves(needed) {
            let membership = Membership {
                audience_id: row.try_get("id")?,
                name: row.try_get("name")?,
                since: Some(time(row, "since")?),
            };
            let of_profile = found.entry(row.try_get("profile_id")?).or_default();
            of_profile.push(membership);
        }
    }
    Ok(found)
}

/// Writes memberships, each with the time since which it holds and for what.
pub(super) async fn join(
    connection: &mut AnyConnection,
    space_id: &str,
    joins: Vec<((String, String), Timestamp, Scope)>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO audience_member (space_id, audience_id, profile_id, since, scope) VALUES {rows} \
         ON CONFLICT (space_id, audience_id, profile_id) DO UPDATE SET scope = excluded.scope",
        [],
    );
    let rows = joins
        .into_iter()
        .map(|((audience, profile), since, scope)| {
            [
                space_id.into(),
                audience.into(),
                profile.into(),
                since.as_micros().into(),
                scope.as_str().into(),
            ]
        });
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Adds to how many members audiences have.
pub(crate) async fn count(
    connection: &mut AnyConnection,
    space_id: &str,
    added: BTreeMap<String, i64>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO audience_size (space_id, audience_id, members) VALUES {rows} \
         ON CONFLICT (space_id, audience_id) DO UPDATE SET members = audience_size.members + excluded.members",
        [],
    );
    let changed = added.into_iter().filter(|(_, added)| *added != 0);
    let rows = changed.map(|(audience, added)| [space_id.into(), audience.into(), added.into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Ends memberships.
pub(super) async fn leave(
    connection: &mut AnyConnection,
    space_id: &str,
    leaves: &[(String, String)],
) -> Result<()> {
    let sql = "DELETE FROM audience_member WHERE space_id = $1 AND (audience_id, profile_id) IN (VALUES {rows})";
    let delete = Many::new(sql, [space_id.into()]).rows(
        leaves
            .iter()
            .map(|(audience, profile)| [audience.into(), profile.into()]),
    );
    delete.execute(connection).await?;
    Ok(())
}

/// Writes when these profiles have to be looked at again, unless that is sooner already.
pub(super) async fn set_due_by(
    connection: &mut AnyConnection,
    space_id: &str,
    due: BTreeMap<String, Timestamp>,
) -> Result<()> {
    let insert = Many::new(
        "INSERT INTO profile_due (space_id, profile_id, change_at) VALUES {rows} \
         ON CONFLICT (space_id, profile_id) DO UPDATE SET change_at = CASE WHEN excluded.change_at < profile_due.change_at \
         THEN excluded.change_at ELSE profile_due.change_at END",
        [],
    );
    let rows = due
        .into_iter()
        .map(|(profile, time)| [space_id.into(), profile.into(), time.as_micros().into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Writes when these profiles have to be looked at again; those without a time never.
pub(super) async fn set_due(
    connection: &mut AnyConnection,
    space_id: &str,
    profiles: &[String],
    due: BTreeMap<String, Timestamp>,
) -> Result<()> {
    let idle = profiles
        .iter()
        .filter(|profile| !due.contains_key(*profile));
    let delete = Many::new(
        "DELETE FROM profile_due WHERE space_id = $1 AND profile_id IN (VALUES {rows})",
        [space_id.into()],
    );
    delete
        .rows(idle.map(|profile| [profile.into()]))
        .execute(&mut *connection)
        .await?;
    let insert = Many::new(
        "INSERT INTO profile_due (space_id, profile_id, change_at) VALUES {rows} \
         ON CONFLICT (space_id, profile_id) DO UPDATE SET change_at = excluded.change_at",
        [],
    );
    let rows = due
        .into_iter()
        .map(|(profile, time)| [space_id.into(), profile.into(), time.as_micros().into()]);
    insert.rows(rows).execute(connection).await?;
    Ok(())
}

/// Profiles of all spaces whose time has come.
pub(super) async fn due(
    database: &Database,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(String, String)>> {
    let sql = "SELECT space_id, profile_id FROM profile_due WHERE change_at <= $1 ORDER BY change_at LIMIT $2";
    let rows = sqlx::query(sql)
        .bind(now.as_micros())
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("space_id")?, row.try_get("profile_id")?)))
        .collect()
}

fn scope(row: &AnyRow) -> Result<Scope> {
    Ok(Scope::from_text(row.try_get("scope")?))
}
