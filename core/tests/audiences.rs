//! Random definitions over random people, beside an evaluation that reads the events themselves.
//!
//! The naive one knows no counters, no windows that move and no next change: it looks at every event for
//! every answer. `HEADWATER_AUDIENCE_CASES` says how many cases.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::{Basis, Expr, Facts, Rules};
use cdp_core::computed_trait::State;
use cdp_core::event::{Event, Object};
use cdp_core::time::{Span, Timestamp};
use serde_json::{Value, json};

/// Half a minute before a day, a week and a quarter begin.
const NOW: &str = "2029-12-31T23:59:30.000Z";

/// Numbers that follow from a seed (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below this.
    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn number(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.below(u64::try_from(to - from).unwrap())).unwrap()
    }

    fn of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }

    fn often(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// One event of a made-up person.
#[derive(Clone, Debug)]
struct Sent {
    name: &'static str,
    /// Seconds after [`NOW`].
    at: i64,
    size: i64,
    anchor: usize,
}

/// A made-up person.
#[derive(Debug)]
struct Person {
    sent: Vec<Sent>,
    traits: Object,
    choices: BTreeMap<String, bool>,
    identifiers: BTreeSet<String>,
    audiences: BTreeSet<String>,
}

const NAMES: [&str; 3] = ["A", "B", "C"];

fn person(random: &mut Random) -> Person {
    let count = random.below(9);
    let mut traits = Object::new();
    if random.often(60) {
        traits.insert("plan".to_owned(), random.of(&["pro", "free"]).into());
    }
    if random.often(60) {
        traits.insert("seats".to_owned(), random.number(0, 5).into());
    }
    if random.often(60) {
        let ends = moment(random.number(-40, 40)).to_string();
        traits.insert("ends".to_owned(), ends.into());
    }
    let mut choices = BTreeMap::new();
    if random.often(60) {
        choices.insert("analytics".to_owned(), random.often(50));
    }
    let some = |random: &mut Random, names: [&str; 2]| {
        let kept = names.into_iter().filter(|_| random.often(50));
        kept.map(str::to_owned).collect()
    };
    Person {
        sent: (0..count)
            .map(|_| Sent {
                name: random.of(&NAMES),
                at: random.number(-40, 1),
                size: random.number(0, 4),
                anchor: usize::try_from(random.below(3)).unwrap(),
            })
            .collect(),
        traits,
        choices,
        identifiers: some(random, ["email", "phone"]),
        audiences: some(random, ["aud_1", "aud_2"]),
    }
}

fn moment(second: i64) -> Timestamp {
    NOW.parse::<Timestamp>()
        .unwrap()
        .plus(Span::from_seconds(second))
}

/// A random rule in JSON.
fn rule(random: &mut Random, depth: u32) -> Value {
    if depth > 0 && random.often(55) {
        let rules = (0..random.below(4))
            .map(|_| rule(random, depth - 1))
            .collect::<Vec<_>>();
        return match random.below(3) {
            0 => json!({"all": rules}),
            1 => json!({"any": rules}),
            _ => json!({"not": rule(random, depth - 1)}),
        };
    }
    match random.below(10) {
        0 => json!({"traits": {"plan": random.of(&["pro", "free"])}}),
        1 => {
            json!({"traits": {"seats": {random.of(&["$gte", "$lt", "$ne"]): random.number(0, 5)}}})
        }
        2 => {
            json!({"date": "ends", random.of(&["in_last", "in_next", "longer_ago"]): format!("{}s", random.number(1, 40))})
        }
        3 => json!({"audience": random.of(&["aud_1", "aud_2"])}),
        4 => json!({"consent": "analytics", "is": random.of(&["granted", "denied", "unset"])}),
        5 => json!({"identifier": random.of(&["email", "phone"])}),
        6 | 7 => sequence(random),
        _ => event(random),
    }
}

fn matching(random: &mut Random) -> Value {
    let mut rule = json!({"event": random.of(&NAMES)});
    if random.often(30) {
        rule["where"] = json!({"size": {"$gte": random.number(0, 4)}});
    }
    rule
}

fn event(random: &mut Random) -> Value {
    let mut rule = matching(random);
    match random.below(4) {
        0 => {}
        1 => rule["within"] = json!(format!("{}s", random.number(1, 40))),
        2 => rule["calendar"] = json!(random.of(&["day", "week", "quarter", "year"])),
        _ => rule["from"] = json!(moment(random.number(-40, 1)).to_string()),
    }
    if random.often(60) {
        rule["count"] =
            json!({random.of(&["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]): random.number(0, 4)});
    } else if random.often(50) {
        rule["aggregate"] = json!(random.of(&["sum", "min", "max", "unique_count", "average"]));
        rule["of"] = json!("properties.size");
        rule["is"] = json!({random.of(&["$eq", "$gte", "$lt"]): random.number(0, 6)});
    }
    rule
}

fn sequence(random: &mut Random) -> Value {
    let mut steps = vec![matching(random)];
    for _ in 0..=random.below(2) {
        let mut step = matching(random);
        if random.often(60) {
            step["within"] = json!(format!("{}s", random.number(1, 20)));
        }
        steps.push(step);
    }
    if random.often(40) {
        steps.pop().filter(|_| steps.len() > 2);
        let within = format!("{}s", random.number(1, 20));
        steps.push(json!({"not": matching(random), "within": within}));
    }
    let mut rule = json!({"sequence": steps});
    if random.often(40) {
        rule["without"] = json!([matching(random)]);
    }
    if random.often(50) {
        rule["within"] = json!(format!("{}s", random.number(1, 60)));
    }
    rule
}

/// What the events themselves say, at a second after [`NOW`].
struct Naive<'a> {
    person: &'a Person,
    now: i64,
}

impl Naive<'_> {
    fn holds(&self, rule: &Value) -> bool {
        let list = |name: &str| rule[name].as_array();
        if let Some(all) = list("all") {
            return all.iter().all(|rule| self.holds(rule));
        }
        if let Some(any) = list("any") {
            return any.iter().any(|rule| self.holds(rule));
        }
        if let Some(not) = rule.get("not") {
            return !self.holds(not);
        }
        if let Some(audience) = rule["audience"].as_str() {
            return self.person.audiences.contains(audience);
        }
        if let Some(kind) = rule["identifier"].as_str() {
            return self.person.identifiers.contains(kind);
        }
        if let Some(purpose) = rule["consent"].as_str() {
            let said = match self.person.choices.get(purpose) {
                Some(true) => "granted",
                Some(false) => "denied",
                None => "unset",
            };
            return rule["is"] == said;
        }
        if rule.get("date").is_some() {
            return self.date(rule);
        }
        if let Some(traits) = rule.get("traits") {
            let (name, is) = traits.as_object().unwrap().iter().next().unwrap();
            return compares(self.person.traits.get(name), is);
        }
        if let Some(steps) = list("sequence") {
            return self.sequence(rule, steps);
        }
        self.event(rule)
    }

    fn date(&self, rule: &Value) -> bool {
        let Some(ends) = self.person.traits.get("ends") else {
            return false;
        };
        let ends = second(Timestamp::from_json(ends).unwrap());
        let age = self.now - ends;
        match rule
            .as_object()
            .unwrap()
            .iter()
            .find(|(word, _)| *word != "date")
            .unwrap()
        {
            (word, span) if word == "in_last" => age >= 0 && age < seconds(span),
            (word, span) if word == "in_next" => age <= 0 && -age < seconds(span),
            (_, span) => age >= seconds(span),
        }
    }

    fn matches(&self, rule: &Value) -> Vec<&Sent> {
        let size = rule["where"]["size"]["$gte"].as_i64().unwrap_or(0);
        let mut found: Vec<&Sent> = self
            .person
            .sent
            .iter()
            .filter(|sent| rule["event"] == sent.name && sent.size >= size)
            .collect();
        found.sort_by_key(|sent| sent.at);
        found
    }

    fn event(&self, rule: &Value) -> bool {
        let mut found = self.matches(rule);
        found.retain(|sent| {
            if let Some(within) = rule.get("within") {
                return self.now - sent.at < seconds(within);
            }
            // The quarter, the week, the day and the year all begin with the same second.
            if rule.get("calendar").is_some() {
                let begins = 30;
                let is_new = self.now >= begins;
                let old_period = match rule["calendar"].as_str().unwrap() {
                    // 2029-12-31 is a Monday: the week has begun with that day.
                    "week" => return true,
                    _ => !is_new,
                };
                return old_period || sent.at >= begins;
            }
            let from = rule["from"]
                .as_str()
                .map(|from| second(from.parse().unwrap()));
            from.is_none_or(|from| sent.at >= from)
        });
        if let Some(aggregate) = rule["aggregate"].as_str() {
            let sizes: Vec<i64> = found.iter().map(|sent| sent.size).collect();
            let sum: i64 = sizes.iter().sum();
            let value = match aggregate {
                _ if sizes.is_empty() => Value::Null,
                "sum" => json!(sum),
                "min" => json!(sizes.iter().min()),
                "max" => json!(sizes.iter().max()),
                "average" => {
                    #[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
                    let mean = sum as f64 / sizes.len() as f64;
                    json!(mean)
                }
                _ => json!(sizes.iter().collect::<BTreeSet<_>>().len()),
            };
            return compares(Some(&value), &rule["is"]);
        }
        let count = rule.get("count").cloned().unwrap_or(json!({"$gte": 1}));
        compares(Some(&json!(found.len())), &count)
    }

    fn sequence(&self, rule: &Value, steps: &[Value]) -> bool {
        let first = self.matches(&steps[0]);
        first.iter().any(|first| {
            let young = rule
                .get("within")
                .is_none_or(|within| self.now - first.at < seconds(within));
            young && first.at <= self.now && self.goes_on(rule, &steps[1..], first.at, first.at)
        })
    }

    fn goes_on(&self, rule: &Value, steps: &[Value], began: i64, reached: i64) -> bool {
        let unbroken = |until: i64| {
            let without = rule["without"].as_array();
            let mut breaks = without
                .into_iter()
                .flatten()
                .flat_map(|rule| self.matches(rule));
            !breaks.any(|sent| sent.at > began && sent.at < until)
        };
        let [step, rest @ ..] = steps else {
            return reached <= self.now && unbroken(reached);
        };
        if let Some(not) = step.get("not") {
            let end = reached + seconds(&step["within"]);
            let mut sent = self.matches(not).into_iter();
            return end <= self.now
                && !sent.any(|sent| sent.at > reached && sent.at <= end)
                && unbroken(end);
        }
        self.matches(step).iter().any(|sent| {
            let late = step
                .get("within")
                .is_some_and(|within| sent.at - reached > seconds(within));
            sent.at > reached && !late && self.goes_on(rule, rest, began, sent.at)
        })
    }
}

fn second(at: Timestamp) -> i64 {
    at.since(moment(0)).as_micros() / 1_000_000
}

fn seconds(span: &Value) -> i64 {
    span.as_str()
        .unwrap()
        .trim_end_matches('s')
        .parse()
        .unwrap()
}

fn compares(value: Option<&Value>, is: &Value) -> bool {
    let value = value.unwrap_or(&Value::Null);
    let Some(operators) = is.as_object() else {
        return value == is;
    };
    operators.iter().all(|(word, bound)| {
        let pair = value.as_f64().zip(bound.as_f64());
        match word.as_str() {
            "$eq" => pair.is_some_and(|(value, bound)| value == bound),
            "$ne" => pair.is_none_or(|(value, bound)| value != bound),
            "$gt" => pair.is_some_and(|(value, bound)| value > bound),
            "$gte" => pair.is_some_and(|(value, bound)| value >= bound),
            "$lt" => pair.is_some_and(|(value, bound)| value < bound),
            "$lte" => pair.is_some_and(|(value, bound)| value <= bound),
            other => unreachable!("{other}"),
        }
    })
}

fn event_of(number: usize, sent: &Sent) -> Event {
    let at = moment(sent.at).to_string();
    serde_json::from_value(json!({
        "messageId": format!("m{number}"), "type": "track", "event": sent.name, "anonymousId": "a",
        "timestamp": at, "receivedAt": at, "properties": {"size": sent.size},
        "receipt": {"categoryPreferences": {}}
    }))
    .unwrap()
}

/// What is remembered of the person's events, as the server does it: by anchor, in the order of arrival,
/// stored in between, and with what never counts again forgotten at some time.
fn remembered(expr: &Expr, person: &Person, random: &mut Random) -> BTreeMap<String, State> {
    let forgotten = moment(random.number(-10, 1));
    let mut anchors: BTreeMap<(usize, &str), State> = BTreeMap::new();
    let counters = expr.counters();
    for (number, sent) in person.sent.iter().enumerate() {
        let event = event_of(number, sent);
        for counter in counters.iter().filter(|counter| counter.matches(&event)) {
            let state = anchors.entry((sent.anchor, &counter.key)).or_default();
            state.add(counter, &event);
            state.forget(counter, forgotten);
        }
    }
    let mut counts: BTreeMap<String, State> = BTreeMap::new();
    for ((_, key), state) in &anchors {
        let stored: State = serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
        counts.entry((*key).to_owned()).or_default().merge(&stored);
    }
    counts
}

#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the test's own setting, and what it did"
)]
fn cases() -> u64 {
    let cases = std::env::var("HEADWATER_AUDIENCE_CASES");
    let cases = cases.map_or(100_000, |text| text.parse().unwrap());
    println!("{cases} random definitions");
    cases
}

#[test]
fn random_definitions_answer_as_the_events_do() {
    let (mut members, mut changes) = (0, 0);
    let cases = cases();
    for seed in 0..cases {
        let random = &mut Random(seed);
        let definition = rule(random, 3);
        let person = person(random);
        let expr = Expr::parse(&definition).unwrap_or_else(|error| panic!("{definition}: {error}"));
        let counts = remembered(&expr, &person, random);
        let nothing = Object::new();
        let facts = Facts {
            traits: &person.traits,
            computed_traits: &nothing,
            changes: &BTreeMap::new(),
            counts: &counts,
            audiences: &person.audiences,
            choices: &person.choices,
            identifiers: &person.identifiers,
        };
        let naive = |now| {
            Naive {
                person: &person,
                now,
            }
            .holds(&definition)
        };
        let now = random.number(0, 36);
        let found = expr.evaluate(&facts, moment(now));
        let place = || format!("seed {seed}, {now} s: {definition} of {person:?}");
        assert_eq!(found.member, naive(now), "{}", place());
        members += u64::from(found.member);
        // Nothing changes before it is said to.
        let next = (now + 1..now + 70).find(|later| naive(*later) != found.member);
        if let Some(next) = next {
            changes += 1;
            let said = found.changes_at;
            assert!(
                said.is_some_and(|at| at <= moment(next)),
                "{}: {said:?}, but {next} s",
                place()
            );
        }
        assert!(
            found.changes_at.is_none_or(|at| at > moment(now)),
            "{}",
            place()
        );
        if seed % 8 != 0 {
            continue;
        }
        // Its two spellings are one tree, and it explains itself as it answers.
        let text = expr.to_string();
        let read = Expr::parse_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read, expr, "{text}");
        assert_eq!(expr.explain(&facts, moment(now)).holds, found.member);
    }
    assert!(
        members > cases / 5 && changes > cases / 40,
        "{members} members, {changes} changes"
    );
}

