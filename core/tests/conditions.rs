//! Conditions: what is true of every one, and what is said of those that cannot be read.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_types,
    reason = "a test may fail by panicking, and how long a search takes is tested"
)]

use std::time::Instant;

use cdp_core::condition::{Condition, Operators, no_groups};
use cdp_core::event::Object;
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: [&str; 6] = ["a", "b", "a.b", "b.0", "$c", ""];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..12_i64).prop_map(Value::from),
        (-3..12_i32).prop_map(|number| json!(f64::from(number) / 2.0)),
        prop::sample::select(vec![
            "",
            "a",
            "A",
            "ab",
            "1",
            "1.2.3",
            "1.2.3-rc.1",
            "ß",
            "😀"
        ])
        .prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(vec!["a", "b", "0"]), inner, 0..3)
                .prop_map(|members| json!(members)),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Object> {
    let members = prop::collection::btree_map(prop::sample::select(NAMES.to_vec()), value(), 0..5);
    members.prop_map(|members| {
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// One operator with an operand that fits it.
fn operator() -> impl Strategy<Value = (String, Value)> {
    let name =
        |names: &[&'static str]| prop::sample::select(names.to_vec()).prop_map(str::to_owned);
    let ordered = scalar().prop_filter("has an order", |value| !value.is_null());
    prop_oneof![
        (name(&["$eq", "$ne"]), value()),
        (name(&["$gt", "$gte", "$lt", "$lte"]), ordered),
        (
            name(&["$veq", "$vne", "$vgt", "$vgte", "$vlt", "$vlte"]),
            prop::sample::select(vec![json!("1.2"), json!("1.2.3"), json!("v1.2.3-rc")]),
        ),
        (
            name(&["$in", "$nin", "$ini", "$nini", "$all", "$alli"]),
            prop::collection::vec(value(), 0..4).prop_map(Value::from),
        ),
        (
            name(&["$regex", "$regexi", "$notRegex", "$notRegexi"]),
            prop::sample::select(vec![json!("^a"), json!("b$"), json!("[0-9]+")]),
        ),
        (name(&["$exists"]), any::<bool>().prop_map(Value::from)),
        (
            name(&["$type"]),
            prop::sample::select(vec![json!("string"), json!("number"), json!("null")]),
        ),
        (name(&["$inGroup", "$notInGroup"]), Just(json!("g"))),
    ]
}

/// Operators, or a bare value.
fn operators() -> impl Strategy<Value = Value> {
    let bare = value().prop_filter("{} is no bare value", |value| *value != json!({}));
    let several = prop::collection::vec(operator(), 1..3)
        .prop_map(|all| Value::Object(Object::from_iter(all)));
    prop_oneof![1 => bare, 4 => several].prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| json!({"$not": inner})),
            inner.clone().prop_map(|inner| json!({"$size": inner})),
            inner
                .prop_filter("not bare", is_of_operators)
                .prop_map(|inner| json!({"$elemMatch": inner})),
        ]
    })
}

fn is_of_operators(value: &Value) -> bool {
    let members = value.as_object();
    members.is_some_and(|members| members.keys().all(|name| name.starts_with('$')))
}

fn condition() -> impl Strategy<Value = Value> {
    let names = || prop::sample::select(NAMES.to_vec());
    let leaf = prop::collection::btree_map(names(), operators(), 0..3)
        .prop_map(|members| json!(members))
        // A bare list or object below a name with `$` is refused.
        .prop_filter("reads", |written| Condition::parse(written, "").is_ok());
    leaf.prop_recursive(3, 16, 3, move |inner| {
        let list = || prop::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            list().prop_map(|list| json!({"$and": list})),
            list().prop_map(|list| json!({"$or": list})),
            list().prop_map(|list| json!({"$nor": list})),
            inner.clone().prop_map(|inner| json!({"$not": inner})),
            (list(), operators()).prop_map(|(list, is)| json!({"$or": list, "a": is})),
            inner
                .clone()
                .prop_filter("an item's members", |inner| inner.as_object().is_some_and(
                    |members| members.keys().any(|name| !name.starts_with('$'))
                ))
                .prop_map(|inner| json!({"b": {"$elemMatch": inner}})),
        ]
    })
}

