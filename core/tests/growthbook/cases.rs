//! The cases of GrowthBook's spec, asked of the core: the same function natively (`core/tests/growthbook.rs`) and
//! in WebAssembly (`core/examples/growthbook_cases.rs`).

use cdp_core::bucket::{
    BucketRange, HashVersion, bucket_ranges, choose_variation, equal_weights, hash, in_namespace,
};
use cdp_core::condition::{Condition, is_in};
use cdp_core::event::Object;
use serde_json::{Value, json};

/// Suites of the corpus that are not run.
const NOT_RUN: [(&str, &str); 10] = [
    ("pruneCondition", "no client gets a part of a condition"),
    ("reducePayload", "no client gets GrowthBook's payload"),
    ("feature", "there are experiences, and no feature flags"),
    ("getQueryStringOverride", "no address overrides a decision"),
    ("decrypt", "no payload is encrypted"),
    ("stickyBucket", "a decision follows from the id alone"),
    ("urlRedirect", "no decision redirects"),
    ("contextualBandit", "there are no contextual bandits"),
    (
        "savedGroupReferencesV2",
        "$savedGroup brings a condition along; an audience is asked by its id, with $inGroup",
    ),
    (
        "savedGroupReferencesRemote",
        "memberships come with the request, and not as an attribute",
    ),
];

const UNKNOWN: &str = "an unknown operator is refused when the condition is read";
const NOT_A_LIST: &str = "what is no list is refused when the condition is read";
const EMPTY: &str = "an object without operators is refused when the condition is read";
const UNREADABLE: &str = "an invalid regular expression is refused when the condition is read";

/// Cases that GrowthBook's libraries answer and we refuse to read, with part of what is said instead.
const REFUSED: [(&str, &str, &str); 15] = [
    (
        "an unknown operator under $not fails, since this SDK can't evaluate it",
        "$not.name.$regx: $regx is no operator",
        UNKNOWN,
    ),
    (
        "an unknown operator under $nor fails, since this SDK can't evaluate it",
        "$nor[0].name.$regx: $regx is no operator",
        UNKNOWN,
    ),
    (
        "an unknown operator inside $not on a value fails, since this SDK can't evaluate it",
        "name.$not.$regx: $regx is no operator",
        UNKNOWN,
    ),
    (
        "an unknown operator doesn't stop an $or that another condition passes",
        "$or[0].name.$regx: $regx is no operator",
        UNKNOWN,
    ),
    (
        "a known operator that fails decides the condition, even beside an unknown operator",
        "name.$regx: $regx is no operator",
        UNKNOWN,
    ),
    (
        "unknown operator - pass",
        "name.$regx: $regx is no operator",
        UNKNOWN,
    ),
    (
        "a condition key where an operator on a value belongs never matches, as before",
        "name.$not.$or: $or joins conditions",
        "what never matches is refused when the condition is read",
    ),
    (
        "an empty object as a value has no operators, so it passes",
        "an object without operators",
        EMPTY,
    ),
    (
        "$not of an empty object fails",
        "name.$not: an object without operators",
        EMPTY,
    ),
    (
        "$in - not array",
        "num.$in: write a list of values",
        NOT_A_LIST,
    ),
    (
        "$nin - not array",
        "num.$nin: write a list of values",
        NOT_A_LIST,
    ),
    (
        "$ini - not array",
        "num.$ini: write a list of values",
        NOT_A_LIST,
    ),
    (
        "$nini - not array",
        "num.$nini: write a list of values",
        NOT_A_LIST,
    ),
    (
        "$regex invalid - pass",
        "name.$regex: this regular expression cannot be read",
        UNREADABLE,
    ),
    (
        "$regex invalid - fail",
        "name.$regex: this regular expression cannot be read",
        UNREADABLE,
    ),
];

