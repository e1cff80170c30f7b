//! An audience that looks at everybody says how far it is, and so does a definition that is to take over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Server, eventually, track};

const PEOPLE: usize = 4_000;
/// How long looking at all of them may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// Does something that takes a while; gives what the list of audiences says of the one audience until it is done: also behind
/// the answer, which does not wait for ever.
fn meanwhile(server: &Server, act: impl FnOnce() + Send) -> Vec<Value> {
    let done = AtomicBool::new(false);
    let mut seen: Vec<Value> = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            act();
            done.store(true, Ordering::SeqCst);
        });
        let is_busy = |seen: &[Value]| {
            let last = seen.last();
            last.is_some_and(|one| one["status"] == "building" || !one["next"].is_null())
        };
        let started = Instant::now();
        while !done.load(Ordering::SeqCst) || is_busy(&seen) {
            seen.extend(server.all("/api/v1/audiences"));
            assert!(started.elapsed() < DEADLINE, "not done in time");
        }
    });
    seen
}

/// Each stage goes from its beginning to its end, and there is something to see on the way.
fn goes_on<'a>(builds: impl Iterator<Item = &'a Value>) {
    let mut stages: Vec<(String, f64)> = Vec::new();
    for build in builds {
        let stage = build["stage"].as_str().unwrap().to_owned();
        let progress = build["progress"].as_f64().unwrap();
        assert!(build["started_at"].is_string(), "{build}");
        if let Some((known, before)) = stages.last() {
            let order = ["counting", "waiting", "looking"];
            let place = |stage: &str| order.iter().position(|known| *known == stage).unwrap();
            assert!(
                (place(known), *before) <= (place(&stage), progress),
                "{stages:?}, then {build}"
            );
        }
        stages.push((stage, progress));
    }
    let on_the_way = |(stage, progress): &&(String, f64)| {
        stage == "looking" && *progress > 0.0 && *progress < 1.0
    };
    assert!(stages.iter().any(|seen| on_the_way(&seen)), "{stages:?}");
    assert!(
        stages.iter().any(|(stage, _)| stage == "counting"),
        "{stages:?}"
    );
}

#[test]
fn an_audience_says_how_far_it_is_until_it_has_looked_at_everybody() {
    let server = Server::fresh();
    let people: Vec<usize> = (0..PEOPLE).collect();
    for part in people.chunks(1_000) {
        let events: Vec<Value> = part
            .iter()
            .map(|person| {
                let browser = format!("browser-{person}");
                track(&browser, &browser, "Viewed", json!({}))
            })
            .collect();
        server.batch(&events);
    }
    let audience = |event: &str| json!({"name": "fans", "definition": {"event": event}});
    let seen = meanwhile(&server, || {
        server.post("/api/v1/audiences", &audience("Viewed")).ok();
    });
    let busy = seen
        .iter()
        .filter(|audience| audience["status"] == "building");
    goes_on(busy);
    let made = eventually("it has looked at everybody", || {
        let made = server.all("/api/v1/audiences").remove(0);
        (made["status"] == "ready").then_some(made)
    });
    assert_eq!(
        [
            &made["status"],
            &made["progress"],
            &made["stage"],
            &made["members"]
        ],
        [&json!("ready"), &json!(1.0), &json!(null), &json!(PEOPLE)]
    );

    let path = format!("/api/v1/audiences/{}", made["id"].as_str().unwrap());
    let seen = meanwhile(&server, || {
        let never = json!({"not": {"event": "Viewed", "where": {"price": 3}}});
        server.patch(&path, &json!({"definition": never})).ok();
    });
    let nexts = seen.iter().map(|audience| &audience["next"]);
    let nexts: Vec<&Value> = nexts.filter(|next| !next.is_null()).collect();
    goes_on(nexts.iter().copied());
    assert_eq!(nexts[0]["version"], 2);
    let served = seen.iter().filter(|audience| !audience["next"].is_null());
    for audience in served {
        assert_eq!(
            [
                &audience["status"],
                &audience["progress"],
                &audience["version"]
            ],
            [&json!("ready"), &json!(1.0), &json!(1)]
        );
    }
}
