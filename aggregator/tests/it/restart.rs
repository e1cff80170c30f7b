//! What was acknowledged survives any end, and has its effect once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::{Server, eventually, track, words};

#[test]
fn a_clean_stop_and_a_start_change_nothing() {
    let server = Server::fresh();
    server.batch(&[track("m-1", "browser-a", "Viewed", json!({}))]);
    let before = server.profile("anonymous_id:browser-a");
    let server = server.stop().serve();
    assert_eq!(server.profile("anonymous_id:browser-a"), before);
    assert_eq!(
        server.outcomes(&[track("m-1", "browser-a", "Viewed", json!({}))]),
        ["duplicate"]
    );
}

#[test]
fn kills_in_the_middle_of_ingest_lose_and_double_nothing() {
    let mut data = {
        let server = Server::fresh();
        server
            .post(
                "/api/v1/computed_traits",
                &json!({"key": "views", "event": "Viewed", "aggregate": "count"}),
            )
            .ok();
        server.kill()
    };
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let server = Arc::new(data.serve());
        let done = Arc::new(AtomicBool::new(false));
        let sender = {
            let (server, done) = (Arc::clone(&server), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut sent = Vec::new();
                for batch in 0.. {
                    if done.load(Ordering::Relaxed) {
                        return sent;
                    }
                    let ids: Vec<String> = (0..50)
                        .map(|at| format!("m-{round}-{batch}-{at}"))
                        .collect();
                    let events: Vec<_> = ids
                        .iter()
                        .map(|id| track(id, "browser-a", "Viewed", json!({})))
                        .collect();
                    let reply = server
                        .public(
                            "/v1/batch",
                            &json!({"writeKey": server.keys().write_key, "batch": events}),
                        )
                        .ok();
                    assert!(words(&reply).iter().all(|word| word == "ok"), "{reply}");
                    sent.extend(ids);
                }
                sent
            })
        };
        // A different place in the pipeline's work each time.
        eventually("some events are stored", || {
            let answer = server.get("/api/v1/profiles/anonymous_id:browser-a");
            let views = || answer.json()["computed_traits"]["views"].as_u64();
            (answer.status == 200 && views().is_some_and(|views| views > round * 400)).then_some(())
        });
        done.store(true, Ordering::Relaxed);
        acknowledged.extend(sender.join().unwrap());
        data = Arc::into_inner(server).unwrap().kill();
    }
    let server = data.serve();
    let profile = eventually("the pipeline has caught up", || {
        let profile = server.profile("anonymous_id:browser-a");
        (profile["computed_traits"]["views"].as_u64() >= u64::try_from(acknowledged.len()).ok())
            .then_some(profile)
    });
    assert_eq!(
        profile["computed_traits"]["views"].as_u64(),
        u64::try_from(acknowledged.len()).ok()
    );
    assert_eq!(
        server
            .all("/api/v1/profiles/anonymous_id:browser-a/events?limit=500")
            .len(),
        acknowledged.len()
    );
}

/// The pipeline's commits do not wait for the disk, so a power cut may take the last of them back. What
/// they did follows from the log, which is durable.
#[test]
fn what_a_power_cut_takes_back_is_found_again_from_the_log() {
    let server = Server::fresh();
    if server.data().database_url().is_some() {
        // Postgres keeps the order of its commits itself, and there is no file to put back.
        return;
    }
    server.batch(&[track("m-1", "browser-a", "Viewed", json!({}))]);
    server.profile("anonymous_id:browser-a");
    let data = server.kill();
    let files = ["headwater.sqlite", "headwater.sqlite-wal"]
        .map(|name| data.dir.path().join("data").join(name));
    let before = files.each_ref().map(|file| std::fs::read(file).unwrap());

    let server = data.serve();
    server.batch(&[track("m-2", "browser-a", "Bought", json!({}))]);
    let expected = server.timeline("anonymous_id:browser-a");
    assert_eq!(expected.len(), 2);
    let data = server.kill();
    for (file, bytes) in files.iter().zip(before) {
        std::fs::write(file, bytes).unwrap();
    }
    // SQLite makes it anew from the write-ahead log.
    std::fs::remove_file(data.dir.path().join("data/headwater.sqlite-shm")).unwrap();

    let server = data.serve();
    let found = eventually("the log is taken in again", || {
        let found = server.timeline("anonymous_id:browser-a");
        (found.len() == 2).then_some(found)
    });
    let ids = |timeline: &[serde_json::Value]| -> Vec<serde_json::Value> {
        timeline
            .iter()
            .map(|event| event["messageId"].clone())
            .collect()
    };
    assert_eq!(ids(&found), ids(&expected));
}
