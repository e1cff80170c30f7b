//! Results of experiences: against reference figures of another implementation, against figures worked out by hand, by
//! simulation, and for every input.
//!
//! The reference figures are not part of the repository. They are looked for beside the checkout, and their absence is said.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![expect(clippy::panic, reason = "a test may fail by panicking")]

use std::path::PathBuf;

use cdp_core::experiment::{
    Arm, Better, Comparison, Conclusion, Difference, Evidence, Finding, Mean, Method, Outcome,
    Paired, Prior, Proportion, Settings, Sides, Uncheckable, Unready, Which, check_split, compare,
    compare_all,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn proportion(conversions: u64, n: u64) -> Arm {
    Arm::Proportion(Proportion { n, conversions })
}

fn mean(values: &[f64]) -> Arm {
    let mut kept = Mean::default();
    for &value in values {
        kept.observe(value).unwrap();
    }
    Arm::Mean(kept)
}

fn paired(values: &[(f64, f64)]) -> Paired {
    let mut kept = Paired::default();
    for &(value, other) in values {
        kept.observe(value, other).unwrap();
    }
    kept
}

const FIXED: Settings = Settings {
    method: Method::FixedHorizon,
    difference: Difference::Absolute,
    alpha: 0.05,
    sides: Sides::Two,
    better: Better::Higher,
};

fn sequential(tuning: f64) -> Method {
    Method::Sequential { tuning }
}

fn ready(comparison: &Comparison) -> Finding {
    match &comparison.outcome {
        Outcome::Ready(finding) => *finding,
        Outcome::NotReady { reason } => panic!("not ready: {reason}"),
    }
}

fn reason(comparison: Comparison) -> Unready {
    match comparison.outcome {
        Outcome::Ready(finding) => panic!("ready: {finding:?}"),
        Outcome::NotReady { reason } => reason,
    }
}

fn p_value(finding: &Finding) -> f64 {
    match finding.evidence {
        Evidence::Test { p_value, .. } => p_value,
        Evidence::Belief { .. } => panic!("no test: {finding:?}"),
    }
}

/// Equal but for rounding: a billionth of the figure, or 1e-13 beside it.
#[track_caller]
fn near(ours: f64, theirs: f64, what: &str) {
    let off = (ours - theirs).abs();
    assert!(
        off <= 1e-9 * theirs.abs() + 1e-13,
        "{what}: {ours} is not {theirs}"
    );
}

mod golden {
    //! gbstats 0.8.0, an independent implementation of the same formulas.

    use super::*;

    #[expect(
        clippy::disallowed_macros,
        reason = "a test that is skipped has to say so"
    )]
    fn file() -> Option<Value> {
        let folder = std::env::var_os("HEADWATER_CONFORMANCE").map_or_else(
            || {
                PathBuf::from(concat!(
                    env!("CARGO_MANIFEST_DIR"),
                    "/../../shared/data/conformance"
                ))
            },
            PathBuf::from,
        );
        let file = folder.join("abtest_gbstats_golden.json");
        if !file.exists() {
            eprintln!(
                "SKIPPED: {} is not there: set HEADWATER_CONFORMANCE to the folder that has it (docs/experiments.md)",
                file.display()
            );
            return None;
        }
        Some(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
    }

    fn number(value: &Value) -> f64 {
        value
            .as_f64()
            .unwrap_or_else(|| panic!("{value} is no number"))
    }

    fn arm(kind: &str, sums: &Value) -> Arm {
        match kind {
            "proportion" => proportion(sums[0].as_u64().unwrap(), sums[1].as_u64().unwrap()),
            "mean" => Arm::Mean(
                Mean::from_sums(
                    sums[2].as_u64().unwrap(),
                    number(&sums[0]),
                    number(&sums[1]),
                )
                .unwrap(),
            ),
            other => panic!("an unknown kind of arm: {other}"),
        }
    }

    fn agree(ours: &Comparison, theirs: &Value, what: &str) {
        let finding = match (&ours.outcome, theirs["error_message"].as_str()) {
            (Outcome::NotReady { .. }, Some(_)) => return,
            (Outcome::Ready(finding), None) => finding,
            (outcome, error) => panic!("{what}: {outcome:?} where the reference says {error:?}"),
        };
        near(finding.estimate, number(&theirs["expected"]), what);
        near(
            finding.standard_error,
            number(&theirs["uplift"]["stddev"]),
            what,
        );
        for (end, place) in [(finding.interval.lower, 0), (finding.interval.upper, 1)] {
            let reference = &theirs["ci"][place];
            match end {
                None => assert_eq!(reference, "Infinity", "{what}"),
                Some(end) => near(end, number(reference), what),
            }
        }
        match finding.evidence {
            Evidence::Test { p_value, .. } => near(p_value, number(&theirs["p_value"]), what),
            Evidence::Belief {
                chance_to_win,
                risk,
            } => {
                near(chance_to_win, number(&theirs["chance_to_win"]), what);
                near(risk.baseline, number(&theirs["risk"][0]), what);
                near(risk.variant, number(&theirs["risk"][1]), what);
            }
        }
    }

    fn difference(name: &str) -> Difference {
        serde_json::from_value(json!(name)).unwrap()
    }

    #[test]
    fn proportions_and_means() {
        let Some(file) = file() else { return };
        let normal = Prior {
            mean: 0.0,
            standard_deviation: 0.3,
        };
        let tests = [
            ("two_sided_t", Method::FixedHorizon, Sides::Two),
            ("greater_t", Method::FixedHorizon, Sides::One),
            ("sequential_5000", sequential(5_000.0), Sides::Two),
            ("sequential_1000", sequential(1_000.0), Sides::Two),
            ("bayes_flat", Method::Bayesian { prior: None }, Sides::Two),
            (
                "bayes_N(0,0.3^2)",
                Method::Bayesian {
                    prior: Some(normal),
                },
                Sides::Two,
            ),
        ];
        let mut compared = 0;
        for case in file["cases"].as_array().unwrap() {
            let kind = case["kind"].as_str().unwrap();
            let (a, b) = (arm(kind, &case["a"]), arm(kind, &case["b"]));
            let name = case["difference_type"].as_str().unwrap();
            for (test, method, sides) in tests {
                let settings = Settings {
                    method,
                    sides,
                    difference: difference(name),
                    ..FIXED
                };
                let what = format!("{kind} {} {} {name} {test}", case["a"], case["b"]);
                agree(&compare(&a, &b, &settings), &case[test], &what);
                compared += 1;
            }
        }
        assert_eq!(compared, 18 * 6);
    }

    #[test]
    fn adjusted_means() {
        let Some(file) = file() else { return };
        let cuped = &file["cuped"];
        let sums = |arm: &Value, adjusted: bool| {
            let n = arm["n"].as_u64().unwrap();
            let (sum, squares) = (number(&arm["post_sum"]), number(&arm["post_ss"]));
            if adjusted {
                let before = (number(&arm["pre_sum"]), number(&arm["pre_ss"]));
                let products = number(&arm["cross"]);
                Arm::Adjusted(Paired::from_sums(n, (sum, squares), before, products).unwrap())
            } else {
                Arm::Mean(Mean::from_sums(n, sum, squares).unwrap())
            }
        };
        for name in ["relative", "absolute"] {
            for (kind, adjusted) in [("cuped", true), ("plain", false)] {
                let settings = Settings {
                    difference: difference(name),
                    ..FIXED
                };
                let ours = compare(
                    &sums(&cuped["a"], adjusted),
                    &sums(&cuped["b"], adjusted),
                    &settings,
                );
                agree(&ours, &cuped[name][kind], &format!("{name} {kind}"));
            }
        }
    }

    #[test]
    fn ratios() {
        let Some(file) = file() else { return };
        let input = &file["ratio"]["input"];
        let arm = |at: usize| {
            let of = |name: &str| number(&input[name][at]);
            Arm::Ratio(
                Paired::from_sums(
                    input["n"][at].as_u64().unwrap(),
                    (of("m_sum"), of("m_ss")),
                    (of("d_sum"), of("d_ss")),
                    of("md"),
                )
                .unwrap(),
            )
        };
        let settings = Settings {
            difference: Difference::Relative,
            ..FIXED
        };
        let ours = compare(&arm(0), &arm(1), &settings);
        agree(&ours, &file["ratio"]["relative"], "ratio");
    }

    #[test]
    fn splits() {
        let Some(file) = file() else { return };
        for case in file["srm"].as_array().unwrap() {
            let people: Vec<u64> = serde_json::from_value(case["users"].clone()).unwrap();
            let weights: Vec<f64> = serde_json::from_value(case["weights"].clone()).unwrap();
            let split = check_split(&people, &weights).unwrap();
            near(split.p_value, number(&case["p"]), &case.to_string());
            assert_eq!(split.warning.is_some(), split.p_value < 0.001);
        }
    }
}

