//! Where a text can be found in everything that a server keeps, in plain and as it may be written.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use super::Data;

/// A text as it may be written.
pub(crate) fn encodings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![("plain", text.as_bytes().to_vec())];
    for skipped in 0..3 {
        // What base64 makes of the inner bytes does not depend on what stands around them.
        let whole = (text.len() - skipped) / 3 * 3;
        let inner = &text.as_bytes()[skipped..skipped + whole];
        all.push(("base64", STANDARD_NO_PAD.encode(inner).into_bytes()));
    }
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.push(("hex", hex.into_bytes()));
    let urls: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
    all.push(("url", urls.into_bytes()));
    let json: String = text.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    all.push(("json", json.into_bytes()));
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    all.push(("utf-16 le", wide(u16::to_le_bytes)));
    all.push(("utf-16 be", wide(u16::to_be_bytes)));
    all
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The files of the data folder and the tables of Postgres in which a text is.
pub(crate) fn of(text: &str, data: &Data) -> Vec<String> {
    let mut places: Vec<(String, Vec<u8>)> = Vec::new();
    for file in files(data.dir.path()) {
        places.push((file.display().to_string(), fs::read(&file).unwrap()));
    }
    if let Some(url) = data.database_url() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        places.extend(runtime.block_on(tables(url)));
    }
    let mut found = Vec::new();
    for (name, bytes) in &places {
        for (encoding, needle) in encodings(text) {
            if bytes
                .windows(needle.len())
                .any(|window| window.eq_ignore_ascii_case(&needle))
            {
                found.push(format!("{name} ({encoding})"));
            }
        }
    }
    found
}

async fn tables(url: &str) -> Vec<(String, Vec<u8>)> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let names = sqlx::query("SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let mut tables = Vec::new();
    for row in names {
        let name: String = row.get("name");
        let sql = AssertSqlSafe(format!("SELECT t::text AS row FROM \"{name}\" t"));
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
        let text: Vec<String> = rows.iter().map(|row| row.get("row")).collect();
        tables.push((name, text.join("\n").into_bytes()));
    }
    tables
}
