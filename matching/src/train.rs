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

/// Candidate pairs that are looked at for learning; of more a share is drawn.
const SAMPLE: f64 = 6_000_000.0;
/// Candidate pairs whose patterns are kept, so that they need not be compared again. Not more than are looked at.
const KEPT: f64 = 3_000_000.0;
/// Anchored pairs that are enough to learn a field from.
const ENOUGH: f64 = 40.0;
/// An anchor whose pairs are explained by chance to a larger share than this is none.
const MOST_BY_CHANCE: f64 = 0.1;
/// From this share of conflicts on, pairs are of two people: one person's records agree on a first name or a date of birth
/// more often than not, whatever the data is like.
const MOSTLY_TWO_PEOPLE: f64 = 0.5;
/// Pairs from which on their share of conflicts is believed.
const SOME: f64 = 5.0;
/// A conflict that is rarer than this between records of one person may be a veto whatever else is known.
const FEW_CONFLICTS: f64 = 0.01;
/// Pairs in conflict that otherwise look like one person, for each that one person's records explain: from here on most
/// of them are two people who have much in common.
const TWO_PEOPLE: f64 = 2.0;
/// The weight in bits of everything else from which a pair looks like one person.
const LOOKS_LIKE_ONE: f64 = 5.0;
/// What a level counts before anything is seen, in pairs.
const PRIOR: f64 = 1.0;
/// Rounds of expectation-maximisation at most, and the change at which it has settled.
const ROUNDS: usize = 60;
const SETTLED: f64 = 1e-4;
/// How far the number of matches may be from what the anchors show: they miss what has errors, and find little else.
const FEWER_THAN_ANCHORED: f64 = 5.0;
const MORE_THAN_ANCHORED: f64 = 20.0;

/// A condition that the trained model has to meet before it may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// What was asked, and what was found.
    pub text: String,
    /// Whether it is met.
    pub holds: bool,
}

/// Whether a conflict on a field alone tells two people apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Veto {
    /// The field's name.
    pub field: String,
    /// How often records that other evidence shows to be of one person are in conflict on it; `None` when too few are
    /// known.
    pub conflicts: Option<f64>,
    /// How many pairs in conflict look like one person in everything else.
    pub alike: f64,
    /// How many of them the records of one person explain.
    pub explained: f64,
    /// Whether the veto is used.
    pub active: bool,
}

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

/// Fields that together point to one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Anchor {
    /// The names of its fields.
    pub name: String,
    /// How many pairs agree on all of them.
    pub pairs: f64,
    /// How many would by chance.
    pub by_chance: f64,
    /// Whether it is one strong identifier. A combination leaves out few fields, and where an error is in one of them it is
    /// never in the others: it shows how many pairs there are, but m is not learned on it.
    pub strong: bool,
    fields: u32,
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

