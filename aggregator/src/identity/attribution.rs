//! Whose the events of shared devices are: of whoever was signed in at their time. The rule is the core's
//! ([`identity::whose`]); here is what is kept for it, and which events a word concerns.
//!
//! Such an event's anchor becomes the identifier of whoever was signed in. Words arrive in any order, so anchors are found
//! again around each word that arrives; whoever loses or gets an event that was taken in before is folded again.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::consent::Choices;
use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, BELIEVED, SignIns, Word, is_device, only_devices, whose};
use cdp_core::time::Timestamp;
use sqlx::AnyConnection;

use crate::app::App;
use crate::consent::{self, Rules};
use crate::error::Result;
use crate::pipeline::Logged;

mod store;

pub(crate) use store::given;

/// From one moment to another.
type Window = (Timestamp, Timestamp);

/// All times.
fn always() -> Window {
    let ends = [i64::MIN, i64::MAX].map(Timestamp::from_micros);
    ends.into()
}

/// Between which moments these are, which are in order. Where nothing happens for longer than anybody is believed to be there, the
/// one ends and the next begins: what lies between is not looked at.
fn spans(moments: impl Iterator<Item = Timestamp>) -> Vec<Window> {
    let mut spans: Vec<Window> = Vec::new();
    for at in moments {
        match spans.last_mut() {
            Some((_, last)) if last.plus(BELIEVED) >= at => *last = at,
            _ => spans.push((at, at)),
        }
    }
    spans
}

/// What events say of who used devices, and those that carry nothing but devices.
#[derive(Debug, Default)]
pub(super) struct Usage {
    words: BTreeMap<Identifier, BTreeSet<(Timestamp, Word)>>,
    open: BTreeMap<i64, Open>,
}

impl Usage {
    /// Takes in an event.
    pub(super) fn add(&mut self, rules: &identity::Rules, logged: &Logged, named: &[Identifier]) {
        if !rules.attributes_by_time() {
            return;
        }
        if let Some((word, devices)) = rules.word_of(&logged.event, named) {
            for device in devices {
                let of_device = self.words.entry(device.clone()).or_default();
                of_device.insert((logged.event.timestamp, word.clone()));
            }
        }
        let open = Open::of(logged, only_devices(named).cloned().collect());
        if !open.devices.is_empty() {
            self.open.insert(open.offset, open);
        }
    }

    /// Remembers it.
    pub(super) async fn put(&self, connection: &mut AnyConnection, space_id: &str) -> Result<()> {
        store::put_words(connection, space_id, &self.words).await?;
        store::put_events(
            connection,
            space_id,
            self.open.values().flat_map(Open::beside),
        )
        .await
    }

    /// Between which moments there are words, by device.
    fn spans(&self) -> impl Iterator<Item = (&Identifier, Window)> {
        self.words.iter().flat_map(|(device, words)| {
            let spans = spans(words.iter().map(|(at, _)| *at));
            spans.into_iter().map(move |span| (device, span))
        })
    }
}

/// Says whose new events are, and remembers what they say of who used their devices. Gives the anchors that lost or got
/// events which were taken in before.
pub(crate) async fn attribute(
    connection: &mut AnyConnection,
    rules: &Rules,
    events: &mut [Logged],
    named: &[Vec<Identifier>],
) -> Result<BTreeSet<String>> {
    if !rules.identity().attributes_by_time() {
        return Ok(BTreeSet::new());
    }
    let space_id = rules.space_id();
    let mut new = Usage::default();
    for (logged, named) in events.iter().zip(named) {
        new.add(rules.identity(), logged, named);
    }
    let before = store::people(connection, space_id, new.words.keys()).await?;
    new.put(connection, space_id).await?;
    let after = store::people(connection, space_id, new.words.keys()).await?;

    let mut open = BTreeMap::new();
    for (device, span) in new.spans() {
        let Some(people) = after.get(device).filter(|people| people.is_shared()) else {
            continue;
        };
        let was_shared = before.get(device).is_some_and(store::People::is_shared);
        let window = if was_shared {
            let around = store::around(connection, space_id, device, people, span).await?;
            around.concerned(span.0, span.1)
        } else {
            always()
        };
        open.append(&mut store::open(connection, rules, device, window).await?);
    }
    open.retain(|offset, _| !new.open.contains_key(offset));
    let moved = settle(connection, space_id, open).await?;
    let attributed = owners(connection, space_id, &new.open).await?;
    for logged in &mut *events {
        if let Some(owner) = attributed.get(&logged.offset) {
            logged.anchor = owner.to_string();
        }
    }
    write(connection, space_id, &new.open, &attributed).await?;
    Ok(moved)
}

/// Finds again whose all events of these devices are. Gives the anchors that lost or got any.
pub(super) async fn attribute_again(
    connection: &mut AnyConnection,
    rules: &Rules,
    identifiers: impl Iterator<Item = &Identifier>,
) -> Result<BTreeSet<String>> {
    if !rules.identity().attributes_by_time() {
        return Ok(BTreeSet::new());
    }
    let space_id = rules.space_id();
    let devices: BTreeSet<Identifier> = identifiers.filter(|one| is_device(one)).cloned().collect();
    let mut open = BTreeMap::new();
    for device in store::of_several(connection, space_id, devices.iter()).await? {
        open.append(&mut store::open(connection, rules, &device, always()).await?);
    }
    settle(connection, space_id, open).await
}

