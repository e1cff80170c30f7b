//! An event that the database does not take stops nobody else: it goes to quarantine.

use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Executor as _};

use crate::harness::{Data, Server, eventually, track, words};

/// Makes the database refuse events of this name.
const ON_SQLITE: &str = "CREATE TRIGGER poison BEFORE INSERT ON event WHEN NEW.name = 'Poison' \
     BEGIN SELECT RAISE(ABORT, 'poison'); END";
const ON_POSTGRES: &str = "CREATE FUNCTION poison() RETURNS trigger AS $$ BEGIN \
     IF NEW.name = 'Poison' THEN RAISE EXCEPTION 'poison'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql; \
     CREATE TRIGGER poison BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION poison()";

#[test]
fn an_event_that_cannot_take_effect_is_parked() {
    let data = Server::fresh().stop();
    poison(&data);
    let server = data.serve();
    let events: Vec<_> = ["Viewed", "Poison", "Viewed"]
        .iter()
        .enumerate()
        .map(|(at, name)| track(&format!("m-{at}"), "browser-a", name, json!({"at": at})))
        .collect();
    let reply = server
        .public(
            "/v1/batch",
            &json!({"writeKey": server.keys().write_key, "batch": events}),
        )
        .ok();
    assert_eq!(words(&reply), ["ok"; 3], "all are durable");
    let parked = eventually("the event is in quarantine", || {
        server.all("/api/v1/quarantine").pop()
    });
    assert_eq!(parked["message_id"], "m-1");
    assert_eq!(parked["message"]["properties"], json!({"at": 1}));
    server.batch(&[track("m-later", "browser-a", "Viewed", json!({}))]);
    let ids: Vec<String> = server
        .timeline("anonymous_id:browser-a")
        .iter()
        .map(|event| event["messageId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    assert!(!ids.contains(&"m-1".to_owned()));
}

fn poison(data: &Data) {
    sqlx::any::install_default_drivers();
    let file = data.dir.path().join("data/headwater.sqlite");
    let (url, sql) = match data.database_url() {
        Some(url) => (url.to_owned(), ON_POSTGRES),
        None => (format!("sqlite://{}", file.display()), ON_SQLITE),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = AnyConnection::connect(&url).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    });
}
