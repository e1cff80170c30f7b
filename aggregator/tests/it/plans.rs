//! SQLite's planner has to find rows by a key that is narrow enough: what goes through a whole space is quick in every test and takes minutes
//! with a million people.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use crate::harness::contract::DOCUMENT;
use crate::harness::{Data, Server};
use crate::privacy_erasure::{erase, settle, until_done};

/// Tables with a row, or several, for each event or person.
const LARGE: &[&str] = &[
    "event",
    "ledger_entry",
    "ledger_tab",
    "identity_node",
    "identity_edge",
    "identity_link",
    "profile_seed",
    "trait_value",
    "computed_value",
    "consent_state",
    "consent_entry",
    "audience_member",
    "audience_change",
    "profile_due",
    "exposure",
];

/// Statements that go through everything, by how they begin, and why they may.
const MAY: &[(&str, &str)] = &[];

/// What each name in a statement stands for.
fn tables(statement: &str) -> BTreeMap<&str, &str> {
    let words: Vec<&str> = statement
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .collect();
    let mut tables = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        if !matches!(*word, "FROM" | "JOIN" | "UPDATE" | "INTO") {
            continue;
        }
        if let Some(table) = words.get(at + 1) {
            tables.insert(*table, *table);
            if let Some(alias) = words.get(at + 2) {
                tables.insert(*alias, *table);
            }
        }
    }
    tables
}

/// The statements of a log.
fn statements(log: &str) -> BTreeSet<String> {
    let lines = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let text = |line: Value| {
        let fields = &line["fields"];
        let whole = fields["db.statement"].as_str().unwrap_or_default().trim();
        let short = fields["summary"].as_str().unwrap_or_default();
        let text = if whole.is_empty() { short } else { whole };
        text.to_owned()
    };
    lines
        .map(text)
        .filter(|text| {
            ["SELECT", "WITH", "UPDATE", "DELETE", "INSERT"]
                .iter()
                .any(|word| text.starts_with(word))
        })
        .collect()
}

fn look_at_everything(server: &Server) {
    let audience = server.all("/api/v1/audiences")[0]["id"].clone();
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        if methods["get"].is_null() || path.ends_with("/live") {
            continue;
        }
        let path = path.replace("{reference}", "user_id:bob");
        let path = path.replace("{id}", audience.as_str().unwrap());
        server.get(&path);
    }
    let question = json!({"series": [{"event": "Viewed"}], "interval": "day", "days": 30});
    server.post("/api/v1/reports/trends", &question);
    let rule = json!({"definition": {"event": "Viewed"}});
    server.post("/api/v1/audiences/preview", &rule);
}

#[test]
fn no_statement_goes_through_a_whole_space_to_find_a_few_rows() {
    let data = Data::fresh();
    if data.database_url().is_some() {
        // PostgreSQL counts by itself what is in its tables.
        return;
    }
    let server = data.serve_with(&["--log", "warn,sqlx::query=debug"]);
    settle(&server);
    look_at_everything(&server);
    let request = erase(&server);
    until_done(&server, &request);
    let data = server.stop();
    let statements = statements(&std::fs::read_to_string(data.log()).unwrap());
    assert!(statements.len() > 150, "{} statements", statements.len());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let url = format!(
        "sqlite://{}",
        data.folder().join("headwater.sqlite").display()
    );
    let wide = runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let mut wide = Vec::new();
        for statement in &statements {
            let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
            let steps = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
            let tables = tables(statement);
            for step in steps {
                let step: String = step.get("detail");
                let mut words = step.split(' ');
                let (how, name) = (words.next().unwrap(), words.next().unwrap_or_default());
                let table = tables.get(name).copied().unwrap_or(name);
                let is_wide = how == "SCAN" || step.ends_with("(space_id=?)");
                // A page stops when it is full.
                let is_page = statement.contains("LIMIT");
                let may = MAY.iter().any(|(begins, _)| statement.starts_with(begins));
                if LARGE.contains(&table) && is_wide && !is_page && !may {
                    wide.push(format!("{step}: {statement}"));
                }
            }
        }
        wide
    });
    assert!(wide.is_empty(), "{}", wide.join("\n\n"));
}
