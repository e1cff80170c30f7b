//! What a trained model has to meet before it may be used.

use super::{ENOUGH, Learner, MOSTLY_TWO_PEOPLE, SOME, Taught};
use crate::kind::Kind;

use super::anchors::telling_fields;

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

/// Whether a model may be used.
pub(super) fn all_hold(gates: &[Gate]) -> bool {
    gates.iter().all(|gate| gate.holds)
}

impl Learner<'_> {
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
    pub(super) fn gates(&self, matched: f64) -> Vec<Gate> {
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
}

#[cfg(test)]
mod tests {
    use super::super::{Anchor, Anchors, ENOUGH, Learner, Seen, Taught};
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
