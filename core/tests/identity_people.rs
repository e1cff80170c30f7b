//! Identity against labelled data: cases with the outcome a careful person wants, in all their orders, and a
//! stream of events whose true people are known. The data are not in the repository: `HEADWATER_IDENTITY_DATA` names
//! the folder with `golden_identity_cases.json` and `cdp_events.jsonl.gz`.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "the test reads the data and says what it found; the core does neither"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::RandomState;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use cdp_core::identifier::Identifier;
use cdp_core::identity::{
    Edge, Graph, Node, Rules, SharedDevices, SignIns, Word, is_device, only_devices, resolve, whose,
};
use cdp_core::time::Timestamp;
use serde_json::Value;

/// The rules that the data were labelled for.
const RULES: &str = r#"{
    "country": "FR",
    "kinds": [
        {"kind": "user_id", "unique": true},
        {"kind": "crm_id", "unique": true},
        {"kind": "loyalty_id", "unique": true},
        {"kind": "email", "most": 5, "shared_above": 3},
        {"kind": "phone", "most": 5, "shared_above": 3},
        {"kind": "anonymous_id", "shared_above": 3},
        {"kind": "device_id", "shared_above": 3}
    ],
    "shared_devices": "by_time"
}"#;

#[expect(clippy::disallowed_methods, reason = "the test's own setting")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var("HEADWATER_IDENTITY_DATA")
        .ok()
        .map(PathBuf::from);
    let folder = folder.filter(|folder| folder.join("cdp_events.jsonl.gz").exists());
    if folder.is_none() {
        eprintln!(
            "SKIPPED: set HEADWATER_IDENTITY_DATA to the folder with golden_identity_cases.json and cdp_events.jsonl.gz to run this"
        );
    }
    folder
}

/// A labelled event.
#[derive(Clone)]
struct Labelled {
    space: String,
    at: Timestamp,
    kind: String,
    identifiers: Vec<Identifier>,
    person: String,
}

fn labelled(rules: &Rules, value: &Value) -> Labelled {
    let mut identifiers: Vec<(usize, Identifier)> = value["ids"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(kind, id)| {
            let identifier = rules.identifier(kind, id.as_str()?).ok()?;
            Some((rules.place(kind)?, identifier))
        })
        .collect();
    identifiers.sort();
    Labelled {
        space: value["tenant"].as_str().unwrap().to_owned(),
        at: Timestamp::from_millis(value["ts"].as_i64().unwrap() * 1_000),
        kind: value["type"].as_str().unwrap().to_owned(),
        identifiers: identifiers
            .into_iter()
            .map(|(_, identifier)| identifier)
            .collect(),
        person: value["true_person"].as_str().unwrap().to_owned(),
    }
}

/// As a caller of the graph gives it.
fn add(graph: &mut Graph<RandomState>, rules: &Rules, event: &Labelled) {
    let given: Vec<(usize, &str)> = event
        .identifiers
        .iter()
        .map(|one| (rules.place(one.kind()).unwrap(), one.value()))
        .collect();
    graph.add(&given, event.at);
}

struct Dice(u64);

impl Dice {
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            items.swap(at, usize::try_from(self.0 >> 33).unwrap() % (at + 1));
        }
    }
}

fn orders(events: &[Labelled]) -> Vec<Vec<Labelled>> {
    if events.len() > 5 {
        let mut dice = Dice(1);
        return (0..500)
            .map(|_| {
                let mut shuffled = events.to_vec();
                dice.shuffle(&mut shuffled);
                shuffled
            })
            .collect();
    }
    let mut orders = vec![Vec::new()];
    for event in events {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<Labelled>| (0..=order.len()).map(move |at| (order.clone(), at)))
            .map(|(mut order, at)| {
                order.insert(at, event.clone());
                order
            })
            .collect();
    }
    orders
}

