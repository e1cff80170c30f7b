//! Audiences in real time: what an event costs with many people, audiences and computed traits; how long a new
//! audience and a preview take over everybody; how long a reply with a decision takes beside a bare one.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::client::{self, Manner, Until};
use crate::figures::{Goal, median, percentile, print};
use crate::ingest::drained;
use crate::servers::{self, Headwater};

/// People, each with a browser of their own.
pub(crate) const PEOPLE: usize = 1_000_000;
const AUDIENCES: usize = 200;
const COMPUTED_TRAITS: usize = 50;
/// Names of events; an audience looks at one of them.
const NAMES: usize = 100;
const OF_A_BATCH: usize = 20;
const CONNECTIONS: usize = 32;
/// Requests a second while latencies are measured, each with one event.
const RATE: f64 = 1_000.0;
const LENGTH: Duration = Duration::from_secs(5);
const ROUNDS: usize = 5;
/// How long a new audience may take before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(600);

/// The whole measurement over so many people.
pub(crate) async fn run(binary: PathBuf, people: usize) -> Result<()> {
    // The same events without anything to evaluate are the price of the rest.
    let bare = {
        let headwater = servers::headwater(&binary).await?;
        processor_of_events(&headwater, people / 5).await?
    };
    let headwater = servers::headwater(&binary).await?;
    define(&headwater).await?;
    let whole = processor_of_events(&headwater, people).await?;
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    print("people", number(people), "people", &Goal::None);
    print(
        "an event, nothing to evaluate",
        bare,
        "µs of processor",
        &Goal::None,
    );
    print(
        "an event, 200 audiences and 50 computed traits",
        whole,
        "µs of processor",
        &Goal::None,
    );
    print(
        "evaluation of an event",
        whole - bare,
        "µs of processor",
        &Goal::AtMost(25.0),
    );
    print("memory", headwater.server.memory()?, "MB", &Goal::None);

    let (mut bare, mut deciding) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        bare.push(latency(&headwater, format!("b{round}"), false).await?);
        deciding.push(latency(&headwater, format!("d{round}"), true).await?);
    }
    let part = |times: &[[f64; 2]], which: usize| {
        median(
            times
                .iter()
                .map(|both| both.get(which).copied().unwrap_or_default())
                .collect(),
        )
    };
    print(
        "bare reply at 1,000 events/s, p50",
        part(&bare, 0),
        "ms",
        &Goal::None,
    );
    print("bare reply, p99", part(&bare, 1), "ms", &Goal::None);
    print(
        "reply with the decision that the event changes, p50",
        part(&deciding, 0),
        "ms",
        &Goal::AtMost(20.0),
    );
    print(
        "reply with the decision, p99",
        part(&deciding, 1),
        "ms",
        &Goal::AtMost(100.0),
    );
    print(
        "the decision on top of the bare reply, p50",
        part(&deciding, 0) - part(&bare, 0),
        "ms",
        &Goal::AtMost(5.0),
    );

    let definition = json!({"all": [{"event": "Event 7", "within": "30d"}, {"not": {"event": "Event 8", "within": "30d"}}]});
    let mut previews = Vec::new();
    let mut estimate = Value::Null;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        estimate = headwater
            .create(
                "/api/v1/audiences/preview",
                json!({"definition": definition}),
            )
            .await?;
        previews.push(started.elapsed().as_secs_f64());
    }
    print(
        "preview over everybody",
        median(previews),
        "s",
        &Goal::AtMost(1.0),
    );
    let started = Instant::now();
    let made = headwater
        .create(
            "/api/v1/audiences",
            json!({"name": "new", "definition": definition}),
        )
        .await?;
    let path = format!(
        "/api/v1/audiences/{}",
        made["id"].as_str().unwrap_or_default()
    );
    let mut built = made;
    while built["status"] != "ready" {
        ensure!(
            started.elapsed() < PATIENCE,
            "the audience is not built: {built}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
        built = headwater.read(&path).await?;
    }
    print(
        "a new audience over everybody, until it is ready",
        started.elapsed().as_secs_f64(),
        "s",
        &Goal::AtMost(10.0),
    );
    let members = built["members"].as_f64().unwrap_or_default();
    print("its members", members, "people", &Goal::None);
    let middle = estimate["count"].as_f64().unwrap_or_default();
    print(
        "preview / members",
        middle / members.max(1.0),
        "ratio",
        &Goal::None,
    );
    Ok(())
}