/// The hours of sleep that two drugs added (Student, "The Probable Error of a Mean", 1908), and what R's documentation says of them.
#[test]
fn students_sleep() {
    let one = mean(&[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]);
    let two = mean(&[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]);
    let comparison = compare(&one, &two, &FIXED);
    let finding = ready(&comparison);
    assert!((comparison.baseline.mean.unwrap() - 0.75).abs() < 1e-12);
    assert!((comparison.variant.mean.unwrap() - 2.33).abs() < 1e-12);
    assert!((finding.estimate - 1.58).abs() < 1e-12);
    assert!((p_value(&finding) - 0.079_39).abs() < 5e-6);
    assert!((finding.interval.lower.unwrap() + 0.205_483_2).abs() < 5e-8);
    assert!((finding.interval.upper.unwrap() - 3.365_483_2).abs() < 5e-8);
    assert_eq!(finding.conclusion, Conclusion::Unclear);
    let apart = compare(
        &one,
        &two,
        &Settings {
            difference: Difference::Relative,
            ..FIXED
        },
    );
    assert_eq!(
        reason(apart),
        Unready::BaselineUncertain,
        "0.75 ± 0.57 hours may be none"
    );
}

/// Variances of large values with small differences are right to the last digits: sums do not round.
#[test]
fn large_values_lose_no_digits() {
    let shifted = |by: f64| {
        let at = |values: [f64; 4]| mean(&values.map(|value| value + by));
        ready(&compare(
            &at([1.0, 2.0, 3.0, 4.0]),
            &at([2.0, 3.0, 5.0, 4.0]),
            &FIXED,
        ))
    };
    assert_eq!(shifted(0.0), shifted(1e12));
}

