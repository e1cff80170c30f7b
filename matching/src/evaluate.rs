//! How good clusters are, beside a truth that the matcher never saw.

use std::collections::BTreeMap;

use serde::Serialize;

/// Precision, recall and their harmonic mean, each from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Of what was joined, the share that belongs together.
    pub precision: f64,
    /// Of what belongs together, the share that was joined.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

/// Quality of clusters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Over pairs of records: every true pair counts, whether or not it was ever compared.
    pub pairs: Score,
    /// Over records, each with the share of its cluster that is of its person (B-cubed).
    pub bcubed: Score,
}

impl Score {
    fn new(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        Self {
            precision,
            recall,
            f1: if sum > 0.0 {
                2.0 * precision * recall / sum
            } else {
                0.0
            },
        }
    }
}

/// Compares clusters with the truth; both give for each record the name of its group.
#[must_use]
pub fn quality<C: Ord, T: Ord>(clusters: &[C], truth: &[T]) -> Quality {
    let mut both: BTreeMap<(&C, &T), f64> = BTreeMap::new();
    let mut found: BTreeMap<&C, f64> = BTreeMap::new();
    let mut wanted: BTreeMap<&T, f64> = BTreeMap::new();
    for (cluster, person) in clusters.iter().zip(truth) {
        *both.entry((cluster, person)).or_default() += 1.0;
        *found.entry(cluster).or_default() += 1.0;
        *wanted.entry(person).or_default() += 1.0;
    }
    fn pairs<'a>(sizes: impl Iterator<Item = &'a f64>) -> f64 {
        sizes.map(|size| size * (size - 1.0) / 2.0).sum()
    }
    let right = pairs(both.values());
    // Nothing joined is nothing joined wrongly.
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 1.0 };
    let records: f64 = both.values().sum();
    let (mut precision, mut recall) = (0.0, 0.0);
    for ((cluster, person), size) in &both {
        precision += size * size / found.get(cluster).unwrap_or(size);
        recall += size * size / wanted.get(person).unwrap_or(size);
    }
    Quality {
        pairs: Score::new(
            share(right, pairs(found.values())),
            share(right, pairs(wanted.values())),
        ),
        bcubed: Score::new(share(precision, records), share(recall, records)),
    }
}

#[cfg(test)]
mod tests {
    use super::quality;

    #[test]
    fn figures_of_a_small_example() {
        // Clusters {a, b, c} {d}, people {a, b} {c, d}.
        let quality = quality(&[1, 1, 1, 2], &["x", "x", "y", "y"]);
        assert!((quality.pairs.precision - 1.0 / 3.0).abs() < 1e-12);
        assert!((quality.pairs.recall - 0.5).abs() < 1e-12);
        assert!((quality.bcubed.precision - (4.0 / 3.0 + 1.0 / 3.0 + 1.0) / 4.0).abs() < 1e-12);
        assert!((quality.bcubed.recall - 0.75).abs() < 1e-12);
    }

    #[test]
    fn nobody_is_twice() {
        let quality = quality(&[1, 2], &[1, 2]);
        assert!((quality.pairs.f1 - 1.0).abs() < 1e-12);
    }
}
