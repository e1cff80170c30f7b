//! A pair's weight, out of its pattern.

use crate::household::Household;
use crate::model::{Agreement, Model};
use crate::table::{Pattern, Table};

/// How the pair of a pattern agrees on a field; `one` is either record, since the share counts only where both have the
/// same value.
pub(crate) fn agreement(table: &Table, pattern: Pattern, field: usize, one: u32) -> Agreement {
    let level = pattern.level(field);
    let of = &table.fields[field];
    let share = (level == 1 && of.kind.has_term_frequency())
        .then(|| {
            let value = of.of_record[one as usize].checked_sub(1)?;
            let count = of.counts.get(value as usize)?;
            Some(f64::from(*count) / f64::from(of.known))
        })
        .flatten();
    Agreement { level, share }
}

/// The bits of each field that both know.
pub(crate) fn bits_of_fields<'a>(
    table: &'a Table,
    model: &'a Model,
    pattern: Pattern,
    one: u32,
) -> impl Iterator<Item = (usize, f64)> + 'a {
    (0..table.fields.len())
        .filter(move |field| pattern.level(*field) > 0)
        .map(move |field| {
            let (level, frequency) = model.bits(field, agreement(table, pattern, field, one));
            (field, level + frequency)
        })
}

/// What a pair is weighed against besides strangers: two people of one household.
#[derive(Clone, Debug)]
pub(crate) struct Against {
    pub(crate) household: Household,
    /// Bits before anything that differs within a household is compared: of the pairs that share surname and home, how many
    /// times more are of one person than of two.
    pub(crate) start: f64,
}

/// Both weights of a pair, or of two groups, in bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights {
    /// One person's rather than two strangers'.
    pub(crate) strangers: f64,
    /// One person's rather than two people's of one household.
    pub(crate) household: f64,
}

impl Weights {
    /// The weights before anything is compared.
    pub(crate) fn start(start: f64, against: &Against) -> Self {
        Self {
            strangers: start,
            household: if against.household.applies() {
                against.start
            } else {
                f64::INFINITY
            },
        }
    }

    /// Adds the bits of a field on a level.
    pub(crate) fn add(&mut self, against: &Against, field: usize, level: usize, bits: f64) {
        self.strangers += bits;
        self.household += against.household.bits(field, level, bits);
    }

    /// Whether both are enough.
    pub(crate) fn reach(self, threshold: f64) -> bool {
        self.strangers >= threshold && self.household >= threshold
    }

    /// The probability of one person, of the three that it can be.
    pub(crate) fn probability(self) -> f64 {
        1.0 / (1.0 + (-self.strangers).exp2() + (-self.household).exp2())
    }
}

/// The weights of the pair.
pub(crate) fn weights(
    table: &Table,
    model: &Model,
    against: &Against,
    pattern: Pattern,
    one: u32,
) -> Weights {
    let mut weights = Weights::start(model.start(), against);
    for (field, bits) in bits_of_fields(table, model, pattern, one) {
        weights.add(against, field, pattern.level(field), bits);
    }
    weights
}
