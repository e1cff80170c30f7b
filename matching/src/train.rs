//! Learning a model without being told who is who.
//!
//! u comes from chance: how often records drawn at random agree. m is learned on pairs that share a strong identifier,
//! or a combination that chance does not explain (anchors), for each field on the anchors that do not rest on it; only
//! what these cannot teach is learned by expectation-maximisation over all pairs. Gates then look at what came out.

use std::collections::BTreeMap;

use crate::blocking::Blocks;
use crate::chance::{Chance, LEVELS};
use crate::household::Household;
use crate::kind::Kind;
use crate::model::{Comparison, Level, Model, TermFrequency};
use crate::table::{Comparer, Pattern, Table, float};
use crate::weigh::{Against, Weights};

use anchors::{Anchors, anchors};
use gates::all_hold;

mod anchors;
mod gates;
mod vetoes;

pub use anchors::Anchor;
pub use gates::Gate;
pub use vetoes::Veto;
pub(crate) use vetoes::conflicts;

/// Candidate pairs that are looked at for learning; of more a share is drawn.
const SAMPLE: f64 = 6_000_000.0;
/// Candidate pairs whose patterns are kept, so that they need not be compared again. Not more than are looked at.
const KEPT: f64 = 3_000_000.0;
/// Anchored pairs that are enough to learn a field from.
const ENOUGH: f64 = 40.0;
/// From this share of conflicts on, pairs are of two people: one person's records agree on a first name or a date of birth
/// more often than not, whatever the data is like.
const MOSTLY_TWO_PEOPLE: f64 = 0.5;
/// Pairs from which on their share of conflicts is believed.
const SOME: f64 = 5.0;
/// What a level counts before anything is seen, in pairs.
const PRIOR: f64 = 1.0;
/// Rounds of expectation-maximisation at most, and the change at which it has settled.
const ROUNDS: usize = 60;
const SETTLED: f64 = 1e-4;

/// How the m of a field was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taught {
    /// On pairs that share a strong identifier or a combination that chance does not explain.
    Anchors,
    /// By expectation-maximisation.
    Expectation,
    /// From pairs that people decided.
    Labels,
    /// Not at all: too few pairs know it.
    Nothing,
    /// Not at all: what expectation-maximisation made of these records was of the wrong class, so that it is presumed.
    Presumed,
    /// Learned, and left out: people agree on it with others as often as with themselves.
    LeftOut,
}

/// A model with how it came about.
#[derive(Clone, Debug)]
pub(crate) struct Trained {
    pub(crate) model: Model,
    pub(crate) taught: Vec<Taught>,
    pub(crate) vetoes: Vec<Veto>,
    /// Bits of fields whose conflicts are vetoes.
    pub(crate) veto: u32,
    pub(crate) against: Against,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) gates: Vec<Gate>,
    /// The candidates' patterns in their order, if they were kept.
    pub(crate) patterns: Vec<Pattern>,
}

/// A pattern of levels, with how many candidate pairs have it.
struct Seen {
    pattern: Pattern,
    /// Fields without which these would be no candidates.
    only: u32,
    count: f64,
}

/// Learns a model. `decided` are pairs that people have decided to be of one person.
pub(crate) fn train(
    table: &Table,
    blocks: &Blocks,
    chance: &[Chance],
    decided: &[(u32, u32)],
) -> Trained {
    let (seen, in_order) = patterns(table, blocks);
    let anchors = anchors(table, chance, &seen);
    let mut learner = Learner::new(table, chance, &seen, &anchors);
    learner.learn_from_labels(decided);
    learner.learn_from_anchors();
    let mut presumed = learner.clone();
    // With all vetoes first: what looks like one person is then not learned on households.
    learner.veto = learner.may_veto();
    learner.settle();
    let mut vetoes = learner.vetoes();
    learner.settle();
    let mut gates = learner.gates(learner.lambda * table.pairs());
    if !all_hold(&gates) {
        // There are so few pairs of one person that expectation-maximisation found something else.
        presumed.presume();
        let its_vetoes = presumed.vetoes();
        let matched = presumed.weigh_as_presumed();
        let its_gates = presumed.gates(matched);
        if all_hold(&its_gates) {
            (learner, vetoes, gates) = (presumed, its_vetoes, its_gates);
        }
    }
    Trained {
        model: learner.model(),
        taught: learner.taught.clone(),
        veto: learner.veto,
        against: learner.against.clone(),
        vetoes,
        anchors: anchors.found.clone(),
        gates,
        patterns: in_order,
    }
}

