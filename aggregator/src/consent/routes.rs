//! HTTP of people's consent: what they said, and saying it for them.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use cdp_core::consent::{Receipt, Scope, Standing, Use};
use cdp_core::outcome::Outcome;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::AnyConnection;

use super::entry::{self, Entry, Kept};
use super::rules::{Devices, Rules};
use super::statement::{self, Said};
use super::why::{self, About, Answer};
use super::{entries, store};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared, Writer};
use crate::http::json::Json;
use crate::http::lines::JsonOrLines;
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

#[derive(Deserialize, JsonSchema)]
struct Asked {
    format: Option<String>,
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<JsonOrLines<View, SaidEntry>> {
    let space_id = reader.space_id();
    let mut moment = app.database.moment().await?;
    let id = profile::find_at(&mut moment, &app, space_id, &reference).await?;
    let ledger = Ledger::read(&mut moment, space_id, &id).await?;
    moment.commit().await?;
    if asked.format.as_deref() != Some("ndjson") {
        return Ok(JsonOrLines::Json(ledger.view(id)?));
    }
    ledger.entries().map(JsonOrLines::Lines)
}

/// What is asked about a person.
#[derive(Deserialize, JsonSchema)]
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

/// Whether something may be, and which evidence says so.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsentWhy")]
struct WhyView {
    /// The profile's.
    id: String,
    allowed: bool,
    evidence: Option<Answer>,
    /// Why there is no evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

async fn why(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Query(question): Query<Question>,
) -> Result<Json<WhyView>> {
    let space_id = reader.space_id();
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
    let mut moment = app.database.moment().await?;
    let id = profile::find_at(&mut moment, &app, space_id, &reference).await?;
    let mut anchors = profile::names_at(&mut moment, space_id, &id).await?;
    // What joins an identifier may belong to the other end.
    if let About::Link(other) = &about {
        anchors.push(other.clone());
    }
    let anchors: Vec<String> = anchors.iter().map(ToString::to_string).collect();
    let standing = standing_of(&mut moment, space_id, &id).await?;
    let answer = why::answer(&mut moment, &rules, &anchors, &standing, &about, &uses).await?;
    moment.commit().await?;
    let none = answer
        .is_none()
        .then_some("no event of this person says anything of it");
    Ok(Json(WhyView {
        id,
        allowed: answer.as_ref().is_some_and(|answer| answer.allowed),
        evidence: answer,
        reason: none,
    }))
}

/// What consent says of an event.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsentOfEvent")]
struct OfEvent {
    message_id: String,
    receipt: Receipt,
    /// The purposes for which it counts now.
    counts_for: Vec<String>,
    evidence: Option<Answer>,
}

async fn event(
    reader: Reader,
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<OfEvent>> {
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
    let purposes = scope.iter().flat_map(Scope::purposes);
    let counts_for = purposes.map(str::to_owned).collect();
    let answer = scope
        .as_ref()
        .and_then(|_| Answer::of(&rules, &logged, &standing, &devices, &Use::ALL));
    Ok(Json(OfEvent {
        message_id: id,
        receipt: logged.event.receipt.clone(),
        counts_for,
        evidence: answer,
    }))
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

/// A statement that was taken in.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsentTaken")]
struct Taken {
    profile_id: String,
    message_id: String,
    outcome: Outcome,
    reason: Option<String>,
}

async fn say(
    writer: Writer,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Json(said): Json<Said>,
) -> Result<Json<Taken>> {
    let space_id = writer.space_id();
    let id = profile::find(&app, space_id, &reference).await?;
    let line = statement::take(&app, space_id, &id, said).await?;
    Ok(Json(Taken {
        profile_id: id,
        message_id: line.message_id,
        outcome: line.outcome,
        reason: line.reason,
    }))
}

/// How a person stands to a purpose now.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsentStanding")]
struct Stands {
    granted: bool,
    granted_at: Option<Timestamp>,
    denied_at: Option<Timestamp>,
}

/// Something that a person said, as it was kept.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsentEntry")]
struct SaidEntry {
    #[serde(flatten)]
    entry: Entry,
    /// The hash of `hashed`, which has the hash of the entry before in it.
    hash: String,
    /// What was hashed, byte by byte.
    hashed: String,
}

/// What a person says of each purpose now, and all that they said.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Consent")]
struct View {
    /// The profile's.
    id: String,
    purposes: BTreeMap<String, Stands>,
    entries: Vec<SaidEntry>,
    /// Whether nothing was changed since it was said.
    verified: bool,
}

/// What is known of a person's consent.
struct Ledger {
    purposes: BTreeMap<String, Stands>,
    chains: Vec<Vec<Kept>>,
    verified: bool,
}

impl Ledger {
    async fn read(
        connection: &mut AnyConnection,
        space_id: &str,
        profile_id: &str,
    ) -> Result<Self> {
        let standing = standing_of(connection, space_id, profile_id).await?;
        let stands = |said: &cdp_core::consent::Said| Stands {
            granted: !said.denies(),
            granted_at: said.granted_at,
            denied_at: said.denied_at,
        };
        let purposes = standing.0.iter();
        let purposes = purposes
            .map(|(purpose, said)| (purpose.clone(), stands(said)))
            .collect();
        let anchors = match store::person_of(connection, space_id, profile_id).await? {
            Some(person) => store::identifiers_of(connection, space_id, [person].iter()).await?,
            None => Vec::new(),
        };
        let chains = entries::of_anchors(connection, space_id, &anchors).await?;
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
    fn entries(&self) -> Result<Vec<SaidEntry>> {
        let entry = |kept: &Kept| -> Result<SaidEntry> {
            Ok(SaidEntry {
                entry: serde_json::from_str(&kept.body)?,
                hash: kept.hash.clone(),
                hashed: kept.body.clone(),
            })
        };
        self.chains.iter().flatten().map(entry).collect()
    }

    fn view(self, profile_id: String) -> Result<View> {
        Ok(View {
            id: profile_id,
            entries: self.entries()?,
            purposes: self.purposes,
            verified: self.verified,
        })
    }
}
