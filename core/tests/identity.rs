//! Identity over generated histories: whatever the order, whatever is decided and taken back, the graph that is kept
//! up to date says what everything at once says. `HEADWATER_HISTORIES` says how many; small and large worlds
//! are mixed, since some mistakes show only in large ones.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{
    BlockedMerge, Code, Conflict, Constraint, Crowd, Decision, Edge, Graph, Kind, Node, Period,
    Reason, Resolution, Rules, resolve, resolve_parts, undivided,
};
use cdp_core::time::Timestamp;

/// Histories unless `HEADWATER_HISTORIES` says how many: fewer where nothing is optimised.
const HISTORIES: u64 = if cfg!(debug_assertions) {
    1_000
} else {
    20_000
};

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// One event: identifiers, strongest first, and its time.
type Seen = (Vec<Identifier>, i64);

#[derive(Clone, Debug)]
struct History {
    rules: Rules,
    events: Vec<Seen>,
    constraints: Vec<Constraint>,
}

fn any_rules(dice: &mut Dice) -> Rules {
    let kind = |kind: &str| Kind {
        kind: kind.to_owned(),
        ..Kind::default()
    };
    let shared = |dice: &mut Dice, kind: Kind| Kind {
        shared_above: (!dice.one_in(3)).then(|| 1 + u32::try_from(dice.below(3)).unwrap()),
        ..kind
    };
    let kinds = vec![
        Kind {
            unique: true,
            ..kind("user_id")
        },
        Kind {
            unique: dice.one_in(2),
            ..kind("crm_id")
        },
        Kind {
            most: (!dice.one_in(3)).then_some(2),
            ..shared(dice, kind("email"))
        },
        Kind {
            period: dice.one_in(3).then_some(Period { most: 2, days: 1 }),
            ..shared(dice, kind("anonymous_id"))
        },
    ];
    let conflict = [Conflict::FirstOwner, Conflict::LastOwner, Conflict::Detach][dice.below(3)];
    let blast_radius = [4, 8, 1_000][dice.below(3)];
    Rules {
        kinds,
        conflict,
        blast_radius,
        ..Rules::default()
    }
}

fn any_history(seed: u64) -> History {
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let rules = any_rules(&mut dice);
    // Every tenth world is large.
    let (values, length) = if dice.one_in(10) {
        (8 + dice.below(18), 40 + dice.below(160))
    } else {
        (2 + dice.below(4), 1 + dice.below(14))
    };
    let any = |dice: &mut Dice| {
        let kind = dice.below(4);
        Identifier::new(&rules.kinds[kind].kind, &format!("v{}", dice.below(values)))
    };
    let events = (0..length)
        .map(|_| {
            let mut identifiers: Vec<Identifier> =
                (0..1 + dice.below(3)).map(|_| any(&mut dice)).collect();
            identifiers.sort_by_key(|one| (rules.place(one.kind()), one.value().to_owned()));
            identifiers.dedup();
            // Half days, so that periods matter.
            let at = i64::try_from(dice.below(20)).unwrap() * 43_200_000_000;
            (identifiers, at)
        })
        .collect();
    let decisions = [
        Decision::Cut,
        Decision::Cut,
        Decision::MustLink,
        Decision::CannotLink,
    ];
    let mut constraints: BTreeMap<(Identifier, Identifier), Constraint> = BTreeMap::new();
    if dice.one_in(2) {
        for _ in 0..dice.below(5) {
            let (one, two) = (any(&mut dice), any(&mut dice));
            if one != two {
                let (a, b) = if one < two { (one, two) } else { (two, one) };
                let decision = decisions[dice.below(4)];
                constraints.insert((a.clone(), b.clone()), Constraint { a, b, decision });
            }
        }
    }
    History {
        rules,
        events,
        constraints: constraints.into_values().collect(),
    }
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_micros(at)
}

/// What events say.
fn evidence(history: &History, events: &[Seen]) -> (Vec<Node>, Vec<Edge>) {
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for (identifiers, at) in events {
        nodes.extend(identifiers.iter().map(|identifier| Node {
            identifier: identifier.clone(),
            first_seen: time(*at),
        }));
        edges.extend(
            history
                .rules
                .star(identifiers)
                .into_iter()
                .map(|(a, b)| Edge {
                    a,
                    b,
                    first_seen: time(*at),
                    last_seen: time(*at),
                }),
        );
    }
    (nodes, edges)
}