#[test]
fn lower_is_better_where_it_is_said() {
    let (base, fewer) = (proportion(500, 5_000), proportion(350, 5_000));
    let higher = Settings {
        sides: Sides::One,
        ..FIXED
    };
    let lower = Settings {
        better: Better::Lower,
        ..higher
    };
    for method in [
        Method::FixedHorizon,
        Method::default(),
        Method::Bayesian { prior: None },
    ] {
        let found = |settings: Settings| ready(&compare(&base, &fewer, &settings));
        let (up, down) = (
            found(Settings { method, ..higher }),
            found(Settings { method, ..lower }),
        );
        assert_eq!(up.estimate, down.estimate);
        assert_eq!(up.conclusion, Conclusion::Unclear);
        assert_eq!(down.conclusion, Conclusion::Better);
        assert!(up.interval.lower.is_some() && up.interval.upper.is_none());
        assert!(down.interval.lower.is_none() && down.interval.upper.unwrap() < 0.0);
        let two = Settings {
            method,
            sides: Sides::Two,
            ..higher
        };
        assert_eq!(found(two).conclusion, Conclusion::Worse);
        if let (
            Evidence::Belief {
                chance_to_win: one,
                risk: lost,
            },
            Evidence::Belief {
                chance_to_win: other,
                risk: won,
            },
        ) = (up.evidence, down.evidence)
        {
            assert!((one + other - 1.0).abs() < 1e-12 && one < 0.001);
            assert_eq!((lost.baseline, lost.variant), (won.variant, won.baseline));
        }
    }
}

/// More of less than nothing is more: the sign of a relative difference is that of the difference.
#[test]
fn a_negative_baseline_does_not_turn_the_sign() {
    let (base, better) = (
        mean(&[-10.0, -11.0, -9.0, -10.0]),
        mean(&[-5.0, -6.0, -4.0, -5.0]),
    );
    let finding = ready(&compare(
        &base,
        &better,
        &Settings {
            difference: Difference::Relative,
            ..FIXED
        },
    ));
    assert!((finding.estimate - 0.5).abs() < 1e-12);
    assert_eq!(finding.conclusion, Conclusion::Better);
}