/// The patterns of the candidates, or of a share of them; and each by itself in order if there are not too many.
fn patterns(table: &Table, blocks: &Blocks) -> (Vec<Seen>, Vec<Pattern>) {
    let pairs: f64 = blocks
        .rules
        .iter()
        .map(|rule| float(usize::try_from(rule.pairs).unwrap_or(0)))
        .sum();
    let share = (SAMPLE / pairs.max(1.0)).min(1.0);
    let below = (share * 65_536.0).ceil();
    let mut comparer = Comparer::new(table);
    let mut found: BTreeMap<(Pattern, u32), f64> = BTreeMap::new();
    let mut in_order = Vec::new();
    blocks.for_each(|one, other, only| {
        let drawn = crate::random::mix((u64::from(one) << 32) | u64::from(other)) & 65_535;
        if float(usize::try_from(drawn).unwrap_or(0)) < below {
            let pattern = comparer.compare(one, other);
            *found.entry((pattern, only)).or_default() += 1.0;
            if pairs <= KEPT {
                in_order.push(pattern);
            }
        }
    });
    let each = 65_536.0 / below.min(65_536.0);
    let seen = found
        .into_iter()
        .map(|((pattern, only), count)| Seen {
            pattern,
            only,
            count: count * each,
        })
        .collect();
    (seen, in_order)
}

/// What m is taken to be before anything is known: mostly the same, the rest mostly similar.
fn presumed(kind: Kind) -> [f64; LEVELS] {
    let steps = kind.steps().len();
    let mut m = [0.0; LEVELS];
    m[1] = 0.8;
    for level in &mut m[2..=steps] {
        *level = 0.2 / (float(steps) - 1.0);
    }
    m
}

#[derive(Clone)]
struct Learner<'a> {
    table: &'a Table,
    chance: &'a [Chance],
    seen: &'a [Seen],
    anchors: &'a Anchors,
    m: Vec<[f64; LEVELS]>,
    u: Vec<[f64; LEVELS]>,
    lambda: f64,
    against: Against,
    veto: u32,
    /// Bits of fields that weigh nothing, since people agree with others as often as with themselves.
    left_out: u32,
    taught: Vec<Taught>,
}

impl<'a> Learner<'a> {
    /// With m as it is presumed, u as by chance, and as many pairs of one person as the anchors show.
    fn new(table: &'a Table, chance: &'a [Chance], seen: &'a [Seen], anchors: &'a Anchors) -> Self {
        let mut learner = Self {
            table,
            chance,
            seen,
            anchors,
            m: table
                .fields
                .iter()
                .map(|field| presumed(field.kind))
                .collect(),
            u: chance.iter().map(|chance| chance.levels).collect(),
            lambda: 0.0,
            against: Against {
                household: Household::new(table),
                start: 0.0,
            },
            veto: 0,
            left_out: 0,
            taught: vec![Taught::Nothing; table.fields.len()],
        };
        learner.lambda = learner.presumed_lambda();
        let matched = learner.lambda * table.pairs();
        learner.set_against(matched, learner.sharing_a_household() - matched);
        learner
    }

    /// Candidates that share what a household shares.
    fn sharing_a_household(&self) -> f64 {
        self.seen
            .iter()
            .filter(|seen| self.against.household.shared(seen.pattern))
            .map(|seen| seen.count)
            .sum()
    }

    /// The start against a household: of the pairs that share one, how many are of one person and how many of two.
    fn set_against(&mut self, of_one: f64, of_two: f64) {
        let odds = (of_one + PRIOR) / (of_two.max(0.0) + PRIOR);
        self.against.start = odds.log2();
    }

    /// Pairs that the anchors find, of all pairs.
    fn anchored(&self) -> f64 {
        self.seen
            .iter()
            .filter(|seen| {
                self.anchors
                    .found
                    .iter()
                    .any(|anchor| anchor.holds(seen.pattern))
            })
            .fold(0.0, |pairs, seen| pairs + seen.count)
    }

