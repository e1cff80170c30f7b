//! HTTP of people's consent: what they said, and saying it for them.

use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use cdp_core::consent::{Scope, Standing, Use};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::AnyConnection;

use super::entry::{self, Kept};
use super::rules::{Devices, Rules};
use super::statement::{self, Said};
use super::why::{self, About, Answer};
use super::{entries, store};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::Json;
use crate::{audience, computed_trait, pipeline, profile};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get(
        "/profiles/{reference}/consent",
        "What a person says of each purpose now, and the ledger of what they said; ?format=ndjson to take it along",
        read,
    )
    .get(
        "/profiles/{reference}/consent/why",
        "Why something of a person is there or not: ?use=link|traits|audiences|decisions|destination:…, or ?trait=, ?computed_trait=, ?audience=, ?link=kind:value",
        why,
    )
    .get(
        "/events/{id}/consent",
        "An event's receipt, by its message id, for which purposes it counts now, and why",
        event,
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

/// What is asked about a person.
#[derive(Deserialize)]
struct Question {
    #[serde(rename = "use")]
    asked: Option<String>,
    #[serde(rename = "trait")]
    named: Option<String>,
    computed_trait: Option<String>,
    audience: Option<String>,
    link: Option<String>,
}

impl Question {
    /// What it is about, and the uses on which that rests.
    async fn about(&self, app: &App, space_id: &str) -> Result<(About, Vec<Use<'static>>)> {
        if let Some(name) = &self.named {
            return Ok((About::Trait(name.clone()), vec![Use::Traits]));
        }
        if let Some(key) = &self.computed_trait {
            let definition = computed_trait::by_key(app, space_id, key).await?;
            return Ok((About::Computed(Box::new(definition)), vec![Use::Traits]));
        }
        if let Some(audience) = &self.audience {
            let rule = audience::rule(app, space_id, audience).await?;
            return Ok((
                About::Membership(Box::new(rule)),
                vec![Use::Traits, Use::Audiences],
            ));
        }
        if let Some(link) = &self.link {
            let wrong = |message: String| Error::new(Code::InvalidRequest, message);
            return Ok((About::Link(link.parse().map_err(wrong)?), vec![Use::Link]));
        }
        Ok((About::Anything, Vec::new()))
    }
}

async fn why(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Query(question): Query<Question>,
) -> Result<Json<Value>> {
    let space_id = reader.space_id();
    let id = profile::find(&app, space_id, &reference).await?;
    let rules = Rules::of(&app.sources, space_id);
    let (about, mut uses): (About, Vec<Use<'_>>) = question.about(&app, space_id).await?;
    if let Some(word) = &question.asked {
        let unknown = || {
            let known = "use is one of store, send, link, traits, audiences, decisions, or destination:<id>";
            Error::new(Code::InvalidRequest, known)
        };
        let asked = Use::from_word(word).ok_or_else(unknown)?;
        if asked == Use::Decisions {
            // What is chosen for a person rests on their memberships, and these on facts.
            uses = vec![Use::Traits, Use::Audiences];
        }
        uses.push(asked);
    }
    if uses.is_empty() {
        uses.extend(Use::ALL);
    }
    let mut anchors = profile::names(&app, space_id, &id).await?;
    // What joins an identifier may belong to the other end.
    if let About::Link(other) = &about {
        anchors.push(other.clone());
    }
    let anchors: Vec<String> = anchors.iter().map(ToString::to_string).collect();
    let mut connection = app.database.reader().acquire().await?;
    let standing = standing_of(&mut connection, space_id, &id).await?;
    let answer = why::answer(&mut connection, &rules, &anchors, &standing, &about, &uses).await?;
    Ok(Json(match answer {
        Some(answer) => json!({"id": id, "allowed": answer.allowed, "evidence": answer}),
        None => {
            let reason = "no event of this person says anything of it";
            json!({"id": id, "allowed": false, "evidence": null, "reason": reason})
        }
    }))
}

async fn event(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Value>> {
    let space_id = reader.space_id();
    let rules = Rules::of(&app.sources, space_id);
    let mut connection = app.database.reader().acquire().await?;
    let logged = pipeline::event(&mut connection, space_id, &id).await?;
    let logged = logged.ok_or_else(|| Error::not_found("event"))?;
    let anchors = std::iter::once(logged.anchor.clone());
    let mut states = store::of_anchors(&mut connection, space_id, anchors).await?;
    let standing = states.remove(&logged.anchor).unwrap_or_default().standing();
    let events = std::iter::once(&logged);
    let devices = Devices::of_events(&mut connection, &rules, events).await?;
    let grants = rules.grants(&logged);
    let scope = grants.map(|grants| rules.scope(&logged, &grants, &standing, &devices));
    let counts_for: Vec<&str> = scope.iter().flat_map(Scope::purposes).collect();
    let answer = scope
        .as_ref()
        .and_then(|_| Answer::of(&rules, &logged, &standing, &devices, &Use::ALL));
    Ok(Json(json!({
        "message_id": id, "receipt": logged.event.receipt, "counts_for": counts_for, "evidence": answer
    })))
}

/// What the person behind a profile has said.
async fn standing_of(
    connection: &mut AnyConnection,
    space_id: &str,
    profile_id: &str,
) -> Result<Standing> {
    let person = [profile_id.to_owned()];
    let states = store::states_of_profiles(connection, space_id, &person).await?;
    Ok(states.into_values().next().unwrap_or_default().standing())
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
        let standing = standing_of(&mut connection, space_id, profile_id).await?;
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
