//! Conditions and buckets against the cases of GrowthBook's own spec, which are not part of the repository.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

#[path = "growthbook/cases.rs"]
mod cases;

/// Spec 0.12.0: `packages/sdk-js/test/cases.json` of growthbook/growthbook at 69deff4.
const SHA256: &str = "01811b2c39ab6f80426376342fa8338f5447d6d1a9d14095dbc06fc3cc882bf3";

/// Of each suite, how many cases there are, are asked and are excluded.
const SUITES: [(&str, usize, usize, usize); 7] = [
    ("chooseVariation", 13, 13, 0),
    ("evalCondition", 583, 583, 15),
    ("getBucketRange", 13, 13, 0),
    ("getEqualWeights", 6, 6, 0),
    ("hash", 27, 27, 0),
    ("inNamespace", 16, 16, 0),
    ("run", 88, 7, 0),
];

/// A file of the corpus, if it is there.
#[expect(
    clippy::disallowed_macros,
    reason = "a test looks for data outside of the repository, and says when it is skipped"
)]
fn file(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("HEADWATER_CONFORMANCE").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/data/conformance"
            ))
        },
        PathBuf::from,
    );
    let found = std::fs::read(folder.join(name)).ok();
    if found.is_none() {
        eprintln!(
            "SKIPPED: {name} is not there: set HEADWATER_CONFORMANCE to a folder with GrowthBook's cases.json"
        );
    }
    found
}

#[test]
#[expect(
    clippy::disallowed_macros,
    reason = "how much was asked is part of the answer"
)]
fn the_cases_of_the_spec() {
    let Some(bytes) = file("cases.json") else {
        return;
    };
    let digest = Sha256::digest(&bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, SHA256, "the corpus is another one");
    let report = cases::run(&serde_json::from_slice(&bytes).unwrap());
    for (suite, cases, asked, excluded) in SUITES {
        let found = &report["suites"][suite];
        assert_eq!(found["wrong"], Value::Array(Vec::new()), "{suite}");
        let exclusions = found["excluded"].as_array().unwrap();
        println!(
            "{suite}: {} of {} passed, {} excluded",
            found["passed"],
            found["asked"],
            exclusions.len()
        );
        for exclusion in exclusions {
            println!("  {}: {}", exclusion[0], exclusion[1]);
        }
        assert_eq!(
            (
                &found["cases"],
                &found["asked"],
                &found["passed"],
                exclusions.len()
            ),
            (
                &cases.into(),
                &asked.into(),
                &(asked - excluded).into(),
                excluded
            ),
            "{suite}"
        );
    }
    for not_run in report["not_run"].as_array().unwrap() {
        println!("{} is not run: {}", not_run[0], not_run[1]);
    }
    assert_eq!(report["suites"].as_object().unwrap().len(), SUITES.len());
    assert_eq!(
        (&report["unknown"], &report["gone"]),
        (&Value::Array(Vec::new()), &Value::Array(Vec::new()))
    );
}

/// What GrowthBook's library for Rust adds, `$notRegex` among it.
#[test]
#[expect(
    clippy::disallowed_macros,
    reason = "how much was asked is part of the answer"
)]
fn the_additions_of_the_rust_library() {
    let Some(bytes) = file("rust.json") else {
        return;
    };
    let corpus: Value = serde_json::from_slice(&bytes).unwrap();
    let cases = corpus["evalCondition"].as_array().unwrap();
    for case in cases {
        let condition = cdp_core::condition::Condition::parse(&case[1], "").unwrap();
        let attributes = case[2].as_object().unwrap();
        let found = condition.holds(attributes, &cdp_core::condition::no_groups);
        assert_eq!(found, case[3], "{case}");
    }
    assert_eq!(cases.len(), 11);
    println!("evalCondition of rust.json: {} passed", cases.len());
}