/// Runs the suites of a corpus. Of each: how many `cases` it has, how many `passed` and are `excluded`, and which
/// are `wrong`, exclusions that no longer exclude anything among them.
pub(crate) fn run(corpus: &Value) -> Value {
    let mut suites = Object::new();
    for (suite, cases) in corpus.as_object().into_iter().flatten() {
        if let (Some(cases), Some(ask)) = (cases.as_array(), asker(suite)) {
            suites.insert(suite.clone(), report(suite, cases, ask));
        }
    }
    let known = |suite: &&String| {
        *suite == "specVersion"
            || asker(suite).is_some()
            || NOT_RUN.iter().any(|(name, _)| name == suite)
    };
    let corpus_names = || corpus.as_object().into_iter().flat_map(Object::keys);
    let unknown: Vec<_> = corpus_names().filter(|suite| !known(suite)).collect();
    let gone: Vec<_> = NOT_RUN
        .iter()
        .filter(|(name, _)| corpus.get(name).is_none())
        .collect();
    json!({"suites": suites, "unknown": unknown, "gone": gone, "not_run": NOT_RUN})
}

/// What the core answers, and what the case expects.
struct Answer {
    found: Value,
    expected: Value,
    /// Why it was not answered.
    refused: Option<String>,
}

impl Answer {
    fn of(found: Value, expected: &Value) -> Self {
        Self {
            found,
            expected: expected.clone(),
            refused: None,
        }
    }
}

type Ask = fn(&[Value]) -> Option<Answer>;

fn asker(suite: &str) -> Option<Ask> {
    let ask: Ask = match suite {
        "evalCondition" => eval_condition,
        "hash" => hash_of,
        "getBucketRange" => bucket_range,
        "chooseVariation" => chosen,
        "inNamespace" => namespace,
        "getEqualWeights" => weights,
        "run" => range_end,
        _ => return None,
    };
    Some(ask)
}

fn report(suite: &str, cases: &[Value], ask: Ask) -> Value {
    let exclusions: &[_] = if suite == "evalCondition" {
        &REFUSED
    } else {
        &[]
    };
    let (mut passed, mut asked, mut excluded, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for case in cases {
        let name = case.get(0).and_then(Value::as_str).unwrap_or_default();
        let Some(answer) = case.as_array().and_then(|case| ask(case)) else {
            continue;
        };
        asked += 1;
        let exclusion = exclusions.iter().find(|(excluded, ..)| *excluded == name);
        match (&answer.refused, exclusion) {
            (Some(refused), Some((_, said, why))) if refused.contains(said) => {
                excluded.push((name, *why));
            }
            (None, None) if close(&answer.found, &answer.expected) => passed += 1,
            _ => wrong.push(json!({
                "case": case, "found": answer.found, "refused": answer.refused,
                "excluded": exclusion.is_some(),
            })),
        }
    }
    for (name, ..) in exclusions {
        if !cases.iter().any(|case| case[0] == *name) {
            wrong.push(json!({"case": name, "gone": true}));
        }
    }
    json!({"cases": cases.len(), "asked": asked, "passed": passed, "excluded": excluded, "wrong": wrong})
}

/// The same, with numbers as near as the spec writes them.
fn close(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| close(found, expected))
        }
        (Value::Number(found), Value::Number(expected)) => found
            .as_f64()
            .zip(expected.as_f64())
            .is_some_and(|(found, expected)| (found - expected).abs() < 5e-9),
        _ => found == expected,
    }
}

/// `[name, condition, attributes, expected, savedGroups?]`
fn eval_condition(case: &[Value]) -> Option<Answer> {
    let [_, condition, attributes, expected, rest @ ..] = case else {
        return None;
    };
    let lists = rest.first();
    let groups = |id: &str, value: &Value| {
        let list = lists.and_then(|lists| lists.get(id)?.as_array());
        list.is_some_and(|list| is_in(value, list))
    };
    Some(match Condition::parse(condition, "") {
        Ok(condition) => {
            let holds = condition.holds(attributes.as_object()?, &groups);
            Answer::of(json!(holds), expected)
        }
        Err(error) => Answer {
            refused: Some(error.to_string()),
            ..Answer::of(Value::Null, expected)
        },
    })
}

