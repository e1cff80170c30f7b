//! What a column holds, and how finely two of its values are told apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a column holds. The kind decides how values are cleaned, compared and blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Given name, alone.
    FirstName,
    /// Middle name or initial.
    MiddleName,
    /// Family name, alone.
    Surname,
    /// A person's names in one text.
    FullName,
    /// Jr, Sr, III: what tells father and son apart.
    NameSuffix,
    /// Name of a company, site or institution.
    Organisation,
    /// Date of birth, whole.
    BirthDate,
    /// Year of birth, in a column of its own.
    BirthYear,
    /// Month of birth, in a column of its own.
    BirthMonth,
    /// Day of birth, in a column of its own.
    BirthDay,
    /// House number.
    StreetNumber,
    /// Street, or a whole line of an address.
    Address,
    /// Town, suburb or place.
    City,
    /// Postal code.
    Postcode,
    /// State, province or country: few values.
    State,
    /// Telephone number.
    Phone,
    /// E-mail address.
    Email,
    /// An official number of one person, such as a social security number. Two of them that differ tell people apart.
    NationalId,
    /// Another number or code that mostly belongs to one record owner, such as a membership number.
    Identifier,
    /// Sex or gender.
    Sex,
    /// Age in years.
    Age,
    /// One of few values.
    Category,
    /// Free text: compared by its words.
    Text,
    /// A single word or code that is not one of the above.
    Word,
    /// A number that is not one of the above.
    Number,
    /// Where the record is from. Not compared.
    Source,
    /// The record's own key. Not compared.
    RecordId,
    /// Not looked at.
    Ignored,
}

/// Every kind with the name that people write.
const NAMES: &[(Kind, &str)] = &[
    (Kind::FirstName, "first_name"),
    (Kind::MiddleName, "middle_name"),
    (Kind::Surname, "surname"),
    (Kind::FullName, "full_name"),
    (Kind::NameSuffix, "name_suffix"),
    (Kind::Organisation, "organisation"),
    (Kind::BirthDate, "birth_date"),
    (Kind::BirthYear, "birth_year"),
    (Kind::BirthMonth, "birth_month"),
    (Kind::BirthDay, "birth_day"),
    (Kind::StreetNumber, "street_number"),
    (Kind::Address, "address"),
    (Kind::City, "city"),
    (Kind::Postcode, "postcode"),
    (Kind::State, "state"),
    (Kind::Phone, "phone"),
    (Kind::Email, "email"),
    (Kind::NationalId, "national_id"),
    (Kind::Identifier, "identifier"),
    (Kind::Sex, "sex"),
    (Kind::Age, "age"),
    (Kind::Category, "category"),
    (Kind::Text, "text"),
    (Kind::Word, "word"),
    (Kind::Number, "number"),
    (Kind::Source, "source"),
    (Kind::RecordId, "record_id"),
    (Kind::Ignored, "ignored"),
];

/// One step between "the same" and "different".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Shown in the waterfall.
    pub(crate) label: &'static str,
    /// Whether the values are so far apart that this alone may tell two people apart.
    pub(crate) conflict: bool,
}

const fn step(label: &'static str) -> Step {
    Step {
        label,
        conflict: false,
    }
}

const fn conflict(label: &'static str) -> Step {
    Step {
        label,
        conflict: true,
    }
}