/// A variant that by chance has few conversions so far has almost no variance as a part of the baseline: that is no proof.
#[test]
fn few_conversions_are_not_worse_by_their_small_variance() {
    let (base, variant) = (proportion(12, 900), proportion(2, 900));
    let finding = ready(&compare(&base, &variant, &Settings::default()));
    let Evidence::Test {
        p_value,
        adjusted_p_value,
    } = finding.evidence
    else {
        panic!("no test: {finding:?}")
    };
    assert!(p_value < 0.001 && adjusted_p_value > 0.05, "{finding:?}");
    assert_eq!(finding.conclusion, Conclusion::Unclear);
    assert_eq!(finding.interval.upper, Some(0.0));
    let belief = Settings {
        method: Method::Bayesian { prior: None },
        alpha: 0.005,
        ..Settings::default()
    };
    let finding = ready(&compare(&base, &variant, &belief));
    assert_eq!(finding.conclusion, Conclusion::Unclear, "{finding:?}");
}

#[test]
fn what_cannot_be_said_says_why() {
    let relative = Settings {
        difference: Difference::Relative,
        ..FIXED
    };
    let none = || proportion(0, 100);
    let some = || proportion(30, 100);
    let unready = |base: &Arm, variant: &Arm, settings| reason(compare(base, variant, settings));
    assert_eq!(
        unready(&none(), &some(), &FIXED),
        Unready::NoVariance(Which::Baseline)
    );
    assert_eq!(
        unready(&some(), &none(), &FIXED),
        Unready::NoVariance(Which::Variant)
    );
    assert_eq!(
        unready(&proportion(1, 1), &some(), &FIXED),
        Unready::TooFew(Which::Baseline)
    );
    assert_eq!(
        unready(&some(), &proportion(0, 0), &FIXED),
        Unready::TooFew(Which::Variant)
    );
    assert_eq!(
        unready(&some(), &proportion(11, 10), &FIXED),
        Unready::TooManyConversions(Which::Variant)
    );
    assert_eq!(
        unready(&some(), &mean(&[1.0, 2.0]), &FIXED),
        Unready::OtherMetric
    );
    assert_eq!(
        unready(&mean(&[-1.0, 1.0]), &mean(&[1.0, 2.0]), &relative),
        Unready::BaselineZero
    );
    assert_eq!(
        unready(&proportion(5, 1_000), &some(), &relative),
        Unready::BaselineUncertain
    );
    let nothing = Arm::Ratio(paired(&[(1.0, 0.0), (2.0, 0.0)]));
    let ratio = Arm::Ratio(paired(&[(1.0, 1.0), (2.0, 3.0)]));
    assert_eq!(
        unready(&ratio, &nothing, &FIXED),
        Unready::NoDenominator(Which::Variant)
    );
    let same = mean(&[0.1; 10]);
    assert_eq!(
        unready(&same, &same, &FIXED),
        Unready::NoVariance(Which::Baseline)
    );
    // A prior of parts of next to nothing is next to nothing itself.
    let sums = |sum, squares| Arm::Mean(Mean::from_sums(2, sum, squares).unwrap());
    let prior = Method::Bayesian {
        prior: Some(Prior {
            mean: 0.0,
            standard_deviation: 1e-6,
        }),
    };
    let sure = Settings {
        method: prior,
        ..FIXED
    };
    assert_eq!(
        unready(&sums(1e-200, 1.0), &sums(1.0, 10.0), &sure),
        Unready::OutOfRange
    );
    let wrong = Settings {
        alpha: 5.0,
        ..FIXED
    };
    let said = unready(&some(), &some(), &wrong).to_string();
    assert!(said.contains("such as 0.05, not 5"), "{said}");
    let shown = serde_json::to_value(compare(&none(), &some(), &relative)).unwrap();
    assert_eq!(shown["outcome"]["status"], "not_ready");
    assert!(
        shown["outcome"]["reason"]
            .as_str()
            .unwrap()
            .contains("wait for more"),
        "{shown}"
    );
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let prior = |mean, standard_deviation| Method::Bayesian {
        prior: Some(Prior {
            mean,
            standard_deviation,
        }),
    };
    for method in [
        sequential(0.0),
        sequential(f64::NAN),
        prior(f64::INFINITY, 1.0),
        prior(0.0, 0.0),
    ] {
        assert!(Settings { method, ..FIXED }.check().is_err(), "{method:?}");
    }
    for alpha in [0.0, 0.5, 1.0, -0.1, f64::NAN] {
        assert!(Settings { alpha, ..FIXED }.check().is_err(), "{alpha}");
    }
    assert!(Settings::default().check().is_ok());
}

