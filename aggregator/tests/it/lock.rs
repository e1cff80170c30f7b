//! On Postgres one headwater writes: its lock survives a broken connection, and nobody else gets it.

use std::process::Command;

use sqlx::{Connection as _, PgConnection, Row as _};

use crate::harness::{BINARY, Server, eventually};

/// Who has the lock.
const HOLDERS: &str = "SELECT l.pid AS pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
     WHERE l.locktype = 'advisory' AND l.objid = 1214597984 AND d.datname = current_database()";

#[test]
fn a_broken_connection_loses_no_lock() {
    let server = Server::fresh();
    let Some(url) = server.data().database_url().map(str::to_owned) else {
        eprintln!("SKIPPED: SQLite's folder has a lock of the operating system");
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let holders = || -> Vec<i32> {
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            let rows = sqlx::query(HOLDERS)
                .fetch_all(&mut connection)
                .await
                .unwrap();
            rows.iter().map(|row| row.get("pid")).collect()
        })
    };
    let first = holders();
    assert_eq!(first.len(), 1);
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::query("SELECT pg_terminate_backend($1)")
            .bind(first[0])
            .execute(&mut connection)
            .await
            .unwrap();
    });
    eventually("the lock is taken again", || {
        let now = holders();
        (now.len() == 1 && now != first).then_some(())
    });
    let second = Command::new(BINARY)
        .arg("serve")
        .args(["--database-url", &url, "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("in use by another headwater"), "{said}");
}
