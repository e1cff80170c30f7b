//! Whose events an anchor's are, and from when on they count.

use std::collections::HashMap;

use cdp_core::consent::Standing;

use super::columns::Columns;

/// Everybody, as a report sees them.
#[derive(Debug, Default)]
pub(super) struct People {
    /// For each anchor the number of its person, and the moment from which on its events count, in milliseconds: whoever
    /// took their consent back has none before that.
    of_anchor: Vec<(u32, i64)>,
    count: u32,
}

/// Whom an identifier belongs to, as it is read.
#[derive(Debug)]
pub(super) struct Belonging {
    pub(super) identifier: String,
    /// What of a person may be linked.
    pub(super) profile_id: String,
    pub(super) person_id: String,
}

/// Nothing counts any more.
const NEVER: i64 = i64::MAX;

/// From when on events count of somebody who has said this, where storing needs these purposes.
pub(super) fn counts_from(standing: &Standing, purposes: &[String]) -> i64 {
    let of_purpose = |purpose: &String| {
        let said = standing.0.get(purpose)?;
        let denied_at = said.denied_at?;
        Some(if said.denies() {
            NEVER
        } else {
            denied_at.as_millis() + 1
        })
    };
    purposes
        .iter()
        .filter_map(of_purpose)
        .max()
        .unwrap_or(i64::MIN)
}

/// Numbers people as their identifiers are read.
#[derive(Debug)]
pub(super) struct Census {
    of_anchor: Vec<Option<(u32, i64)>>,
    of_profile: HashMap<String, u32>,
}

impl Census {
    /// Of the anchors that columns have.
    pub(super) fn of(columns: &Columns) -> Self {
        Self {
            of_anchor: vec![None; columns.anchors()],
            of_profile: HashMap::new(),
        }
    }

    /// Takes in whose an identifier is; `from` is when their events begin to count.
    pub(super) fn add(&mut self, columns: &Columns, belonging: Belonging, from: i64) {
        let Some(anchor) = columns.number_of(&belonging.identifier) else {
            return;
        };
        let next = u32::try_from(self.of_profile.len()).unwrap_or(u32::MAX);
        let person = *self.of_profile.entry(belonging.profile_id).or_insert(next);
        let place = usize::try_from(anchor)
            .ok()
            .and_then(|at| self.of_anchor.get_mut(at));
        if let Some(place) = place {
            *place = Some((person, from));
        }
    }

    /// Everybody. An anchor of whom nothing is known yet is a person of its own.
    pub(super) fn finish(self) -> People {
        let mut count = u32::try_from(self.of_profile.len()).unwrap_or(u32::MAX);
        let number = |known: Option<(u32, i64)>| {
            known.unwrap_or_else(|| {
                count = count.saturating_add(1);
                (count - 1, i64::MIN)
            })
        };
        let of_anchor = self.of_anchor.into_iter().map(number).collect();
        People { of_anchor, count }
    }
}

impl People {
    /// Whose an event is, if it counts. An anchor that came after everybody was read is a person of its own until the next
    /// time.
    pub(super) fn counts(&self, anchor: u32, at: i64) -> Option<u32> {
        let place = usize::try_from(anchor).ok()?;
        let Some((person, from)) = self.of_anchor.get(place) else {
            let later = place - self.of_anchor.len();
            return self.count.checked_add(u32::try_from(later).ok()?);
        };
        (at >= *from).then_some(*person)
    }

    /// How many there are, with those who came later as anchors.
    pub(super) fn count(&self, anchors: usize) -> usize {
        let later = anchors.saturating_sub(self.of_anchor.len());
        usize::try_from(self.count)
            .unwrap_or(usize::MAX)
            .saturating_add(later)
    }
}
