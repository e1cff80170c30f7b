//! All steps in their order.

use std::fmt;

use crate::blocking::{BlockingRule, Blocks};
use crate::chance;
use crate::cluster::{self, Edge, Limits};
use crate::model::{Agreement, Model, Waterfall, probability, weight_of};
use crate::record::{Column, Record};
use crate::table::{Comparer, Table, narrow};
use crate::train::{self, Anchor, Gate, Taught, Trained, Veto};
use crate::weigh;

/// The weight in bits from which a pair is sure enough to show how sources relate.
const SURE: f64 = 10.0;

/// What a person who matches may set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The least probability, between 0 and 1, at which groups are joined and pairs are given out.
    pub threshold: f64,
    /// Pairs, as positions of records, that somebody decided to be one person.
    pub must_link: Vec<(usize, usize)>,
    /// Pairs that somebody decided to be two people: never in one cluster, whatever else says so.
    pub cannot_link: Vec<(usize, usize)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            threshold: 0.5,
            must_link: Vec::new(),
            cannot_link: Vec::new(),
        }
    }
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The records cannot be matched as they are.
    Records(String),
    /// What was learned cannot be: the gates that it failed.
    Model(Vec<String>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Records(why) => formatter.write_str(why),
            Self::Model(gates) => write!(
                formatter,
                "no model is published, since what was learned from these records cannot be: {}. Give the kinds of the columns, more telling columns, or decided pairs",
                gates.join("; ")
            ),
        }
    }
}

impl std::error::Error for Refusal {}

/// What two records that are no match are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relationship {
    /// The same surname and the same address, but another first name.
    Household,
}

/// Two records that may be of one person, or that are related.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Position of one record among those that were given; the smaller one.
    pub one: usize,
    /// Position of the other.
    pub other: usize,
    /// Bits for being one person, with the start.
    pub weight: f64,
    /// A relationship is never a match.
    pub relationship: Option<Relationship>,
}

/// A finished matching of records.
pub struct Matching {
    table: Table,
    trained: Trained,
    rules: Vec<BlockingRule>,
    largest_block: usize,
    left_out: usize,
    compared: u64,
    once: Vec<bool>,
    clusters: Vec<usize>,
    pairs: Vec<Pair>,
    /// The position in the table of each record that was given.
    place: Vec<u32>,
}

impl Matching {
    /// Matches records.
    ///
    /// # Errors
    ///
    /// When there is nothing to compare, or when what was learned fails a gate.
    pub fn new(
        columns: &[Column],
        records: &[Record],
        settings: &Settings,
    ) -> Result<Self, Refusal> {
        check(columns, records, settings)?;
        let table = Table::new(columns, records);
        if table.fields.is_empty() {
            return Err(Refusal::Records(
                "no column can be compared: each is unknown, the same everywhere, or different everywhere".to_owned(),
            ));
        }
        let mut place = vec![0; records.len()];
        for (at, origin) in table.origin.iter().enumerate() {
            place[*origin as usize] = narrow(at);
        }
        let placed = |pairs: &[(usize, usize)]| -> Vec<(u32, u32)> {
            let mut placed: Vec<(u32, u32)> = pairs
                .iter()
                .map(|(one, other)| (place[*one], place[*other]))
                .map(|(one, other)| (one.min(other), one.max(other)))
                .collect();
            placed.sort_unstable();
            placed
        };
        let (must, cannot) = (placed(&settings.must_link), placed(&settings.cannot_link));
        let blocks = Blocks::new(&table);
        let chance = chance::of(&table);
        let same: Vec<(u32, u32)> = must
            .iter()
            .filter(|pair| !cannot.contains(pair))
            .copied()
            .collect();
        let mut trained = train::train(&table, &blocks, &chance, &same);
        let failed: Vec<String> = trained
            .gates
            .iter()
            .filter(|gate| !gate.holds)
            .map(|gate| gate.text.clone())
            .collect();
        if !failed.is_empty() {
            return Err(Refusal::Model(failed));
        }
        let threshold = weight_of(settings.threshold);
        let found = weigh_all(&table, &trained, &blocks, threshold);
        trained.patterns = Vec::new();
        let once = cluster::once(&table, &found.edges, SURE);
        let limits = Limits {
            threshold,
            veto: trained.veto,
            against: &trained.against,
            once: &once,
            must: &must,
            cannot: &cannot,
        };
        let mut pairs = found.related;
        pairs.extend(found.edges.iter().map(|edge| (*edge, None)));
        let pairs = given(&table, pairs);
        let group = cluster::clusters(&table, &trained.model, found.edges, &limits);
        let clusters = clusters_of(&group, &place);
        Ok(Self {
            rules: blocks.rules,
            largest_block: blocks.largest,
            left_out: blocks.left_out,
            compared: found.compared,
            table,
            trained,
            once,
            clusters,
            pairs,
            place,
        })
    }