/// An event that carries nothing but devices.
#[derive(Debug)]
pub(super) struct Open {
    offset: i64,
    at: Timestamp,
    /// Whose it is so far.
    anchor: String,
    devices: Vec<Identifier>,
}

impl Open {
    fn of(logged: &Logged, devices: Vec<Identifier>) -> Self {
        Self {
            offset: logged.offset,
            at: logged.event.timestamp,
            anchor: logged.anchor.clone(),
            devices,
        }
    }

    /// The devices under which it is not found by its anchor.
    fn beside(&self) -> impl Iterator<Item = (&Identifier, Timestamp, i64)> {
        self.devices
            .iter()
            .skip(1)
            .map(|device| (device, self.at, self.offset))
    }
}

/// Whose these events are, by their numbers.
async fn owners(
    connection: &mut AnyConnection,
    space_id: &str,
    open: &BTreeMap<i64, Open>,
) -> Result<BTreeMap<i64, Identifier>> {
    let mut moments: BTreeMap<&Identifier, BTreeSet<Timestamp>> = BTreeMap::new();
    for event in open.values() {
        for device in &event.devices {
            moments.entry(device).or_default().insert(event.at);
        }
    }
    let people = store::people(connection, space_id, moments.keys().copied()).await?;
    let mut sign_ins = BTreeMap::new();
    for (device, people) in people.into_iter().filter(|(_, people)| people.is_shared()) {
        let mut words = SignIns::default();
        for span in spans(moments.get(&device).into_iter().flatten().copied()) {
            words.merge(store::around(connection, space_id, &device, &people, span).await?);
        }
        sign_ins.insert(device, words);
    }
    let owner = |event: &Open| {
        let of_devices = event
            .devices
            .iter()
            .filter_map(|device| sign_ins.get(device));
        let owner = whose(of_devices, event.at).or(event.devices.first());
        owner.cloned()
    };
    Ok(open
        .iter()
        .filter_map(|(offset, event)| Some((*offset, owner(event)?)))
        .collect())
}

/// Gives events that were taken in before to whom they belong.
async fn settle(
    connection: &mut AnyConnection,
    space_id: &str,
    open: BTreeMap<i64, Open>,
) -> Result<BTreeSet<String>> {
    let owners = owners(connection, space_id, &open).await?;
    write(connection, space_id, &open, &owners).await
}

/// Writes down where an event's anchor becomes another. Gives these anchors.
async fn write(
    connection: &mut AnyConnection,
    space_id: &str,
    open: &BTreeMap<i64, Open>,
    owners: &BTreeMap<i64, Identifier>,
) -> Result<BTreeSet<String>> {
    let mut moved = BTreeSet::new();
    let mut offsets: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut left = Vec::new();
    let mut own = Vec::new();
    for (offset, event) in open {
        let Some(owner) = owners.get(offset).map(ToString::to_string) else {
            continue;
        };
        if owner != event.anchor {
            let device = event.devices.first();
            left.extend(device.map(|device| (device, event.at, *offset)));
            own.extend(device.map(|device| (*offset, device)));
            moved.extend([owner.clone(), event.anchor.clone()]);
            offsets.entry(owner).or_default().push(*offset);
        }
    }
    store::put_events(connection, space_id, left.into_iter()).await?;
    store::put_anchors(connection, offsets).await?;
    store::put_read(connection, space_id, own).await?;
    Ok(moved)
}

/// Whose snapshot an identifier gets.
#[derive(Debug)]
pub(crate) enum User {
    /// Its own.
    Own(Identifier),
    /// On a device that several people used, that of whoever is signed in; `None` where nobody knows who is, or where they do not
    /// want to be linked with what they do. What was said with the device holds beside what they said.
    Shared {
        whose: Option<Identifier>,
        said: Choices,
    },
}

/// Whose snapshot an identifier gets at a moment.
pub(crate) async fn user_of(
    app: &App,
    rules: &identity::Rules,
    space_id: &str,
    identifier: Identifier,
    now: Timestamp,
) -> Result<User> {
    if !rules.attributes_by_time() || !is_device(&identifier) {
        return Ok(User::Own(identifier));
    }
    let mut connection = app.database.reader().acquire().await?;
    let people = store::people(&mut connection, space_id, std::iter::once(&identifier)).await?;
    let Some(people) = people.get(&identifier).filter(|people| people.is_shared()) else {
        return Ok(User::Own(identifier));
    };
    let around = store::around(&mut connection, space_id, &identifier, people, (now, now)).await?;
    let with_device = consent::said_with(&mut connection, space_id, &identifier).await?;
    let mut whose = around.at(now).cloned();
    if let Some(person) = &whose {
        let of_person = consent::said_by(&mut connection, space_id, person).await?;
        let consent = Rules::of(&app.sources, space_id);
        let denies = |purpose: &String| {
            let mut both = [&of_person, &with_device].into_iter();
            both.any(|said| said.0.get(purpose).is_some_and(|said| said.denies()))
        };
        if consent.policy().uses.link.iter().any(denies) {
            whose = None;
        }
    }
    let said = with_device.choices();
    Ok(User::Shared { whose, said })
}
