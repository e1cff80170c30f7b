//! What is kept of the people who saw one variant.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::sum::Sum;

/// Values are at most this far from zero.
pub const LARGEST: f64 = 1e50;
/// Values nearer to zero count as zero, so that their squares are exact.
const SMALLEST: f64 = 1e-50;

/// Sums over the people (or other units that were assigned) who saw one variant: all that its results need.
///
/// One unit counts once, with its whole value: somebody who bought three times is one observation with the sum of the three.
/// What is counted apart must be independent, or intervals are too narrow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "metric", rename_all = "snake_case")]
pub enum Arm {
    /// The share of people who did something.
    Proportion(Proportion),
    /// An amount for each person, such as revenue.
    Mean(Mean),
    /// The sum of one amount divided by the sum of another, such as revenue for each order: the numerator first.
    Ratio(Paired),
    /// An amount for each person, adjusted by an amount from before the experience (CUPED; Deng, Xu, Kohavi, Walker, "Improving
    /// the Sensitivity of Online Controlled Experiments by Utilizing Pre-Experiment Data", 2013): the amount itself first.
    Adjusted(Paired),
}

/// How many people, and how many of them did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proportion {
    /// People.
    pub n: u64,
    /// Those of them who did it.
    pub conversions: u64,
}

/// How many people, with the sums of their values and of the squares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    n: u64,
    sum: Sum,
    sum_squares: Sum,
}

/// How many people, with the sums of two values of each, of their squares, and of their products.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    n: u64,
    sum: Sum,
    sum_squares: Sum,
    other_sum: Sum,
    other_sum_squares: Sum,
    products: Sum,
}

/// A value that cannot be counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unusable(f64);

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "a value is a number from -{LARGEST:e} to {LARGEST:e}, not {}",
            self.0
        )
    }
}

impl std::error::Error for Unusable {}

/// Two arms that do not count the same kind of metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherMetric;

impl fmt::Display for OtherMetric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(
            "the arms count different kinds of \"metric\"; use the same for both, such as \"proportion\"",
        )
    }
}

impl std::error::Error for OtherMetric {}

impl Arm {
    /// Adds what was counted elsewhere, in any order.
    ///
    /// # Errors
    /// If the other counts another kind of metric; then nothing is changed.
    pub fn merge(&mut self, other: &Self) -> Result<(), OtherMetric> {
        match (self, other) {
            (Self::Proportion(one), Self::Proportion(other)) => one.merge(*other),
            (Self::Mean(one), Self::Mean(other)) => one.merge(other),
            (Self::Ratio(one), Self::Ratio(other))
            | (Self::Adjusted(one), Self::Adjusted(other)) => one.merge(other),
            _ => return Err(OtherMetric),
        }
        Ok(())
    }

    /// How many people.
    #[must_use]
    pub fn n(&self) -> u64 {
        match self {
            Self::Proportion(kept) => kept.n,
            Self::Mean(kept) => kept.n,
            Self::Ratio(kept) | Self::Adjusted(kept) => kept.n,
        }
    }

    /// What a screen shows for the arm: the share, the mean, or the ratio; without an adjustment. None where there is nothing to
    /// divide by.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        match self {
            Self::Proportion(kept) => divided(count(kept.conversions), count(kept.n)),
            Self::Mean(kept) => divided(kept.sum.value(), count(kept.n)),
            Self::Ratio(kept) => divided(kept.sum.value(), kept.other_sum.value()),
            Self::Adjusted(kept) => divided(kept.sum.value(), count(kept.n)),
        }
    }
}

impl Proportion {
    /// Counts one person.
    pub fn observe(&mut self, converted: bool) {
        self.merge(Self {
            n: 1,
            conversions: u64::from(converted),
        });
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.n = self.n.saturating_add(other.n);
        self.conversions = self.conversions.saturating_add(other.conversions);
    }
}

impl Mean {
    /// Counts one person's value.
    ///
    /// # Errors
    /// If the value is not a number up to [`LARGEST`]; then nothing is counted.
    pub fn observe(&mut self, value: f64) -> Result<(), Unusable> {
        let value = usable(value)?;
        self.n = self.n.saturating_add(1);
        self.sum.add(value);
        self.sum_squares.add_product(value, value);
        Ok(())
    }