    fn presumed_lambda(&self) -> f64 {
        let pairs = if self.anchors.possible {
            self.anchored().max(PRIOR)
        } else {
            float(self.table.len() as usize) * 0.1
        };
        (pairs / self.table.pairs()).clamp(1e-12, 0.5)
    }

    /// The weights of a pattern, without one field.
    fn weights(&self, pattern: Pattern, without: Option<usize>) -> Weights {
        let mut weights = Weights::start((self.lambda / (1.0 - self.lambda)).log2(), &self.against);
        for field in 0..self.table.fields.len() {
            let level = pattern.level(field);
            if level > 0 && Some(field) != without && self.left_out & (1 << field) == 0 {
                let bits = (self.m[field][level] / self.u[field][level]).log2();
                weights.add(&self.against, field, level, bits);
            }
        }
        weights
    }

    /// The probability that a pair with this pattern is of one person.
    fn responsibility(&self, pattern: Pattern) -> f64 {
        if conflicts(self.table, pattern, self.veto) {
            return 0.0;
        }
        self.weights(pattern, None).probability()
    }

    fn learn_from_labels(&mut self, decided: &[(u32, u32)]) {
        let mut comparer = Comparer::new(self.table);
        let same: Vec<Pattern> = decided
            .iter()
            .map(|(one, other)| comparer.compare(*one, *other))
            .collect();
        for field in 0..self.table.fields.len() {
            let mut counts = [0.0; LEVELS];
            for pattern in &same {
                counts[pattern.level(field)] += 1.0;
            }
            if counts[1..].iter().sum::<f64>() >= ENOUGH {
                self.set_m(field, counts);
                self.taught[field] = Taught::Labels;
            }
        }
    }

    /// Learns m of each field on the anchors that do not rest on it.
    fn learn_from_anchors(&mut self) {
        for field in 0..self.table.fields.len() {
            if self.taught[field] != Taught::Nothing {
                continue;
            }
            let counts = self.anchored_levels(field, |anchor| anchor.strong);
            if counts[1..].iter().sum::<f64>() >= ENOUGH {
                self.set_m(field, counts);
                self.taught[field] = Taught::Anchors;
            }
        }
    }

    fn anchored_levels(&self, field: usize, take: fn(&Anchor) -> bool) -> [f64; LEVELS] {
        let mut counts = [0.0; LEVELS];
        let others: Vec<&Anchor> = self
            .anchors
            .found
            .iter()
            .filter(|anchor| anchor.fields & (1 << field) == 0 && take(anchor))
            .collect();
        for seen in self.seen {
            if others.iter().any(|anchor| anchor.holds(seen.pattern)) {
                counts[seen.pattern.level(field)] += seen.count;
            }
        }
        counts
    }

    fn set_m(&mut self, field: usize, counts: [f64; LEVELS]) {
        let kind = self.table.fields[field].kind;
        let before = presumed(kind);
        let all: f64 = counts[1..].iter().sum::<f64>() + PRIOR;
        for level in 1..=kind.steps().len() {
            self.m[field][level] = (counts[level] + PRIOR * before[level]) / all;
        }
    }

    /// Learns what is left, and leaves out fields that tell nothing, until none is left out any more.
    fn settle(&mut self) {
        loop {
            self.expectation();
            let telling_nothing = (0..self.table.fields.len())
                .filter(|at| self.taught[*at] != Taught::Nothing && self.left_out & (1 << at) == 0)
                .find(|at| self.m[*at][1] <= self.u[*at][1]);
            let Some(field) = telling_nothing else { break };
            self.left_out |= 1 << field;
            self.taught[field] = Taught::LeftOut;
        }
    }

    /// What the probabilities of the patterns add up to.
    fn expected(&self) -> Expected {
        let fields = self.table.fields.len();
        let mut expected = Expected {
            matched: 0.0,
            of_one: 0.0,
            all: vec![[0.0; LEVELS]; fields],
            free: vec![[0.0; LEVELS]; fields],
        };
        for seen in self.seen {
            let weight = self.responsibility(seen.pattern) * seen.count;
            if weight < 1e-9 {
                continue;
            }
            expected.matched += weight;
            if self.against.household.shared(seen.pattern) {
                expected.of_one += weight;
            }
            for field in 0..fields {
                let level = seen.pattern.level(field);
                expected.all[field][level] += weight;
                if seen.only & (1 << field) == 0 {
                    expected.free[field][level] += weight;
                }
            }
        }
        expected
    }