#[test]
fn settings_and_arms_are_read_from_json() {
    let settings: Settings =
        serde_json::from_value(json!({"method": {"kind": "sequential"}, "alpha": 0.01})).unwrap();
    assert_eq!(
        settings,
        Settings {
            alpha: 0.01,
            ..Settings::default()
        }
    );
    assert!(serde_json::from_value::<Settings>(json!({"aplha": 0.01})).is_err());
    let arm: Arm =
        serde_json::from_value(json!({"metric": "proportion", "n": 10, "conversions": 3})).unwrap();
    assert_eq!(arm, proportion(3, 10));
    let kept = Arm::Ratio(paired(&[(0.1, 3.0), (0.7, 1.0)]));
    let text = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Arm>(&text).unwrap(), kept);
}

#[test]
fn values_that_are_no_numbers_are_refused() {
    let mut kept = Mean::default();
    for value in [f64::NAN, f64::INFINITY, 1e51] {
        assert!(kept.observe(value).is_err());
        assert!(Paired::default().observe(1.0, value).is_err());
        assert!(Mean::from_sums(2, f64::NAN, 1.0).is_err());
    }
    assert_eq!(kept, Mean::default());
}

/// The one-sided sequential test has no reference figures: by its formula, worked out apart. n = 6,000, rho² at alpha 0.1 and tuning 5,000
/// is (4.605170 + ln 5.605170) / 5000 = 0.001265774; tρ² + 1 = 8.594645.
#[test]
fn one_sided_sequential() {
    let finding = ready(&compare(
        &proportion(300, 3_000),
        &proportion(420, 3_000),
        &Settings {
            method: Method::default(),
            sides: Sides::One,
            ..FIXED
        },
    ));
    let variance = 0.09 / 3_000.0 + 0.14 * 0.86 / 3_000.0;
    let scale: f64 = 8.594_645;
    let width = (variance * 2.0 * scale / 7.594_645 * (1.0 + scale.sqrt() / 0.1).ln()).sqrt();
    assert!((finding.interval.lower.unwrap() - (0.04 - width)).abs() < 1e-7);
    let exponent = 0.04_f64.powi(2) / variance * 7.594_645 / (2.0 * scale);
    let expected = scale.sqrt() / (2.0 * (exponent.exp() - 1.0));
    assert!((p_value(&finding) / expected - 1.0).abs() < 1e-4);
}

#[test]
fn several_variants_are_corrected_for_their_number() {
    let base = proportion(500, 5_000);
    let variants = [
        proportion(570, 5_000),
        proportion(640, 5_000),
        proportion(505, 5_000),
        proportion(0, 0),
    ];
    let alone = ready(&compare(&base, &variants[0], &FIXED));
    assert_eq!(alone.conclusion, Conclusion::Better, "{alone:?}");
    let all = compare_all(&base, &variants, &FIXED);
    let first = ready(&all[0]);
    assert_eq!(first.conclusion, Conclusion::Unclear, "{first:?}");
    assert_eq!(p_value(&first), p_value(&alone));
    let corrected = |at: usize| match ready(&all[at]).evidence {
        Evidence::Test {
            p_value,
            adjusted_p_value,
        } => adjusted_p_value / p_value,
        Evidence::Belief { .. } => panic!("no test"),
    };
    assert!((corrected(1) - 4.0).abs() < 1e-9);
    assert!((corrected(0) - 3.0).abs() < 1e-9);
    assert_eq!(ready(&all[1]).conclusion, Conclusion::Better);
    assert_eq!(
        reason(all[3].clone()),
        Unready::TooFew(Which::Variant),
        "and it counted all the same"
    );
    let quarter = Settings {
        alpha: 0.0125,
        ..FIXED
    };
    assert_eq!(
        first.interval,
        ready(&compare(&base, &variants[0], &quarter)).interval
    );
    assert_eq!(
        compare_all(&base, &variants[..1], &Settings::default()),
        [compare(&base, &variants[0], &Settings::default())]
    );
}

