//! Path: a decision for a known browser, against a server that answers a constant 2 KB.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::bodies;
use crate::client::{self, Manner, Seen, Until};
use crate::figures::{Goal, median, percentile, print};
use crate::servers;

const ROUNDS: usize = 5;
const LENGTH: Duration = Duration::from_secs(2);
const CONNECTIONS: usize = 8;
/// Browsers whose events headwater has before it is asked.
const BROWSERS: usize = 400;

/// Both servers in turn, five rounds; medians.
pub(crate) async fn run(binary: PathBuf) -> Result<()> {
    let reference = servers::reference().await?;
    let headwater = servers::headwater(&binary).await?;
    prepare(&headwater).await?;
    let (mut constant, mut decided) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (address, runs) in [
            (reference.address, &mut constant),
            (headwater.server.address, &mut decided),
        ] {
            let key = headwater.write_key.clone();
            let seen = client::run(
                address,
                "/v1/decide",
                Manner {
                    connections: CONNECTIONS,
                    until: Until::Over(LENGTH),
                    rate: None,
                },
                move |connection, count| ask(&key, connection, count),
            )
            .await?;
            runs.push(seen);
        }
    }
    for (share, name, limit) in [(0.5, "p50", 3.0), (0.99, "p99", 3.0)] {
        let of = |runs: &mut Vec<Seen>| {
            runs.iter_mut()
                .map(|seen| percentile(&mut seen.latencies, share))
                .collect::<Vec<f64>>()
        };
        let (least, ours) = (of(&mut constant), of(&mut decided));
        let ratios = least
            .iter()
            .zip(&ours)
            .map(|(least, ours)| ours / least)
            .collect();
        print(
            &format!("constant 2 KB, {name}"),
            median(least),
            "ms",
            &Goal::None,
        );
        print(&format!("decide, {name}"), median(ours), "ms", &Goal::None);
        print(
            &format!("decide / constant, {name}"),
            median(ratios),
            "ratio",
            &Goal::AtMost(limit),
        );
    }
    Ok(())
}

fn ask(write_key: &str, connection: usize, count: usize) -> Vec<u8> {
    let known = bodies::browser(connection, (count % (BROWSERS / CONNECTIONS)) * 5);
    let consent = json!({"categoryPreferences": {"personalization": true}});
    json!({"writeKey": write_key, "anonymousId": known, "placements": ["home-hero"], "consent": consent}).to_string().into_bytes()
}

/// An audience, an experience, and events of every browser that will ask.
async fn prepare(headwater: &servers::Headwater) -> Result<()> {
    let definition = json!({"event": "Product Viewed", "where": {"category": {"eq": "sneakers"}}, "count": {"gte": 3}, "within": "30d"});
    let audience = headwater
        .create(
            "/api/v1/audiences",
            json!({"name": "Sneaker fans", "definition": definition}),
        )
        .await?;
    let variant = json!({"key": "sneakers", "value": {"title": "Fresh sneakers"}});
    let experience = json!({"name": "Hero", "placement": "home-hero", "audience_id": audience["id"], "variants": [variant]});
    headwater.create("/api/v1/experiences", experience).await?;
    for connection in 0..CONNECTIONS {
        for count in 0..BROWSERS / CONNECTIONS {
            let body = bodies::batch(&headwater.write_key, "prepare", connection, count * 5);
            client::once(headwater.server.address, "/v1/batch", None, body).await?;
        }
    }
    Ok(())
}
