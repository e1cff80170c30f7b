//! SQL of `sign_in_provider` and `sign_in_account`.

use cdp_core::time::Timestamp;
use sqlx::{AnyConnection, Row as _};

use super::settings::Settings;
use crate::access::Role;
use crate::database::Database;
use crate::error::Result;
use crate::member::{Member, store as members};
use crate::vault::Place;
use crate::workspace;

fn place(workspace_id: &str) -> Place<'_> {
    Place {
        table: "sign_in_provider",
        column: "client_secret",
        row: workspace_id,
    }
}

/// The workspace's provider, if it has one.
pub(super) async fn settings(database: &Database) -> Result<Option<Settings>> {
    let sql = "SELECT workspace_id, name, issuer, client_id, client_secret, domains, join_role, passwords, updated_at FROM sign_in_provider";
    let Some(row) = sqlx::query(sql).fetch_optional(database.reader()).await? else {
        return Ok(None);
    };
    let workspace_id: String = row.try_get("workspace_id")?;
    let sealed: String = row.try_get("client_secret")?;
    let client_secret = if sealed.is_empty() {
        sealed
    } else {
        database.vault().open(place(&workspace_id), &sealed)?
    };
    let passwords: i64 = row.try_get("passwords")?;
    Ok(Some(Settings {
        name: row.try_get("name")?,
        issuer: row.try_get("issuer")?,
        client_id: row.try_get("client_id")?,
        client_secret,
        domains: serde_json::from_str(&row.try_get::<String, _>("domains")?)?,
        join_role: Role::from_word(&row.try_get::<String, _>("join_role")?),
        passwords: passwords != 0,
        updated_at: Timestamp::from_micros(row.try_get("updated_at")?),
    }))
}

/// Writes the workspace's provider.
pub(super) async fn write(database: &Database, settings: &Settings) -> Result<()> {
    let workspace_id = workspace::workspace(database).await?;
    let sealed = if settings.client_secret.is_empty() {
        String::new()
    } else {
        database
            .vault()
            .seal(place(&workspace_id), &settings.client_secret)?
    };
    let sql = "INSERT INTO sign_in_provider (workspace_id, name, issuer, client_id, client_secret, domains, join_role, passwords, updated_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (workspace_id) DO UPDATE SET name = excluded.name, issuer = excluded.issuer, \
               client_id = excluded.client_id, client_secret = excluded.client_secret, domains = excluded.domains, \
               join_role = excluded.join_role, passwords = excluded.passwords, updated_at = excluded.updated_at";
    let mut transaction = database.begin().await?;
    let query = sqlx::query(sql)
        .bind(workspace_id)
        .bind(&settings.name)
        .bind(&settings.issuer)
        .bind(&settings.client_id)
        .bind(sealed)
        .bind(serde_json::to_string(&settings.domains)?);
    query
        .bind(settings.join_role.map_or("", Role::as_str))
        .bind(i64::from(settings.passwords))
        .bind(settings.updated_at.as_micros())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// Takes the provider away; whether there was one.
pub(super) async fn remove(database: &Database) -> Result<bool> {
    let mut transaction = database.begin().await?;
    let gone = sqlx::query("DELETE FROM sign_in_provider")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(gone.rows_affected() > 0)
}

/// The member who has signed in with an account of the provider before.
pub(super) async fn member_of(
    database: &Database,
    issuer: &str,
    subject: &str,
) -> Result<Option<Member>> {
    let row =
        sqlx::query("SELECT member_id FROM sign_in_account WHERE issuer = $1 AND subject = $2")
            .bind(issuer)
            .bind(subject)
            .fetch_optional(database.reader())
            .await?;
    match row {
        Some(row) => members::of_id(database, &row.try_get::<String, _>("member_id")?).await,
        None => Ok(None),
    }
}

/// Whether a member has signed in with some account of the provider before.
pub(super) async fn has_account(
    database: &Database,
    issuer: &str,
    member_id: &str,
) -> Result<bool> {
    let sql = "SELECT subject FROM sign_in_account WHERE issuer = $1 AND member_id = $2";
    let row = sqlx::query(sql)
        .bind(issuer)
        .bind(member_id)
        .fetch_optional(database.reader())
        .await?;
    Ok(row.is_some())
}

/// Ties an account of the provider to a member.
pub(super) async fn tie(
    connection: &mut AnyConnection,
    (issuer, subject): (&str, &str),
    member_id: &str,
    now: Timestamp,
) -> Result<()> {
    sqlx::query("INSERT INTO sign_in_account (issuer, subject, member_id, created_at) VALUES ($1, $2, $3, $4)")
        .bind(issuer)
        .bind(subject)
        .bind(member_id)
        .bind(now.as_micros())
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets a member's accounts.
pub(crate) async fn forget(connection: &mut AnyConnection, member_id: &str) -> Result<()> {
    sqlx::query("DELETE FROM sign_in_account WHERE member_id = $1")
        .bind(member_id)
        .execute(connection)
        .await?;
    Ok(())
}