const FIRST_NAME: &[Step] = &[
    step("the same"),
    step("known nickname"),
    step("Jaro-Winkler >= 0.92"),
    step("one is the other's initial"),
    step("swapped with the surname"),
    step("Jaro-Winkler >= 0.8"),
    conflict("different"),
];
const SURNAME: &[Step] = &[
    step("the same"),
    step("Jaro-Winkler >= 0.92"),
    step("one contains the other"),
    step("Jaro-Winkler >= 0.8"),
    step("different"),
];
const MIDDLE_NAME: &[Step] = &[
    step("the same"),
    step("one is the other's initial"),
    step("similar"),
    step("different"),
];
const SUFFIX: &[Step] = &[step("the same"), conflict("different")];
const WORDS: &[Step] = &[
    step("the same"),
    step("the same words or letters"),
    step("one or two letters differ, or Jaro-Winkler >= 0.95"),
    step("most of the telling words"),
    step("Jaro-Winkler >= 0.88"),
    step("some of the telling words"),
    step("different"),
];
const DATE: &[Step] = &[
    step("the same"),
    step("one digit differs, or day and month swapped"),
    step("two digits differ"),
    conflict("within a month"),
    conflict("within a year"),
    conflict("within ten years"),
    conflict("different"),
    step("only the year is known, and it is the same"),
];
const STREET_NUMBER: &[Step] = &[
    step("the same"),
    step("one digit differs, or one contains the other"),
    step("different"),
];
const PLACE: &[Step] = &[
    step("the same"),
    step("Jaro-Winkler >= 0.92"),
    step("Jaro-Winkler >= 0.8"),
    step("different"),
];
const POSTCODE: &[Step] = &[
    step("the same"),
    step("one character differs"),
    step("the same district"),
    step("different"),
];
const PHONE: &[Step] = &[
    step("the same"),
    step("the last seven digits are the same"),
    step("one digit differs"),
    step("different"),
];
const EMAIL: &[Step] = &[
    step("the same"),
    step("the same user part"),
    step("Jaro-Winkler >= 0.88"),
    step("user part Jaro-Winkler >= 0.88"),
    step("different"),
];
const NUMBER_OF_A_PERSON: &[Step] = &[
    step("the same"),
    step("one character differs"),
    step("two characters differ"),
    conflict("different"),
];
const IDENTIFIER: &[Step] = &[
    step("the same"),
    step("one character differs"),
    step("two characters differ"),
    step("different"),
];
const AGE: &[Step] = &[
    step("the same"),
    step("one year apart"),
    step("up to three years apart"),
    step("up to ten years apart"),
    step("different"),
];
const EXACT: &[Step] = &[step("the same"), step("different")];

impl Kind {
    /// The steps from the same to different; level 1 is the first of them, level 0 is "one of the two is unknown".
    pub(crate) fn steps(self) -> &'static [Step] {
        match self {
            Self::FirstName => FIRST_NAME,
            Self::Surname => SURNAME,
            Self::MiddleName => MIDDLE_NAME,
            Self::NameSuffix => SUFFIX,
            Self::FullName | Self::Organisation | Self::Address | Self::Text => WORDS,
            Self::BirthDate => DATE,
            Self::StreetNumber => STREET_NUMBER,
            Self::City | Self::Word => PLACE,
            Self::Postcode => POSTCODE,
            Self::Phone => PHONE,
            Self::Email => EMAIL,
            Self::NationalId => NUMBER_OF_A_PERSON,
            Self::Identifier => IDENTIFIER,
            Self::Age => AGE,
            Self::BirthYear
            | Self::BirthMonth
            | Self::BirthDay
            | Self::State
            | Self::Sex
            | Self::Category
            | Self::Number
            | Self::Source
            | Self::RecordId
            | Self::Ignored => EXACT,
        }
    }

    /// Whether values are compared at all.
    #[must_use]
    pub fn is_compared(self) -> bool {
        !matches!(self, Self::Source | Self::RecordId | Self::Ignored)
    }

    /// Whether sharing a rare value says more than sharing a common one.
    pub(crate) fn has_term_frequency(self) -> bool {
        !matches!(
            self,
            Self::Sex | Self::Age | Self::NameSuffix | Self::BirthDate
        )
    }

    /// Whether it is part of where somebody is: such fields agree together, in households and offices.
    pub(crate) fn is_place(self) -> bool {
        matches!(
            self,
            Self::StreetNumber | Self::Address | Self::City | Self::Postcode | Self::State
        )
    }

    /// Whether people of one household seldom have the same, and it is nearly always another's where it is not the same.
    pub(crate) fn tells_a_person(self) -> bool {
        matches!(
            self,
            Self::FirstName | Self::BirthDate | Self::Email | Self::NationalId | Self::Identifier
        )
    }

    /// Whether it says who of a household somebody is, if only a little.
    pub(crate) fn differs_in_a_household(self) -> bool {
        self.tells_a_person()
            || matches!(
                self,
                Self::MiddleName
                    | Self::NameSuffix
                    | Self::BirthYear
                    | Self::BirthMonth
                    | Self::BirthDay
                    | Self::Sex
                    | Self::Age
            )
    }

    /// The kind's name, as `--columns` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("ignored", |(_, name)| name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NAMES
            .iter()
            .find(|(_, name)| *name == text)
            .map(|(kind, _)| *kind)
            .ok_or_else(|| {
                let names: Vec<&str> = NAMES.iter().map(|(_, name)| *name).collect();
                format!(
                    "`{text}` is no kind of column: take one of {}",
                    names.join(", ")
                )
            })
    }
}
