//! The identity graph: ten million events of a million people in memory, and the server's identity stage in SQLite, on one core, as
//! they happened and in any order. Times are processor time of this process, so that other programs on the machine do not count;
//! only the slowest resolves are by the clock.

use std::collections::BTreeSet;
use std::hash::RandomState;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cdp_core::event::Event;
use cdp_core::identifier::Identifier;
use cdp_core::identity::{Edge, Graph, Rules, resolve};
use cdp_core::time::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

use crate::figures::{self, Goal, median, percentile};

/// Events of one person, about.
const EVENTS_A_PERSON: usize = 10;
const DAY: usize = 86_400;
const YEAR: usize = 365 * DAY;
/// Events that are made before they are timed.
const PORTION: usize = 10_000;
/// Identifiers of the one profile that has very many.
const VERY_MANY: usize = 100_000;

const USER: usize = 0;
const EMAIL: usize = 1;
const BROWSER: usize = 3;

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }
}

/// In what order a stream's events come.
#[derive(Clone, Copy)]
enum Order {
    /// As they happened, but one in twenty up to a day late: people visit, and a visit's events follow each other.
    Happened,
    /// In any.
    Any,
}

/// An event's identifiers by kind, and its second.
type Seen = (Vec<(usize, String)>, i64);

/// Visits at a time: in the labelled stream of `docs/performance.md` two events of a visit follow each other closer still.
const AT_ONCE: usize = 16;
/// Events of a visit at most; the labelled stream has 2.6 on average.
const LONGEST_VISIT: usize = 4;

/// What somebody does at a time with one browser.
#[derive(Clone, Copy)]
struct Visit {
    person: usize,
    browser: usize,
    events: usize,
    /// The first event of somebody who is signed in; `events` and more: none is.
    signs_in: usize,
    next: usize,
}

impl Visit {
    fn of(dice: &mut Dice, people: usize) -> Self {
        let person = dice.below(people);
        let events = 1 + dice.below(LONGEST_VISIT);
        Self {
            person,
            browser: dice.below(1 + person % 4),
            events,
            signs_in: dice.below(2 * events),
            next: 0,
        }
    }

    /// What the next event carries.
    fn event(&mut self) -> Vec<(usize, String)> {
        let Self {
            person, browser, ..
        } = *self;
        let mut identifiers = Vec::with_capacity(3);
        if self.next >= self.signs_in {
            identifiers.push((USER, format!("user-{person}")));
        }
        if self.next == self.signs_in && !person.is_multiple_of(3) {
            identifiers.push((EMAIL, format!("person.{person}@mail.example")));
        }
        // A shared browser is the neighbour's first.
        let (owner, browser) = if person % 20 == 1 && browser == 0 {
            (person - 1, 0)
        } else {
            (person, browser)
        };
        identifiers.push((
            BROWSER,
            format!("{owner:08x}-0000-4000-8000-{browser:012x}"),
        ));
        self.next += 1;
        identifiers
    }
}

/// A year's events of a tenth as many people: a person has a user id, an e-mail address that two in three give, and one to
/// four browsers, of which one in twenty is another person's, too.
struct Stream {
    dice: Dice,
    people: usize,
    events: usize,
    order: Order,
    visits: Vec<Visit>,
    made: usize,
}

impl Stream {
    fn new(seed: u64, events: usize, order: Order) -> Self {
        Self {
            dice: Dice(seed),
            people: events / EVENTS_A_PERSON,
            events,
            order,
            visits: Vec::with_capacity(AT_ONCE),
            made: 0,
        }
    }

    fn identifiers(&mut self) -> Vec<(usize, String)> {
        if let Order::Any = self.order {
            let mut visit = Visit::of(&mut self.dice, self.people);
            visit.next = self.dice.below(visit.events);
            return visit.event();
        }
        while self.visits.len() < AT_ONCE {
            self.visits.push(Visit::of(&mut self.dice, self.people));
        }
        let at = self.dice.below(AT_ONCE);
        let identifiers = self.visits[at].event();
        if self.visits[at].next == self.visits[at].events {
            self.visits.swap_remove(at);
        }
        identifiers
    }

    fn second(&mut self) -> usize {
        match self.order {
            Order::Any => self.dice.below(YEAR),
            Order::Happened => {
                let late = if self.dice.below(20) == 0 {
                    self.dice.below(DAY)
                } else {
                    0
                };
                DAY + self.made * YEAR / self.events - late
            }
        }
    }
}

impl Iterator for Stream {
    type Item = Seen;

