//! Killed at any moment, over and over, while clients send and send again: what was acknowledged is
//! there, once, and what follows from it is what follows without a kill.
//!
//! Short by default; `cargo xtask bench crash` runs it long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Data, Server, words};

/// Clients that send at the same time, each as a tab of its own.
const CLIENTS: usize = 4;
/// Events in a batch.
const BATCH: usize = 20;
/// Events of one person, about.
const EVENTS_A_PERSON: usize = 100;
/// When the first event happened, in milliseconds: events carry their own times, so that two runs
/// can be compared.
const EPOCH: u64 = 1_750_000_000_000;
/// How long a run may go without an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn kills_at_random_moments_lose_and_double_nothing() {
    let events = number("HEADWATER_CRASH_EVENTS", 4_000);
    let kills = number("HEADWATER_CRASH_KILLS", 6);
    let started = Instant::now();
    let killed = run(events, kills);
    println!(
        "{events} events, {kills} kills: {:.1} s",
        started.elapsed().as_secs_f64()
    );
    let started = Instant::now();
    let undisturbed = run(events, 0);
    println!(
        "{events} events, no kill: {:.1} s",
        started.elapsed().as_secs_f64()
    );
    assert_eq!(killed.len(), undisturbed.len());
    for (person, facts) in &undisturbed {
        assert_eq!(killed.get(person), Some(facts), "{person}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own setting; the server takes its settings from arguments"
)]
fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {text}"))
    })
}

/// Where the server listens now; empty while it is down.
#[derive(Default)]
struct Address {
    base: Mutex<String>,
    changed: Condvar,
    acknowledged: AtomicUsize,
}

impl Address {
    fn set(&self, base: &str) {
        *self.base.lock().unwrap() = base.to_owned();
        self.changed.notify_all();
    }

    fn wait(&self) -> String {
        let base = self.base.lock().unwrap();
        let (base, timeout) = self
            .changed
            .wait_timeout_while(base, PATIENCE, |base| base.is_empty())
            .unwrap();
        assert!(!timeout.timed_out(), "the server did not come back");
        base.clone()
    }
}

/// Sends all events while the server is killed so many times; gives what is known of each person.
fn run(events: usize, kills: usize) -> BTreeMap<String, Value> {
    let mut server = Server::fresh();
    define(&server);
    let key = server.keys().server_write_key.clone();
    let address = Address::default();
    address.set(&server.base);
    let server = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (address, key) = (&address, &key);
                scope.spawn(move || send(address, key, client, events))
            })
            .collect();
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        for kill in 0..kills {
            // Spread over the run, and within it wherever the server happens to be.
            let wanted = events * kill / kills + random.below(events / (2 * kills) + 1);
            wait_for(
                &address,
                wanted.min(events.saturating_sub(2 * BATCH * CLIENTS)),
            );
            let until = Instant::now() + Duration::from_micros(random.below(30_000) as u64);
            while Instant::now() < until {
                std::hint::spin_loop();
            }
            address.set("");
            let data: Data = server.kill();
            server = data.serve();
            address.set(&server.base);
        }
        for client in clients {
            client.join().unwrap();
        }
        server
    });
    reconciled(&server, events);
    let mut sent = vec![0; events.div_ceil(EVENTS_A_PERSON)];
    for event in 0..events {
        sent[person_of(event, events)] += 1;
    }
    sent.into_iter()
        .enumerate()
        .map(|(person, sent)| {
            let name = format!("person-{person}");
            (name.clone(), facts(&server, &name, sent))
        })
        .collect()
}

fn define(server: &Server) {
    for (key, aggregate) in [("views", "count"), ("spent", "sum"), ("most", "max")] {
        let mut body = json!({"key": key, "event": "Viewed", "aggregate": aggregate});
        if aggregate != "count" {
            body["of"] = json!("properties.price");
        }
        server.post("/api/v1/computed_traits", &body).ok();
    }
    for (name, count) in [("Many views", 40), ("Few views", 5)] {
        let definition = json!({"event": "Viewed", "where": {"category": {"eq": "shoes"}}, "count": {"gte": count}});
        server
            .post(
                "/api/v1/audiences",
                &json!({"name": name, "definition": definition}),
            )
            .ok();
    }
}

