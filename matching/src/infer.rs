//! What the columns of an unknown file hold, by their names and by their values.

use std::collections::BTreeSet;

use crate::headers;
use crate::kind::Kind;
use crate::nickname;
use crate::normalise;
use crate::record::Column;

/// Values of a column that are looked at.
const LOOKED_AT: usize = 2_000;

/// Years that dates of birth are apart at least, when nothing but the dates says that they are some.
const YEARS_OF_BIRTH: u16 = 10;
/// Dates that are too few to say how many years they are apart.
const FEW_DATES: usize = 20;
/// Times of day that dates of birth may have: midnight, as different time zones write it.
const TIMES_OF_MIDNIGHT: usize = 4;

/// Why a column has its kind; the later the more it is believed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Values,
    Name,
    Caller,
}

/// Gives each column a kind. `rows` are the values of the columns, empty when unknown; `given` are the kinds of columns that
/// are known, by their names, and these stay as they are. Names are believed when the values can be so; unknown names are
/// judged by the values alone.
#[must_use]
pub fn infer(names: &[String], rows: &[Vec<String>], given: &[(String, Kind)]) -> Vec<Column> {
    let mut found: Vec<(By, Column)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let values = Values::new(rows, at);
            let of_caller = given.iter().find(|(of, _)| of == name);
            let by_name = headers::kind(name).filter(|kind| values.can_be(*kind));
            let (by, kind) = match (of_caller, by_name) {
                (Some((_, kind)), _) => (By::Caller, *kind),
                (None, Some(kind)) => (By::Name, kind),
                (None, None) => (By::Values, values.kind(name, at == 0)),
            };
            let name = name.clone();
            (by, Column { name, kind })
        })
        .collect();
    settle(&mut found, rows);
    found.into_iter().map(|(_, column)| column).collect()
}

/// A person has one first name and one surname; a text that repeats them is left out.
fn settle(found: &mut [(By, Column)], rows: &[Vec<String>]) {
    halves_of_names(found, rows);
    for kind in [
        Kind::FirstName,
        Kind::MiddleName,
        Kind::Surname,
        Kind::BirthDate,
        Kind::BirthYear,
        Kind::BirthMonth,
        Kind::BirthDay,
        Kind::Age,
        Kind::Source,
    ] {
        let same: Vec<usize> = (0..found.len())
            .filter(|at| found[*at].1.kind == kind)
            .collect();
        // What somebody said before what a column is called, and that before what its values look like.
        let best = same.iter().copied().max_by_key(|at| {
            (
                found[*at].0,
                rows.iter()
                    .filter(|row| !normalise::text(&row[*at]).is_empty())
                    .count(),
                found.len() - at,
            )
        });
        for at in same {
            if Some(at) != best && found[at].0 != By::Caller {
                found[at].1.kind = if kind == Kind::Source {
                    Kind::Category
                } else {
                    Kind::Word
                };
            }
        }
    }
    let has = |kind: Kind| found.iter().any(|(_, column)| column.kind == kind);
    if has(Kind::FirstName) && has(Kind::Surname) {
        for (by, column) in found.iter_mut() {
            if column.kind == Kind::FullName && *by != By::Caller {
                column.kind = Kind::Ignored;
            }
        }
    }
}

/// Where one half of the names has a column of its own, a column that is only called "name" is the other half: "nom" beside
/// "prénom", "nombre" beside "apellidos".
fn halves_of_names(found: &mut [(By, Column)], rows: &[Vec<String>]) {
    let has = |kind: Kind| {
        found
            .iter()
            .any(|(by, column)| column.kind == kind && *by != By::Values)
    };
    let other = match (has(Kind::FirstName), has(Kind::Surname)) {
        (true, false) => Kind::Surname,
        (false, true) => Kind::FirstName,
        _ => return,
    };
    for (at, (by, column)) in found.iter_mut().enumerate() {
        if *by != By::Name || column.kind != Kind::FullName || !headers::is_just_name(&column.name)
        {
            continue;
        }
        // A file may have the first name and the whole name.
        let values = Values::new(rows, at);
        let whole = values.share(|value| normalise::words(value).count() > 1) > 0.9;
        if !whole || other == Kind::FirstName {
            column.kind = other;
            return;
        }
    }
}

/// What the values of a column look like.
struct Values<'a> {
    /// Cleaned, without unknown ones, no more than are looked at.
    known: Vec<String>,
    raw: Vec<&'a str>,
    distinct: usize,
}

impl<'a> Values<'a> {
    fn new(rows: &'a [Vec<String>], at: usize) -> Self {
        let step = (rows.len() / LOOKED_AT).max(1);
        let raw: Vec<&str> = rows
            .iter()
            .step_by(step)
            .map(|row| row[at].as_str())
            .filter(|value| !normalise::text(value).is_empty())
            .collect();
        let known: Vec<String> = raw.iter().map(|value| normalise::text(value)).collect();
        let mut distinct = known.clone();
        distinct.sort_unstable();
        distinct.dedup();
        Self {
            known,
            raw,
            distinct: distinct.len(),
        }
    }

    /// The share of values that something is true of.
    fn share(&self, is: impl Fn(&str) -> bool) -> f64 {
        if self.known.is_empty() {
            return 0.0;
        }
        let count = self.known.iter().filter(|value| is(value)).count();
        crate::table::float(count) / crate::table::float(self.known.len())
    }

