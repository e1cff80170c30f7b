//! Which conflicts of two records say that they are of two people, whatever else agrees.

use crate::kind::Kind;
use crate::table::{Pattern, Table};

use super::{ENOUGH, Learner, MOSTLY_TWO_PEOPLE, Seen};

/// A conflict that is rarer than this between records of one person may be a veto whatever else is known.
const FEW_CONFLICTS: f64 = 0.01;
/// Pairs in conflict that otherwise look like one person, for each that one person's records explain: from here on most
/// of them are two people who have much in common.
const TWO_PEOPLE: f64 = 2.0;
/// The weight in bits of everything else from which a pair looks like one person.
const LOOKS_LIKE_ONE: f64 = 5.0;

/// Whether a conflict on a field alone tells two people apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Veto {
    /// The field's name.
    pub field: String,
    /// How often records that other evidence shows to be of one person are in conflict on it; `None` when too few are
    /// known.
    pub conflicts: Option<f64>,
    /// How many pairs in conflict look like one person in everything else.
    pub alike: f64,
    /// How many of them the records of one person explain.
    pub explained: f64,
    /// Whether the veto is used.
    pub active: bool,
}

impl Learner<'_> {
    /// Which conflicts the data allows to be vetoes. All of them, unless one person's records are often in conflict (if in
    /// half of the pairs or more, these are of two people) and that explains most of the pairs that are in conflict here and agree otherwise: those are then one person's too.
    pub(super) fn vetoes(&mut self) -> Vec<Veto> {
        let mut vetoes = Vec::new();
        self.veto = 0;
        for (at, field) in self.table.fields.iter().enumerate() {
            if !field.kind.steps().iter().any(|step| step.conflict) {
                continue;
            }
            let counts = self.anchored_levels(at, |_| true);
            let known: f64 = counts[1..].iter().sum();
            let conflicting = |pattern| conflicts(self.table, pattern, 1 << at);
            let in_conflict: f64 = field
                .kind
                .steps()
                .iter()
                .zip(&counts[1..])
                .filter(|(step, _)| step.conflict)
                .map(|(_, count)| count)
                .sum();
            let share = (known >= ENOUGH).then(|| in_conflict / known);
            let looks_like_one = |seen: &&Seen| {
                seen.pattern.level(at) > 0
                    && self.weights(seen.pattern, Some(at)).strangers >= LOOKS_LIKE_ONE
            };
            let (mut alike, mut agreeing) = (0.0, 0.0);
            for seen in self.seen.iter().filter(looks_like_one) {
                *(if conflicting(seen.pattern) {
                    &mut alike
                } else {
                    &mut agreeing
                }) += seen.count;
            }
            // What is mostly in conflict is not of one person, and explains nothing.
            let explained = share
                .filter(|share| *share < MOSTLY_TWO_PEOPLE)
                .map_or(0.0, |share| agreeing * share / (1.0 - share));
            let active = field.kind == Kind::NameSuffix
                || share.is_none_or(|share| share <= FEW_CONFLICTS)
                || alike > TWO_PEOPLE * explained;
            if active {
                self.veto |= 1 << at;
            }
            vetoes.push(Veto {
                field: field.name.clone(),
                conflicts: share,
                alike,
                explained,
                active,
            });
        }
        vetoes
    }

    /// Bits of fields with conflicts.
    pub(super) fn may_veto(&self) -> u32 {
        let fields = self.table.fields.iter().enumerate();
        fields
            .filter(|(_, field)| field.kind.steps().iter().any(|step| step.conflict))
            .fold(0, |bits, (at, _)| bits | 1 << at)
    }
}

/// Whether a pattern has a conflict on one of the fields of `veto`.
pub(crate) fn conflicts(table: &Table, pattern: Pattern, veto: u32) -> bool {
    table.fields.iter().enumerate().any(|(at, field)| {
        veto & (1 << at) != 0
            && pattern.level(at).checked_sub(1).is_some_and(|step| {
                field
                    .kind
                    .steps()
                    .get(step)
                    .is_some_and(|step| step.conflict)
            })
    })
}
