//! What points to one person without anything learned: strong identifiers, and combinations that chance does not explain.

use crate::chance::Chance;
use crate::kind::Kind;
use crate::table::{Pattern, Table};

use super::vetoes::conflicts;
use super::{MOSTLY_TWO_PEOPLE, SOME, Seen};

/// An anchor whose pairs are explained by chance to a larger share than this is none.
const MOST_BY_CHANCE: f64 = 0.1;

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
    pub(super) fields: u32,
}

/// What is known of anchors.
pub(super) struct Anchors {
    pub(super) found: Vec<Anchor>,
    /// Whether the fields make anchors that some few pairs would be enough for: then finding none says that there are hardly
    /// any pairs of one person.
    pub(super) possible: bool,
}

/// The combinations of fields that chance does not explain, and that are of a person rather than of a household.
pub(super) fn anchors(table: &Table, chance: &[Chance], seen: &[Seen]) -> Anchors {
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
pub(super) fn telling_fields(table: &Table) -> impl Iterator<Item = usize> + '_ {
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

impl Anchor {
    /// Whether a pair agrees on all of its fields.
    pub(super) fn holds(&self, pattern: Pattern) -> bool {
        (0..crate::table::MOST_FIELDS)
            .filter(|at| self.fields & (1 << at) != 0)
            .all(|at| pattern.level(at) == 1)
    }
}
