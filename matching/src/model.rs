//! The Fellegi-Sunter model: what each level of agreement says, added up.

use serde::{Deserialize, Serialize};

/// A level of agreement of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "MatchingLevel"))]
pub struct Level {
    /// Such as "the same" or "Jaro-Winkler >= 0.92".
    pub label: String,
    /// Probability of this level if both records are of one person.
    pub m: f64,
    /// Probability of this level if they are not.
    pub u: f64,
    /// Where a rare value says more than a common one.
    pub term_frequency: Option<TermFrequency>,
}

/// How the frequency of a shared value moves the weight of its level: log2(expected / actual) * strength bits more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TermFrequency {
    /// The share of records whose values u stands for.
    pub expected: f64,
    /// From 0 (not at all) to 1.
    pub strength: f64,
}

impl TermFrequency {
    fn bits(self, share: f64) -> f64 {
        (self.expected / share).log2() * self.strength
    }
}

/// What is learned of one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "MatchingComparison"))]
pub struct Comparison {
    /// The field's name.
    pub field: String,
    /// Its levels from the same to different; level 1 is the first. Level 0, unknown, weighs nothing.
    pub levels: Vec<Level>,
}

/// A model: enough to weigh any pair of records of the same fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "MatchingModel"))]
pub struct Model {
    /// Probability that two records drawn at random are of one person.
    pub lambda: f64,
    /// One for each field.
    pub comparisons: Vec<Comparison>,
}

/// How two records agree on one field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The level, from 1; 0 when one of the two is unknown.
    pub level: usize,
    /// The share of records that have the shared value; of two shares the larger one.
    pub share: Option<f64>,
}

/// One bar of a waterfall.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "WaterfallBar"))]
pub struct Bar {
    /// The field's name.
    pub field: String,
    /// The label of the level.
    pub level: String,
    /// Both values as they were compared; empty when unknown.
    pub values: [String; 2],
    /// Probability of the level if both records are of one person; `None` when nothing is compared.
    pub m: Option<f64>,
    /// Probability of the level if they are not.
    pub u: Option<f64>,
    /// Bits for the frequency of the shared value.
    pub term_frequency: f64,
    /// Bits of the whole bar, the term frequency among them.
    pub weight: f64,
}

/// Why two records weigh what they weigh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Waterfall {
    /// Where it starts: log2(lambda / (1 - lambda)).
    pub start: f64,
    /// One bar a field.
    pub bars: Vec<Bar>,
    /// Where it ends, in bits.
    pub weight: f64,
    /// 2^weight / (1 + 2^weight). Not calibrated: say weight to people.
    pub probability: f64,
}

impl Model {
    /// The weight of agreeing on nothing: log2(lambda / (1 - lambda)).
    #[must_use]
    pub fn start(&self) -> f64 {
        (self.lambda / (1.0 - self.lambda)).log2()
    }

    /// The bits of one field: of the level, and of the term frequency.
    #[must_use]
    pub fn bits(&self, field: usize, agreement: Agreement) -> (f64, f64) {
        let level = agreement
            .level
            .checked_sub(1)
            .and_then(|at| self.comparisons.get(field)?.levels.get(at));
        let Some(level) = level else {
            return (0.0, 0.0);
        };
        let frequency = match (level.term_frequency, agreement.share) {
            (Some(frequency), Some(share)) => frequency.bits(share),
            _ => 0.0,
        };
        ((level.m / level.u).log2(), frequency)
    }

    /// The weight of a pair in bits: its agreements in the order of the comparisons.
    #[must_use]
    pub fn weight(&self, agreements: &[Agreement]) -> f64 {
        agreements
            .iter()
            .enumerate()
            .map(|(field, agreement)| {
                let (level, frequency) = self.bits(field, *agreement);
                level + frequency
            })
            .fold(self.start(), |sum, bits| sum + bits)
    }

    /// The weight of a pair, field by field. `values` are the two texts of each field.
    #[must_use]
    pub fn explain(&self, agreements: &[Agreement], values: &[[String; 2]]) -> Waterfall {
        let bars: Vec<Bar> = self
            .comparisons
            .iter()
            .zip(agreements)
            .enumerate()
            .map(|(field, (comparison, agreement))| {
                let (bits, frequency) = self.bits(field, *agreement);
                let level = agreement
                    .level
                    .checked_sub(1)
                    .and_then(|at| comparison.levels.get(at));
                Bar {
                    field: comparison.field.clone(),
                    level: level
                        .map_or_else(|| "not compared".to_owned(), |level| level.label.clone()),
                    values: values.get(field).cloned().unwrap_or_default(),
                    m: level.map(|level| level.m),
                    u: level.map(|level| level.u),
                    term_frequency: frequency,
                    weight: bits + frequency,
                }
            })
            .collect();
        let weight = self.weight(agreements);
        Waterfall {
            start: self.start(),
            bars,
            weight,
            probability: probability(weight),
        }
    }
}

/// The probability that a weight stands for.
#[must_use]
pub fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// The weight that stands for a probability between 0 and 1.
#[must_use]
pub fn weight_of(probability: f64) -> f64 {
    (probability / (1.0 - probability)).log2()
}