fn all_hold(gates: &[Gate]) -> bool {
    gates.iter().all(|gate| gate.holds)
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

/// What is known of anchors.
struct Anchors {
    found: Vec<Anchor>,
    /// Whether the fields make anchors that some few pairs would be enough for: then finding none says that there are hardly
    /// any pairs of one person.
    possible: bool,
}

/// The combinations of fields that chance does not explain, and that are of a person rather than of a household.
fn anchors(table: &Table, chance: &[Chance], seen: &[Seen]) -> Anchors {
    let of = |kinds: &[Kind]| -> Vec<usize> {
        (0..table.fields.len())
            .filter(|at| kinds.contains(&table.fields[*at].kind))
            .collect()
    };
    let mut sets: Vec<Vec<usize>> = Vec::new();
    for at in of(&[Kind::NationalId, Kind::Email]) {
        sets.push(vec![at]);
    }
    let names = of(&[Kind::FirstName, Kind::Surname, Kind::FullName]);
    let personal = of(&[Kind::BirthDate, Kind::Phone]);
    let firsts = of(&[Kind::FirstName]);
    let lasts = of(&[Kind::Surname]);
    // A surname with a telephone is a household, and with a date of birth it is twins.
    let telling = if firsts.is_empty() {
        names.clone()
    } else {
        of(&[Kind::FirstName, Kind::FullName])
    };
    for name in telling {
        for other in &personal {
            if firsts.is_empty()
                && lasts.contains(&name)
                && table.fields[*other].kind == Kind::Phone
            {
                continue;
            }
            sets.push(vec![name, *other]);
        }
    }
    let whole: Vec<Vec<usize>> = firsts
        .iter()
        .flat_map(|first| lasts.iter().map(move |last| vec![*first, *last]))
        .chain(
            of(&[Kind::FullName, Kind::Organisation])
                .into_iter()
                .map(|name| vec![name]),
        )
        .collect();
    for name in whole {
        for (at, field) in table.fields.iter().enumerate() {
            if !names.contains(&at) && !personal.contains(&at) && field.kind != Kind::Sex {
                let mut set = name.clone();
                set.push(at);
                sets.push(set);
            }
        }
    }
    if sets.is_empty() {
        // Nothing is known to be of a person: any three fields that are not all of one place.
        let best = most_telling(table, chance, 8);
        for (at, one) in best.iter().enumerate() {
            for (after, two) in best.iter().enumerate().skip(at + 1) {
                for three in best.iter().skip(after + 1) {
                    if ![one, two, three]
                        .iter()
                        .all(|field| table.fields[**field].kind.is_place())
                    {
                        sets.push(vec![*one, *two, *three]);
                    }
                }
            }
        }
    }
    let mut possible = false;
    let found = sets
        .iter()
        .filter_map(|set| {
            let fields = set.iter().fold(0, |all, at| all | 1 << at);
            let pairs: f64 = seen
                .iter()
                .filter(|seen| set.iter().all(|at| seen.pattern.level(*at) == 1))
                .map(|seen| seen.count)
                .sum();
            let by_chance = if set.len() == 1 {
                0.0
            } else {
                set.iter()
                    .map(|at| chance[*at].levels[1] * chance[*at].known)
                    .product::<f64>()
                    * table.pairs()
            };
            possible |= by_chance <= MOST_BY_CHANCE * SOME;
            let names: Vec<&str> = set
                .iter()
                .map(|at| table.fields[*at].name.as_str())
                .collect();
            (pairs >= SOME
                && !of_two_people(table, seen, set)
                && by_chance <= MOST_BY_CHANCE * pairs)
                .then(|| Anchor {
                    name: names.join(" + "),
                    pairs,
                    by_chance,
                    strong: set.len() == 1,
                    fields,
                })
        })
        .collect();
    Anchors { found, possible }
}

/// Whether those who agree on these fields mostly are two people, by their first names or dates of birth: an address that a
/// household shares is nobody's own.
fn of_two_people(table: &Table, seen: &[Seen], set: &[usize]) -> bool {
    telling_fields(table)
        .filter(|at| !set.contains(at))
        .any(|at| {
            let (mut known, mut in_conflict) = (0.0, 0.0);
            for seen in seen {
                if seen.pattern.level(at) > 0 && set.iter().all(|at| seen.pattern.level(*at) == 1) {
                    known += seen.count;
                    if conflicts(table, seen.pattern, 1 << at) {
                        in_conflict += seen.count;
                    }
                }
            }
            known >= SOME && in_conflict >= MOSTLY_TWO_PEOPLE * known
        })
}

/// Fields on which one person's records are more seldom in conflict than not, whatever the data is like.
fn telling_fields(table: &Table) -> impl Iterator<Item = usize> + '_ {
    let telling = |kind| matches!(kind, Kind::FirstName | Kind::BirthDate);
    (0..table.fields.len()).filter(move |at| telling(table.fields[*at].kind))
}

