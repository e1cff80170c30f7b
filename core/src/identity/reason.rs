//! Why evidence does not join.

use serde::{Deserialize, Serialize};

use super::rules::Rules;

/// Why evidence does not join two identifiers. Kinds are places in the rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// One of them belongs to nobody, by the rules.
    Unfit,
    /// Somebody cut this evidence.
    Cut,
    /// Somebody said that these are two people.
    CannotLink,
    /// An identifier was seen with too many values of a unique kind.
    Shared {
        /// Its kind.
        kind: usize,
        /// The unique kind.
        unique: usize,
        /// How many it may have been seen with.
        above: u32,
    },
    /// An identifier was seen with too many others.
    Crowd {
        /// Its kind.
        kind: usize,
        /// How many it may have been seen with.
        radius: usize,
    },
    /// A profile would have too many of a kind.
    Limit {
        /// The kind.
        kind: usize,
        /// How many it may have.
        most: u32,
        /// How many it would have.
        count: u32,
    },
    /// A profile would have too many new ones of a kind in too short a time.
    Period {
        /// The kind.
        kind: usize,
        /// How many it may have.
        most: u32,
        /// Within so many days.
        days: u32,
    },
    /// A profile would have too many identifiers.
    BlastRadius {
        /// How many it would have.
        size: usize,
        /// How many it may have.
        radius: usize,
    },
    /// The connected evidence breaks a rule and is too much to be weighed piece by piece.
    TooLarge {
        /// How many pieces may be weighed.
        edges: usize,
    },
}

/// The words of [`Reason`], without its figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// See [`Reason::Unfit`].
    Unfit,
    /// See [`Reason::Cut`].
    Cut,
    /// See [`Reason::CannotLink`].
    CannotLink,
    /// See [`Reason::Shared`].
    Shared,
    /// See [`Reason::Limit`] and [`Reason::Period`].
    Limit,
    /// See [`Reason::BlastRadius`] and [`Reason::Crowd`].
    BlastRadius,
    /// See [`Reason::TooLarge`].
    TooLarge,
}

impl Code {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unfit => "unfit",
            Self::Cut => "cut",
            Self::CannotLink => "cannot_link",
            Self::Shared => "shared",
            Self::Limit => "limit",
            Self::BlastRadius => "blast_radius",
            Self::TooLarge => "too_large",
        }
    }
}

impl Reason {
    /// Which reason, in a word.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::Unfit => Code::Unfit,
            Self::Cut => Code::Cut,
            Self::CannotLink => Code::CannotLink,
            Self::Shared { .. } => Code::Shared,
            Self::Limit { .. } | Self::Period { .. } => Code::Limit,
            Self::BlastRadius { .. } | Self::Crowd { .. } => Code::BlastRadius,
            Self::TooLarge { .. } => Code::TooLarge,
        }
    }

    /// The reason, for a person.
    #[must_use]
    pub fn sentence(&self, rules: &Rules) -> String {
        let name = |kind: usize| rules.kinds.get(kind).map_or("?", |kind| kind.kind.as_str());
        match self {
            Self::Unfit => "one of the two belongs to nobody by the space's identity rules: its kind is unknown or its value is blocked".to_owned(),
            Self::Cut => "somebody cut this evidence".to_owned(),
            Self::CannotLink => "somebody said that these are two people".to_owned(),
            Self::Shared { kind, unique, above } => format!(
                "the {} was seen with more than {above} different identifiers of kind {}, so it belongs to nobody alone",
                name(*kind), name(*unique)
            ),
            Self::Crowd { kind, radius } => format!(
                "the {} was seen with more than {radius} other identifiers; it joins nobody until somebody has looked at it",
                name(*kind)
            ),
            Self::Limit { kind, most, count } => format!(
                "a profile may have at most {most} identifier(s) of kind {}; this merge would give it {count}",
                name(*kind)
            ),
            Self::Period { kind, most, days } => format!(
                "a profile may have at most {most} new identifier(s) of kind {} within {days} day(s); this merge would give it more",
                name(*kind)
            ),
            Self::BlastRadius { size, radius } => format!(
                "this merge would make a profile of {size} identifiers, which is more than {radius}; it is held until somebody approves it"
            ),
            Self::TooLarge { edges } => format!(
                "the evidence around this breaks a rule and is more than {edges} pieces, too many to weigh one by one; none of it joins anybody"
            ),
        }
    }
}