/// Everything at once.
fn at_once(history: &History, events: &[Seen]) -> Resolution {
    let (nodes, edges) = evidence(history, events);
    resolve(&history.rules, &nodes, &edges, &history.constraints)
}

#[test]
fn who_is_a_crowd_is_known_before_all_that_it_was_seen_with_is_told() {
    let mut crowds = 0;
    let mut spared = 0;
    for seed in 0..HISTORIES {
        let history = any_history(seed);
        let (nodes, edges) = evidence(&history, &history.events);
        let rules = &history.rules;
        let known = BTreeMap::new();
        let expected = resolve_parts(rules, &nodes, &edges, &history.constraints, &known).crowded;
        let all: BTreeSet<&Identifier> = nodes.iter().map(|node| &node.identifier).collect();
        let is_cut = |one: &Identifier, two: &Identifier| {
            let mut decided = history.constraints.iter();
            decided.any(|known| known.decision == Decision::Cut && known.is_of(one, two))
        };
        for one in all {
            let mut crowd = Crowd::of(rules, one);
            // As the server reads them: where it is the weaker end, then where it is the stronger, each by name.
            for stronger in [true, false] {
                let others: BTreeSet<&Identifier> = edges
                    .iter()
                    .filter(|edge| one == if stronger { &edge.b } else { &edge.a })
                    .map(|edge| if stronger { &edge.a } else { &edge.b })
                    .filter(|other| !is_cut(one, other))
                    .collect();
                for other in others {
                    if crowd.is_settled(!stronger) {
                        spared += 1;
                    } else {
                        crowd.add(other);
                    }
                }
            }
            let (found, expected) = (crowd.reason(), expected.get(one));
            crowds += usize::from(expected.is_some());
            assert_eq!(
                found.map(|reason| reason.code()),
                expected.map(Reason::code),
                "history {seed}, {one}"
            );
        }
    }
    assert!(crowds > 100, "only {crowds} crowds");
    assert!(spared > 100, "only {spared} were not looked at");
}

fn add(graph: &mut Graph<RandomState>, rules: &Rules, (identifiers, at): &Seen) {
    let given: Vec<(usize, &str)> = identifiers
        .iter()
        .map(|one| (rules.place(one.kind()).unwrap(), one.value()))
        .collect();
    graph.add(&given, time(*at));
}

/// Piece by piece: events and decisions in the order of the dice, some decided and taken back on the way.
fn piece_by_piece(history: &History, events: &[Seen], dice: &mut Dice) -> Graph<RandomState> {
    let mut graph = Graph::new(history.rules.clone(), RandomState::new());
    let mut waiting: Vec<&Constraint> = history.constraints.iter().collect();
    for event in events {
        if dice.one_in(6) && !waiting.is_empty() {
            let constraint = waiting.swap_remove(dice.below(waiting.len()));
            graph.decide(constraint, true);
            if dice.one_in(3) {
                graph.decide(constraint, false);
                waiting.push(constraint);
            }
        }
        if dice.one_in(8) {
            // Somebody decides something else, and takes it back after the next event.
            let ends = (&event.0[0], &events[dice.below(events.len())].0[0]);
            let passing = Constraint {
                a: ends.0.clone(),
                b: ends.1.clone(),
                decision: [Decision::Cut, Decision::MustLink, Decision::CannotLink][dice.below(3)],
            };
            let is_other = ends.0 != ends.1
                && !history
                    .constraints
                    .iter()
                    .any(|known| known.is_of(ends.0, ends.1));
            if is_other {
                graph.decide(&passing, true);
                add(&mut graph, &history.rules, event);
                graph.decide(&passing, false);
                continue;
            }
        }
        add(&mut graph, &history.rules, event);
    }
    for constraint in waiting {
        graph.decide(constraint, true);
    }
    graph
}

#[expect(clippy::disallowed_methods, reason = "the test's own setting")]
fn histories() -> u64 {
    std::env::var("HEADWATER_HISTORIES")
        .ok()
        .and_then(|many| many.parse().ok())
        .unwrap_or(HISTORIES)
}

