//! A fresh Postgres database, where the tests are told of a server.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// Names the server, such as `postgres://postgres@127.0.0.1:5432/postgres`.
const SERVER: &str = "HEADWATER_TEST_DATABASE_URL";

/// Makes a database with a name that nobody has; `None` when the tests run on SQLite.
pub(super) fn fresh_database() -> Option<String> {
    let server = server()?;
    let id = tempfile::Builder::new().prefix("hw").tempdir().unwrap();
    let name = id
        .path()
        .file_name()
        .unwrap()
        .to_string_lossy()
        .to_lowercase();
    let name = format!("{name}_{}", std::process::id());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection
            .execute(sqlx::query(AssertSqlSafe(format!(
                "CREATE DATABASE \"{name}\""
            ))))
            .await
            .unwrap();
    });
    let (front, _) = server.rsplit_once('/').unwrap();
    Some(format!("{front}/{name}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting; the server takes its settings from arguments"
)]
fn server() -> Option<String> {
    std::env::var(SERVER).ok()
}
