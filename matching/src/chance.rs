//! How often two records agree by chance: what u is made of.

use crate::random::Random;
use crate::table::{Comparer, Table, float};

/// Pairs that are drawn.
const SAMPLE: u32 = 200_000;
/// Levels a field can have, unknown among them.
pub(crate) const LEVELS: usize = 10;

/// One field's levels among all pairs of records.
#[derive(Clone, Debug)]
pub(crate) struct Chance {
    /// The share of pairs in which both know the field.
    pub(crate) known: f64,
    /// Of these pairs, the share of each level; position 0 is unused.
    pub(crate) levels: [f64; LEVELS],
}

/// Levels of all fields among all pairs: "the same" is counted, the others are sampled.
pub(crate) fn of(table: &Table) -> Vec<Chance> {
    let mut comparer = Comparer::new(table);
    let mut counted = vec![[0.0; LEVELS]; table.fields.len()];
    let mut draw = |one: u32, other: u32| {
        let pattern = comparer.compare(one, other);
        for (field, counts) in counted.iter_mut().enumerate() {
            counts[pattern.level(field)] += 1.0;
        }
    };
    if table.pairs() <= f64::from(SAMPLE) {
        for one in 0..table.len() {
            for other in one + 1..table.len() {
                draw(one, other);
            }
        }
    } else {
        // Any constant will do; it has to stay the same, so that results do.
        let mut random = Random::new(0x5eed);
        for _ in 0..SAMPLE {
            let one = random.below(table.len());
            let other = random.below(table.len() - 1);
            let other = if other >= one { other + 1 } else { other };
            draw(one, other);
        }
    }
    counted
        .iter()
        .zip(&table.fields)
        .map(|(counts, field)| {
            let known = f64::from(field.known);
            let pairs = (known * (known - 1.0)).max(1.0);
            let same = field
                .counts
                .iter()
                .map(|count| f64::from(*count) * (f64::from(*count) - 1.0))
                .sum::<f64>()
                / pairs;
            let others: f64 = counts[2..].iter().sum();
            let mut levels = [0.0; LEVELS];
            levels[1] = same;
            for (level, count) in levels.iter_mut().zip(counts).skip(2) {
                // Half a pair more: what was not seen is not impossible.
                let steps = float(field.kind.steps().len());
                *level = (1.0 - same) * (count + 0.5) / (others + 0.5 * (steps - 1.0));
            }
            for level in &mut levels[field.kind.steps().len() + 1..] {
                *level = 0.0;
            }
            Chance {
                known: pairs / (float(table.len() as usize) * float(table.len() as usize - 1)),
                levels,
            }
        })
        .collect()
}
