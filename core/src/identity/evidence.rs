//! What an event says of who is who.

use serde_json::Value;

use super::rules::{Rules, Unfit};
use crate::event::{Event, EventKind};
use crate::identifier::{ANONYMOUS_ID, DEVICE_ID, EMAIL, Identifier, PHONE, USER_ID};

/// Two identifiers that one event carried, the stronger first.
pub type Pair = (Identifier, Identifier);

impl Rules {
    /// The identifiers of an event, strongest first; the first is the event's anchor, the one it belongs
    /// to. Empty when everything on it belongs to nobody. An alias's previous id is the last of its kind.
    #[must_use]
    pub fn identifiers_of(&self, event: &Event) -> Vec<Identifier> {
        let mut found = Vec::with_capacity(self.kinds.len());
        self.look_at(event, |place, value| {
            if let (Ok(value), Some(kind)) = (self.value(place, value), self.kinds.get(place)) {
                found.push((place, Identifier::new(&kind.kind, &value)));
            }
        });
        // The sort is stable, so that an alias's previous id stays behind the present one.
        found.sort_by_key(|(place, _)| *place);
        let mut identifiers: Vec<Identifier> = found.into_iter().map(|(_, one)| one).collect();
        identifiers.dedup();
        identifiers
    }

    /// The identifiers that an event carries and that name nobody, with why.
    #[must_use]
    pub fn unfit_of(&self, event: &Event) -> Vec<(Identifier, Unfit)> {
        let mut unfit = Vec::new();
        self.look_at(event, |place, value| {
            if let (Err(why), Some(kind)) = (self.value(place, value), self.kinds.get(place)) {
                unfit.push((Identifier::new(&kind.kind, value), why));
            }
        });
        unfit
    }

    /// The evidence of one event: a star from its strongest identifier to each other one, so that a blocked
    /// or refused identifier never drags a third one along. An alias ties its two ids directly.
    #[must_use]
    pub fn evidence_of(&self, event: &Event) -> Vec<Pair> {
        self.evidence_among(event, &self.identifiers_of(event))
    }

    /// The same, of an event whose identifiers are known.
    #[must_use]
    pub fn evidence_among(&self, event: &Event, named: &[Identifier]) -> Vec<Pair> {
        // What somebody says of consent tells nobody who they are.
        if event.kind == EventKind::Consent {
            return Vec::new();
        }
        self.star(named)
    }

    /// The pairs of identifiers that one event or record carried, which are sorted by strength.
    #[must_use]
    pub fn star(&self, identifiers: &[Identifier]) -> Vec<Pair> {
        let Some((centre, others)) = identifiers.split_first() else {
            return Vec::new();
        };
        let pair = |other: &Identifier| (centre.clone(), other.clone());
        others.iter().map(pair).collect()
    }

    /// Shows each raw value that an event carries for a kind, with the kind's place.
    fn look_at(&self, event: &Event, mut show: impl FnMut(usize, &str)) {
        for (place, kind) in self.kinds.iter().enumerate() {
            match kind.kind.as_str() {
                USER_ID => {
                    // The browser's own id where the user's belongs: somebody passed the wrong variable.
                    let pasted = |id: &&str| Some(*id) != event.anonymous_id.as_deref();
                    event
                        .user_id
                        .as_deref()
                        .filter(pasted)
                        .into_iter()
                        .for_each(|id| show(place, id));
                }
                ANONYMOUS_ID => {
                    let previous = (event.kind == EventKind::Alias).then_some(());
                    // An alias says `previousId` without its kind: SDKs use it for the browser's id.
                    let previous = previous.and(event.previous_id.as_deref());
                    let both = [event.anonymous_id.as_deref(), previous];
                    both.into_iter().flatten().for_each(|id| show(place, id));
                }
                EMAIL | PHONE => trait_of(event, &kind.kind)
                    .into_iter()
                    .for_each(|value| show(place, value)),
                DEVICE_ID => {
                    let device = event.context.member("device");
                    let id = device.and_then(|device| device.get("id"));
                    id.and_then(Value::as_str)
                        .into_iter()
                        .for_each(|id| show(place, id));
                }
                other => external(event, other).for_each(|id| show(place, id)),
            }
        }
    }
}

/// What an event says of its person's e-mail address or number.
fn trait_of<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    // A group's traits describe the account, so only the person's own calls name theirs.
    let own_traits = (event.kind != EventKind::Group).then_some(&event.traits);
    let own = own_traits.and_then(|traits| traits.member(name));
    let in_context = || event.context.member("traits")?.get(name);
    [own, in_context()]
        .into_iter()
        .flatten()
        .find_map(Value::as_str)
}

/// Ids that other systems gave the person: `context.externalIds`, as Segment writes them.
fn external<'e>(event: &'e Event, kind: &'e str) -> impl Iterator<Item = &'e str> {
    let ids = event
        .context
        .member("externalIds")
        .and_then(Value::as_array);
    ids.into_iter()
        .flatten()
        .filter(move |id| id.get("type").and_then(Value::as_str) == Some(kind))
        .filter_map(|id| id.get("id")?.as_str())
}