    fn next(&mut self) -> Option<Seen> {
        if self.made == self.events {
            return None;
        }
        let identifiers = self.identifiers();
        let second = self.second();
        self.made += 1;
        Some((identifiers, i64::try_from(second).unwrap_or_default()))
    }
}

/// Seconds of processor time that this process has used.
#[expect(clippy::cast_precision_loss, reason = "a bench takes no 2^52 ns")]
fn processor() -> f64 {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    used.tv_sec as f64 + used.tv_nsec as f64 / 1e9
}

struct Run {
    graph: Graph<RandomState>,
    seconds: f64,
    took: Vec<Duration>,
}

fn add(graph: &mut Graph<RandomState>, (identifiers, at): &Seen) {
    let given: Vec<(usize, &str)> = identifiers
        .iter()
        .map(|(kind, value)| (*kind, value.as_str()))
        .collect();
    graph.add(&given, Timestamp::from_millis(at * 1_000));
}

fn resolve_all(events: usize, order: Order) -> Run {
    let mut stream = Stream::new(1, events, order);
    let mut run = Run {
        graph: Graph::new(Rules::default(), RandomState::new()),
        seconds: 0.0,
        took: Vec::new(),
    };
    for _ in 0..events / PORTION {
        let portion: Vec<Seen> = stream.by_ref().take(PORTION).collect();
        let before = processor();
        for (at, seen) in portion.iter().enumerate() {
            // Looking at the clock costs, too.
            if at % 16 == 0 {
                let started = Instant::now();
                add(&mut run.graph, seen);
                run.took.push(started.elapsed());
            } else {
                add(&mut run.graph, seen);
            }
        }
        run.seconds += processor() - before;
    }
    run
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn rate(events: usize, seconds: f64) -> f64 {
    events as f64 / seconds.max(0.01)
}

/// How often a stream is run.
const ROUNDS: usize = 3;
/// Runs of a stream a tenth as long before each: one takes half a second, within which the machine's speed may be anything.
const TENTHS: usize = 2;

/// A stream's run, how many it resolved in a second, and how many a stream a tenth as long: medians.
fn beside_a_tenth(events: usize, order: Order) -> (Run, f64, f64) {
    let tenths = || {
        let run = || rate(events / 10, resolve_all(events / 10, order).seconds);
        std::iter::repeat_with(run).take(TENTHS)
    };
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for _ in 1..ROUNDS {
        small.extend(tenths());
        large.push(rate(events, resolve_all(events, order).seconds));
    }
    small.extend(tenths());
    let last = resolve_all(events, order);
    large.push(rate(events, last.seconds));
    (last, median(large), median(small))
}

/// Runs the bench over so many events.
pub(crate) fn run(events: usize) -> Result<()> {
    let (mut large, large_rate, small_rate) = beside_a_tenth(events, Order::Happened);
    figures::print(
        "resolved in memory",
        large_rate,
        "events/s",
        &Goal::AtLeast(400_000.0),
    );
    figures::print("a tenth of the stream", small_rate, "events/s", &Goal::None);
    figures::print(
        "cost of an event beside that of a tenth of the stream",
        small_rate / large_rate,
        "x",
        &Goal::AtMost(1.5),
    );
    figures::print(
        "slowest resolve of a hundred",
        percentile(&mut large.took, 0.99),
        "ms",
        &Goal::AtMost(1.0),
    );
    figures::print(
        "slowest resolve of a hundred thousand",
        percentile(&mut large.took, 0.999_99),
        "ms",
        &Goal::None,
    );
    figures::print("identifiers", rate(large.graph.len(), 1.0), "", &Goal::None);
    figures::print(
        "resolved one piece of evidence at a time",
        rate(usize::try_from(large.graph.solved())?, 1.0),
        "",
        &Goal::None,
    );
    drop(large);
    let (large, large_rate, small_rate) = beside_a_tenth(events, Order::Any);
    figures::print(
        "resolved in memory, in any order",
        large_rate,
        "events/s",
        &Goal::None,
    );
    figures::print(
        "cost of an event beside that of a tenth of the stream, in any order",
        small_rate / large_rate,
        "x",
        &Goal::None,
    );
    very_many()?;
    let different = beside_everything_at_once(events, &large.graph);
    figures::print(
        "profiles that everything at once has otherwise",
        rate(different, 1.0),
        "",
        &Goal::AtMost(0.0),
    );
    Ok(())
}

/// The server's identity stage over SQLite: evidence written, who is who found and written, in turns of its pipeline.
pub(crate) async fn in_sqlite(events: usize) -> Result<()> {
    figures::print(
        "resolved in SQLite",
        rate_in_sqlite(events, Order::Happened).await?,
        "events/s",
        &Goal::AtLeast(30_000.0),
    );
    figures::print(
        "resolved in SQLite, in any order",
        rate_in_sqlite(events, Order::Any).await?,
        "events/s",
        &Goal::None,
    );
    Ok(())
}

/// How many it resolves in a second of processor time.
async fn rate_in_sqlite(events: usize, order: Order) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let mut failed = None;
    let stream = Stream::new(1, events, order)
        .enumerate()
        .map_while(|(at, seen)| {
            let made = written(at, seen);
            made.map_err(|error| failed = Some(error)).ok()
        });
    let took = headwater::measure::identity(folder.path(), stream, processor).await;
    let seconds = took.map_err(anyhow::Error::msg)?;
    if let Some(error) = failed {
        return Err(error.context("an event could not be made"));
    }
    Ok(rate(events, seconds))
}

