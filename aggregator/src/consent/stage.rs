//! The pipeline's stage that remembers what people chose, and finds out for what evidence counts now.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::{Scope, Standing};
use cdp_core::event::EventKind;
use cdp_core::identifier::Identifier;
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use super::entry::Tip;
use super::folded::Folded;
use super::refusals::Refusals;
use super::rules::{Devices, Rules};
use super::state::State;
use super::store::Kept;
use super::{entries, store};
use crate::error::Result;
use crate::identity;
use crate::pipeline::{Logged, Turn};

/// A person took a purpose back that their evidence had been counted for.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawal {
    pub(crate) person_id: String,
    pub(crate) purpose: String,
}

/// Takes in the choices that the events carry. What somebody says holds for every identifier that they
/// say it with, also where these are never joined. Then says in the turn for what each event counts, and
/// which anchors have to be folded again because the person's words have come to differ from those that
/// they were folded under.
pub(crate) async fn apply(
    connection: &mut AnyConnection,
    turn: &mut Turn<'_>,
    refusals: &Refusals,
) -> Result<()> {
    let mut anchors = store::of_people(connection, turn.space_id, turn.people.iter()).await?;
    let before = anchors.clone();
    let news = hear(turn, &mut anchors);
    let mut people: BTreeMap<String, State> = BTreeMap::new();
    for (person, kept) in anchors.values() {
        people
            .entry(person.clone())
            .or_default()
            .merge(kept.state.clone());
    }
    let standings: BTreeMap<&str, Standing> = people
        .iter()
        .map(|(person, state)| (person.as_str(), state.standing()))
        .collect();

    let nothing_said = Standing::default();
    for (anchor, (person, kept)) in &anchors {
        let standing = standings.get(person.as_str()).unwrap_or(&nothing_said);
        if kept.folded.differs(standing) {
            let purposes = standing.0.keys().filter(|purpose| {
                kept.folded.has(purpose)
                    && standing.0.get(*purpose).is_some_and(|said| said.denies())
            });
            turn.withdrawn.extend(purposes.map(|purpose| Withdrawal {
                person_id: person.clone(),
                purpose: purpose.clone(),
            }));
            turn.again.insert(anchor.clone(), standing.clone());
            turn.divided.insert(person.clone());
        }
    }
    let given = of_shared_devices(connection, turn, &before, &anchors, &standings).await?;
    for (anchor, (person, standing)) in given {
        turn.divided.insert(person);
        turn.again.insert(anchor, standing);
    }
    let devices = heard_with(connection, turn, &anchors).await?;
    let mut scopes = Vec::with_capacity(turn.events.len());
    for logged in turn.events {
        let person = turn.person_of(&logged.anchor);
        let standing = person.and_then(|person| standings.get(person));
        let standing = standing.unwrap_or(&nothing_said);
        let Some(grants) = turn.rules.grants(logged) else {
            scopes.push(Scope::default());
            continue;
        };
        let scope = turn.rules.scope(logged, &grants, standing, &devices);
        // What is folded again finds this event in the table.
        if !turn.again.contains_key(&logged.anchor) {
            let person = person.unwrap_or_default().to_owned();
            let (_, kept) = anchors
                .entry(logged.anchor.clone())
                .or_insert_with(|| (person, Kept::default()));
            kept.folded.add(&grants, &scope, standing);
        }
        scopes.push(scope);
    }
    turn.scopes = scopes;

    let is_new =
        |anchor: &String, kept: &Kept| before.get(anchor).is_none_or(|known| known.1 != *kept);
    // Where it counts for other purposes than before, or other choices hold, nothing is as it was.
    for (anchor, (_, kept)) in &anchors {
        let says_otherwise = before.get(anchor).is_none_or(|(_, known)| {
            known.folded != kept.folded || known.state.choices() != kept.state.choices()
        });
        let profile_id = turn.profile_of(anchor).filter(|_| says_otherwise);
        turn.touched.extend(profile_id.map(ToOwned::to_owned));
    }
    let changed = anchors
        .into_iter()
        .map(|(anchor, (_, kept))| (anchor, kept))
        .filter(|(anchor, kept)| is_new(anchor, kept))
        .collect();
    store::keep(connection, turn.space_id, changed).await?;
    record(connection, turn.space_id, news).await?;
    refusals.follow(connection, turn.space_id, &people).await
}

/// Whose anchors have to be folded again because events of shared devices came to be others', or because what was said with
/// such a device has come to differ from what its events were counted under; each with the person, and what they have said.
async fn of_shared_devices(
    connection: &mut AnyConnection,
    turn: &Turn<'_>,
    before: &BTreeMap<String, (String, Kept)>,
    anchors: &BTreeMap<String, (String, Kept)>,
    standings: &BTreeMap<&str, Standing>,
) -> Result<BTreeMap<String, (String, Standing)>> {
    if !turn.rules.identity().attributes_by_time() {
        return Ok(BTreeMap::new());
    }
    // Of what is granted only the moment changes, with every event.
    let denies = |kept: &Kept| -> BTreeMap<String, (Option<Timestamp>, bool)> {
        let said = kept.state.standing().0.into_iter();
        let said = said.filter(|(_, said)| said.denied_at.is_some());
        said.map(|(purpose, said)| (purpose, (said.denied_at, said.denies())))
            .collect()
    };
    let differs = |(anchor, (_, kept)): &(&String, &(String, Kept))| {
        let known = before.get(*anchor).map(|(_, known)| denies(known));
        known.unwrap_or_default() != denies(kept)
    };
    let spoke = anchors.iter().filter(differs).map(|(anchor, _)| anchor);
    let given = identity::given(connection, turn.space_id, spoke).await?;
    let person_of = |anchor: &String| Some((anchor.clone(), turn.person_of(anchor)?.to_owned()));
    let moved = turn.moved.iter().filter_map(person_of);
    let again: BTreeMap<String, String> = given.into_iter().chain(moved).collect();
    let is_unknown = |person: &&String| !standings.contains_key(person.as_str());
    let others: BTreeSet<&String> = again.values().filter(is_unknown).collect();
    let others = store::standings_of_people(connection, turn.space_id, others.into_iter()).await?;
    let standing = |person: &String| {
        standings
            .get(person.as_str())
            .or(others.get(person))
            .cloned()
    };
    let with_words = |(anchor, person): (String, String)| {
        let standing = standing(&person).unwrap_or_default();
        (anchor, (person, standing))
    };
    Ok(again.into_iter().map(with_words).collect())
}

