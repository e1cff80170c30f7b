//! Buckets: people are split as the weights say, whatever the seed, and by one seed regardless of another.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use cdp_core::bucket::{HashVersion, bucket_ranges, choose_variation, hash};

const PEOPLE: u32 = 1_000_000;
const SEEDS: [&str; 3] = ["exp_1", "exp_1:holdout", "exp_0198c7a2f3b47d6e"];

/// Pearson's statistic of what was counted against what was expected.
fn chi_square(counted: &[u32], expected: &[f64]) -> f64 {
    let each = counted.iter().zip(expected);
    each.map(|(counted, expected)| (f64::from(*counted) - expected).powi(2) / expected)
        .sum()
}

/// Where the statistic is beyond with a probability of 0.001, by degrees of freedom.
fn critical(freedom: usize) -> f64 {
    match freedom {
        1 => 10.828,
        2 => 13.816,
        9 => 27.877,
        other => panic!("no critical value for {other} degrees of freedom"),
    }
}

#[test]
fn a_million_people_are_split_evenly() {
    for seed in SEEDS {
        let arms = [2, 3, 10];
        let ranges = arms.map(|arms| bucket_ranges(arms, 1.0, None));
        let mut counted = arms.map(|arms| vec![0_u32; arms]);
        for person in 0..PEOPLE {
            let point = hash(seed, &format!("prf_{person}"), HashVersion::V2);
            for (ranges, counted) in ranges.iter().zip(&mut counted) {
                counted[choose_variation(point, ranges).unwrap()] += 1;
            }
        }
        for (arms, counted) in arms.into_iter().zip(counted) {
            let expected = vec![f64::from(PEOPLE) / f64::from(u32::try_from(arms).unwrap()); arms];
            let found = chi_square(&counted, &expected);
            assert!(
                found < critical(arms - 1),
                "{seed}, {arms} arms: {found} of {counted:?}"
            );
        }
    }
}

/// Or who is held out would be no fair sample of those who are not.
#[test]
fn a_holdout_says_nothing_about_the_variant() {
    for id in ["exp_1", "exp_0198c7a2f3b47d6e"] {
        let holdout = format!("{id}:holdout");
        let mut counted = [0_u32; 4];
        for person in 0..PEOPLE / 5 {
            let person = format!("prf_{person}");
            let held = hash(&holdout, &person, HashVersion::V2) < 0.1;
            let second = hash(id, &person, HashVersion::V2) >= 0.5;
            counted[usize::from(held) * 2 + usize::from(second)] += 1;
        }
        let [a, b, c, d] = counted.map(f64::from);
        let total = a + b + c + d;
        let expected = [
            (a + b) * (a + c),
            (a + b) * (b + d),
            (c + d) * (a + c),
            (c + d) * (b + d),
        ]
        .map(|product| product / total);
        let found = chi_square(&counted, &expected);
        assert!(found < critical(1), "{id}: {found} of {counted:?}");
    }
}

/// Covering more people moves nobody who was covered before.
#[test]
fn who_is_covered_stays() {
    let weights = [0.2, 0.3, 0.5];
    let [small, large] = [0.1, 0.6].map(|coverage| bucket_ranges(3, coverage, Some(&weights)));
    let mut covered = 0;
    for person in 0..10_000 {
        let point = hash("exp_1", &format!("prf_{person}"), HashVersion::V2);
        if let Some(before) = choose_variation(point, &small) {
            covered += 1;
            assert_eq!(choose_variation(point, &large), Some(before));
        }
    }
    assert!((850..1_150).contains(&covered), "{covered}");
}
