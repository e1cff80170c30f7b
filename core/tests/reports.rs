//! Reports against what a patient reader of the same few events would count.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::report::{End, Masks, Row, Select, funnel, paths, retention, trends};
use proptest::prelude::*;

const PEOPLE: usize = 4;
const NAMES: u16 = 4;

/// Events of a few people, in the order of time; several may be at one moment.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row =
        (0..60_i64, 0..4_u32, 0..NAMES).prop_map(|(at, person, name)| Row { at, person, name });
    prop::collection::vec(row, 0..40).prop_map(|mut rows| {
        rows.sort_by_key(|row| row.at);
        rows
    })
}

fn select() -> impl Strategy<Value = Select> {
    prop_oneof![
        1 => Just(Select::Any),
        1 => Just(Select::Name(None)),
        6 => (0..NAMES).prop_map(|name| Select::Name(Some(name))),
    ]
}

fn is(select: &Select, row: &Row) -> bool {
    match select {
        Select::Any => true,
        Select::Name(name) => *name == Some(row.name),
    }
}

fn masks(selected: &[Select]) -> Masks {
    Masks::new(usize::from(NAMES), selected)
}

/// How many of the steps can be done with these events, the first of which at a given place.
fn furthest(events: &[Row], steps: &[Select], began: Option<i64>, window: i64) -> usize {
    let Some((step, later)) = steps.split_first() else {
        return 0;
    };
    let mut best = 0;
    for (at, event) in events.iter().enumerate() {
        let began = began.unwrap_or(event.at);
        if is(step, event) && event.at - began <= window {
            best = best.max(1 + furthest(&events[at + 1..], later, Some(began), window));
        }
    }
    best
}