#[test]
fn a_wrong_split_is_said() {
    let split = check_split(&[9_100, 900], &[0.9, 0.1]).unwrap();
    let warning = split.warning.unwrap();
    assert!(
        warning.starts_with("The arms have 9100, 900 people where 9000, 1000 were expected")
            && warning.contains("0.000858"),
        "{warning}"
    );
    assert!(
        check_split(&[5_000, 5_100], &[1.0, 1.0])
            .unwrap()
            .warning
            .is_none()
    );
    let unwanted = check_split(&[500, 500, 1], &[1.0, 1.0, 0.0]).unwrap();
    assert!(unwanted.warning.is_some());
    assert_eq!(check_split(&[3, 4], &[1.0, 1.0]), Err(Uncheckable::TooFew));
    assert_eq!(check_split(&[3, 4], &[1.0, 0.0]), Err(Uncheckable::OneArm));
    assert_eq!(
        check_split(&[3], &[]),
        Err(Uncheckable::Lengths {
            arms: 1,
            weights: 0
        })
    );
    assert!(check_split(&[3, 4], &[1.0, f64::NAN]).is_err());
    let largest = check_split(&[u64::MAX, 1], &[1.0, 1.0]).unwrap();
    assert_eq!(largest.p_value, 0.0);
}

/// Numbers that look random (splitmix64), the same in each run.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to less than 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn converted(&mut self, people: u64, rate: f64) -> u64 {
        (0..people).map(|_| u64::from(self.share() < rate)).sum()
    }
}

const EXPERIENCES: u64 = 2_000;
const DAYS: u64 = 30;

/// Of 2,000 simulated experiences, the share that is called better or worse on any of 30 days.
fn ever_called(settings: &Settings, people_a_day: u64, rates: (f64, f64), seed: u64) -> f64 {
    let mut dice = Dice(seed);
    let mut called = 0;
    for _ in 0..EXPERIENCES {
        let (mut base, mut variant) = (Proportion::default(), Proportion::default());
        let mut clear = false;
        for _ in 0..DAYS {
            for (arm, rate) in [(&mut base, rates.0), (&mut variant, rates.1)] {
                arm.merge(Proportion {
                    n: people_a_day,
                    conversions: dice.converted(people_a_day, rate),
                });
            }
            if let Outcome::Ready(finding) =
                compare(&Arm::Proportion(base), &Arm::Proportion(variant), settings).outcome
            {
                clear |= finding.conclusion != Conclusion::Unclear;
            }
        }
        called += u64::from(clear);
    }
    called as f64 / EXPERIENCES as f64
}

#[test]
fn looking_every_day_is_safe_with_the_sequential_test_alone() {
    for difference in [Difference::Relative, Difference::Absolute] {
        for (sides, tuning) in [
            (Sides::Two, 5_000.0),
            (Sides::One, 5_000.0),
            (Sides::Two, 500.0),
        ] {
            let settings = Settings {
                method: sequential(tuning),
                difference,
                sides,
                ..FIXED
            };
            let called = ever_called(&settings, 150, (0.1, 0.1), 1);
            assert!(called <= 0.05, "{settings:?}: {called}");
        }
    }
    let fixed = ever_called(&FIXED, 150, (0.1, 0.1), 1);
    assert!(
        fixed > 0.15,
        "a test for one look that is looked at 30 times: {fixed}"
    );
    let rare = ever_called(&Settings::default(), 300, (0.01, 0.01), 2);
    assert!(rare <= 0.05, "rare conversions: {rare}");
}

#[test]
fn several_variants_together_are_safe_too() {
    let mut dice = Dice(5);
    let mut called = 0;
    for _ in 0..EXPERIENCES {
        let mut arms = [Proportion::default(); 4];
        let mut clear = false;
        for _ in 0..10 {
            for arm in &mut arms {
                arm.merge(Proportion {
                    n: 300,
                    conversions: dice.converted(300, 0.2),
                });
            }
            let [base, variants @ ..] = arms.map(Arm::Proportion);
            clear |= compare_all(&base, &variants, &Settings::default())
                .iter()
                .any(|comparison| ready(comparison).conclusion != Conclusion::Unclear);
        }
        called += u64::from(clear);
    }
    let called = called as f64 / EXPERIENCES as f64;
    assert!(called <= 0.05, "{called}");
}