fn most_telling(table: &Table, chance: &[Chance], count: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..table.fields.len()).collect();
    let worth = |at: usize| -chance[at].levels[1].max(1e-12).log2() * chance[at].known;
    all.sort_by(|one, other| worth(*other).total_cmp(&worth(*one)));
    all.truncate(count);
    all.sort_unstable();
    all
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

    /// Which conflicts the data allows to be vetoes. All of them, unless one person's records are often in conflict (if in
    /// half of the pairs or more, these are of two people) and that explains most of the pairs that are in conflict here and agree otherwise: those are then one person's too.
    fn vetoes(&mut self) -> Vec<Veto> {
        let mut vetoes = Vec::new();
        self.veto = 0;
        for (at, field) in self.table.fields.iter().enumerate() {
            if !field.kind.steps().iter().any(|step| step.conflict) {
                continue;
            }
            let counts = self.anchored_levels(at, |_| true);
            let known: f64 = counts[1..].iter().sum();
            let conflicting = |pattern| conflicts(self.table, pattern, 1 << at);
            let in_conflict: f64 = field
                .kind
                .steps()
                .iter()
                .zip(&counts[1..])
                .filter(|(step, _)| step.conflict)
                .map(|(_, count)| count)
                .sum();
            let share = (known >= ENOUGH).then(|| in_conflict / known);
            let looks_like_one = |seen: &&Seen| {
                seen.pattern.level(at) > 0
                    && self.weights(seen.pattern, Some(at)).strangers >= LOOKS_LIKE_ONE
            };
            let (mut alike, mut agreeing) = (0.0, 0.0);
            for seen in self.seen.iter().filter(looks_like_one) {
                *(if conflicting(seen.pattern) {
                    &mut alike
                } else {
                    &mut agreeing
                }) += seen.count;
            }
            // What is mostly in conflict is not of one person, and explains nothing.
            let explained = share
                .filter(|share| *share < MOSTLY_TWO_PEOPLE)
                .map_or(0.0, |share| agreeing * share / (1.0 - share));
            let active = field.kind == Kind::NameSuffix
                || share.is_none_or(|share| share <= FEW_CONFLICTS)
                || alike > TWO_PEOPLE * explained;
            if active {
                self.veto |= 1 << at;
            }
            vetoes.push(Veto {
                field: field.name.clone(),
                conflicts: share,
                alike,
                explained,
                active,
            });
        }
        vetoes
    }

    /// Bits of fields with conflicts.
    fn may_veto(&self) -> u32 {
        let fields = self.table.fields.iter().enumerate();
        fields
            .filter(|(_, field)| field.kind.steps().iter().any(|step| step.conflict))
            .fold(0, |bits, (at, _)| bits | 1 << at)
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

    /// How often one person's records are in conflict on a field, as it was learned; a surname is when it is different.
    fn in_conflict(&self, field: usize) -> f64 {
        let steps = self.table.fields[field].kind.steps();
        let vetoes = steps.iter().any(|step| step.conflict);
        steps
            .iter()
            .zip(&self.m[field][1..])
            .enumerate()
            .filter(|(at, (step, _))| step.conflict || (!vetoes && at + 1 == steps.len()))
            .map(|(_, (_, m))| m)
            .sum()
    }

    /// What a model has to meet that finds so many pairs of one person.
    fn gates(&self, matched: f64) -> Vec<Gate> {
        let mut gates = Vec::new();
        let anchored = self.anchored();
        if self.anchors.possible {
            gates.push(Gate {
                text: format!(
                    "the model finds {matched:.0} pairs of one person, strong evidence alone {anchored:.0}: it may be {FEWER_THAN_ANCHORED} times fewer, where there are {ENOUGH:.0}, and {MORE_THAN_ANCHORED} times more, of {SOME:.0} at least"
                ),
                holds: (anchored < ENOUGH || matched * FEWER_THAN_ANCHORED >= anchored)
                    && matched <= anchored.max(SOME) * MORE_THAN_ANCHORED,
            });
        }
        let mostly_in_conflict: Vec<&str> = telling_fields(self.table)
            .chain(
                (0..self.table.fields.len())
                    .filter(|at| self.table.fields[*at].kind == Kind::Surname),
            )
            .filter(|at| self.taught[*at] != Taught::Labels && self.left_out & (1 << at) == 0)
            .filter(|at| self.in_conflict(*at) >= MOSTLY_TWO_PEOPLE)
            .map(|at| self.table.fields[at].name.as_str())
            .collect();
        gates.push(Gate {
            text: format!(
                "the records of one person are in conflict in fewer than half of their pairs on names and dates of birth, otherwise something else was found ({})",
                if mostly_in_conflict.is_empty() { "all are".to_owned() } else { format!("not on {}", mostly_in_conflict.join(", ")) }
            ),
            holds: mostly_in_conflict.is_empty(),
        });
        let best: f64 = (0..self.table.fields.len())
            .filter(|field| self.left_out & (1 << field) == 0)
            .map(|field| (self.m[field][1] / self.u[field][1]).log2().max(0.0))
            .sum::<f64>()
            + (self.lambda / (1.0 - self.lambda)).log2();
        gates.push(Gate {
            text: format!("two records that agree on everything weigh {best:.1} bits; above 0 they can be told from strangers"),
            holds: best > 0.0,
        });
        let has = |kinds: &[Kind]| {
            self.table
                .fields
                .iter()
                .any(|field| kinds.contains(&field.kind))
        };
        if has(&[Kind::Surname]) {
            gates.push(Gate {
                text: "something is known that differs within a household: a first name, date of birth, number, phone or e-mail address".to_owned(),
                holds: has(&[
                    Kind::FirstName, Kind::FullName, Kind::BirthDate, Kind::NationalId, Kind::Identifier, Kind::Phone, Kind::Email,
                ]),
            });
        }
        let fields = self.table.fields.len();
        let left_out: Vec<&str> = (0..fields)
            .filter(|at| self.left_out & (1 << at) != 0)
            .map(|at| self.table.fields[at].name.as_str())
            .collect();
        gates.push(Gate {
            text: format!(
                "{} of {fields} fields are left out, since people agree on them with others as often as with themselves ({}); it may be a third",
                left_out.len(),
                if left_out.is_empty() { "none".to_owned() } else { left_out.join(", ") }
            ),
            holds: left_out.len() * 3 <= fields,
        });
        gates
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

impl Anchor {
    fn holds(&self, pattern: Pattern) -> bool {
        (0..crate::table::MOST_FIELDS)
            .filter(|at| self.fields & (1 << at) != 0)
            .all(|at| pattern.level(at) == 1)
    }
}

/// Whether a pattern has a conflict on one of the fields of `veto`.
pub(crate) fn conflicts(table: &Table, pattern: Pattern, veto: u32) -> bool {
    table.fields.iter().enumerate().any(|(at, field)| {
        veto & (1 << at) != 0
            && pattern.level(at).checked_sub(1).is_some_and(|step| {
                field
                    .kind
                    .steps()
                    .get(step)
                    .is_some_and(|step| step.conflict)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::{Anchor, Anchors, ENOUGH, Learner, Seen, Taught};
    use crate::chance::{self, LEVELS};
    use crate::kind::Kind;
    use crate::record::{Column, Record};
    use crate::table::{Comparer, Table};

    /// Sixty people twice: the anchor finds sixty pairs.
    fn table() -> Table {
        let columns =
            [("name", Kind::FullName), ("born", Kind::BirthDate)].map(|(name, kind)| Column {
                name: name.to_owned(),
                kind,
            });
        let records: Vec<Record> = (0..120)
            .map(|at| Record {
                id: at.to_string(),
                source: String::new(),
                values: vec![format!("name{}", at / 2), format!("19{:02}-01-01", at / 2)],
            })
            .collect();
        Table::new(&columns, &records)
    }

    fn failed(lambda: f64, m: f64) -> Vec<String> {
        failed_with(lambda, |of_field| of_field[1] = m)
    }

    fn failed_with(lambda: f64, change: impl Fn(&mut [f64; LEVELS])) -> Vec<String> {
        let table = table();
        let chance = chance::of(&table);
        let mut comparer = Comparer::new(&table);
        let seen: Vec<Seen> = (0..table.len())
            .flat_map(|one| (one + 1..table.len()).map(move |other| (one, other)))
            .map(|(one, other)| Seen {
                pattern: comparer.compare(one, other),
                only: 0,
                count: 1.0,
            })
            .collect();
        let anchors = Anchors {
            found: vec![Anchor {
                name: "name + born".to_owned(),
                pairs: 60.0,
                by_chance: 0.1,
                strong: false,
                fields: 3,
            }],
            possible: true,
        };
        let mut learner = Learner::new(&table, &chance, &seen, &anchors);
        learner.lambda = lambda;
        learner.taught = vec![Taught::Expectation; table.fields.len()];
        assert!(learner.anchored() >= ENOUGH);
        for of_field in &mut learner.m {
            change(of_field);
        }
        learner
            .gates(lambda * table.pairs())
            .into_iter()
            .filter(|gate| !gate.holds)
            .map(|gate| gate.text)
            .collect()
    }

    #[test]
    fn a_class_in_which_births_are_mostly_in_conflict_fails_a_gate() {
        // Whatever is learned, agreeing on one birth date in five is no person.
        assert!(failed(0.01, 0.2).is_empty());
        let conflicting = failed_with(0.01, |m| {
            let (same, rest) = m.split_at_mut(4);
            same.fill(0.1);
            rest.fill(0.2);
        });
        assert!(conflicting[0].contains("not on born"), "{conflicting:?}");
    }

    #[test]
    fn a_model_that_settled_on_the_wrong_class_fails_a_gate() {
        assert_eq!(failed(0.01, 0.8), Vec::<String>::new());
        // Half of all pairs, and nearly none.
        assert!(failed(0.5, 0.8)[0].contains("strong evidence alone 60"));
        assert!(failed(1e-5, 0.8)[0].contains("strong evidence alone 60"));
        // People agree with others more often than with themselves.
        assert!(failed(0.01, 1e-6)[0].contains("agree on everything"));
    }
}