proptest! {
    #[test]
    fn a_funnel_finds_the_best_way_of_everybody(
        rows in rows(), steps in prop::collection::vec(select(), 1..4), window in 0..40_i64
    ) {
        let part = |odd| {
            let rows = rows.iter().filter(move |row| (row.person % 2 == 1) == odd);
            funnel(rows.copied(), &masks(&steps), steps.len(), window, PEOPLE)
        };
        let mut found = part(false);
        found.merge(part(true));
        let found = found.steps();
        let mut wanted = vec![0; steps.len()];
        for person in 0..4 {
            let events: Vec<Row> = rows.iter().filter(|row| row.person == person).copied().collect();
            for step in wanted.iter_mut().take(furthest(&events, &steps, None, window)) {
                *step += 1;
            }
        }
        prop_assert_eq!(found.iter().map(|step| step.people).collect::<Vec<_>>(), wanted);
        for step in &found[1..] {
            prop_assert_eq!(step.median.is_some(), step.people > 0);
            prop_assert!(step.median.is_none_or(|median| (0..=window).contains(&median)));
        }
    }

    #[test]
    fn a_trend_counts_every_event_and_everybody_once_a_bucket(
        rows in rows(), selected in prop::collection::vec(select(), 1..4)
    ) {
        let bounds = [10, 20, 25, 50];
        let part = |odd| {
            let rows = rows.iter().filter(move |row| (row.person % 2 == 1) == odd);
            trends(rows.copied(), &bounds, &masks(&selected), selected.len(), PEOPLE)
        };
        let mut found = part(false);
        for (series, other) in found.iter_mut().zip(&part(true)) {
            series.merge(other);
        }
        for (series, select) in found.iter().zip(&selected) {
            let inside = |from, to| rows.iter().filter(move |row| is(select, row) && (from..to).contains(&row.at));
            for (bucket, pair) in bounds.windows(2).enumerate() {
                let events = || inside(pair[0], pair[1]);
                let people: BTreeSet<u32> = events().map(|row| row.person).collect();
                prop_assert_eq!(series.events[bucket], events().count() as u64);
                prop_assert_eq!(series.people[bucket], people.len() as u64);
            }
            let people: BTreeSet<u32> = inside(10, 50).map(|row| row.person).collect();
            prop_assert_eq!(series.people_in_all, people.len() as u64);
        }
    }

    #[test]
    fn whoever_began_in_a_bucket_is_back_when_they_did_it_in_a_later_one(
        rows in rows(), start in select(), back in select()
    ) {
        let bounds = [10, 20, 30, 40];
        let bucket = |at: i64| (0..3).find(|bucket| (bounds[*bucket]..bounds[*bucket + 1]).contains(&at));
        let part = |odd| {
            let rows = rows.iter().filter(move |row| (row.person % 2 == 1) == odd);
            retention(rows.copied(), &bounds, &masks(&[start.clone(), back.clone()]), 5, PEOPLE)
        };
        let mut found = part(false);
        for (cohort, other) in found.iter_mut().zip(&part(true)) {
            cohort.merge(other);
        }
        let mut wanted: Vec<(u64, Vec<u64>)> = (0..3).map(|at| (0, vec![0; 2 - at])).collect();
        for person in 0..4 {
            let mine = || rows.iter().filter(move |row| row.person == person);
            let Some(own) = mine().find(|row| is(&start, row)).and_then(|row| bucket(row.at)) else {
                continue;
            };
            wanted[own].0 += 1;
            let later: BTreeSet<usize> = mine().filter(|row| is(&back, row)).filter_map(|row| bucket(row.at)).collect();
            for period in later.into_iter().filter(|period| *period > own) {
                wanted[own].1[period - own - 1] += 1;
            }
        }
        let found: Vec<(u64, Vec<u64>)> = found.into_iter().map(|cohort| (cohort.people, cohort.returned)).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn ways_are_those_of_visits(rows in rows(), gap in 0..20_i64, steps in 2..5_usize, end in 0..3_u8, name in 0..NAMES) {
        let end = [End::Visit, End::From(Some(name)), End::To(Some(name))][usize::from(end)];
        let part = |odd| {
            let rows = rows.iter().filter(move |row| (row.person % 2 == 1) == odd);
            paths(rows.copied(), end, (steps, gap), PEOPLE)
        };
        let mut found = part(false);
        found.merge(part(true));
        let found = found.fold(usize::from(NAMES));
        let mut links: BTreeMap<(usize, u16, u16), u64> = BTreeMap::new();
        let mut ways = 0;
        for way in all_ways(&rows, end, gap) {
            ways += 1;
            let way: Vec<u16> = way.into_iter().take(steps).collect();
            for (step, pair) in way.windows(2).enumerate() {
                *links.entry((step, pair[0], pair[1])).or_default() += 1;
            }
        }
        prop_assert_eq!(found.ways, ways);
        let found: BTreeMap<_, _> = found.links.into_iter().map(|link| ((link.step, link.near, link.far), link.ways)).collect();
        prop_assert_eq!(found, links);
    }
}

/// Every way in full, from the end that is looked at.
fn all_ways(rows: &[Row], end: End, gap: i64) -> Vec<Vec<u16>> {
    let mut ways = Vec::new();
    for person in 0..4 {
        let mut visits: Vec<Vec<u16>> = Vec::new();
        let mut before: Option<i64> = None;
        for row in rows.iter().filter(|row| row.person == person) {
            if before.is_none_or(|before| row.at - before > gap) {
                visits.push(Vec::new());
            }
            before = Some(row.at);
            let visit = visits.last_mut().unwrap();
            // A way begins anew behind what it leads to.
            let repeats = visit.last() == Some(&row.name) && end != End::To(Some(row.name));
            if !repeats {
                visit.push(row.name);
            }
        }
        for visit in visits {
            match end {
                End::Visit => ways.push(visit),
                End::From(name) => {
                    let from = visit.iter().position(|one| Some(*one) == name);
                    ways.extend(from.map(|from| visit[from..].to_vec()));
                }
                End::To(name) => {
                    for way in visit.split_inclusive(|one| Some(*one) == name) {
                        if way.last().copied() == name {
                            ways.push(way.iter().rev().copied().collect());
                        }
                    }
                }
            }
        }
    }
    ways
}

#[test]
fn rare_names_are_told_together() {
    let rows = (0..6).map(|person| Row {
        at: 0,
        person,
        name: [0, 0, 0, 1, 2, 3][person as usize],
    });
    let found = paths(rows, End::Visit, (3, 10), 6).fold(1);
    let nodes: Vec<(u16, u64)> = found
        .nodes
        .iter()
        .map(|node| (node.name, node.ways))
        .collect();
    assert_eq!(nodes.len(), 2);
    assert!(nodes.contains(&(0, 3)) && nodes.contains(&(cdp_core::report::OTHER, 3)));
    assert_eq!(found.ways, 6);
}
