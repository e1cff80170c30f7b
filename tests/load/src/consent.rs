//! Consent: how long until a withdrawal of somebody with 10,000 events has taken effect at the edge, and
//! whether what is left is what it would be without the withdrawn evidence.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use crate::figures::{Goal, median, print};
use crate::servers::{self, Headwater};

const ROUNDS: usize = 5;
/// Events of each person.
const EVENTS: usize = 10_000;
const BATCH: usize = 500;
/// Goal of a withdrawal, in milliseconds.
const MOST: f64 = 1_000.0;
/// When the person chose, took it back, and chose again.
const CHOSEN: &str = "2026-01-01T00:00:00.000Z";
const TAKEN_BACK: &str = "2026-01-02T00:00:00.000Z";
const CHOSEN_AGAIN: &str = "2026-01-03T00:00:00.000Z";
/// How long anything may take before it counts as broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Withdrawals in turn, five rounds; medians.
pub(crate) async fn run(binary: PathBuf) -> Result<()> {
    let headwater = servers::headwater(&binary).await?;
    define(&headwater).await?;
    let (mut all, mut older) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let person = browser(round, 0);
        send(&headwater, &person, 0..EVENTS, CHOSEN).await?;
        all.push(withdrawal(&headwater, &person, None).await?);
        let left = facts(&headwater, &person).await?;
        ensure!(
            left == json!([{}, {}, []]),
            "something was left of what was withdrawn: {left}"
        );

        let (person, twin) = (browser(round, 1), browser(round, 2));
        send(&headwater, &person, 0..EVENTS / 2, CHOSEN).await?;
        send(&headwater, &person, EVENTS / 2..EVENTS, CHOSEN_AGAIN).await?;
        older.push(withdrawal(&headwater, &person, Some(TAKEN_BACK)).await?);
        say(&headwater, &twin, Some(TAKEN_BACK)).await?;
        send(&headwater, &twin, EVENTS / 2..EVENTS, CHOSEN_AGAIN).await?;
        let left = facts(&headwater, &person).await?;
        // Its events may still be taken in; what is left of the person changes no more.
        let started = Instant::now();
        loop {
            let fresh = facts(&headwater, &twin).await?;
            if left == fresh && left != json!([{}, {}, []]) {
                break;
            }
            ensure!(
                started.elapsed() < PATIENCE,
                "what is left is not what it would be without it: {left} instead of {fresh}"
            );
        }
    }
    let goal = Goal::AtMost(MOST);
    print(
        "withdrawal of 10,000 events, until the edge decides without them",
        median(all),
        "ms",
        &goal,
    );
    print(
        "the same, where 5,000 stay and are counted anew",
        median(older),
        "ms",
        &goal,
    );
    Ok(())
}

fn browser(round: usize, number: usize) -> String {
    format!("0b1f6c3e-55a1-4f0e-{number:04x}-{round:012x}")
}

/// Audiences, a computed trait, and an experience for whoever has three quarters of the events.
async fn define(headwater: &Headwater) -> Result<()> {
    headwater.define_audiences().await?;
    let spent = json!({"key": "spent", "event": "Product Viewed", "aggregate": "sum", "of": "properties.price"});
    headwater.create("/api/v1/computed_traits", spent).await?;
    let definition = json!({"event": "Product Viewed", "count": {"gte": EVENTS / 4 * 3}});
    let audience = json!({"name": "Regulars", "definition": definition});
    let audience = headwater.create("/api/v1/audiences", audience).await?;
    let variant = json!({"key": "regular", "value": 1});
    let experience = json!({"name": "Hero", "placement": "hero", "audience_id": audience["id"], "variants": [variant]});
    headwater.create("/api/v1/experiences", experience).await?;
    Ok(())
}

/// Events of a person who chose at a moment.
async fn send(
    headwater: &Headwater,
    person: &str,
    numbers: std::ops::Range<usize>,
    chosen_at: &str,
) -> Result<()> {
    let numbers: Vec<usize> = numbers.collect();
    for part in numbers.chunks(BATCH) {
        let event = |number: &usize| {
            json!({
                "type": "track", "event": "Product Viewed", "messageId": format!("{person}-{number}"), "anonymousId": person,
                "properties": {"category": "sneakers", "price": number % 90, "sku": format!("G-{}", number % 40)},
                "context": {"consent": {"categoryPreferences": {"analytics": true, "personalization": true}, "source": "banner", "chosenAt": chosen_at}}
            })
        };
        let batch: Vec<Value> = part.iter().map(event).collect();
        let body = json!({"writeKey": headwater.write_key, "batch": batch});
        headwater.public("/v1/batch", body).await?;
    }
    Ok(())
}

/// The person takes everything back, as of a moment or now.
async fn say(headwater: &Headwater, person: &str, at: Option<&str>) -> Result<()> {
    let mut consent = json!({"categoryPreferences": {"analytics": false, "personalization": false}, "source": "banner"});
    if let Some(at) = at {
        consent["chosenAt"] = json!(at);
    }
    let body = json!({"writeKey": headwater.write_key, "anonymousId": person, "messageId": format!("{person}-no"), "consent": consent});
    headwater.public("/v1/consent", body).await?;
    Ok(())
}

/// Milliseconds from saying it until the edge shows the person the default.
async fn withdrawal(headwater: &Headwater, person: &str, at: Option<&str>) -> Result<f64> {
    decided(headwater, person, true).await?;
    let said = Instant::now();
    say(headwater, person, at).await?;
    decided(headwater, person, false).await?;
    Ok(said.elapsed().as_secs_f64() * 1_000.0)
}

/// Asks until the person is shown the variant, or is not.
async fn decided(headwater: &Headwater, person: &str, regular: bool) -> Result<()> {
    let consent = json!({"categoryPreferences": {"personalization": true}});
    let asked = json!({"writeKey": headwater.write_key, "anonymousId": person, "placements": ["hero"], "consent": consent});
    let started = Instant::now();
    loop {
        let answer = headwater.public("/v1/decide", asked.clone()).await?;
        let hero = &answer["decisions"]["hero"];
        if (hero["variant"] == "regular") == regular {
            return Ok(());
        }
        ensure!(
            started.elapsed() < PATIENCE,
            "after {PATIENCE:?} the edge does not decide as it has to: {hero}"
        );
    }
}

/// Traits, computed traits and audiences of a person.
async fn facts(headwater: &Headwater, person: &str) -> Result<Value> {
    let profile = headwater
        .read(&format!("/api/v1/profiles/anonymous_id:{person}"))
        .await?;
    let audiences = profile["audiences"].as_array();
    let names: Vec<&Value> = audiences
        .into_iter()
        .flatten()
        .map(|one| &one["name"])
        .collect();
    Ok(json!([
        profile["traits"],
        profile["computed_traits"],
        names
    ]))
}