#[test]
fn piece_by_piece_in_any_order_and_repeated_is_everything_at_once() {
    let mut blocked: BTreeSet<Code> = BTreeSet::new();
    for seed in 0..histories() {
        let history = any_history(seed);
        let mut dice = Dice(seed);
        let expected = at_once(&history, &history.events);
        blocked.extend(expected.blocked.iter().map(|blocked| blocked.reason.code()));
        let mut events = history.events.clone();
        if dice.one_in(2) {
            dice.shuffle(&mut events);
        }
        if dice.one_in(3) {
            let again = events.clone();
            events.extend(again);
            dice.shuffle(&mut events);
        }
        let graph = piece_by_piece(&history, &events, &mut dice);
        let found = graph.resolution();
        assert_eq!(
            at_once(&history, &events),
            expected,
            "history {seed}: order"
        );
        // Who was only ever named in a decision that was taken back is known, alone.
        let known: BTreeSet<&Identifier> = expected
            .groups
            .iter()
            .flat_map(|group| &group.members)
            .collect();
        let groups: Vec<_> = found
            .groups
            .iter()
            .filter(|group| group.members.iter().any(|member| known.contains(member)))
            .cloned()
            .collect();
        assert_eq!(groups, expected.groups, "history {seed}: {history:#?}");
        assert_eq!(
            found.blocked, expected.blocked,
            "history {seed}: {history:#?}"
        );
    }
    let every = [
        Code::Cut,
        Code::CannotLink,
        Code::Shared,
        Code::Limit,
        Code::BlastRadius,
    ];
    assert!(
        histories() < 1_000 || every.iter().all(|code| blocked.contains(code)),
        "{blocked:?}"
    );
}

/// What evidence connects, whatever comes of it; each identifier with its earliest event.
fn connected(nodes: &[Node], edges: &[Edge]) -> Vec<Vec<Node>> {
    let mut seen: BTreeMap<&Identifier, Timestamp> = BTreeMap::new();
    for node in nodes {
        let at = seen.entry(&node.identifier).or_insert(node.first_seen);
        *at = node.first_seen.min(*at);
    }
    let mut of: BTreeMap<&Identifier, usize> = seen.keys().copied().zip(0..).collect();
    for edge in edges {
        let (keep, give) = (of[&edge.a], of[&edge.b]);
        for number in of.values_mut().filter(|number| **number == give) {
            *number = keep;
        }
    }
    let mut found: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
    for (identifier, first_seen) in seen {
        found.entry(of[identifier]).or_default().push(Node {
            identifier: identifier.clone(),
            first_seen,
        });
    }
    found.into_values().collect()
}

#[test]
fn what_no_rule_divides_is_told_without_its_evidence() {
    let (mut told, mut joined, mut divided) = (0, 0, 0);
    for seed in 0..histories() {
        let mut history = any_history(seed);
        history.constraints.clear();
        let (nodes, edges) = evidence(&history, &history.events);
        let expected = at_once(&history, &history.events);
        for component in connected(&nodes, &edges) {
            let of_component = |one: &&BlockedMerge| {
                let mut nodes = component.iter();
                nodes.any(|node| node.identifier == one.edge.a)
            };
            let refused = expected.blocked.iter().find(of_component);
            divided += u32::from(refused.is_some());
            if let Some(whole) = undivided(&history.rules, &component) {
                assert_eq!(refused, None, "history {seed}: {history:#?}");
                assert!(
                    expected.groups.contains(&whole),
                    "history {seed}: {whole:#?} {history:#?}"
                );
                told += 1;
                joined += u32::from(whole.members.len() > 1);
            }
        }
    }
    assert!(
        joined * 4 > told && divided > 0,
        "{told} {joined} {divided}"
    );
}

#[test]
fn no_profile_breaks_a_rule_unless_somebody_said_so() {
    for seed in 0..histories() / 4 {
        let history = any_history(seed);
        let found = at_once(&history, &history.events);
        let all: Vec<&Identifier> = found
            .groups
            .iter()
            .flat_map(|group| &group.members)
            .collect();
        assert_eq!(
            all.iter().collect::<BTreeSet<_>>().len(),
            all.len(),
            "history {seed}"
        );
        for group in &found.groups {
            assert!(group.members.contains(&group.seed));
            for constraint in history
                .constraints
                .iter()
                .filter(|one| one.decision == Decision::CannotLink)
            {
                assert!(
                    !(group.members.contains(&constraint.a)
                        && group.members.contains(&constraint.b)),
                    "history {seed}"
                );
            }
            let decided = history
                .constraints
                .iter()
                .any(|one| one.decision == Decision::MustLink && group.members.contains(&one.a));
            if decided {
                continue;
            }
            assert!(
                group.members.len() <= history.rules.blast_radius as usize,
                "history {seed}"
            );
            for kind in &history.rules.kinds {
                let count = group
                    .members
                    .iter()
                    .filter(|member| member.kind() == kind.kind)
                    .count();
                let most = if kind.unique {
                    1
                } else {
                    kind.most.unwrap_or(u32::MAX)
                };
                assert!(count <= most as usize, "history {seed}: {group:?}");
            }
        }
    }
}

