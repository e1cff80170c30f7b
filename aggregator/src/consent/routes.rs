//! HTTP of people's consent: what they said, and saying it for them.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::{self, Kept};
use super::statement::{self, Said};
use super::{entries, store};
use crate::app::App;
use crate::error::Result;
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::Json;
use crate::profile;

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/profiles/{reference}/consent",
        "What a person says of each purpose now, and the ledger of what they said; ?format=ndjson to take it along",
        read,
    )
    .post(
        "/profiles/{reference}/consent",
        "Take what a person said of consent by another way, such as on the phone; in effect when it is answered",
        json!({"categoryPreferences": {"analytics": false}, "source": "phone"}),
        say,
    )
}

#[derive(Deserialize)]
struct Asked {
    format: Option<String>,
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let space_id = reader.space_id();
    let id = profile::find(&app, space_id, &reference).await?;
    let ledger = Ledger::read(&app, space_id, &id).await?;
    if asked.format.as_deref() != Some("ndjson") {
        return Ok(Json(ledger.view(&id)?).into_response());
    }
    let mut lines = String::new();
    for entry in ledger.entries()? {
        lines.push_str(&entry.to_string());
        lines.push('\n');
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}

async fn say(
    writer: Writer,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Json(said): Json<Said>,
) -> Result<Json<Value>> {
    let space_id = writer.space_id();
    let id = profile::find(&app, space_id, &reference).await?;
    let line = statement::take(&app, space_id, &id, said).await?;
    Ok(Json(
        json!({"profile_id": id, "message_id": line.message_id, "outcome": line.outcome, "reason": line.reason}),
    ))
}

/// What is known of a person's consent.
struct Ledger {
    purposes: Value,
    chains: Vec<Vec<Kept>>,
    verified: bool,
}

impl Ledger {
    async fn read(app: &App, space_id: &str, profile_id: &str) -> Result<Self> {
        let mut connection = app.database.reader().acquire().await?;
        let person = [profile_id.to_owned()];
        let states = store::states_of_profiles(&mut connection, space_id, &person).await?;
        let standing = states.into_values().next().unwrap_or_default().standing();
        let mut purposes = json!({});
        for (purpose, said) in &standing.0 {
            purposes[purpose] = json!({"granted": !said.denies(), "granted_at": said.granted_at, "denied_at": said.denied_at});
        }
        let anchors = match store::person_of(&mut connection, space_id, profile_id).await? {
            Some(person) => {
                store::identifiers_of(&mut connection, space_id, [person].iter()).await?
            }
            None => Vec::new(),
        };
        let chains = entries::of_anchors(&mut connection, space_id, &anchors).await?;
        let chains: Vec<Vec<Kept>> = chains.into_values().collect();
        let verified = chains
            .iter()
            .all(|chain| entry::holds(space_id, &chain.iter().collect::<Vec<_>>()));
        Ok(Self {
            purposes,
            chains,
            verified,
        })
    }

    /// The entries as they were hashed, each with its hash.
    fn entries(&self) -> Result<Vec<Value>> {
        let entry = |kept: &Kept| -> Result<Value> {
            let mut entry: Value = serde_json::from_str(&kept.body)?;
            entry["hash"] = Value::from(kept.hash.as_str());
            entry["hashed"] = Value::from(kept.body.as_str());
            Ok(entry)
        };
        self.chains.iter().flatten().map(entry).collect()
    }

    fn view(&self, profile_id: &str) -> Result<Value> {
        Ok(json!({
            "id": profile_id, "purposes": self.purposes, "entries": self.entries()?, "verified": self.verified
        }))
    }
}
