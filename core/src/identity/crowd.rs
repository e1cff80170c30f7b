//! Whether one identifier was seen with too many others, found out without looking at all of them.

use super::reason::Reason;
use super::rules::Rules;
use super::solve::Neighbours;
use crate::identifier::Identifier;

/// Counts with whom an identifier was seen. Those of stronger kinds are best told first: then it is known soonest.
#[derive(Clone, Debug)]
pub struct Crowd<'r> {
    rules: &'r Rules,
    /// The identifier's kind; `None` where it belongs to nobody itself, so that its evidence is none.
    kind: Option<usize>,
    neighbours: Neighbours,
}

impl<'r> Crowd<'r> {
    /// Of an identifier that was seen with nobody yet.
    #[must_use]
    pub fn of(rules: &'r Rules, identifier: &Identifier) -> Self {
        let fits = !rules.is_blocked(identifier.value());
        Self {
            rules,
            kind: rules.place(identifier.kind()).filter(|_| fits),
            neighbours: Neighbours::default(),
        }
    }

    /// Whether the rules know the identifier, and it is not on the list of what belongs to nobody.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.kind.is_some()
    }

    /// Takes in another one that it was seen with. Each is told once, and none from which it was cut.
    pub fn add(&mut self, other: &Identifier) {
        if let Some(kind) = self.rules.place(other.kind())
            && !self.rules.is_blocked(other.value())
        {
            self.neighbours.add(self.rules, kind);
        }
    }

    /// Why it names nobody, as far as others were told.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.rules.crowded(self.kind?, &self.neighbours)
    }

    /// Whether others that are still to be told change nothing of the answer. `stronger_told` says that all of stronger
    /// kinds have been.
    #[must_use]
    pub fn is_settled(&self, stronger_told: bool) -> bool {
        let Some(kind) = self.kind else {
            return true;
        };
        let may_be_shared = self
            .rules
            .kinds
            .get(kind)
            .is_some_and(|kind| kind.shared_above.is_some());
        let weaker = kind..self.rules.kinds.len();
        match self.reason() {
            None => false,
            Some(Reason::Crowd { .. }) => {
                !may_be_shared
                    || (stronger_told && !weaker.into_iter().any(|kind| self.rules.is_unique(kind)))
            }
            Some(_) => true,
        }
    }
}
