//! Exposures: that somebody was shown a decision, as an event, and what is remembered of these events.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::MOST_CAPPED;
use crate::event::{Event, EventKind, Object};
use crate::hex::hex;
use crate::time::Timestamp;

/// The name of the track event that tells that a decision was shown.
pub const EXPOSURE_EVENT: &str = "Experience Viewed";
/// The arm of those who see the default so that the effect can be measured.
pub const HOLDOUT: &str = "holdout";
/// In place of an experience: the holdout of the whole space.
pub const SPACE_HOLDOUT: &str = "space_holdout";

/// Arms of one experience that are remembered of a person, the earliest: nobody may fill the memory with
/// variants that do not exist.
const MOST_ARMS: usize = 32;
/// Characters of an id or a key in an exposure.
const LONGEST: usize = 200;
/// Hexadecimal digits by which a decision is told from others of the same experience and person.
const DIGITS: usize = 16;

/// What an exposure says: the properties of its event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Exposure {
    /// The experience, or [`SPACE_HOLDOUT`].
    pub experience: String,
    /// The variant that was shown; null in the holdout.
    pub variant: Option<String>,
    /// Where.
    pub placement: String,
    /// Whether the default was shown so that the effect can be measured.
    pub holdout: bool,
    /// The decision that was shown; what tells of one twice counts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision_id: Option<String>,
}

impl Exposure {
    /// The properties of its event.
    #[must_use]
    pub fn properties(&self) -> Object {
        match serde_json::to_value(self) {
            Ok(Value::Object(properties)) => properties,
            _ => Object::new(),
        }
    }
}

/// An exposure as an event tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The experience, or [`SPACE_HOLDOUT`].
    pub experience: String,
    /// The variant's key, or [`HOLDOUT`].
    pub arm: String,
    /// When.
    pub at: Timestamp,
    /// By what it is told from others.
    decision: String,
}

impl Shown {
    /// What an event tells; `None` of an event that is no exposure.
    #[must_use]
    pub fn of_event(event: &Event) -> Option<Self> {
        if event.kind != EventKind::Track || event.name.as_deref() != Some(EXPOSURE_EVENT) {
            return None;
        }
        let text = |name: &str| {
            let text = event.properties.get(name)?.as_str()?;
            let fits = !text.is_empty() && text.chars().count() <= LONGEST && !text.contains('\0');
            fits.then(|| text.to_owned())
        };
        let held = event.properties.get(HOLDOUT).and_then(Value::as_bool);
        let arm = match (held, text("variant")) {
            (Some(true), _) => HOLDOUT.to_owned(),
            (_, Some(key)) if key != HOLDOUT => key,
            _ => return None,
        };
        let decision = text("decision_id");
        let mut decision = hex(&Sha256::digest(
            decision.as_deref().unwrap_or(&event.message_id),
        ));
        decision.truncate(DIGITS);
        Some(Self {
            experience: text("experience")?,
            arm,
            at: event.timestamp,
            decision,
        })
    }
}

/// What is remembered of a person's exposures to one experience. Starts empty; merges in any order, and
/// what is merged twice counts once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exposed {
    /// When each arm was first shown.
    #[serde(default)]
    pub arms: BTreeMap<String, Timestamp>,
    /// The decisions that were shown last, each with when it last was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    shown: BTreeMap<String, Timestamp>,
    /// Their times alone, in order; only in a snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<Timestamp>,
}

impl Exposed {
    /// Takes an exposure into account.
    pub fn add(&mut self, shown: &Shown) {
        self.merge(&Self {
            arms: BTreeMap::from([(shown.arm.clone(), shown.at)]),
            shown: BTreeMap::from([(shown.decision.clone(), shown.at)]),
            times: Vec::new(),
        });
    }

    /// Adds what another anchor of the same profile remembers.
    pub fn merge(&mut self, other: &Self) {
        for (arm, at) in &other.arms {
            let first = self.arms.entry(arm.clone()).or_insert(*at);
            *first = *at.min(first);
        }
        for (decision, at) in &other.shown {
            let last = self.shown.entry(decision.clone()).or_insert(*at);
            *last = *at.max(last);
        }
        // The time of an arm only falls and that of a decision only rises, so what is beyond the limit
        // now would be beyond it in any order.
        while self.arms.len() > MOST_ARMS
            && let Some(arm) = by_time(&self.arms).max().map(|(_, arm)| arm.clone())
        {
            self.arms.remove(&arm);
        }
        let most = usize::try_from(MOST_CAPPED).unwrap_or(usize::MAX);
        while self.shown.len() > most
            && let Some(decision) = by_time(&self.shown)
                .min()
                .map(|(_, decision)| decision.clone())
        {
            self.shown.remove(&decision);
        }
    }

    /// The same for a snapshot, with the times of as many exposures as caps count.
    #[must_use]
    pub fn for_snapshot(&self, counts: usize) -> Self {
        let mut times: Vec<Timestamp> = self.shown.values().copied().collect();
        times.sort_unstable();
        times.drain(..times.len().saturating_sub(counts));
        Self {
            arms: self.arms.clone(),
            shown: BTreeMap::new(),
            times,
        }
    }

    /// The arm that was shown first, and when; of two at the same time the one with the smaller name.
    #[must_use]
    pub fn first(&self) -> Option<(&str, Timestamp)> {
        self.first_of(|_| true)
    }

    /// The same among some arms.
    pub(super) fn first_of(&self, among: impl Fn(&str) -> bool) -> Option<(&str, Timestamp)> {
        let arms = by_time(&self.arms).filter(|(_, arm)| among(arm));
        arms.min().map(|(at, arm)| (arm.as_str(), at))
    }
}

fn by_time(times: &BTreeMap<String, Timestamp>) -> impl Iterator<Item = (Timestamp, &String)> {
    times.iter().map(|(name, at)| (*at, name))
}