    /// The cluster of each record, in the order in which they were given: numbers from 0, in order of first appearance.
    #[must_use]
    pub fn clusters(&self) -> &[usize] {
        &self.clusters
    }

    /// Pairs that reach the threshold, the heaviest first, and those that are related without being a match.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Why two records weigh what they weigh, by their positions; `None` if there are no such records.
    #[must_use]
    pub fn explain(&self, one: usize, other: usize) -> Option<Waterfall> {
        let (one, other) = (*self.place.get(one)?, *self.place.get(other)?);
        let pattern = Comparer::new(&self.table).compare(one, other);
        let fields = 0..self.table.fields.len();
        let agreements: Vec<Agreement> = fields
            .clone()
            .map(|field| weigh::agreement(&self.table, pattern, field, one))
            .collect();
        let text = |field: usize, record| {
            self.table.fields[field]
                .value(record)
                .map(|value| value.text.clone())
                .unwrap_or_default()
        };
        let values: Vec<[String; 2]> = fields
            .map(|field| [text(field, one), text(field, other)])
            .collect();
        Some(self.trained.model.explain(&agreements, &values))
    }

    /// The model that was learned.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.trained.model
    }

    /// The weight in bits of agreeing on nothing that differs within a household, for a pair that is one person's or of two
    /// people of one household: 0 where those who share surname and home are one person as often as two. `None` when the records
    /// have nothing to tell that by.
    #[must_use]
    pub fn household_start(&self) -> Option<f64> {
        let against = &self.trained.against;
        against.household.applies().then_some(against.start)
    }

    /// For each comparison of the model how it was learned.
    #[must_use]
    pub fn taught(&self) -> &[Taught] {
        &self.trained.taught
    }

    /// Conflicts that may tell people apart alone, and whether they do.
    #[must_use]
    pub fn vetoes(&self) -> &[Veto] {
        &self.trained.vetoes
    }

    /// The evidence that m was learned on.
    #[must_use]
    pub fn anchors(&self) -> &[Anchor] {
        &self.trained.anchors
    }

    /// What the model had to meet.
    #[must_use]
    pub fn gates(&self) -> &[Gate] {
        &self.trained.gates
    }

    /// How pairs were found.
    #[must_use]
    pub fn blocking(&self) -> &[BlockingRule] {
        &self.rules
    }

    /// The largest block that was allowed, and the groups that were larger and that nothing could cut.
    #[must_use]
    pub fn block_limits(&self) -> (usize, usize) {
        (self.largest_block, self.left_out)
    }

    /// How many pairs were compared.
    #[must_use]
    pub fn compared(&self) -> u64 {
        self.compared
    }

    /// Sources that have everybody at most once.
    pub fn sources_without_duplicates(&self) -> impl Iterator<Item = &str> {
        self.table
            .sources
            .iter()
            .zip(&self.once)
            .filter(|(_, once)| **once)
            .map(|(name, _)| name.as_str())
    }
}

