//! HTTP of profiles.

use axum::extract::{Path, Query, State};
use cdp_core::identifier::Identifier;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store::Part;
use super::timeline::{self, Entry, Position};
use super::{chain, find, find_at, store, view};
use crate::consent::Rules;
use crate::error::{Code, Error, Result};
use crate::http::api::Api;
use crate::http::context::{Reader, Shared};
use crate::http::json::Json;
use crate::http::page::{List, Page, Wide};

/// Adds the slice's operations.
pub(crate) fn routes(api: Api) -> Api {
    api.get("/profiles", "List profiles", list)
        .get(
            "/profiles/{reference}",
            "Read a profile by kind:value or by id; ?purpose= for what evidence for a purpose tells",
            read,
        )
        .get(
            "/profiles/{reference}/events",
            "A profile's timeline, oldest first; ?order=desc for youngest first, ?audiences=true with the audiences that it entered and left",
            events,
        )
        .get(
            "/profiles/{reference}/explain",
            "Which evidence and which rule joined each identifier; ?from=kind:value&to=kind:value for the shortest chain between two; for consent ask …/consent/why?link=kind:value",
            explain,
        )
}

async fn list(
    reader: Reader,
    State(app): State<Shared>,
    page: Page,
) -> Result<Json<List<view::Profile>>> {
    let rules = Rules::of(&app.sources, reader.space_id());
    let mut moment = app.database.moment().await?;
    let ids = store::page(&mut moment, reader.space_id(), page.after(), page.fetch()).await?;
    let profiles = view::seen_by(&mut moment, &rules, ids, None).await?;
    moment.commit().await?;
    page.answer(profiles, |profile| profile.id.clone())
}

async fn read(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<view::Profile>> {
    let rules = Rules::of(&app.sources, reader.space_id());
    let mut moment = app.database.moment().await?;
    let id = find_at(&mut moment, &app, reader.space_id(), &reference).await?;
    let profile = view::one(&mut moment, &rules, id, asked.purpose.as_deref()).await?;
    moment.commit().await?;
    Ok(Json(profile))
}

#[derive(Deserialize, JsonSchema)]
struct Asked {
    /// For what the evidence has to count.
    purpose: Option<String>,
}

/// What of a timeline is asked for.
#[derive(Deserialize, JsonSchema)]
struct Wanted {
    /// Whether the audiences that the profile entered and left are, too.
    #[serde(default)]
    audiences: bool,
}

async fn events(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Query(wanted): Query<Wanted>,
    page: Page,
) -> Result<Json<List<Entry>>> {
    let space_id = reader.space_id();
    let id = find(&app, space_id, &reference).await?;
    let position = page.place()?.unwrap_or_default();
    let what = timeline::What {
        order: page.order(),
        audiences: wanted.audiences,
    };
    let entries = timeline::page(&app.database, space_id, &id, what, position, page.fetch());
    let (bodies, positions): (Vec<Entry>, Vec<Position>) = entries.await?.into_iter().unzip();
    page.answer_at(bodies, |index| {
        positions
            .get(index)
            .and_then(|position| serde_json::to_string(position).ok())
            .unwrap_or_default()
    })
}

/// Two identifiers between which the evidence is asked for.
#[derive(Deserialize, JsonSchema)]
struct Ends {
    from: Option<Identifier>,
    to: Option<Identifier>,
}

/// Why identifiers are one profile's.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "ProfileExplanation")]
enum Explanation {
    /// The shortest chain of evidence between two of them.
    Chain {
        id: String,
        from: Identifier,
        to: Identifier,
        chain: Vec<store::Link>,
    },
    /// All evidence, page by page.
    Whole {
        id: String,
        identifiers: Vec<view::IdentifierView>,
        links: Vec<store::Link>,
        /// Evidence that was refused.
        blocked_merges: Vec<store::Refusal>,
        /// Ids that the profile had before merges.
        former_ids: Vec<String>,
        /// Where the next page of the evidence begins, joining and refused, to be given as `cursor`; null on the last.
        next_cursor: Option<String>,
    },
}

async fn explain(
    reader: Reader,
    State(app): State<Shared>,
    Path(reference): Path<String>,
    Query(ends): Query<Ends>,
    Wide(page): Wide,
) -> Result<Json<Explanation>> {
    let space_id = reader.space_id();
    let mut moment = app.database.moment().await?;
    let id = find_at(&mut moment, &app, space_id, &reference).await?;
    let identifiers =
        store::identifiers_of(&mut moment, space_id, std::slice::from_ref(&id)).await?;
    let merges = store::merges(&mut moment, space_id, &id).await?;
    if let (Some(from), Some(to)) = (ends.from, ends.to) {
        let rules = app.sources.identity(space_id);
        let (from, to) = (rules.normal(from), rules.normal(to));
        let mut links = store::links(&mut moment, space_id, &id, &Part::default()).await?;
        moment.commit().await?;
        links.extend(merges);
        let Some(chain) = chain::shortest(links, &from, &to) else {
            let say = format!("nothing that counts joins {from} and {to} within this profile");
            return Err(Error::new(Code::NotFound, say));
        };
        return Ok(Json(Explanation::Chain {
            id,
            from,
            to,
            chain,
        }));
    }
    let place: Option<store::Pair> = page.place()?;
    let is_first = place.is_none();
    let after = place.unwrap_or_default();
    let pairs = store::pairs(&mut moment, space_id, &id, &after, page.fetch()).await?;
    let (mut pairs, next_cursor) = page.cut(pairs, |pair| json!(pair).to_string());
    let (mut links, mut blocked) = (Vec::new(), Vec::new());
    if let Some(until) = pairs.pop() {
        let part = Part { after, until };
        links = store::links(&mut moment, space_id, &id, &part).await?;
        blocked = store::refusals(&mut moment, space_id, &id, &part).await?;
    }
    if is_first {
        links.extend(merges);
    }
    let former = store::former_ids(&mut moment, space_id, &id).await?;
    moment.commit().await?;
    let identifiers: Vec<view::IdentifierView> = identifiers
        .into_values()
        .flatten()
        .map(view::IdentifierView::from)
        .collect();
    Ok(Json(Explanation::Whole {
        id,
        identifiers,
        links,
        blocked_merges: blocked,
        former_ids: former,
        next_cursor,
    }))
}