/// `[seed, value, version, expected]`
fn hash_of(case: &[Value]) -> Option<Answer> {
    let [seed, value, version, expected] = case else {
        return None;
    };
    let (seed, value) = (seed.as_str()?, value.as_str()?);
    let version = HashVersion::of_number(version.as_u64()?);
    let found = version.map(|version| hash(seed, value, version));
    Some(Answer::of(json!(found), expected))
}

/// `[name, [variations, coverage, weights], expected]`
fn bucket_range(case: &[Value]) -> Option<Answer> {
    let [_, arguments, expected] = case else {
        return None;
    };
    let variations = usize::try_from(arguments.get(0)?.as_u64()?).ok()?;
    let ranges = ranges_of(variations, arguments.get(1)?, arguments.get(2)?)?;
    let found: Vec<_> = ranges
        .iter()
        .map(|range| [range.start, range.end])
        .collect();
    Some(Answer::of(json!(found), expected))
}

fn ranges_of(variations: usize, coverage: &Value, weights: &Value) -> Option<Vec<BucketRange>> {
    let weights: Option<Vec<f64>> = serde_json::from_value(weights.clone()).ok()?;
    Some(bucket_ranges(
        variations,
        coverage.as_f64()?,
        weights.as_deref(),
    ))
}

/// `[name, point, ranges, expected]`, where -1 is no variation.
fn chosen(case: &[Value]) -> Option<Answer> {
    let [_, point, ranges, expected] = case else {
        return None;
    };
    let ranges: Vec<[f64; 2]> = serde_json::from_value(ranges.clone()).ok()?;
    let ranges: Vec<_> = ranges
        .into_iter()
        .map(|[start, end]| BucketRange { start, end })
        .collect();
    Some(Answer::of(
        number(choose_variation(point.as_f64()?, &ranges)),
        expected,
    ))
}

fn number(variation: Option<usize>) -> Value {
    variation.map_or(json!(-1), |at| json!(at))
}

/// `[name, value, [namespace, start, end], expected]`
fn namespace(case: &[Value]) -> Option<Answer> {
    let [_, value, part, expected] = case else {
        return None;
    };
    let (namespace, start, end): (String, f64, f64) = serde_json::from_value(part.clone()).ok()?;
    let found = in_namespace(value.as_str()?, &namespace, BucketRange { start, end });
    Some(Answer::of(json!(found), expected))
}

/// `[variations, expected]`; there are none where there are less than none.
fn weights(case: &[Value]) -> Option<Answer> {
    let [variations, expected] = case else {
        return None;
    };
    let variations = usize::try_from(variations.as_i64()?).unwrap_or(0);
    Some(Answer::of(json!(equal_weights(variations)), expected))
}

/// `[name, context, experiment, value, in the experiment, hashed]`: those about people at the very end of a range,
/// which need no more of an experiment than hash and ranges.
fn range_end(case: &[Value]) -> Option<Answer> {
    let [name, context, experiment, value, included, _] = case else {
        return None;
    };
    if !name.as_str()?.starts_with("range end ") {
        return None;
    }
    let variations = experiment.get("variations")?.as_array()?;
    let ranges = ranges_of(
        variations.len(),
        experiment.get("coverage")?,
        experiment.get("weights")?,
    )?;
    let version = HashVersion::of_number(experiment.get("hashVersion")?.as_u64()?)?;
    let id = context.get("attributes")?.get("id")?.as_str()?;
    let point = hash(experiment.get("seed")?.as_str()?, id, version);
    let expected = variations
        .iter()
        .position(|variation| variation == value)
        .filter(|_| *included == true);
    Some(Answer::of(
        number(choose_variation(point, &ranges)),
        &number(expected),
    ))
}