    /// Expectation-maximisation over all pairs: those that are no candidates count as different people. u is what chance
    /// leaves when the pairs of one person are taken out.
    fn expectation(&mut self) {
        let sharing = self.sharing_a_household();
        for _ in 0..ROUNDS {
            let expected = self.expected();
            // Less than one pair cannot be told from none.
            let lambda = (expected.matched.max(PRIOR) / self.table.pairs()).clamp(1e-12, 0.5);
            let mut change = (lambda.ln() - self.lambda.ln()).abs();
            self.lambda = lambda;
            self.set_against(expected.of_one, sharing - expected.of_one);
            for field in 0..self.table.fields.len() {
                self.set_u(field, &expected.all[field]);
                let known: f64 = expected.free[field][1..].iter().sum();
                if matches!(self.taught[field], Taught::Nothing | Taught::Expectation)
                    && known >= SOME
                {
                    let before = self.m[field];
                    self.set_m(field, expected.free[field]);
                    self.taught[field] = Taught::Expectation;
                    change = before
                        .iter()
                        .zip(&self.m[field])
                        .map(|(before, after)| (before - after).abs())
                        .fold(change, f64::max);
                }
            }
            if change < SETTLED {
                break;
            }
        }
    }

    /// Leaves what neither decisions nor anchors teach as it is presumed, with all vetoes.
    fn presume(&mut self) {
        for taught in &mut self.taught {
            if *taught == Taught::Nothing {
                *taught = Taught::Presumed;
            }
        }
        self.veto = self.may_veto();
    }

    /// Takes the pairs that the presumed model finds out of u, and counts the households among the others. Gives back how
    /// many it finds; how many are expected stays what the anchors show.
    fn weigh_as_presumed(&mut self) -> f64 {
        let expected = self.expected();
        for field in 0..self.table.fields.len() {
            self.set_u(field, &expected.all[field]);
        }
        let sharing = self.sharing_a_household();
        self.set_against(expected.of_one, sharing - expected.of_one);
        expected.matched
    }

    fn set_u(&mut self, field: usize, matched: &[f64; LEVELS]) {
        let chance = &self.chance[field];
        let pairs = chance.known * self.table.pairs();
        let rest = (pairs - matched[1..].iter().sum::<f64>()).max(1.0);
        let steps = self.table.fields[field].kind.steps().len();
        for (level, matched) in matched.iter().enumerate().take(steps + 1).skip(1) {
            let all = pairs * chance.levels[level];
            // What is left may be nothing, or less by the error of sampling.
            self.u[field][level] = ((all - matched).max(all * 0.02).max(0.5) / rest).min(1.0);
        }
    }

    fn model(&self) -> Model {
        let comparisons = self
            .table
            .fields
            .iter()
            .enumerate()
            .map(|(at, field)| Comparison {
                field: field.name.clone(),
                levels: field
                    .kind
                    .steps()
                    .iter()
                    .zip(1..)
                    .map(|(step, level)| Level {
                        label: step.label.to_owned(),
                        m: if self.left_out & (1 << at) == 0 {
                            self.m[at][level]
                        } else {
                            self.u[at][level]
                        },
                        u: self.u[at][level],
                        term_frequency: (level == 1
                            && field.kind.has_term_frequency()
                            && self.left_out & (1 << at) == 0)
                            .then(|| TermFrequency {
                                expected: expected_share(field),
                                strength: 1.0,
                            }),
                    })
                    .collect(),
            })
            .collect();
        Model {
            lambda: self.lambda,
            comparisons,
        }
    }
}

/// Sums over the candidates, each counted by its probability of being of one person.
struct Expected {
    /// Pairs of one person.
    matched: f64,
    /// Of these the pairs that share what a household shares.
    of_one: f64,
    /// For each field and level the pairs of one person.
    all: Vec<[f64; LEVELS]>,
    /// Of these the pairs that would be candidates without the field.
    free: Vec<[f64; LEVELS]>,
}

/// The share of records that have the value of a pair that agrees by chance, on average.
fn expected_share(field: &crate::table::Field) -> f64 {
    let known = f64::from(field.known);
    field
        .counts
        .iter()
        .map(|count| (f64::from(*count) / known).powi(2))
        .sum()
}