#[test]
fn a_real_effect_is_found() {
    let called = ever_called(&Settings::default(), 200, (0.1, 0.13), 3);
    assert!(called > 0.95, "{called}");
    let fixed = Settings {
        difference: Difference::Relative,
        ..FIXED
    };
    let called = ever_called(&fixed, 200, (0.1, 0.13), 3);
    assert!(called > 0.95, "{called}");
}

/// A fixed-horizon interval that is looked at once holds the truth in 95 of 100 experiences; so do adjusted values and
/// ratios, and adjusting makes the interval narrower.
#[test]
fn intervals_hold_the_truth_as_often_as_they_say() {
    let mut dice = Dice(4);
    let (mut plain_holds, mut adjusted_holds, mut ratio_holds) = (0, 0, 0);
    let (mut plain_width, mut adjusted_width) = (0.0, 0.0);
    let runs = 600;
    for _ in 0..runs {
        let mut arms = [(); 2].map(|()| (Mean::default(), Paired::default(), Paired::default()));
        for (plain, adjusted, ratio) in &mut arms {
            for _ in 0..120 {
                let before = 10.0 * dice.share();
                let after = 2.0 + before - 3.0 * dice.share().ln();
                plain.observe(after).unwrap();
                adjusted.observe(after, before).unwrap();
                // Orders of one person, each with a value that depends on the person.
                let orders = 1.0 + (4.0 * dice.share()).floor();
                ratio.observe(orders * after, orders).unwrap();
            }
        }
        let [
            (plain_a, adjusted_a, ratio_a),
            (plain_b, adjusted_b, ratio_b),
        ] = arms;
        let found = |a: Arm, b: Arm| {
            let interval = ready(&compare(&a, &b, &FIXED)).interval;
            let (lower, upper) = (interval.lower.unwrap(), interval.upper.unwrap());
            (i32::from(lower <= 0.0 && 0.0 <= upper), upper - lower)
        };
        let (holds, width) = found(Arm::Mean(plain_a), Arm::Mean(plain_b));
        plain_holds += holds;
        plain_width += width;
        let (holds, width) = found(Arm::Adjusted(adjusted_a), Arm::Adjusted(adjusted_b));
        adjusted_holds += holds;
        adjusted_width += width;
        ratio_holds += found(Arm::Ratio(ratio_a), Arm::Ratio(ratio_b)).0;
    }
    for holds in [plain_holds, adjusted_holds, ratio_holds] {
        let share = f64::from(holds) / f64::from(runs);
        assert!((0.92..0.98).contains(&share), "{share}");
    }
    assert!(adjusted_width < 0.8 * plain_width);
}

/// Values of all sizes that can be counted, many of them equal.
fn values() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-20..20_i32).prop_map(|whole| f64::from(whole) / 4.0),
        3 => -1e3..1e3_f64,
        1 => any::<f64>().prop_filter("can be counted", |value| value.abs() <= 1e50),
    ]
}

fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((values(), values()), 0..12)
}

