//! What an experience did, in figures: whether a variant is better than the baseline, by how much, and how
//! sure that is.
//!
//! Each variant has an [`Arm`]: sums over its people, which are added to as they come and merge in any order
//! to the same figures. [`compare`] makes a [`Comparison`] of two arms; [`compare_all`] of several variants with one
//! baseline, corrected for their number. [`check_split`] says whether people came into the arms in the shares that were set;
//! where they did not, no other figure is to be trusted. The sequential test, which is the usual one, may be
//! looked at every day. `docs/experiments.md` says what the figures mean.

mod arm;
mod bayesian;
mod compare;
mod distribution;
mod effect;
mod finding;
mod holm;
mod sequential;
mod settings;
mod split;
mod sum;
mod welch;

pub use arm::{Arm, LARGEST, Mean, OtherMetric, Paired, Proportion, Unusable};
pub use compare::{compare, compare_all};
pub use finding::{
    Comparison, Conclusion, Evidence, Finding, Interval, Level, Outcome, Risk, Unready, Which,
};
pub use settings::{Better, Difference, Method, Prior, Settings, Sides};
pub use split::{LEAST_EXPECTED, Split, THRESHOLD, Uncheckable, check_split};
