//! What the columns of an unknown file hold, by their names and by their values.

use crate::kind::Kind;
use crate::nickname;
use crate::normalise;
use crate::record::Column;

/// Values of a column that are looked at.
const LOOKED_AT: usize = 2_000;

/// Names of columns: the words that are all in it, and what it then holds. The first that fits is taken.
const BY_NAME: &[(&[&str], Kind)] = &[
    (&["rec", "id"], Kind::RecordId),
    (&["record", "id"], Kind::RecordId),
    (&["record", "key"], Kind::RecordId),
    (&["row", "id"], Kind::RecordId),
    (&["unique", "id"], Kind::RecordId),
    (&["uid"], Kind::RecordId),
    (&["uuid"], Kind::RecordId),
    (&["data", "source"], Kind::Source),
    (&["dataset"], Kind::Source),
    (&["source"], Kind::Source),
    (&["soc", "sec"], Kind::NationalId),
    (&["social", "security"], Kind::NationalId),
    (&["ssn"], Kind::NationalId),
    (&["nino"], Kind::NationalId),
    (&["national", "id"], Kind::NationalId),
    (&["national", "identifier"], Kind::NationalId),
    (&["passport"], Kind::NationalId),
    (&["tax", "id"], Kind::NationalId),
    (&["drlic"], Kind::NationalId),
    (&["drivers", "license", "number"], Kind::NationalId),
    (&["driver", "licence"], Kind::NationalId),
    (&["driver", "license"], Kind::NationalId),
    (&["email"], Kind::Email),
    (&["mail", "address"], Kind::Email),
    (&["phone"], Kind::Phone),
    (&["telephone"], Kind::Phone),
    (&["mobile"], Kind::Phone),
    (&["cell"], Kind::Phone),
    (&["fax"], Kind::Phone),
    (&["tel"], Kind::Phone),
    (&["first", "and", "surname"], Kind::FullName),
    (&["first", "surname"], Kind::FullName),
    (&["middle"], Kind::MiddleName),
    (&["first", "name"], Kind::FirstName),
    (&["given"], Kind::FirstName),
    (&["forename"], Kind::FirstName),
    (&["fname"], Kind::FirstName),
    (&["firstname"], Kind::FirstName),
    (&["name", "first"], Kind::FirstName),
    (&["last", "name"], Kind::Surname),
    (&["surname"], Kind::Surname),
    (&["lname"], Kind::Surname),
    (&["lastname"], Kind::Surname),
    (&["family", "name"], Kind::Surname),
    (&["name", "last"], Kind::Surname),
    (&["suffix"], Kind::NameSuffix),
    (&["full", "name"], Kind::FullName),
    (&["fullname"], Kind::FullName),
    (&["organisation"], Kind::Organisation),
    (&["organization"], Kind::Organisation),
    (&["name", "org"], Kind::Organisation),
    (&["company"], Kind::Organisation),
    (&["employer"], Kind::Text),
    (&["site", "name"], Kind::Organisation),
    (&["birth", "place"], Kind::City),
    (&["birthplace"], Kind::City),
    (&["birth", "year"], Kind::BirthYear),
    (&["birthyear"], Kind::BirthYear),
    (&["birth", "month"], Kind::BirthMonth),
    (&["birth", "day"], Kind::BirthDay),
    (&["by"], Kind::BirthYear),
    (&["bm"], Kind::BirthMonth),
    (&["bd"], Kind::BirthDay),
    (&["birth"], Kind::BirthDate),
    (&["birthdate"], Kind::BirthDate),
    (&["birthday"], Kind::BirthDate),
    (&["dob"], Kind::BirthDate),
    (&["post", "code"], Kind::Postcode),
    (&["postcode"], Kind::Postcode),
    (&["postal"], Kind::Postcode),
    (&["zip"], Kind::Postcode),
    (&["zipcode"], Kind::Postcode),
    (&["street", "number"], Kind::StreetNumber),
    (&["street", "num"], Kind::StreetNumber),
    (&["house", "number"], Kind::StreetNumber),
    (&["house", "num"], Kind::StreetNumber),
    (&["unit", "number"], Kind::Text),
    (&["website"], Kind::Text),
    (&["url"], Kind::Text),
    (&["suburb"], Kind::City),
    (&["city"], Kind::City),
    (&["town"], Kind::City),
    (&["locality"], Kind::City),
    (&["municipality"], Kind::City),
    (&["street"], Kind::Address),
    (&["address"], Kind::Address),
    (&["addr"], Kind::Address),
    (&["state"], Kind::State),
    (&["province"], Kind::State),
    (&["county"], Kind::State),
    (&["country"], Kind::State),
    (&["sex"], Kind::Sex),
    (&["gender"], Kind::Sex),
    (&["age"], Kind::Age),
];

/// Gives each column a kind. `rows` are the values of the columns, empty when unknown. Names are believed when the values
/// can be so; unknown names are judged by the values alone.
#[must_use]
pub fn infer(names: &[String], rows: &[Vec<String>]) -> Vec<Column> {
    let mut columns: Vec<Column> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let values = Values::new(rows, at);
            let by_name = by_name(name).filter(|kind| values.can_be(*kind));
            Column {
                name: name.clone(),
                kind: by_name.unwrap_or_else(|| values.kind(name, at == 0)),
            }
        })
        .collect();
    settle(&mut columns, rows);
    columns
}

/// A person has one first name and one surname; a text that repeats them is left out.
fn settle(columns: &mut [Column], rows: &[Vec<String>]) {
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
        let same: Vec<usize> = (0..columns.len())
            .filter(|at| columns[*at].kind == kind)
            .collect();
        let fullest = same.iter().copied().max_by_key(|at| {
            (
                rows.iter()
                    .filter(|row| !normalise::text(&row[*at]).is_empty())
                    .count(),
                columns.len() - at,
            )
        });
        for at in same {
            if Some(at) != fullest {
                columns[at].kind = if kind == Kind::Source {
                    Kind::Category
                } else {
                    Kind::Word
                };
            }
        }
    }
    let has = |kind: Kind, columns: &[Column]| columns.iter().any(|column| column.kind == kind);
    if has(Kind::FirstName, columns) && has(Kind::Surname, columns) {
        for column in columns.iter_mut() {
            if column.kind == Kind::FullName {
                column.kind = Kind::Ignored;
            }
        }
    }
}

/// The kind that a column's name stands for.
fn by_name(name: &str) -> Option<Kind> {
    let mut spaced = String::new();
    let mut before = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(letter);
        before = letter;
    }
    let spaced = spaced.to_lowercase().replace("e-mail", "email");
    let words: Vec<&str> = normalise::words(&spaced)
        .flat_map(|word| word.split('_'))
        .collect();
    if words == ["name"] {
        return Some(Kind::FullName);
    }
    if words == ["id"] || words == ["index"] {
        return Some(Kind::RecordId);
    }
    BY_NAME
        .iter()
        .find(|(wanted, _)| wanted.iter().all(|wanted| words.contains(wanted)))
        .map(|(_, kind)| *kind)
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
            Kind::Sex => self.distinct <= 12,
            _ => true,
        }
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
        if normalise::date_order(self.raw.iter().copied(), 80).is_some() {
            return Kind::BirthDate;
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