    /// From sums that were made elsewhere, by a database for example; they are taken as exact.
    ///
    /// # Errors
    /// If a sum is not a number of usable size.
    pub fn from_sums(n: u64, sum: f64, sum_squares: f64) -> Result<Self, Unusable> {
        Ok(Self {
            n,
            sum: made_elsewhere(sum)?,
            sum_squares: made_elsewhere(sum_squares)?,
        })
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.n = self.n.saturating_add(other.n);
        self.sum.merge(&other.sum);
        self.sum_squares.merge(&other.sum_squares);
    }

    pub(super) fn variance(&self) -> f64 {
        covariance(self.n, &self.sum_squares, &self.sum, &self.sum)
    }
}

impl Paired {
    /// Counts one person's two values: numerator and denominator, or the value itself and the one from before.
    ///
    /// # Errors
    /// If a value is not a number up to [`LARGEST`]; then nothing is counted.
    pub fn observe(&mut self, value: f64, other: f64) -> Result<(), Unusable> {
        let (value, other) = (usable(value)?, usable(other)?);
        self.n = self.n.saturating_add(1);
        self.sum.add(value);
        self.sum_squares.add_product(value, value);
        self.other_sum.add(other);
        self.other_sum_squares.add_product(other, other);
        self.products.add_product(value, other);
        Ok(())
    }

    /// From sums that were made elsewhere: each value's sum and sum of squares, and the sum of the products.
    ///
    /// # Errors
    /// If a sum is not a number of usable size.
    pub fn from_sums(
        n: u64,
        (sum, sum_squares): (f64, f64),
        (other_sum, other_sum_squares): (f64, f64),
        products: f64,
    ) -> Result<Self, Unusable> {
        Ok(Self {
            n,
            sum: made_elsewhere(sum)?,
            sum_squares: made_elsewhere(sum_squares)?,
            other_sum: made_elsewhere(other_sum)?,
            other_sum_squares: made_elsewhere(other_sum_squares)?,
            products: made_elsewhere(products)?,
        })
    }

    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.n = self.n.saturating_add(other.n);
        self.sum.merge(&other.sum);
        self.sum_squares.merge(&other.sum_squares);
        self.other_sum.merge(&other.other_sum);
        self.other_sum_squares.merge(&other.other_sum_squares);
        self.products.merge(&other.products);
    }

    pub(super) fn n(&self) -> f64 {
        count(self.n)
    }

    /// Mean of the second value; nothing without people.
    pub(super) fn other_mean(&self) -> Option<f64> {
        divided(self.other_sum.value(), self.n())
    }

    pub(super) fn variance(&self) -> f64 {
        covariance(self.n, &self.sum_squares, &self.sum, &self.sum)
    }

    pub(super) fn other_variance(&self) -> f64 {
        covariance(
            self.n,
            &self.other_sum_squares,
            &self.other_sum,
            &self.other_sum,
        )
    }

    pub(super) fn covariance(&self) -> f64 {
        covariance(self.n, &self.products, &self.sum, &self.other_sum)
    }
}

/// The unbiased covariance of a sample; 0 for fewer than two people.
fn covariance(n: u64, products: &Sum, sum: &Sum, other: &Sum) -> f64 {
    if n < 2 {
        return 0.0;
    }
    let n = count(n);
    products.scaled_less_product(n, sum, other) / n / (n - 1.0)
}

/// A quotient, if it is a number.
fn divided(a: f64, b: f64) -> Option<f64> {
    let quotient = a / b;
    quotient.is_finite().then_some(quotient)
}

/// A count as a number; beyond 2^53 the nearest.
pub(super) fn count(n: u64) -> f64 {
    n as f64
}

fn usable(value: f64) -> Result<f64, Unusable> {
    if value.is_nan() || value.abs() > LARGEST {
        return Err(Unusable(value));
    }
    Ok(if value.abs() < SMALLEST { 0.0 } else { value })
}

fn made_elsewhere(sum: f64) -> Result<Sum, Unusable> {
    Sum::try_from(vec![sum]).map_err(|_| Unusable(sum))
}