/// One client: its share of the events in order, each batch until it is acknowledged.
fn send(address: &Address, key: &str, client: usize, events: usize) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    let share: Vec<usize> = (client..events).step_by(CLIENTS).collect();
    let mut seq = 0;
    for part in share.chunks(BATCH) {
        let batch: Vec<Value> = part
            .iter()
            .map(|event| {
                seq += 1;
                message(*event, events, client, seq)
            })
            .collect();
        let body = json!({"writeKey": key, "batch": batch}).to_string();
        let give_up = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < give_up, "no acknowledgement in time");
            let base = address.wait();
            let Ok(mut answer) = agent.post(format!("{base}/v1/batch")).send(body.as_bytes())
            else {
                continue;
            };
            let status = answer.status().as_u16();
            let Ok(text) = answer.body_mut().read_to_string() else {
                continue;
            };
            if status == 503 {
                continue;
            }
            assert_eq!(status, 200, "{text}");
            let outcomes = words(&serde_json::from_str(&text).unwrap());
            // A retry of what was stored just before a kill is a duplicate.
            assert!(
                outcomes
                    .iter()
                    .all(|outcome| outcome == "ok" || outcome == "duplicate"),
                "{text}"
            );
            address
                .acknowledged
                .fetch_add(part.len(), Ordering::Relaxed);
            break;
        }
    }
}

fn wait_for(address: &Address, wanted: usize) {
    let give_up = Instant::now() + PATIENCE;
    while address.acknowledged.load(Ordering::Relaxed) < wanted {
        assert!(Instant::now() < give_up, "the clients do not get on");
        std::thread::yield_now();
    }
}

/// The message of a number: the same in every run.
fn message(event: usize, events: usize, client: usize, seq: usize) -> Value {
    let person = person_of(event, events);
    let time = EPOCH + event as u64;
    let context = json!({"ledger": {"tab": format!("{client:016x}"), "seq": seq}});
    if event.is_multiple_of(10) {
        return json!({
            "type": "identify", "messageId": format!("m-{event}"), "userId": format!("person-{person}"),
            "anonymousId": format!("browser-{person}-{}", event % 3), "timestamp": time, "context": context,
            "traits": {"plan": format!("plan-{}", event % 7), "last": event},
        });
    }
    json!({
        "type": "track", "event": "Viewed", "messageId": format!("m-{event}"), "userId": format!("person-{person}"),
        "timestamp": time, "context": context,
        "properties": {"price": event % 97, "category": if event.is_multiple_of(2) { "shoes" } else { "hats" }},
    })
}

/// Events of a person lie far apart, so that each batch is about many people.
fn person_of(event: usize, events: usize) -> usize {
    event % events.div_ceil(EVENTS_A_PERSON)
}

/// Waits until everything has taken effect: the ledger has every number, once, and all are `ok`.
fn reconciled(server: &Server, events: usize) {
    let give_up = Instant::now() + Duration::from_secs(60) + Duration::from_millis(events as u64);
    let mut ledger = Value::Null;
    while Instant::now() < give_up {
        ledger = server.get("/api/v1/ledger").ok();
        if ledger["unexplained"] == 0 && ledger["numbered"] == json!(events) {
            break;
        }
        std::thread::yield_now();
    }
    assert_eq!(ledger["numbered"], json!(events), "{ledger}");
    assert_eq!(ledger["unexplained"], 0, "{ledger}");
    assert_eq!(ledger["outcomes"]["ok"], json!(events), "{ledger}");
    server.kept_counts_agree();
}

/// What is known of a person, without what differs between two runs by its nature (ids, times of
/// arrival); the timeline has each event once.
fn facts(server: &Server, person: &str, sent: usize) -> Value {
    let profile = server.profile(&format!("user_id:{person}"));
    let timeline: Vec<String> = server
        .collected(&format!("user_id:{person}"))
        .iter()
        .map(|event| event["messageId"].as_str().unwrap().to_owned())
        .collect();
    let once: BTreeSet<&String> = timeline.iter().collect();
    assert_eq!(
        once.len(),
        timeline.len(),
        "an event of {person} is there twice"
    );
    assert_eq!(timeline.len(), sent, "events of {person} are missing");
    let audiences: Vec<&Value> = profile["audiences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|audience| &audience["name"])
        .collect();
    json!({
        "identifiers": profile["identifiers"], "traits": profile["traits"],
        "computed_traits": profile["computed_traits"], "audiences": audiences, "timeline": timeline,
    })
}

/// A small generator: the moments of the kills need not be good, only spread.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}
