//! SQL of `member` and `member_link`.

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use super::Member;
use super::link::{Link, Made};
use crate::access::Role;
use crate::database::Database;
use crate::error::{Error, Result};

/// A member in the list of all.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListedMember")]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Option<Timestamp>,
}

/// An invitation that waits.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Invitation {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) role: &'static str,
    pub(crate) created_at: Timestamp,
    pub(crate) ends_at: Timestamp,
}

fn role(row: &AnyRow) -> Result<Role> {
    let word: String = row.try_get("role")?;
    Role::from_word(&word).ok_or_else(|| Error::internal(format!("no role is called {word}")))
}

fn member(row: &AnyRow) -> Result<Member> {
    Ok(Member {
        id: row.try_get("id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        role: role(row)?,
    })
}

/// How many there are.
pub(crate) async fn count(database: &Database) -> Result<i64> {
    let row = sqlx::query("SELECT COUNT(*) AS members FROM member")
        .fetch_one(database.reader())
        .await?;
    Ok(row.try_get("members")?)
}

/// Whether there is another owner than this one who can come in by password, whatever becomes of the provider.
pub(crate) async fn has_other_owner(connection: &mut AnyConnection, id: &str) -> Result<bool> {
    let sql = "SELECT id FROM member WHERE role = 'owner' AND password <> '' AND id <> $1 LIMIT 1";
    let row = sqlx::query(sql).bind(id).fetch_optional(connection).await?;
    Ok(row.is_some())
}

/// A member by id.
pub(crate) async fn of_id(database: &Database, id: &str) -> Result<Option<Member>> {
    let row = sqlx::query("SELECT id, email, name, role FROM member WHERE id = $1")
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(member).transpose()
}

/// A member by email, with what is kept of the password.
pub(crate) async fn of_email(database: &Database, email: &str) -> Result<Option<(Member, String)>> {
    let row = sqlx::query("SELECT id, email, name, role, password FROM member WHERE email = $1")
        .bind(email)
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| Ok((member(&row)?, row.try_get("password")?)))
        .transpose()
}

/// A page of all, by id.
pub(crate) async fn page(database: &Database, after: &str, limit: i64) -> Result<Vec<Listed>> {
    let sql = "SELECT id, email, name, role, created_at, last_seen_at FROM member WHERE id > $1 ORDER BY id LIMIT $2";
    let rows = sqlx::query(sql)
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    let listed = |row: &AnyRow| {
        Ok(Listed {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            role: role(row)?.as_str(),
            created_at: Timestamp::from_micros(row.try_get("created_at")?),
            last_seen_at: row
                .try_get::<Option<i64>, _>("last_seen_at")?
                .map(Timestamp::from_micros),
        })
    };
    rows.iter().map(listed).collect()
}

/// Writes a new member.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    member: &Member,
    password: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO member (id, email, name, role, password, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let query = sqlx::query(sql)
        .bind(&member.id)
        .bind(&member.email)
        .bind(&member.name)
        .bind(member.role.as_str())
        .bind(password);
    query.bind(now.as_micros()).execute(connection).await?;
    Ok(())
}

/// Gives a member another role.
pub(crate) async fn set_role(connection: &mut AnyConnection, id: &str, role: Role) -> Result<()> {
    sqlx::query("UPDATE member SET role = $1 WHERE id = $2")
        .bind(role.as_str())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Gives a member another password.
pub(crate) async fn set_password(
    connection: &mut AnyConnection,
    id: &str,
    password: &str,
) -> Result<()> {
    sqlx::query("UPDATE member SET password = $1 WHERE id = $2")
        .bind(password)
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes when a member was last there.
pub(crate) async fn seen(connection: &mut AnyConnection, id: &str, now: Timestamp) -> Result<()> {
    sqlx::query("UPDATE member SET last_seen_at = $1 WHERE id = $2")
        .bind(now.as_micros())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a member away.
pub(crate) async fn delete(connection: &mut AnyConnection, id: &str) -> Result<()> {
    sqlx::query("DELETE FROM member WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}

/// Writes a link in place of those of its kind for its email.
pub(crate) async fn replace_link(
    database: &Database,
    kind: &str,
    link: &Made,
    made_by: &str,
    now: Timestamp,
) -> Result<()> {
    let mut transaction = database.begin().await?;
    end_links(&mut transaction, kind, &link.email).await?;
    let sql = "INSERT INTO member_link (id, hash, kind, email, role, made_by, created_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let query = sqlx::query(sql)
        .bind(&link.id)
        .bind(crate::id::digest(&link.token))
        .bind(kind)
        .bind(&link.email)
        .bind(link.role)
        .bind(made_by);
    query
        .bind(now.as_micros())
        .bind(link.ends_at.as_micros())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Ends the links of a kind for an email.
pub(crate) async fn end_links(
    connection: &mut AnyConnection,
    kind: &str,
    email: &str,
) -> Result<()> {
    sqlx::query("DELETE FROM member_link WHERE kind = $1 AND email = $2")
        .bind(kind)
        .bind(email)
        .execute(connection)
        .await?;
    Ok(())
}

/// The link with this digest, if it has not ended.
pub(crate) async fn link(database: &Database, hash: &str, now: Timestamp) -> Result<Option<Link>> {
    let sql =
        "SELECT id, kind, email, role, ends_at FROM member_link WHERE hash = $1 AND ends_at > $2";
    let row = sqlx::query(sql)
        .bind(hash)
        .bind(now.as_micros())
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| {
        Ok(Link {
            id: row.try_get("id")?,
            kind: row.try_get("kind")?,
            email: row.try_get("email")?,
            role: role(&row)?,
            ends_at: Timestamp::from_micros(row.try_get("ends_at")?),
        })
    })
    .transpose()
}

/// Uses a link up; whether it was still there.
pub(crate) async fn use_link(connection: &mut AnyConnection, id: &str) -> Result<bool> {
    let done = sqlx::query("DELETE FROM member_link WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The role that an invitation gives.
pub(crate) async fn invited_role(database: &Database, id: &str) -> Result<Option<Role>> {
    let row = sqlx::query("SELECT role FROM member_link WHERE id = $1 AND kind = 'invitation'")
        .bind(id)
        .fetch_optional(database.reader())
        .await?;
    row.as_ref().map(role).transpose()
}

/// The invitation that waits for an email: its id and role.
pub(crate) async fn invitation_of(
    database: &Database,
    email: &str,
    now: Timestamp,
) -> Result<Option<(String, Role)>> {
    let sql = "SELECT id, role FROM member_link WHERE kind = 'invitation' AND email = $1 AND ends_at > $2";
    let row = sqlx::query(sql)
        .bind(email)
        .bind(now.as_micros())
        .fetch_optional(database.reader())
        .await?;
    row.map(|row| Ok((row.try_get("id")?, role(&row)?)))
        .transpose()
}

/// A page of the invitations that wait.
pub(crate) async fn invitations(
    database: &Database,
    now: Timestamp,
    after: &str,
    limit: i64,
) -> Result<Vec<Invitation>> {
    let sql = "SELECT id, email, role, created_at, ends_at FROM member_link WHERE kind = 'invitation' AND ends_at > $1 AND id > $2 ORDER BY id LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(now.as_micros())
        .bind(after)
        .bind(limit)
        .fetch_all(database.reader())
        .await?;
    let listed = |row: &AnyRow| {
        Ok(Invitation {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            role: role(row)?.as_str(),
            created_at: Timestamp::from_micros(row.try_get("created_at")?),
            ends_at: Timestamp::from_micros(row.try_get("ends_at")?),
        })
    };
    rows.iter().map(listed).collect()
}