/// Audiences of several kinds and computed traits, over the names of events in turn; and an experience.
async fn define(headwater: &Headwater) -> Result<()> {
    for number in 0..COMPUTED_TRAITS {
        let event = format!("Event {}", number % NAMES);
        let key = format!("trait_{number}");
        let trait_ = match number % 5 {
            0 => json!({"key": key, "event": event, "aggregate": "count"}),
            1 => json!({"key": key, "event": event, "aggregate": "sum", "of": "properties.price"}),
            2 => json!({"key": key, "event": event, "aggregate": "last", "of": "properties.sku"}),
            3 => {
                json!({"key": key, "event": event, "aggregate": "sum", "of": "properties.price", "within": "30d"})
            }
            _ => {
                json!({"key": key, "event": event, "aggregate": "unique_count", "of": "properties.sku"})
            }
        };
        headwater.create("/api/v1/computed_traits", trait_).await?;
    }
    for number in 0..AUDIENCES {
        let event = format!("Event {}", number % NAMES);
        let definition = match number % 4 {
            0 => json!({"event": event, "count": {"$gte": 1 + number % 3}, "within": "30d"}),
            1 => {
                json!({"all": [{"event": event}, {"not": {"event": "Order Completed", "within": "7d"}}]})
            }
            2 => {
                json!({"sequence": [{"event": event}, {"event": "Order Completed", "within": "1h"}], "within": "30d"})
            }
            _ => {
                json!({"computed_traits": {format!("trait_{}", number % COMPUTED_TRAITS): {"$gte": 10}}})
            }
        };
        let audience = json!({"name": format!("Audience {number}"), "definition": definition});
        headwater.create("/api/v1/audiences", audience).await?;
    }
    let hero = json!({"name": "Hero", "definition": {"event": "Event 7"}});
    let audience = headwater.create("/api/v1/audiences", hero).await?;
    let variant = json!({"key": "seven", "value": 1});
    let experience = json!({"name": "Hero", "placement": "hero", "audience_id": audience["id"], "variants": [variant]});
    headwater.create("/api/v1/experiences", experience).await?;
    Ok(())
}

/// Two events of each of so many people; microseconds of the server's processor an event.
async fn processor_of_events(headwater: &Headwater, people: usize) -> Result<f64> {
    let before = headwater.server.processor()?;
    let batches = 2 * people / OF_A_BATCH / CONNECTIONS;
    let manner = Manner {
        connections: CONNECTIONS,
        until: Until::Sent(batches),
        rate: None,
    };
    let key = headwater.write_key.clone();
    let body = move |connection: usize, count: usize| {
        let first = (connection * batches + count) * OF_A_BATCH;
        let events: Vec<String> = (first..first + OF_A_BATCH)
            .map(|number| event(number % people, number))
            .collect();
        format!(
            "{{\"writeKey\":\"{key}\",\"batch\":[{}]}}",
            events.join(",")
        )
        .into_bytes()
    };
    client::run(headwater.server.address, "/v1/batch", manner, body).await?;
    drained(headwater, "all").await?;
    let sent = f64::from(u32::try_from(batches * CONNECTIONS * OF_A_BATCH)?);
    Ok((headwater.server.processor()? - before).as_secs_f64() * 1e6 / sent)
}

fn browser(person: usize) -> String {
    format!("0b1f6c3e-55a1-4f0e-aaaa-{person:012x}")
}

/// An event of a person. Which is spread by a multiplication, so that neighbours differ.
fn event(person: usize, number: usize) -> String {
    let name = number.wrapping_mul(2_654_435_761) % NAMES;
    let (browser, price) = (browser(person), number % 90);
    format!(
        "{{\"type\":\"track\",\"event\":\"Event {name}\",\"messageId\":\"m-{number}\",\"anonymousId\":\"{browser}\",\
         \"properties\":{{\"price\":{price},\"sku\":\"G-{}\"}},\
         \"context\":{{\"consent\":{{\"categoryPreferences\":{{\"analytics\":true,\"personalization\":true}}}}}}}}",
        number % 40
    )
}

/// Median and 99th percentile of replies to single events, in milliseconds; with a decision, the event is the one that
/// makes the person a member.
async fn latency(headwater: &Headwater, run: String, decides: bool) -> Result<[f64; 2]> {
    let manner = Manner {
        connections: CONNECTIONS,
        until: Until::Over(LENGTH),
        rate: Some(RATE),
    };
    let key = headwater.write_key.clone();
    let placements = if decides { "[\"hero\"]" } else { "[]" };
    let body = move |connection: usize, count: usize| {
        let browser = format!("0b1f6c3e-55a1-4f0e-{connection:04x}-{count:06x}{run:0>6}");
        let consent = "{\"categoryPreferences\":{\"analytics\":true,\"personalization\":true}}";
        format!(
            "{{\"writeKey\":\"{key}\",\"anonymousId\":\"{browser}\",\"placements\":{placements},\"consent\":{consent},\"batch\":[\
             {{\"type\":\"track\",\"event\":\"Event 7\",\"messageId\":\"{browser}\",\"anonymousId\":\"{browser}\",\"context\":{{\"consent\":{consent}}}}}]}}"
        )
        .into_bytes()
    };
    let mut seen = client::run(headwater.server.address, "/v1/batch", manner, body).await?;
    Ok([0.5, 0.99].map(|part| percentile(&mut seen.latencies, part)))
}