/// The edge, which has what is remembered of a part of the events and the others in the request, knows what the
/// server will.
#[test]
fn the_edge_knows_what_the_events_of_a_request_change() {
    let mut members = 0;
    for seed in 0..cases() / 10 {
        let random = &mut Random(seed);
        let definitions = [rule(random, 2), rule(random, 2)];
        let over = json!({"any": [{"not": {"audience": "aud_1"}}, rule(random, 1)]});
        let mut person = person(random);
        person.audiences.clear();
        let rules: Rules = serde_json::from_value(json!({"audiences": [
            {"id": "aud_1", "name": "one", "rule": definitions[0]},
            {"id": "aud_2", "name": "two", "rule": definitions[1]},
            {"id": "aud_3", "name": "three", "rule": over},
        ]}))
        .unwrap();
        // The first events are known; the others come with the request.
        let known = usize::try_from(random.below(9))
            .unwrap()
            .min(person.sent.len());
        let later = person.sent.split_off(known);
        let mut states = BTreeMap::new();
        for named in &rules.audiences {
            states.extend(remembered(&named.rule, &person, random));
        }
        let basis = Basis {
            traits: person.traits.clone(),
            states,
            identifiers: person.identifiers.clone(),
        };
        let basis: Basis = serde_json::from_value(serde_json::to_value(&basis).unwrap()).unwrap();
        let events: Vec<Event> = later
            .iter()
            .enumerate()
            .map(|(number, sent)| event_of(100 + number, sent))
            .collect();
        let now = random.number(0, 36);
        let found = rules.members(&basis, &person.choices, events.iter(), moment(now));
        let found: Vec<&str> = found.iter().map(|named| named.id.as_str()).collect();
        person.sent.extend(later);
        let mut expected = Vec::new();
        for (id, definition) in
            ["aud_1", "aud_2", "aud_3"]
                .into_iter()
                .zip([&definitions[0], &definitions[1], &over])
        {
            if (Naive {
                person: &person,
                now,
            })
            .holds(definition)
            {
                person.audiences.insert(id.to_owned());
                expected.push(id);
            }
        }
        assert_eq!(
            found, expected,
            "seed {seed}: {definitions:?} {over} of {person:?}"
        );
        members += found.len();
    }
    assert!(members > 1_000, "{members}");
}
