//! Buckets: a split of people that needs no memory, because the same person always falls into the same bucket.
//!
//! It is GrowthBook's (spec 0.12, <https://docs.growthbook.io/lib/build-your-own>), so that its libraries, given
//! the same seed, ranges and value, put everybody where we do.

/// How a value becomes a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashVersion {
    /// 1,000 buckets. Seeds that resemble each other give splits that do: only for what was split so before.
    V1,
    /// 10,000 buckets, hashed twice.
    V2,
}

impl HashVersion {
    /// The version of this number; `None` for one that does not exist.
    #[must_use]
    pub fn of_number(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::V1),
            2 => Some(Self::V2),
            _ => None,
        }
    }
}

/// Where a value falls: a number of 0 or more and less than 1, in steps of 1/1,000 ([`HashVersion::V1`]) or
/// 1/10,000 ([`HashVersion::V2`]).
#[must_use]
pub fn hash(seed: &str, value: &str, version: HashVersion) -> f64 {
    match version {
        HashVersion::V1 => f64::from(fnv1a(&[value, seed]) % 1_000) / 1_000.0,
        HashVersion::V2 => {
            let once = fnv1a(&[seed, value]).to_string();
            f64::from(fnv1a(&[&once]) % 10_000) / 10_000.0
        }
    }
}

/// FNV-1a of 32 bits over the UTF-16 units of texts, each taken as one step, as JavaScript's libraries do.
/// <http://www.isthe.com/chongo/tech/comp/fnv/>
fn fnv1a(texts: &[&str]) -> u32 {
    let units = texts.iter().flat_map(|text| text.encode_utf16());
    units.fold(0x811c_9dc5, |hash: u32, unit| {
        (hash ^ u32::from(unit)).wrapping_mul(0x0100_0193)
    })
}

/// From where, and to where, of 0 to 1. What falls on the end is outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BucketRange {
    /// The first that is inside.
    pub start: f64,
    /// The first after it that is outside.
    pub end: f64,
}

/// Whether something falls into a range.
#[must_use]
pub fn in_range(point: f64, range: BucketRange) -> bool {
    range.start <= point && point < range.end
}

/// Weights of so many variations that weigh the same, and together 1.
#[must_use]
pub fn equal_weights(variations: usize) -> Vec<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "nobody has 2^52 variations in memory"
    )]
    let each = 1.0 / variations as f64;
    vec![each; variations]
}

/// The range of each of so many variations. Each begins where the one before it would end if everybody were
/// covered, so that covering more people moves nobody to another variation.
///
/// `coverage` is the share of people that is covered; below 0 it is 0, and above 1 it is 1. Weights that are not
/// one for each variation, or whose sum is not 1 (within 0.01), are taken as equal.
#[must_use]
pub fn bucket_ranges(
    variations: usize,
    coverage: f64,
    weights: Option<&[f64]>,
) -> Vec<BucketRange> {
    let coverage = coverage.clamp(0.0, 1.0);
    let fits = |weights: &&[f64]| {
        let sum: f64 = weights.iter().sum();
        weights.len() == variations && (0.99..=1.01).contains(&sum)
    };
    let equal = equal_weights(variations);
    let weights = weights.filter(fits).unwrap_or(&equal);
    let ranges = weights.iter().scan(0.0, |start, weight| {
        let range = BucketRange {
            start: *start,
            end: *start + coverage * weight,
        };
        *start += weight;
        Some(range)
    });
    ranges.collect()
}

/// Which variation's range something falls into.
#[must_use]
pub fn choose_variation(point: f64, ranges: &[BucketRange]) -> Option<usize> {
    ranges.iter().position(|range| in_range(point, *range))
}

/// Whether a value falls into its part of a namespace, which experiments share so that nobody is in two of them.
#[must_use]
pub fn in_namespace(value: &str, namespace: &str, part: BucketRange) -> bool {
    let seed = format!("__{namespace}");
    in_range(hash(&seed, value, HashVersion::V1), part)
}