fn arms() -> impl Strategy<Value = (Arm, Arm)> {
    let counted =
        || (0..2_000_u64, 0..2_000_u64).prop_map(|(n, some)| proportion(some, n.max(some)));
    let any_counts =
        || (any::<u64>(), any::<u64>()).prop_map(|(n, conversions)| proportion(conversions, n));
    let firsts = |pairs: &[(f64, f64)]| mean(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let sums = || {
        (any::<u64>(), values(), values())
            .prop_map(|(n, sum, squares)| Arm::Mean(Mean::from_sums(n, sum, squares).unwrap()))
    };
    prop_oneof![
        (counted(), counted()),
        (any_counts(), any_counts()),
        (sums(), sums()),
        (pairs(), pairs()).prop_map(move |(one, other)| (firsts(&one), firsts(&other))),
        (pairs(), pairs())
            .prop_map(|(one, other)| (Arm::Ratio(paired(&one)), Arm::Ratio(paired(&other)))),
        (pairs(), pairs())
            .prop_map(|(one, other)| (Arm::Adjusted(paired(&one)), Arm::Adjusted(paired(&other)))),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    let method = prop_oneof![
        Just(Method::FixedHorizon),
        (1.0..1e12_f64).prop_map(|tuning| Method::Sequential { tuning }),
        Just(Method::default()),
        Just(Method::Bayesian { prior: None }),
        (-1.0..1.0_f64, 1e-6..1e6_f64).prop_map(|(mean, standard_deviation)| {
            Method::Bayesian {
                prior: Some(Prior {
                    mean,
                    standard_deviation,
                }),
            }
        }),
    ];
    let alpha = prop_oneof![Just(0.05), 1e-9..0.4999_f64];
    let either = (any::<bool>(), any::<bool>(), any::<bool>());
    (method, alpha, either).prop_map(|(method, alpha, (relative, one, lower))| Settings {
        method,
        alpha,
        difference: if relative {
            Difference::Relative
        } else {
            Difference::Absolute
        },
        sides: if one { Sides::One } else { Sides::Two },
        better: if lower { Better::Lower } else { Better::Higher },
    })
}

fn holds(finding: &Finding, settings: &Settings) {
    let (lower, upper) = (finding.interval.lower, finding.interval.upper);
    let ends = (
        lower.unwrap_or(f64::NEG_INFINITY),
        upper.unwrap_or(f64::INFINITY),
    );
    assert!(lower.is_none_or(f64::is_finite) && upper.is_none_or(f64::is_finite));
    assert!(finding.estimate.is_finite() && finding.standard_error > 0.0);
    assert!(
        ends.0 <= finding.estimate && finding.estimate <= ends.1,
        "the interval has the estimate"
    );
    match finding.evidence {
        Evidence::Test {
            p_value,
            adjusted_p_value,
        } => {
            assert!(0.0 <= p_value && p_value <= adjusted_p_value && adjusted_p_value <= 1.0);
            // Both say the same, but for rounding at the very edge.
            let outside = ends.0 > 0.0 || ends.1 < 0.0;
            if (adjusted_p_value / settings.alpha - 1.0).abs() > 1e-6 {
                assert_eq!(adjusted_p_value <= settings.alpha, outside, "{finding:?}");
            }
        }
        Evidence::Belief {
            chance_to_win,
            risk,
        } => {
            assert!((0.0..=1.0).contains(&chance_to_win));
            assert!(risk.baseline >= 0.0 && risk.baseline.is_finite());
            assert!(risk.variant >= 0.0 && risk.variant.is_finite());
        }
    }
}

proptest! {
    #[test]
    fn every_comparison_is_numbers_or_a_reason(
        (base, variant) in arms(),
        settings in settings(),
    ) {
        let comparison = compare(&base, &variant, &settings);
        match &comparison.outcome {
            Outcome::Ready(finding) => holds(finding, &settings),
            Outcome::NotReady { reason } => prop_assert!(!reason.to_string().is_empty()),
        }
        for level in [comparison.baseline, comparison.variant] {
            prop_assert!(level.mean.is_none_or(f64::is_finite));
        }
        prop_assert!(!serde_json::to_string(&comparison).unwrap().contains("NaN"));
    }

    #[test]
    fn any_order_of_merging_is_the_same(
        parts in prop::collection::vec(pairs(), 1..6),
        seed in any::<u64>(),
        make in prop::sample::select(vec![Arm::Ratio as fn(Paired) -> Arm, Arm::Adjusted]),
    ) {
        let all = make(paired(&parts.concat()));
        let mut pieces: Vec<Arm> = parts.iter().map(|part| make(paired(part))).collect();
        let mut dice = Dice(seed);
        while pieces.len() > 1 {
            let at = usize::try_from(dice.next() % pieces.len() as u64).unwrap();
            let piece = pieces.swap_remove(at);
            let into = usize::try_from(dice.next() % pieces.len() as u64).unwrap();
            pieces[into].merge(&piece).unwrap();
        }
        prop_assert_eq!(&pieces[0], &all);
        let text = serde_json::to_string(&all).unwrap();
        prop_assert_eq!(serde_json::from_str::<Arm>(&text).unwrap(), all);
    }

    #[test]
    fn means_and_shares_merge_in_any_order_too(values in prop::collection::vec(values(), 0..20), at in 0..20_usize) {
        let (head, tail) = values.split_at(at.min(values.len()));
        let mut merged = mean(tail);
        merged.merge(&mean(head)).unwrap();
        prop_assert_eq!(merged, mean(&values));
        let share = |values: &[f64]| {
            let mut kept = Proportion::default();
            values.iter().for_each(|value| kept.observe(*value > 0.0));
            kept
        };
        let mut merged = share(tail);
        merged.merge(share(head));
        prop_assert_eq!(merged, share(&values));
    }
}
