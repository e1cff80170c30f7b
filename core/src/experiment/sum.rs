//! Sums without rounding.
//!
//! Sums of floating-point numbers depend on the order in which they are added, and a variance that is the difference of two
//! large sums loses its digits. An exact sum has neither fault: it is kept as a few numbers that do not overlap (J. R. Shewchuk,
//! "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates", 1997, figures 1 and 7).

use serde::{Deserialize, Serialize};

/// No part of a sum is larger, so that the product of two sums can be written down.
const LARGEST_PART: f64 = 1e130;
/// As many parts as an exact sum can need.
const MOST_PARTS: usize = 40;

/// An exact sum. Its parts are the sum rounded, what is missing rounded, and so on: one way to write each number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<f64>", try_from = "Vec<f64>")]
pub(super) struct Sum(Vec<f64>);

impl Sum {
    /// The sum, correctly rounded.
    pub(super) fn value(&self) -> f64 {
        self.0.first().copied().unwrap_or(0.0)
    }

    /// Adds a finite number.
    pub(super) fn add(&mut self, value: f64) {
        self.grow(value);
        self.settle();
    }

    /// Adds another sum.
    pub(super) fn merge(&mut self, other: &Self) {
        for &part in &other.0 {
            self.grow(part);
            self.settle();
        }
    }

    /// Adds a product, with the part of it that one number cannot hold.
    pub(super) fn add_product(&mut self, a: f64, b: f64) {
        let product = a * b;
        self.grow(product);
        self.settle();
        self.add(a.mul_add(b, -product));
    }

    /// `factor` × this − `a` × `b`, rounded once.
    pub(super) fn scaled_less_product(&self, factor: f64, a: &Self, b: &Self) -> f64 {
        let mut result = Self::default();
        for &part in &self.0 {
            result.add_product(factor, part);
        }
        for &one in &a.0 {
            for &other in &b.0 {
                result.add_product(-one, other);
            }
        }
        result.value()
    }

    /// The parts of this and `value`, largest first, none overlapping another.
    fn grow(&mut self, value: f64) {
        let mut carried = value;
        let mut parts = Vec::with_capacity(self.0.len() + 1);
        for &part in self.0.iter().rev() {
            let (sum, missing) = two_sum(carried, part);
            if missing != 0.0 {
                parts.push(missing);
            }
            carried = sum;
        }
        if carried != 0.0 {
            parts.push(carried);
        }
        parts.reverse();
        self.0 = parts;
    }

    /// Writes the parts in the one way.
    fn settle(&mut self) {
        let mut settled = Vec::with_capacity(self.0.len());
        while !self.0.is_empty() {
            let rounded = self.rounded();
            settled.push(rounded);
            self.grow(-rounded);
        }
        self.0 = settled;
    }

    /// The parts' sum rounded to the nearest number, to the even one of two that are as near.
    fn rounded(&self) -> f64 {
        let mut parts = self.0.iter().copied();
        let mut sum = parts.next().unwrap_or(0.0);
        let mut missing = 0.0;
        for part in parts.by_ref() {
            (sum, missing) = two_sum(sum, part);
            if missing != 0.0 {
                break;
            }
        }
        // What is left beyond half a unit decides a tie that `sum` was rounded in the wrong way.
        if let Some(rest) = parts.next()
            && (rest < 0.0) == (missing < 0.0)
        {
            let twice = 2.0 * missing;
            let away = sum + twice;
            if away - sum == twice {
                return away;
            }
        }
        sum
    }
}

/// A sum rounded, and what rounding took.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_in_sum = sum - a;
    let a_in_sum = sum - b_in_sum;
    (sum, (a - a_in_sum) + (b - b_in_sum))
}

impl From<Sum> for Vec<f64> {
    fn from(sum: Sum) -> Self {
        sum.0
    }
}

impl TryFrom<Vec<f64>> for Sum {
    type Error = String;

    fn try_from(parts: Vec<f64>) -> Result<Self, String> {
        if parts.len() > MOST_PARTS {
            return Err(format!(
                "a sum has at most {MOST_PARTS} parts, not {}",
                parts.len()
            ));
        }
        let mut sum = Self::default();
        for part in parts {
            if part.is_nan() || part.abs() > LARGEST_PART {
                return Err(format!(
                    "a part of a sum is a number from -{LARGEST_PART:e} to {LARGEST_PART:e}, not {part}"
                ));
            }
            sum.add(part);
        }
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

    use super::*;

    fn sum(values: &[f64]) -> Sum {
        let mut sum = Sum::default();
        for &value in values {
            sum.add(value);
        }
        sum
    }

    #[test]
    fn nothing_is_lost_and_the_order_says_nothing() {
        assert_eq!(sum(&[1e16, 1.0, 1e-16, -1e16, -1.0]).value(), 1e-16);
        let (one, other) = (sum(&[1e16, 0.1, 0.2, 1.0]), sum(&[0.2, 1.0, 1e16, 0.1]));
        assert_eq!(one, other);
        assert_eq!(sum(&[0.1; 10]).value(), 1.0);
    }

    #[test]
    fn a_tie_is_decided_by_what_is_left() {
        // 2^53 + 1 lies between two numbers; the least bit more makes it the upper one.
        assert_eq!(
            sum(&[9_007_199_254_740_992.0, 1.0]).value(),
            9_007_199_254_740_992.0
        );
        assert_eq!(
            sum(&[9_007_199_254_740_992.0, 1.0, 1e-30]).value(),
            9_007_199_254_740_994.0
        );
    }

    #[test]
    fn what_is_stored_is_read_again_and_nonsense_is_not() {
        let kept = sum(&[0.1, 0.2, 1e20]);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Sum>(&text).unwrap(), kept);
        assert_eq!(
            serde_json::from_str::<Sum>("[0.0,1.0,1.0]").unwrap(),
            sum(&[2.0])
        );
        assert!(Sum::try_from(vec![f64::NAN]).is_err());
        assert!(Sum::try_from(vec![1e131]).is_err());
        assert!(Sum::try_from(vec![1.0; 41]).is_err());
    }
}