#[test]
fn cut_evidence_is_as_if_it_had_never_been_and_stays_cut() {
    let mut cuts = 0;
    for seed in 0..histories() / 4 {
        let mut history = any_history(seed);
        history.constraints.clear();
        let mut dice = Dice(seed);
        let pairs: Vec<_> = history
            .events
            .iter()
            .flat_map(|(identifiers, _)| history.rules.star(identifiers))
            .collect();
        if pairs.is_empty() {
            continue;
        }
        cuts += 1;
        let (a, b) = pairs[dice.below(pairs.len())].clone();
        let before = at_once(&history, &history.events);
        // The events' evidence without the pair; the identifiers were seen all the same.
        let mut nodes = Vec::new();
        let mut edges = Vec::new();
        for (identifiers, at) in &history.events {
            nodes.extend(identifiers.iter().map(|identifier| Node {
                identifier: identifier.clone(),
                first_seen: time(*at),
            }));
            let pairs = history.rules.star(identifiers).into_iter();
            edges.extend(
                pairs
                    .filter(|pair| *pair != (a.clone(), b.clone()))
                    .map(|(a, b)| Edge {
                        a,
                        b,
                        first_seen: time(*at),
                        last_seen: time(*at),
                    }),
            );
        }
        let never = resolve(&history.rules, &nodes, &edges, &[]);
        let mut graph = piece_by_piece(&history, &history.events, &mut dice);
        let cut = Constraint {
            a,
            b,
            decision: Decision::Cut,
        };
        graph.decide(&cut, true);
        for event in &history.events {
            add(&mut graph, &history.rules, event);
        }
        let without = graph.resolution();
        assert_eq!(without.groups, never.groups, "history {seed}");
        let others = without
            .blocked
            .iter()
            .filter(|blocked| blocked.reason.code() != Code::Cut);
        assert!(others.eq(&never.blocked), "history {seed}");
        graph.decide(&cut, false);
        assert_eq!(graph.resolution(), before, "history {seed}: undone");
    }
    assert!(histories() < 1_000 || cuts > 100);
}

#[test]
fn what_is_too_much_to_weigh_joins_nobody_and_costs_nobody() {
    // Two people, each with more cookies than may be weighed, and one cookie that both have.
    let rules = Rules {
        blast_radius: 1_000_000,
        ..Rules::default()
    };
    let id = |kind: &str, value: String| Identifier::new(kind, &value);
    let mut events: Vec<Seen> = Vec::new();
    for at in 0..1_001 {
        for user in 0..2 {
            events.push((
                vec![
                    id("user_id", format!("u{user}")),
                    id("anonymous_id", format!("a{user}-{at}")),
                ],
                at,
            ));
        }
    }
    events.push((
        vec![
            id("user_id", "u0".into()),
            id("anonymous_id", "both".into()),
        ],
        1,
    ));
    events.push((
        vec![
            id("user_id", "u1".into()),
            id("anonymous_id", "both".into()),
        ],
        2,
    ));
    let history = History {
        rules,
        events,
        constraints: Vec::new(),
    };
    let expected = at_once(&history, &history.events);
    assert_eq!(expected.blocked.len(), history.events.len());
    assert!(
        expected
            .blocked
            .iter()
            .all(|blocked| blocked.reason.code() == Code::TooLarge)
    );
    // What they share comes last, or when there is still little enough to be weighed.
    for early in [false, true] {
        let mut events = history.events.clone();
        if early {
            events.rotate_right(200);
        }
        let mut graph = Graph::new(history.rules.clone(), RandomState::new());
        for event in &events {
            add(&mut graph, &history.rules, event);
        }
        assert!(graph.resolution() == expected);
    }
}