/// Everybody with a text is in the group.
fn texts(_group: &str, value: &Value) -> bool {
    value.is_string()
}

fn holds(condition: &Value, attributes: &Object) -> bool {
    let read =
        Condition::parse(condition, "").unwrap_or_else(|error| panic!("{condition}: {error}"));
    read.holds(attributes, &texts)
}

/// JSON that is nearly a condition: its words, anywhere.
fn near() -> impl Strategy<Value = Value> {
    let names = vec![
        "$and",
        "$or",
        "$nor",
        "$not",
        "$eq",
        "$gt",
        "$in",
        "$alli",
        "$elemMatch",
        "$size",
        "$regex",
        "$exists",
        "$type",
        "$inGroup",
        "$veq",
        "$regx",
        "$savedGroup",
        "a",
        "a.b",
        "",
    ];
    let leaf = prop_oneof![
        scalar(),
        prop::sample::select(vec!["(", "(a*)*$", "\\p{L}", "a{1000}{1000}"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(names.clone()), inner, 0..4)
                .prop_map(|members| json!(members)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_json_is_read_or_refused_with_a_message(given in near(), attributes in attributes()) {
        match Condition::parse(&given, "where") {
            Ok(condition) => { let _ = condition.holds(&attributes, &texts); }
            Err(error) => {
                prop_assert!(error.path.starts_with("where"), "{error}");
                prop_assert!(!error.message.is_empty());
            }
        }
        if let Ok(operators) = Operators::parse(&given, "") {
            let _ = operators.holds(None, &texts);
        }
    }

    #[test]
    fn what_is_written_reads_as_the_same(given in condition(), attributes in attributes()) {
        let condition = Condition::parse(&given, "").unwrap();
        let written = serde_json::to_value(&condition).unwrap();
        let again: Condition = serde_json::from_value(written.clone()).unwrap();
        prop_assert_eq!(&again, &condition);
        prop_assert_eq!(serde_json::to_value(&again).unwrap(), written);
        prop_assert_eq!(again.holds(&attributes, &texts), condition.holds(&attributes, &texts));
    }

    #[test]
    fn operators_are_written_as_they_were_read(given in operators()) {
        let operators = Operators::parse(&given, "").unwrap();
        let written = serde_json::to_value(&operators).unwrap();
        prop_assert_eq!(serde_json::from_value::<Operators>(written).unwrap(), operators);
    }

    #[test]
    fn not_denies(one in condition(), is in operators(), attributes in attributes()) {
        prop_assert_eq!(holds(&json!({"$not": one}), &attributes), !holds(&one, &attributes));
        prop_assert_eq!(
            holds(&json!({"a": {"$not": is}}), &attributes),
            !holds(&json!({"a": is}), &attributes)
        );
    }

    #[test]
    fn and_or_and_nor_join(list in prop::collection::vec(condition(), 1..4), attributes in attributes()) {
        let each: Vec<bool> = list.iter().map(|one| holds(one, &attributes)).collect();
        let joined = |how: &str| holds(&json!({how: list}), &attributes);
        prop_assert_eq!(joined("$and"), each.iter().all(|one| *one));
        prop_assert_eq!(joined("$or"), each.iter().any(|one| *one));
        prop_assert_eq!(joined("$nor"), !joined("$or"));
        // De Morgan.
        let denied: Vec<Value> = list.iter().map(|one| json!({"$not": one})).collect();
        prop_assert_eq!(holds(&json!({"$and": denied}), &attributes), joined("$nor"));
    }

    #[test]
    fn operators_that_deny_are_the_opposite((name, operand) in operator(), attributes in attributes()) {
        let opposite = match name.as_str() {
            "$eq" => "$ne",
            "$in" => "$nin",
            "$ini" => "$nini",
            "$veq" => "$vne",
            "$regex" => "$notRegex",
            "$regexi" => "$notRegexi",
            "$inGroup" => "$notInGroup",
            _ => return Ok(()),
        };
        let one = |name: &str| holds(&json!({"a.b": {name: operand}}), &attributes);
        prop_assert_eq!(one(opposite), !one(&name));
    }

    #[test]
    fn from_where_operators_settle_all_counts_are_alike(given in operators(), more in 0..1_000_u64) {
        let operators = Operators::parse(&given, "").unwrap();
        match operators.settles_at() {
            Some(settled) => prop_assert_eq!(
                operators.holds(Some(&json!(settled)), &texts),
                operators.holds(Some(&json!(settled + more)), &texts)
            ),
            None => prop_assert!(given.to_string().contains("Group")),
        }
    }

    #[test]
    fn nothing_depends_on_an_attribute_that_is_not_read(
        given in condition(),
        before in attributes(),
        after in attributes(),
    ) {
        let condition = Condition::parse(&given, "").unwrap();
        let kept = |attributes: &Object| -> Object {
            let members = attributes.clone().into_iter();
            members.filter(|(name, _)| condition.reads().any(|read| read == name)).collect()
        };
        prop_assert_eq!(condition.holds(&before, &texts), condition.holds(&kept(&before), &texts));
        let mut mixed = kept(&before);
        mixed.extend(after.into_iter().filter(|(name, _)| !condition.reads().any(|read| read == name)));
        prop_assert_eq!(condition.holds(&before, &texts), condition.holds(&mixed, &texts));
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let deep = (0..20).fold(json!({"a": 1}), |inner, _| json!({"$not": inner}));
    let long: Vec<u32> = (0..10_001).collect();
    let patterns: Vec<Value> = (0..51).map(|_| json!({"a": {"$regex": "a"}})).collect();
    let cases = [
        (json!(["a"]), "where: write a condition as an object"),
        (
            json!({"age": {"$gtr": 3}}),
            "where.age.$gtr: $gtr is no operator; there are $eq",
        ),
        (
            json!({"$gt": 3}),
            "where.$gt: $gt says what a value has to be: write it below",
        ),
        (
            json!({"$orr": [{"a": 1}]}),
            "where.$orr: $orr joins no conditions; there are $and, $or",
        ),
        (
            json!({"$AND": [{"a": 1}]}),
            "where.$AND: $AND joins no conditions",
        ),
        (
            json!({"$savedGroup": {"id": "g"}}),
            "where.$savedGroup: $savedGroup joins no conditions",
        ),
        (
            json!({"$or": {"a": 1}}),
            "where.$or: write a list of conditions",
        ),
        (
            json!({"$or": [{"a": 1}, 3]}),
            "where.$or[1]: write a condition as an object",
        ),
        (
            json!({"age": {}}),
            "where.age: an object without operators would hold of everything",
        ),
        (
            json!({"age": {"$gt": 3, "lt": 9}}),
            "where.age.lt: write either operators, which begin with $",
        ),
        (
            json!({"age": {"$eq": {"$gt": 3}}}),
            "where.age.$eq.$gt: write a value here",
        ),
        (
            json!({"age": {"$in": [1, {"$gt": 3}]}}),
            "where.age.$in[1].$gt: write a value here",
        ),
        (
            json!({"age": {"$in": 3}}),
            "where.age.$in: write a list of values",
        ),
        (
            json!({"age": {"$gt": [3]}}),
            "where.age.$gt: write a number or a text",
        ),
        (
            json!({"age": {"$exists": 1}}),
            "where.age.$exists: write true or false",
        ),
        (
            json!({"age": {"$type": "integer"}}),
            "where.age.$type: write a type: string, number",
        ),
        (
            json!({"v": {"$vgt": 3}}),
            "where.v.$vgt: write a version as a text",
        ),
        (
            json!({"a": {"$inGroup": ["g"]}}),
            "where.a.$inGroup: write the id of a group as a text",
        ),
        (
            json!({"a": {"$elemMatch": "b"}}),
            "where.a.$elemMatch: write what an item has to be",
        ),
        (
            json!({"a": {"$regex": "(?=b)"}}),
            "where.a.$regex: this regular expression cannot be read",
        ),
        (
            json!({"a": {"$regex": "\\p{L}"}}),
            "there is no look-around, back-reference or \\p{…}",
        ),
        (
            json!({"a": {"$regex": "a{1000}{1000}"}}),
            "where.a.$regex: this regular expression cannot be read",
        ),
        (
            json!({"a": {"$regex": "a".repeat(1_001)}}),
            "where.a.$regex: a regular expression is at most",
        ),
        (deep, "conditions may be nested 16 deep"),
        (
            json!({"a": {"$in": long}}),
            "where.a.$in: a condition has at most 10000 names",
        ),
        (
            json!({"$or": patterns}),
            "a regular expression counts as 200",
        ),
    ];
    for (given, message) in cases {
        let error = Condition::parse(&given, "where").unwrap_err().to_string();
        assert!(error.contains(message), "{given}: {error}");
    }
}

#[test]
fn names_with_a_dollar_are_attributes_where_they_are_compared() {
    let attributes = json!({"$os": "Linux", "$tags": ["a"]});
    let attributes = attributes.as_object().unwrap();
    for condition in [
        json!({"$os": "Linux"}),
        json!({"$os": {"$in": ["Linux"]}}),
        json!({"$tags": {"$eq": ["a"]}}),
    ] {
        assert!(holds(&condition, attributes), "{condition}");
    }
}

#[test]
fn a_name_with_dots_wins_over_a_path_that_goes_into_objects_and_arrays() {
    let attributes = json!({
        "a": {"b": {"c": 1}, "tags": ["x", "y"], "00": 5}, "a.b.c": 2, "list": [{"n": 3}, {"n": 4}],
    });
    let attributes = attributes.as_object().unwrap();
    for condition in [
        json!({"a.b.c": 2}),
        json!({"a.b": {"c": 1}}),
        json!({"a.tags": ["x", "y"]}),
        json!({"a.tags.1": "y"}),
        json!({"a.00": 5}),
        json!({"list.1.n": 4}),
        json!({"list.01.n": null, "list.2.n": null, "list.n": null, "a.b.c.d": null}),
    ] {
        assert!(holds(&condition, attributes), "{condition}");
    }
}

#[test]
fn reads_names_the_attributes_and_not_the_members_of_items() {
    let condition = json!({
        "a": 1, "$or": [{"b.c": 2}, {"$not": {"d": {"$exists": true}}}, {"a": 2}],
        "items": {"$elemMatch": {"price": {"$gt": 3}}},
    });
    let condition = Condition::parse(&condition, "").unwrap();
    let read: Vec<&str> = condition.reads().collect();
    assert_eq!(read, ["a", "b", "b.c", "d", "items"]);
}

#[test]
fn counts_settle_beyond_every_bound() {
    for (given, settled) in [
        (json!(3), Some(4)),
        (json!({"$gte": 3, "$lt": 9}), Some(10)),
        (json!({"$not": {"$in": [2, 7.5, "9"]}}), Some(8)),
        (json!({"$gt": -4}), Some(1)),
        (json!({"$gt": 1e300}), Some(u64::MAX)),
        (json!({"$regex": "3"}), Some(0)),
        (json!({"$gte": 3, "$inGroup": "g"}), None),
    ] {
        let operators = Operators::parse(&given, "").unwrap();
        assert_eq!(operators.settles_at(), settled, "{given}");
    }
}

/// What makes engines that try one way after the other run for years.
#[test]
fn a_hostile_expression_ends_soon() {
    let text = format!("{}!", "a".repeat(4_000));
    let attributes = json!({ "text": text });
    let attributes = attributes.as_object().unwrap();
    for pattern in [
        "(a+)+$".to_owned(),
        "(a|aa)+$".to_owned(),
        "(a*)*b".to_owned(),
        "(((a*)*)*)*b".to_owned(),
        "(a?){60}a{60}$".to_owned(),
        ".*".repeat(50) + "=",
    ] {
        let condition = json!({"text": {"$regex": pattern}});
        let condition = Condition::parse(&condition, "").unwrap();
        let start = Instant::now();
        assert!(!condition.holds(attributes, &no_groups), "{pattern}");
        let took = start.elapsed();
        assert!(took.as_secs() < 30, "{pattern}: {took:?}");
    }
    let found = |pattern: &str, length: usize| {
        let attributes = Object::from_iter([("text".to_owned(), json!("a".repeat(length)))]);
        holds(&json!({"text": {"$regex": pattern}}), &attributes)
    };
    assert!(found("^a+$", 4_096) && !found("^a+$", 4_097));
}
