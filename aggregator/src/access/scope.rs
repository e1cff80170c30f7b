//! Scopes: an area, and whether it may be read or changed.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Area;

/// What is done with an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Look.
    Read,
    /// Make and change.
    Write,
}

impl Action {
    const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// The word in scopes.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// Leave to do one thing with one area, written `people:read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) area: Area,
    pub(crate) action: Action,
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.area.as_str(), self.action.as_str())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scopes(u32);

impl Scopes {
    /// Everything.
    pub(crate) fn all() -> Self {
        Self::of(Action::Read, &Area::ALL).and(Action::Write, &Area::ALL)
    }

    /// One action in some areas.
    pub(crate) fn of(action: Action, areas: &[Area]) -> Self {
        Self::default().and(action, areas)
    }

    /// These, and one action in some areas.
    pub(crate) fn and(self, action: Action, areas: &[Area]) -> Self {
        areas
            .iter()
            .fold(self, |scopes, area| Self(scopes.0 | bit(*area, action)))
    }

    /// Whether this scope is among them.
    pub(crate) fn contains(self, scope: Scope) -> bool {
        self.0 & bit(scope.area, scope.action) != 0
    }

    /// Whether all of the others are among these.
    pub(crate) fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// One by one, by area.
    pub(crate) fn list(self) -> impl Iterator<Item = Scope> {
        let each = |area| Action::ALL.map(|action| Scope { area, action });
        let all = Area::ALL.into_iter().flat_map(each);
        all.filter(move |scope| self.contains(*scope))
    }

    /// As tokens keep them: words with spaces between. What no word of ours is gives no leave. `read` and `write`
    /// stand for every area.
    pub(crate) fn from_words(words: &str) -> Self {
        let read = |word: &str| word.parse().unwrap_or_default();
        Self(words.split(' ').fold(0, |bits, word| {
            let Self(more) = read(word);
            bits | more
        }))
    }

    /// The words that [`Self::from_words`] reads.
    pub(crate) fn words(self) -> String {
        let words: Vec<String> = self.list().map(|scope| scope.to_string()).collect();
        words.join(" ")
    }

    /// Reads a list of words that somebody asks for.
    ///
    /// # Errors
    /// The first word that is no scope.
    pub(crate) fn asked(words: &[String]) -> Result<Self, String> {
        words.iter().try_fold(Self::default(), |scopes, word| {
            let Self(more) = word.parse()?;
            Ok(Self(scopes.0 | more))
        })
    }
}

/// One word: `area:action`, or an action alone for every area.
impl FromStr for Scopes {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let (area, action) = word.split_once(':').unwrap_or(("", word));
        let action = Action::ALL
            .into_iter()
            .find(|known| known.as_str() == action);
        let areas: Vec<Area> = Area::ALL
            .into_iter()
            .filter(|known| area.is_empty() || known.as_str() == area)
            .collect();
        match action {
            Some(action) if !areas.is_empty() && !word.starts_with(':') => {
                Ok(Self::of(action, &areas))
            }
            _ => Err(format!(
                "\"{word}\" is no scope: GET /api/v1/roles lists them, such as \"people:read\""
            )),
        }
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.list().map(|scope| scope.to_string()))
    }
}

fn bit(area: Area, action: Action) -> u32 {
    1 << (area as u32 * 2 + action as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_were_written() {
        assert_eq!(Scopes::from_words(&Scopes::all().words()), Scopes::all());
        assert_eq!(Scopes::from_words("read write"), Scopes::all());
        let some = Scopes::from_words("people:read nonsense :write people: tokens:write");
        assert_eq!(some.words(), "people:read tokens:write");
        assert!(Scopes::asked(&["people:look".to_owned()]).is_err());
        assert!(!some.include(Scopes::from_words("people:write")));
    }
}