/// What was said with the devices from which this turn's events were given, also in this turn.
async fn heard_with(
    connection: &mut AnyConnection,
    turn: &Turn<'_>,
    anchors: &BTreeMap<String, (String, Kept)>,
) -> Result<Devices> {
    let given = turn
        .events
        .iter()
        .filter(|logged| turn.rules.is_given(logged));
    let mut devices = Devices::of_events(connection, turn.rules, given.clone()).await?;
    for device in given.flat_map(|logged| turn.rules.given_from(logged)) {
        if let Some((_, kept)) = anchors.get(&device) {
            devices.0.insert(device, kept.state.standing());
        }
    }
    Ok(devices)
}

/// Adds the events' words to what is kept of the identifiers that they name; gives those that are news.
fn hear<'a>(
    turn: &Turn<'a>,
    anchors: &mut BTreeMap<String, (String, Kept)>,
) -> BTreeMap<String, Vec<&'a Logged>> {
    let mut news: BTreeMap<String, Vec<&Logged>> = BTreeMap::new();
    for (logged, identifiers) in turn.events.iter().zip(&turn.named) {
        let words = State::of_event(&logged.event);
        if words.is_empty() {
            continue;
        }
        for named in identifiers {
            let anchor = named.to_string();
            let person = turn.person_of(&anchor).unwrap_or_default().to_owned();
            let (_, kept) = anchors
                .entry(anchor.clone())
                .or_insert_with(|| (person, Kept::default()));
            let is_new = kept.state.hear(words.clone());
            if is_new || logged.event.kind == EventKind::Consent {
                news.entry(anchor).or_default().push(logged);
            }
        }
    }
    news
}

/// An event that is read again, whom it names then, and whom of these it did not name before.
pub(crate) type Heard<'a> = (&'a Logged, Vec<Identifier>, BTreeSet<Identifier>);

/// Takes in the words of events that are read again by other identity rules, apart from what is kept of people now. The
/// ledger gets them for whoever was not named before.
pub(crate) async fn hear_apart(
    connection: &mut AnyConnection,
    space_id: &str,
    apart: &str,
    heard: Vec<Heard<'_>>,
) -> Result<()> {
    let names = heard.iter().flat_map(|(_, named, _)| named);
    let names: BTreeSet<String> = names.map(ToString::to_string).collect();
    let mut states = store::states(connection, apart, names.into_iter()).await?;
    let before = states.clone();
    let mut news: BTreeMap<String, Vec<&Logged>> = BTreeMap::new();
    for (logged, named, new) in heard {
        let words = State::of_event(&logged.event);
        if words.is_empty() {
            continue;
        }
        for one in named {
            let anchor = one.to_string();
            let state = states.entry(anchor.clone()).or_default();
            let is_new = state.hear(words.clone()) || logged.event.kind == EventKind::Consent;
            if is_new && new.contains(&one) {
                news.entry(anchor).or_default().push(logged);
            }
        }
    }
    states.retain(|anchor, state| before.get(anchor) != Some(state));
    let kept = states.into_iter().map(|(anchor, state)| {
        let folded = Folded::default();
        (anchor, Kept { state, folded })
    });
    store::keep(connection, apart, kept.collect()).await?;
    record(connection, space_id, news).await
}

/// Writes what is news into the ledger.
async fn record(
    connection: &mut AnyConnection,
    space_id: &str,
    news: BTreeMap<String, Vec<&Logged>>,
) -> Result<()> {
    let mut tips = entries::tips(connection, space_id, news.keys()).await?;
    let mut added = Vec::new();
    for (anchor, heard) in news {
        let mut tip: Tip = tips.remove(&anchor).unwrap_or_default();
        for logged in heard {
            added.push(tip.add(space_id, &logged.source_id, &anchor, &logged.event)?);
        }
    }
    entries::append(connection, space_id, added).await
}

/// For what events count that were taken in before.
pub(crate) async fn scopes(
    connection: &mut AnyConnection,
    rules: &Rules,
    events: &[Logged],
) -> Result<Vec<Scope>> {
    let mut anchors: Vec<&String> = events.iter().map(|logged| &logged.anchor).collect();
    anchors.sort_unstable();
    anchors.dedup();
    let anchors = anchors.into_iter().cloned();
    let states = store::of_anchors(connection, rules.space_id(), anchors).await?;
    let standings: BTreeMap<String, Standing> = states
        .into_iter()
        .map(|(anchor, state)| (anchor, state.standing()))
        .collect();
    let nothing_said = Standing::default();
    let devices = Devices::of_events(connection, rules, events.iter()).await?;
    let scope = |logged: &Logged| {
        let standing = standings.get(&logged.anchor).unwrap_or(&nothing_said);
        let grants = rules.grants(logged);
        grants
            .map(|grants| rules.scope(logged, &grants, standing, &devices))
            .unwrap_or_default()
    };
    Ok(events.iter().map(scope).collect())
}