/// An event as the server has it.
fn written(at: usize, (identifiers, second): Seen) -> Result<Event> {
    let moment = Timestamp::from_millis(second * 1_000);
    let mut event = json!({"messageId": format!("m-{at}"), "type": "identify", "timestamp": moment, "receivedAt": moment, "receipt": {}});
    for (kind, value) in identifiers {
        match kind {
            USER => event["userId"] = json!(value),
            EMAIL => event["traits"] = json!({"email": value}),
            _ => event["anonymousId"] = json!(value),
        }
    }
    Ok(serde_json::from_value(event)?)
}

/// One profile with very many identifiers, and what others cost beside it.
fn very_many() -> Result<()> {
    let rules = Rules {
        blast_radius: 1_000_000,
        ..Rules::default()
    };
    let mut graph = Graph::new(rules, RandomState::new());
    let mut stream = Stream::new(2, 1_500_000, Order::Any);
    let mut others = |graph: &mut Graph<RandomState>| {
        let portion: Vec<Seen> = stream.by_ref().take(500_000).collect();
        let before = processor();
        portion.iter().for_each(|seen| add(graph, seen));
        processor() - before
    };
    others(&mut graph);
    let before = others(&mut graph);
    let mut took = Vec::new();
    for browser in 0..VERY_MANY {
        let seen = (
            vec![
                (USER, "robot".to_owned()),
                (BROWSER, format!("robot-{browser}")),
            ],
            1,
        );
        let started = Instant::now();
        add(&mut graph, &seen);
        took.push(started.elapsed());
    }
    let robot = |value: &str, kind: &str| graph.seed(&Identifier::new(kind, value));
    ensure!(
        robot("robot-99999", "anonymous_id") == robot("robot", "user_id"),
        "the profile of very many is none"
    );
    let after = others(&mut graph);
    figures::print(
        "others' cost beside a profile of 100,000 identifiers",
        after / before.max(0.01),
        "x",
        &Goal::AtMost(1.1),
    );
    figures::print(
        "its own slowest resolve of a hundred",
        percentile(&mut took, 0.99),
        "ms",
        &Goal::AtMost(1.0),
    );
    Ok(())
}

/// How many profiles differ from what everything at once gives.
fn beside_everything_at_once(events: usize, graph: &Graph<RandomState>) -> usize {
    let rules = Rules::default();
    let mut nodes = Vec::new();
    let mut edges: BTreeSet<Edge> = BTreeSet::new();
    for (identifiers, at) in Stream::new(1, events, Order::Any) {
        let at = Timestamp::from_millis(at * 1_000);
        let name = |(kind, value): (usize, String)| {
            Some(Identifier::new(&rules.kinds.get(kind)?.kind, &value))
        };
        let named: Vec<Identifier> = identifiers.into_iter().filter_map(name).collect();
        if let [alone] = &named[..] {
            nodes.push(cdp_core::identity::Node {
                identifier: alone.clone(),
                first_seen: at,
            });
        }
        edges.extend(rules.star(&named).into_iter().map(|(a, b)| Edge {
            a,
            b,
            first_seen: at,
            last_seen: at,
        }));
    }
    let edges: Vec<Edge> = edges.into_iter().collect();
    let expected = resolve(&rules, &nodes, &edges, &[]);
    let differs = |group: &&cdp_core::identity::Group| {
        group
            .members
            .iter()
            .any(|member| graph.seed(member).as_ref() != Some(&group.seed))
    };
    expected.groups.iter().filter(differs).count()
}
