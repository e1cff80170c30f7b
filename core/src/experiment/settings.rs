//! How two variants are compared.

use serde::{Deserialize, Serialize};

/// How two variants are compared. What is left out is as in [`Settings::default`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The test.
    pub method: Method,
    /// What the difference is measured in.
    pub difference: Difference,
    /// The share of experiences without any effect that may be called better or worse, over 0 and under 0.5. Intervals
    /// hold `1 - alpha`.
    pub alpha: f64,
    /// Whether only a better variant is looked for.
    pub sides: Sides,
    /// What is better.
    pub better: Better,
}

impl Default for Settings {
    /// The sequential test of a relative difference, two-sided, at 5 %, where higher is better.
    fn default() -> Self {
        Self {
            method: Method::default(),
            difference: Difference::Relative,
            alpha: 0.05,
            sides: Sides::Two,
            better: Better::Higher,
        }
    }
}

/// The test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Holds at any time, however often it is looked at.
    Sequential {
        /// About how many people, of both arms together, the experience will have when it matters: the interval is narrowest there.
        /// It holds for any number; it must not be changed while the experience runs.
        #[serde(default = "usual_tuning")]
        tuning: f64,
    },
    /// Welch's t-test: holds at one time that was fixed before the experience began.
    FixedHorizon,
    /// A chance that the variant is better, and what is risked by a choice. Looking often is no excuse here either: it does not
    /// keep the share of wrong calls.
    Bayesian {
        /// What was thought of the difference before; nothing (a flat prior) when absent.
        #[serde(default)]
        prior: Option<Prior>,
    },
}

/// People of both arms at which the sequential interval is narrowest unless said otherwise.
const USUAL_TUNING: f64 = 5_000.0;

fn usual_tuning() -> f64 {
    USUAL_TUNING
}

impl Default for Method {
    fn default() -> Self {
        Self::Sequential {
            tuning: USUAL_TUNING,
        }
    }
}

/// What was thought of the relative difference before there was data: a normal distribution. For an absolute difference
/// it is multiplied by the baseline's mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prior {
    /// The expected relative difference; usually 0.
    pub mean: f64,
    /// How far from it the difference may well be; 0.3 says that two of three are within 30 %.
    pub standard_deviation: f64,
}

/// What the difference is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// The metric's own unit: variant − baseline.
    Absolute,
    /// Parts of the baseline: (variant − baseline) / |baseline|; 0.1 is 10 % more.
    Relative,
}

/// Whether only a better variant is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Better or worse.
    Two,
    /// Only better; to be chosen before the experience begins.
    One,
}

/// What is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More, such as purchases.
    Higher,
    /// Less, such as refunds.
    Lower,
}

impl Better {
    /// 1 where higher is better, −1 where lower is.
    pub(super) fn sign(self) -> f64 {
        match self {
            Self::Higher => 1.0,
            Self::Lower => -1.0,
        }
    }
}

/// `alpha` is at least this, also after it was shared among variants: what is rarer is beyond what the sums can tell.
pub(super) const LEAST_ALPHA: f64 = 1e-9;
/// The tuning is at most this many people.
const MOST_TUNING: f64 = 1e12;
/// Means and standard deviations of priors are at most this.
const MOST_PRIOR: f64 = 1e6;

impl Settings {
    /// Whether variants can be compared so.
    ///
    /// # Errors
    /// Says what to write instead.
    pub fn check(&self) -> Result<(), String> {
        if !(LEAST_ALPHA..0.5).contains(&self.alpha) {
            return Err(format!(
                "\"alpha\" is a number from {LEAST_ALPHA:e} to less than 0.5, such as 0.05, not {}",
                self.alpha
            ));
        }
        match self.method {
            Method::Sequential { tuning } if !(1.0..=MOST_TUNING).contains(&tuning) => {
                Err(format!(
                    "\"tuning\" is a number of people from 1 to {MOST_TUNING:e}, such as 5000, not {tuning}"
                ))
            }
            Method::Bayesian { prior: Some(prior) }
                if !(-MOST_PRIOR..=MOST_PRIOR).contains(&prior.mean) =>
            {
                Err(format!(
                    "the prior's \"mean\" is a relative difference, usually 0, not {}",
                    prior.mean
                ))
            }
            Method::Bayesian { prior: Some(prior) }
                if !(1e-6..=MOST_PRIOR).contains(&prior.standard_deviation) =>
            {
                Err(format!(
                    "the prior's \"standard_deviation\" is a relative difference of 0.000001 or more, such as 0.3, not {}",
                    prior.standard_deviation
                ))
            }
            _ => Ok(()),
        }
    }
}