    fn digits(&self, from: usize, to: usize) -> f64 {
        self.share(|value| {
            let digits = value.chars().filter(char::is_ascii_digit).count();
            (from..=to).contains(&digits)
                && value
                    .chars()
                    .all(|c| c.is_ascii_digit() || " +-()./x".contains(c))
        })
    }

    /// Whether a name's promise is kept by the values.
    fn can_be(&self, kind: Kind) -> bool {
        if self.known.is_empty() {
            return true;
        }
        match kind {
            Kind::Email => self.share(|value| value.contains('@')) > 0.5,
            Kind::Phone => self.digits(6, 16) > 0.5,
            Kind::BirthDate => normalise::date_order(self.raw.iter().copied(), 50).is_some(),
            Kind::BirthYear => {
                self.share(|value| {
                    value
                        .parse::<f64>()
                        .is_ok_and(|year| (1000.0..2200.0).contains(&year))
                }) > 0.7
            }
            Kind::BirthMonth => {
                self.share(|value| {
                    value
                        .parse::<f64>()
                        .is_ok_and(|month| (1.0..=12.0).contains(&month))
                }) > 0.7
            }
            Kind::BirthDay => {
                self.share(|value| {
                    value
                        .parse::<f64>()
                        .is_ok_and(|day| (1.0..=31.0).contains(&day))
                }) > 0.7
            }
            Kind::Age => {
                self.share(|value| {
                    value
                        .parse::<f64>()
                        .is_ok_and(|age| (0.0..=125.0).contains(&age))
                }) > 0.7
            }
            Kind::FirstName | Kind::Surname | Kind::FullName => {
                self.share(|value| value.chars().any(char::is_alphabetic)) > 0.5
            }
            Kind::Postcode => self.share(|value| value.chars().any(char::is_numeric)) > 0.5,
            Kind::Sex => self.distinct <= 12,
            _ => true,
        }
    }

    /// Whether dates can be of births: they are many years apart, at no particular time of day, and not called otherwise.
    fn are_of_births(&self, name: &str, order: normalise::DateOrder) -> bool {
        if headers::is_of_record(name) {
            return false;
        }
        let times: BTreeSet<&str> = self
            .known
            .iter()
            .filter_map(|value| normalise::time_of_day(value))
            .collect();
        let mut years: Vec<u16> = self
            .known
            .iter()
            .filter_map(|value| normalise::date(value, order))
            .map(|date| date.year)
            .collect();
        years.sort_unstable();
        // Without what is furthest out: a typing error or a year that stands for "unknown".
        let inner = &years[years.len() / 20..years.len() - years.len() / 20];
        let apart = inner
            .first()
            .zip(inner.last())
            .map_or(0, |(first, last)| last - first);
        times.len() <= TIMES_OF_MIDNIGHT && (apart >= YEARS_OF_BIRTH || years.len() < FEW_DATES)
    }

    /// The kind by the values alone.
    fn kind(&self, name: &str, first: bool) -> Kind {
        let all = self.known.len();
        if all == 0 {
            return Kind::Ignored;
        }
        let words = |value: &str| normalise::words(value).count();
        if self.share(|value| value.contains('@') && value.contains('.')) > 0.8 {
            return Kind::Email;
        }
        if self.share(is_ssn) > 0.8 {
            return Kind::NationalId;
        }
        if let Some(order) = normalise::date_order(self.raw.iter().copied(), 80) {
            // When something happened to the record says nothing of whose it is.
            return if self.are_of_births(name, order) {
                Kind::BirthDate
            } else {
                Kind::Ignored
            };
        }
        if self.share(|value| matches!(value, "m" | "f" | "male" | "female" | "w" | "d" | "x"))
            > 0.9
            && self.distinct <= 6
        {
            return Kind::Sex;
        }
        if self.digits(9, 15) > 0.8
            && self.share(|value| value.contains(['-', '(', '+', ' '])) > 0.3
        {
            return Kind::Phone;
        }
        // The key of a file is in its first column, or named so, and there is nothing twice.
        let lower = name.to_lowercase();
        let key = first || lower.ends_with("id") || lower.ends_with("key") || lower.ends_with("no");
        if self.distinct == all && all > 20 && key {
            return Kind::RecordId;
        }
        if self.distinct <= 40 && self.distinct * 10 < all {
            return Kind::Category;
        }
        if self.share(|value| value.parse::<f64>().is_ok()) > 0.9 {
            let long = self
                .share(|value| value.len() >= 6 && value.bytes().all(|b| b.is_ascii_digit()))
                > 0.8;
            return if long { Kind::Identifier } else { Kind::Number };
        }
        if self.share(|value| words(value) >= 2) > 0.5 {
            let persons = self.share(|value| {
                (2..=4).contains(&words(value))
                    && normalise::words(value).any(nickname::is_given_name)
                    && value.chars().all(|c| !c.is_ascii_digit())
            });
            return if persons > 0.5 {
                Kind::FullName
            } else {
                Kind::Text
            };
        }
        if self.share(|value| words(value) == 1 && nickname::is_given_name(value)) > 0.35 {
            return Kind::FirstName;
        }
        if self.share(|value| value.chars().any(|c| c.is_ascii_digit())) > 0.8
            && self.share(|value| value.len() >= 6) > 0.8
        {
            return Kind::Identifier;
        }
        Kind::Word
    }
}

/// 123-45-6789
fn is_ssn(value: &str) -> bool {
    let parts: Vec<usize> = value
        .split('-')
        .map(|part| {
            if part.bytes().all(|b| b.is_ascii_digit()) {
                part.len()
            } else {
                0
            }
        })
        .collect();
    parts == [3, 2, 4]
}