#[test]
fn golden_cases_in_every_order() {
    let Some(folder) = folder() else { return };
    let rules = Rules::read(RULES).unwrap();
    let cases: Value =
        serde_json::from_slice(&fs::read(folder.join("golden_identity_cases.json")).unwrap())
            .unwrap();
    for case in cases.as_array().unwrap() {
        let events: Vec<Labelled> = case["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| labelled(&rules, event))
            .collect();
        let mut expected: Vec<Vec<String>> =
            serde_json::from_value(case["expected"].clone()).unwrap();
        expected.sort();
        for order in orders(&events) {
            let mut graph = Graph::new(rules.clone(), RandomState::new());
            for event in &order {
                add(&mut graph, &rules, event);
            }
            let groups = graph.resolution().groups;
            let mut found: Vec<Vec<String>> = groups
                .iter()
                .map(|group| group.members.iter().map(ToString::to_string).collect())
                .collect();
            found.sort();
            assert_eq!(found, expected, "{}", case["name"]);
        }
    }
}

/// Which profile each event has, by spaces that are graphs of their own; and which each identifier has.
fn profiles(
    rules: &Rules,
    events: &[Labelled],
) -> (Vec<String>, BTreeMap<(String, Identifier), Identifier>) {
    let mut graphs: BTreeMap<&str, Graph<RandomState>> = BTreeMap::new();
    for event in events {
        let graph = graphs
            .entry(&event.space)
            .or_insert_with(|| Graph::new(rules.clone(), RandomState::new()));
        add(graph, rules, event);
    }
    let mut sign_ins: BTreeMap<(&str, &Identifier), SignIns> = BTreeMap::new();
    for event in events {
        let person = event.identifiers.iter().find(|one| one.kind() == "user_id");
        let word = match (event.kind.as_str(), person) {
            ("logout", _) => Word::SignedOut,
            (_, Some(person)) => Word::SignedIn(person.clone()),
            _ => continue,
        };
        for device in event.identifiers.iter().filter(|one| is_device(one)) {
            sign_ins
                .entry((&event.space, device))
                .or_default()
                .add(event.at, word.clone());
        }
    }
    let of_events = events
        .iter()
        .enumerate()
        .map(|(at, event)| {
            let graph = &graphs[event.space.as_str()];
            let Some(strongest) = event.identifiers.first() else {
                return format!("nobody {at}");
            };
            let space = event.space.as_str();
            let words = only_devices(&event.identifiers)
                .filter_map(|device| sign_ins.get(&(space, device)));
            let owner = whose(words, event.at).unwrap_or(strongest);
            format!("{space} {}", graph.seed(owner).unwrap())
        })
        .collect();
    let mut seeds = BTreeMap::new();
    for event in events {
        for identifier in &event.identifiers {
            let seed = graphs[event.space.as_str()].seed(identifier).unwrap();
            seeds.insert((event.space.clone(), identifier.clone()), seed);
        }
    }
    (of_events, seeds)
}

#[derive(Debug)]
struct Quality {
    bcubed_precision: f64,
    bcubed_recall: f64,
    bcubed_f1: f64,
    pair_precision: f64,
    pair_f1: f64,
    most_people: usize,
    wrong: f64,
}

/// How well profiles of events are people.
fn quality(events: &[Labelled], profiles: &[String]) -> Quality {
    let mut both: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut by_profile: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_person: BTreeMap<&str, u64> = BTreeMap::new();
    for (event, profile) in events.iter().zip(profiles) {
        *both.entry((profile, &event.person)).or_default() += 1;
        *by_profile.entry(profile).or_default() += 1;
        *by_person.entry(&event.person).or_default() += 1;
    }
    let all = events.len() as f64;
    let pairs = |count: &u64| (*count as f64) * (*count as f64 - 1.0) / 2.0;
    let (mut precision, mut recall) = (0.0, 0.0);
    let mut best: BTreeMap<&str, u64> = BTreeMap::new();
    let mut people: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((profile, person), count) in &both {
        let squared = (*count as f64) * (*count as f64);
        precision += squared / by_profile[profile] as f64 / all;
        recall += squared / by_person[person] as f64 / all;
        let most = best.entry(profile).or_default();
        *most = (*most).max(*count);
        people.entry(profile).or_default().insert(person);
    }
    let wrong: u64 = by_profile
        .iter()
        .map(|(profile, count)| count - best[profile])
        .sum();
    let right: f64 = both.values().map(pairs).sum();
    let (of_profiles, of_people): (f64, f64) = (
        by_profile.values().map(pairs).sum(),
        by_person.values().map(pairs).sum(),
    );
    let f1 = |precision: f64, recall: f64| 2.0 * precision * recall / (precision + recall);
    Quality {
        bcubed_precision: precision,
        bcubed_recall: recall,
        bcubed_f1: f1(precision, recall),
        pair_precision: right / of_profiles,
        pair_f1: f1(right / of_profiles, right / of_people),
        most_people: people.values().map(BTreeSet::len).max().unwrap(),
        wrong: wrong as f64 / all,
    }
}

#[test]
fn a_stream_of_known_people() {
    let Some(folder) = folder() else { return };
    let rules = Rules::read(RULES).unwrap();
    assert_eq!(rules.shared_devices, SharedDevices::ByTime);
    let events = stream(&folder, &rules);
    assert_eq!(events.len(), 103_983);
    let (of_events, seeds) = profiles(&rules, &events);
    let quality = quality(&events, &of_events);
    let Quality {
        bcubed_precision,
        bcubed_recall,
        pair_f1,
        most_people,
        ..
    } = quality;
    eprintln!("{quality:#?}");
    assert!(bcubed_precision > bcubed_recall && pair_f1 > 0.8 && most_people < 100);
    let mut dice = Dice(5);
    for _ in 0..5 {
        let mut shuffled: Vec<usize> = (0..events.len()).collect();
        dice.shuffle(&mut shuffled);
        let other: Vec<Labelled> = shuffled.iter().map(|at| events[*at].clone()).collect();
        let (_, moved) = profiles(&rules, &other);
        assert!(moved == seeds, "profiles depend on the order");
    }
    // Everything at once says the same, and no profile has what another space's events carried.
    for space in events
        .iter()
        .map(|event| event.space.as_str())
        .collect::<BTreeSet<_>>()
    {
        let own: Vec<&Labelled> = events.iter().filter(|event| event.space == space).collect();
        let nodes: Vec<Node> = own
            .iter()
            .flat_map(|event| {
                event.identifiers.iter().map(|one| Node {
                    identifier: one.clone(),
                    first_seen: event.at,
                })
            })
            .collect();
        let edges: Vec<Edge> = own
            .iter()
            .flat_map(|event| {
                rules
                    .star(&event.identifiers)
                    .into_iter()
                    .map(|(a, b)| Edge {
                        a,
                        b,
                        first_seen: event.at,
                        last_seen: event.at,
                    })
            })
            .collect();
        for group in resolve(&rules, &nodes, &edges, &[]).groups {
            for member in group.members {
                assert_eq!(seeds[&(space.to_owned(), member)], group.seed);
            }
        }
    }
    for (event, profile) in events.iter().zip(&of_events) {
        assert!(profile.starts_with(&event.space) || profile.starts_with("nobody"));
    }
    assert!(quality.wrong <= 0.045, "{quality:?}");
    assert!(quality.pair_precision >= 0.89, "{quality:?}");
    assert!(quality.bcubed_f1 >= 0.84, "{quality:?}");
}

fn stream(folder: &Path, rules: &Rules) -> Vec<Labelled> {
    let file = fs::File::open(folder.join("cdp_events.jsonl.gz")).unwrap();
    BufReader::new(flate2::read::MultiGzDecoder::new(file))
        .lines()
        .map(|line| labelled(rules, &serde_json::from_str(&line.unwrap()).unwrap()))
        .collect()
}
