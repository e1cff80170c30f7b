//! What a comparison says.

use std::fmt;

use serde::{Serialize, Serializer};

use super::settings::Better;

/// Two arms compared: what a results screen shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Comparison {
    /// The baseline as it was counted.
    pub baseline: Level,
    /// The variant as it was counted.
    pub variant: Level,
    /// The difference, or why there is none to show yet.
    pub outcome: Outcome,
}

/// One arm as it was counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ArmLevel"))]
pub struct Level {
    /// People.
    pub n: u64,
    /// The share, the mean, or the ratio, without any adjustment; none where there is nothing to divide by.
    pub mean: Option<f64>,
}

/// The difference, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "status", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "ComparisonOutcome"))]
pub enum Outcome {
    /// A difference. Its numbers are all finite.
    Ready(Finding),
    /// Nothing can be said, and why.
    NotReady {
        /// Why; written as a sentence.
        reason: Unready,
    },
}

/// A difference and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// The difference: variant − baseline, or that divided by the baseline. With a Bayesian prior, what is thought of it now.
    pub estimate: f64,
    /// The standard error of the estimate; with a Bayesian method, the standard deviation of what is thought.
    pub standard_error: f64,
    /// Where the difference is, but for `alpha` of the experiences. Among several variants the intervals of the tests hold all at
    /// once, but for `alpha`. A relative one reaches zero while the absolute difference is unclear.
    pub interval: Interval,
    /// How strong the evidence is.
    pub evidence: Evidence,
    /// What follows, in a word.
    pub conclusion: Conclusion,
}

/// An interval of differences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interval {
    /// The lower end; none where it is open, that is −∞.
    pub lower: Option<f64>,
    /// The upper end; none where it is open, that is ∞.
    pub upper: Option<f64>,
}

/// How strong the evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "FindingEvidence"))]
pub enum Evidence {
    /// Of the sequential and the fixed-horizon test.
    Test {
        /// The chance of a difference at least as large if there is none; for the sequential test, of ever seeing one.
        p_value: f64,
        /// What the conclusion goes by: not below the p value of the absolute difference, which asks the same (see
        /// `docs/experiments.md`), and corrected for the number of variants (Holm).
        adjusted_p_value: f64,
    },
    /// Of the Bayesian method. It is not corrected for the number of variants.
    Belief {
        /// The chance that the variant is better.
        chance_to_win: f64,
        /// What is lost on average by choosing wrongly.
        risk: Risk,
    },
}

/// What is lost on average by a choice, in the unit of the difference: the amount lost if it is wrong, times how likely that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Risk {
    /// By staying with the baseline.
    pub baseline: f64,
    /// By taking the variant.
    pub variant: f64,
}

/// What follows, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The variant is better.
    Better,
    /// The variant is worse.
    Worse,
    /// It may be either; that is not the same as no difference.
    Unclear,
}

/// One of the two arms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The baseline.
    Baseline,
    /// The variant.
    Variant,
}

/// Why there is no difference to show.
#[derive(Clone, Debug, PartialEq)]
pub enum Unready {
    /// The settings cannot be used; says what to write instead.
    Settings(String),
    /// The arms count different kinds of metric.
    OtherMetric,
    /// An arm has fewer than two people.
    TooFew(Which),
    /// An arm has more conversions than people.
    TooManyConversions(Which),
    /// A ratio's denominators add up to zero.
    NoDenominator(Which),
    /// All values of an arm are equal, so that nothing says how far chance can move them.
    NoVariance(Which),
    /// The baseline is zero, and nothing can be divided by it.
    BaselineZero,
    /// The baseline is so uncertain that it may be zero.
    BaselineUncertain,
    /// The sums are too large or too small, or contradict each other.
    OutOfRange,
}

impl fmt::Display for Which {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Baseline => "the baseline",
            Self::Variant => "the variant",
        })
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(wrong) => out.write_str(wrong),
            Self::OtherMetric => super::arm::OtherMetric.fmt(out),
            Self::TooFew(which) => {
                write!(out, "{which} needs at least 2 people: wait for more")
            }
            Self::TooManyConversions(which) => write!(
                out,
                "{which} has more conversions than people: count each person once, and as converted at most once"
            ),
            Self::NoDenominator(which) => write!(
                out,
                "the denominators of {which} add up to zero: wait for more, or choose another metric"
            ),
            Self::NoVariance(which) => write!(
                out,
                "everybody in {which} has the same value, so chance cannot be judged: wait for more"
            ),
            Self::BaselineZero => out.write_str(
                "the baseline is zero and has no parts: wait for more",
            ),
            Self::BaselineUncertain => out.write_str(
                "the baseline may still be zero, so parts of it say nothing: wait for more",
            ),
            Self::OutOfRange => out.write_str(
                "the sums are too large or too small to compare, or contradict each other: check the metric's values",
            ),
        }
    }
}

impl std::error::Error for Unready {}

impl Serialize for Unready {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl Finding {
    /// Whether every number in it is one.
    pub(super) fn is_finite(&self) -> bool {
        let Interval { lower, upper } = self.interval;
        let evidence = match self.evidence {
            Evidence::Test {
                p_value,
                adjusted_p_value,
            } => [p_value, adjusted_p_value, 0.0],
            Evidence::Belief {
                chance_to_win,
                risk,
            } => [chance_to_win, risk.baseline, risk.variant],
        };
        [self.estimate, self.standard_error]
            .into_iter()
            .chain(lower)
            .chain(upper)
            .chain(evidence)
            .all(f64::is_finite)
    }

    /// The same, a relative difference, but no surer that there is one than `absolute` is.
    ///
    /// The two have the same null hypothesis. By the delta method a relative difference near −100 % has almost no variance left, so
    /// that a variant with few conversions would be called worse too often.
    pub(super) fn no_surer_than(mut self, absolute: &Self) -> Self {
        if let (
            Evidence::Test {
                adjusted_p_value, ..
            },
            Evidence::Test { p_value, .. },
        ) = (&mut self.evidence, absolute.evidence)
        {
            *adjusted_p_value = adjusted_p_value.max(p_value);
        }
        if absolute.conclusion == Conclusion::Unclear {
            let Interval { lower, upper } = self.interval;
            self.interval = Interval {
                lower: lower.map(|end| end.min(0.0)),
                upper: upper.map(|end| end.max(0.0)),
            };
        }
        self
    }

    /// The same with the conclusion that follows at `alpha`.
    pub(super) fn concluded(mut self, alpha: f64, better: Better) -> Self {
        let Interval { lower, upper } = self.interval;
        let clear = match self.evidence {
            Evidence::Test {
                adjusted_p_value, ..
            } => adjusted_p_value <= alpha,
            Evidence::Belief { .. } => {
                lower.is_some_and(|end| end > 0.0) || upper.is_some_and(|end| end < 0.0)
            }
        };
        self.conclusion = if !clear {
            Conclusion::Unclear
        } else if self.estimate * better.sign() > 0.0 {
            Conclusion::Better
        } else {
            Conclusion::Worse
        };
        self
    }
}