struct Weighed {
    edges: Vec<Edge>,
    related: Vec<(Edge, Option<Relationship>)>,
    compared: u64,
}

fn check(columns: &[Column], records: &[Record], settings: &Settings) -> Result<(), Refusal> {
    let refuse = |why: String| Err(Refusal::Records(why));
    if records.len() < 2 {
        return refuse(format!(
            "there is nothing to match: {} records",
            records.len()
        ));
    }
    if u32::try_from(records.len()).is_err() {
        return refuse(
            "there are too many records: match at most four thousand million at once".to_owned(),
        );
    }
    if let Some(record) = records
        .iter()
        .find(|record| record.values.len() != columns.len())
    {
        return refuse(format!(
            "record `{}` has {} values for {} columns",
            record.id,
            record.values.len(),
            columns.len()
        ));
    }
    if !(settings.threshold > 0.0 && settings.threshold < 1.0) {
        return refuse(format!(
            "the threshold {} is no probability between 0 and 1",
            settings.threshold
        ));
    }
    let beyond = |(one, other): &&(usize, usize)| {
        *one >= records.len() || *other >= records.len() || one == other
    };
    if let Some((one, other)) = settings
        .must_link
        .iter()
        .chain(&settings.cannot_link)
        .find(beyond)
    {
        return refuse(format!(
            "the decided pair ({one}, {other}) is not of two of the {} records",
            records.len()
        ));
    }
    Ok(())
}

/// Weighs every candidate, and keeps those that reach the threshold or are related.
fn weigh_all(table: &Table, trained: &Trained, blocks: &Blocks, threshold: f64) -> Weighed {
    let mut comparer = Comparer::new(table);
    let mut found = Weighed {
        edges: Vec::new(),
        related: Vec::new(),
        compared: 0,
    };
    blocks.for_each(|one, other, _| {
        let at = usize::try_from(found.compared).unwrap_or(usize::MAX);
        let kept = trained.patterns.get(at).copied();
        let pattern = kept.unwrap_or_else(|| comparer.compare(one, other));
        found.compared += 1;
        let weights = weigh::weights(table, &trained.model, &trained.against, pattern, one);
        let edge = Edge {
            one,
            other,
            weight: weights.strangers,
        };
        if train::conflicts(table, pattern, trained.veto) {
            if trained.against.household.related(pattern) {
                found.related.push((edge, Some(Relationship::Household)));
            }
        } else if weights.reach(threshold) {
            found.edges.push(edge);
        }
    });
    found
}

/// Pairs by the positions that the caller knows.
fn given(table: &Table, pairs: Vec<(Edge, Option<Relationship>)>) -> Vec<Pair> {
    let mut given: Vec<Pair> = pairs
        .into_iter()
        .map(|(edge, relationship)| {
            let (one, other) = (
                table.origin[edge.one as usize] as usize,
                table.origin[edge.other as usize] as usize,
            );
            Pair {
                one: one.min(other),
                other: one.max(other),
                weight: edge.weight,
                relationship,
            }
        })
        .collect();
    given.sort_by(|one, other| {
        (one.relationship
            .is_some()
            .cmp(&other.relationship.is_some()))
        .then(other.weight.total_cmp(&one.weight))
        .then((one.one, one.other).cmp(&(other.one, other.other)))
    });
    given
}

/// Numbers of clusters in order of first appearance among the records that were given.
fn clusters_of(group: &[u32], place: &[u32]) -> Vec<usize> {
    let mut number = vec![usize::MAX; group.len()];
    let mut next = 0;
    place
        .iter()
        .map(|at| {
            let of_group = &mut number[group[*at as usize] as usize];
            if *of_group == usize::MAX {
                *of_group = next;
                next += 1;
            }
            *of_group
        })
        .collect()
}

impl Pair {
    /// 2^weight / (1 + 2^weight).
    #[must_use]
    pub fn probability(&self) -> f64 {
        probability(self.weight)
    }
}
