//! Records made ready: cleaned, each distinct value kept once, pairs of them compared in levels.

use std::collections::BTreeMap;

use crate::kind::Kind;
use crate::names;
use crate::nickname;
use crate::normalise::{self, Date, DateOrder};
use crate::record::{Column, Record};
use crate::similarity::{self, jaro_winkler_from};

/// Fields that are compared; four bits each in a [`Pattern`].
pub(crate) const MOST_FIELDS: usize = 24;
/// Compared values that are remembered, a field.
const REMEMBERED: usize = 1 << 14;
/// Records that must know a field for it to say anything, of a thousand.
const KNOWN_OF_A_THOUSAND: usize = 5;

/// The level of every field for one pair; four bits a field, 0 where one of the two is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pattern(u128);

impl Pattern {
    pub(crate) fn level(self, field: usize) -> usize {
        usize::try_from((self.0 >> (4 * field)) & 15).unwrap_or(0)
    }

    fn set(&mut self, field: usize, level: u8) {
        self.0 = (self.0 & !(15 << (4 * field))) | (u128::from(level) << (4 * field));
    }
}

/// One distinct value of a field.
pub(crate) struct Value {
    pub(crate) text: String,
    pub(crate) date: Option<Date>,
    /// Whether there is more than one word.
    several: bool,
    /// The distinct numbers in it, sorted, of fields that are compared by words.
    numbers: Vec<String>,
    /// Its distinct words, as sorted numbers, of fields that are compared by words; of a first name the names that it may
    /// stand for.
    pub(crate) words: Vec<u32>,
    /// Length of the vector of the words' weights.
    norm: f64,
    /// The text without spaces, of fields that are compared by words; the eight digits of a date.
    letters: String,
}

/// One thing that is compared.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// For each record its value's position in `values` plus one; 0 when unknown.
    pub(crate) of_record: Vec<u32>,
    pub(crate) values: Vec<Value>,
    /// How many records have each value.
    pub(crate) counts: Vec<u32>,
    /// How many records know it.
    pub(crate) known: u32,
    /// Inverse document frequency of each word.
    weights: Vec<f64>,
    /// How many values have each word.
    pub(crate) word_counts: Vec<u32>,
}

/// All records, in an order that depends on their contents alone.
pub(crate) struct Table {
    pub(crate) fields: Vec<Field>,
    /// The place of each record in what the caller gave.
    pub(crate) origin: Vec<u32>,
    /// For each record the number of its source.
    pub(crate) source: Vec<u32>,
    pub(crate) sources: Vec<String>,
    first_name: Option<usize>,
    surname: Option<usize>,
    birth_date: Option<usize>,
    age: Option<usize>,
}

impl Field {
    fn new(name: &str, kind: Kind, texts: &[String], dates: Option<DateOrder>) -> Self {
        let mut distinct: Vec<&String> = texts.iter().filter(|text| !text.is_empty()).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let mut counts = vec![0; distinct.len()];
        let of_record: Vec<u32> = texts
            .iter()
            .map(|text| match distinct.binary_search(&text) {
                Ok(at) => {
                    counts[at] += 1;
                    narrow(at) + 1
                }
                Err(_) => 0,
            })
            .collect();
        let by_words = matches!(kind.steps(), steps if std::ptr::eq(steps, Kind::Text.steps()));
        let mut vocabulary: BTreeMap<&str, u32> = BTreeMap::new();
        if by_words {
            for text in &distinct {
                for word in normalise::words(text) {
                    let next = narrow(vocabulary.len());
                    vocabulary.entry(word).or_insert(next);
                }
            }
        }
        let mut word_counts = vec![0_u32; vocabulary.len()];
        let mut values: Vec<Value> = distinct
            .iter()
            .map(|text| {
                let mut words: Vec<u32> = normalise::words(text)
                    .filter_map(|word| vocabulary.get(word).copied())
                    .collect();
                words.sort_unstable();
                words.dedup();
                for word in &words {
                    word_counts[*word as usize] += 1;
                }
                if kind == Kind::FirstName {
                    words = nickname::stands_for(first_word(text));
                }
                let date = dates.and_then(|order| normalise::date(text, order));
                Value {
                    text: (*text).clone(),
                    date,
                    several: normalise::words(text).nth(1).is_some(),
                    numbers: if by_words { numbers(text) } else { Vec::new() },
                    words,
                    norm: 0.0,
                    letters: if by_words {
                        text.replace(' ', "")
                    } else {
                        date.map(written).unwrap_or_default()
                    },
                }
            })
            .collect();
        let weights: Vec<f64> = word_counts
            .iter()
            .map(|count| 1.0 + (float(values.len()) / f64::from(*count)).ln())
            .collect();
        for value in &mut values {
            value.norm = value
                .words
                .iter()
                .filter_map(|word| weights.get(*word as usize))
                .map(|weight| weight.powi(2))
                .sum::<f64>()
                .sqrt();
        }
        let known = counts.iter().sum();
        Self {
            name: name.to_owned(),
            kind,
            of_record,
            values,
            counts,
            known,
            weights,
            word_counts,
        }
    }

    /// The value of a record, if it is known.
    pub(crate) fn value(&self, record: u32) -> Option<&Value> {
        let at = self.of_record[record as usize].checked_sub(1)?;
        self.values.get(at as usize)
    }

    /// Whether some value is there twice.
    fn repeats(&self) -> bool {
        self.counts.iter().any(|count| *count > 1)
    }

    /// Whether anything can be learned from it.
    fn tells(&self, records: usize) -> bool {
        let unique = matches!(
            self.kind,
            Kind::Identifier | Kind::Word | Kind::Number | Kind::NationalId | Kind::Category
        ) && !self.repeats();
        self.values.len() > 1
            && !unique
            && self.known >= 2
            // Jr and Sr are rarely written, and then they matter.
            && (self.kind == Kind::NameSuffix
                || self.known as usize * 1000 >= records * KNOWN_OF_A_THOUSAND)
    }

    /// How alike two different values are: the number of the step, from 2.
    fn compare(&self, one: u32, other: u32) -> u8 {
        let (Some(one), Some(other)) = (
            self.values.get(one as usize),
            self.values.get(other as usize),
        ) else {
            return 0;
        };
        let (a, b) = (one.text.as_str(), other.text.as_str());
        match self.kind {
            Kind::FirstName => first_names(one, other),
            Kind::Surname => surnames(one, other),
            Kind::MiddleName => {
                let short = a.chars().count() == 1 || b.chars().count() == 1;
                match (a.chars().next() == b.chars().next(), short) {
                    (true, true) => 2,
                    _ if jaro_winkler_from(0.88, a, b) >= 0.88 => 3,
                    _ => 4,
                }
            }
            Kind::FullName | Kind::Organisation | Kind::Address | Kind::Text => {
                self.by_words(one, other)
            }
            Kind::BirthDate => match (one.date, other.date) {
                (Some(date), Some(other_date)) => {
                    dates(date, other_date, &one.letters, &other.letters)
                }
                _ => 0,
            },
            Kind::StreetNumber => {
                let longer_than_one = a.len() > 1 && b.len() > 1;
                let close = similarity::within(a, b, 1) && longer_than_one;
                if close || contains_word(one, other) {
                    2
                } else {
                    3
                }
            }
            Kind::City | Kind::Word => match jaro_winkler_from(0.8, a, b) {
                alike if alike >= 0.92 => 2,
                alike if alike >= 0.8 => 3,
                _ => 4,
            },
            Kind::Postcode => {
                let half = a.len().min(b.len()).div_ceil(2);
                if similarity::within(a, b, 1) {
                    2
                } else if a.get(..half) == b.get(..half) {
                    3
                } else {
                    4
                }
            }
            Kind::Phone => {
                let last = |digits: &str| {
                    digits
                        .get(digits.len().saturating_sub(7)..)
                        .map(str::to_owned)
                };
                if last(a) == last(b) {
                    2
                } else if similarity::within(a, b, 1) {
                    3
                } else {
                    4
                }
            }
            Kind::Email => {
                let (user, other_user) = (similarity::user_part(a), similarity::user_part(b));
                if user == other_user {
                    2
                } else if jaro_winkler_from(0.88, a, b) >= 0.88 {
                    3
                } else if jaro_winkler_from(0.88, user, other_user) >= 0.88 {
                    4
                } else {
                    5
                }
            }
            Kind::NationalId | Kind::Identifier => {
                if similarity::within(a, b, 1) {
                    2
                } else if similarity::within(a, b, 2) {
                    3
                } else {
                    4
                }
            }
            Kind::Age => match (a.parse::<u32>(), b.parse::<u32>()) {
                (Ok(a), Ok(b)) => match a.abs_diff(b) {
                    0 | 1 => 2,
                    2 | 3 => 3,
                    4..=10 => 4,
                    _ => 5,
                },
                _ => 5,
            },
            _ => 2,
        }
    }

    fn by_words(&self, one: &Value, other: &Value) -> u8 {
        let (a, b) = (one.text.as_str(), other.text.as_str());
        if one.letters == other.letters || (one.words == other.words && !one.words.is_empty()) {
            return 2;
        }
        // House and unit numbers: two neighbours are one digit apart.
        let other_number =
            !one.numbers.is_empty() && !other.numbers.is_empty() && one.numbers != other.numbers;
        let alike = jaro_winkler_from(0.88, a, b);
        let edits = match a.len().min(b.len()) {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        if !other_number && (alike >= 0.95 || similarity::within(a, b, edits)) {
            return 3;
        }
        let mut shared = 0.0;
        let mut rest = other.words.iter().peekable();
        for word in &one.words {
            while rest.next_if(|next| *next < word).is_some() {}
            if rest.peek() == Some(&word) {
                shared += self.weights[*word as usize].powi(2);
            }
        }
        let cosine = shared / (one.norm * other.norm).max(f64::MIN_POSITIVE);
        if !other_number && cosine >= 0.75 {
            4
        } else if !other_number && alike >= 0.88 {
            5
        } else if cosine >= 0.4 {
            6
        } else {
            7
        }
    }
}

fn first_word(text: &str) -> &str {
    normalise::words(text).next().unwrap_or_default()
}

/// The distinct words with digits in them.
fn numbers(text: &str) -> Vec<String> {
    let mut found: Vec<String> = normalise::words(text)
        .filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether one text of several words has the other as one of them.
fn contains_word(one: &Value, other: &Value) -> bool {
    let has = |whole: &Value, part: &Value| {
        whole.several && normalise::words(&whole.text).any(|word| word == part.text)
    };
    has(one, other) || has(other, one)
}

fn first_names(one: &Value, other: &Value) -> u8 {
    let (first, other_first) = (first_word(&one.text), first_word(&other.text));
    let related = one
        .words
        .iter()
        .any(|name| other.words.binary_search(name).is_ok());
    if related || contains_word(one, other) || (first == other_first && first.len() > 1) {
        return 2;
    }
    let alike = jaro_winkler_from(0.8, &one.text, &other.text);
    let short = first.chars().nth(1).is_none() || other_first.chars().nth(1).is_none();
    if alike >= 0.92 {
        3
    } else if short && first.chars().next() == other_first.chars().next() {
        4
    } else if alike >= 0.8 {
        6
    } else {
        7
    }
}

fn surnames(one: &Value, other: &Value) -> u8 {
    let alike = jaro_winkler_from(0.8, &one.text, &other.text);
    if alike >= 0.92 {
        2
    } else if contains_word(one, other) {
        3
    } else if alike >= 0.8 {
        4
    } else {
        5
    }
}

/// The eight digits of a date.
fn written(date: Date) -> String {
    let number = u32::from(date.year) * 10_000 + u32::from(date.month) * 100 + u32::from(date.day);
    format!("{number:08}")
}

fn dates(one: Date, other: Date, written: &str, other_written: &str) -> u8 {
    if one.month == 0 || other.month == 0 {
        return if one.year == other.year {
            8
        } else if one.year.abs_diff(other.year) <= 10 {
            6
        } else {
            7
        };
    }
    let swapped = one.year == other.year && one.month == other.day && one.day == other.month;
    if one == other {
        return 1;
    }
    if swapped || similarity::within(written, other_written, 1) {
        return 2;
    }
    if similarity::within(written, other_written, 2) {
        return 3;
    }
    let days = |date: Date| {
        i32::from(date.year) * 365 + (i32::from(date.month) - 1) * 365 / 12 + i32::from(date.day)
    };
    match days(one).abs_diff(days(other)) {
        0..=31 => 4,
        32..=366 => 5,
        367..=3_660 => 6,
        _ => 7,
    }
}

/// Compares pairs of a table's records, and remembers what it has compared.
pub(crate) struct Comparer<'a> {
    table: &'a Table,
    remembered: Vec<Vec<(u64, u8)>>,
}

impl<'a> Comparer<'a> {
    pub(crate) fn new(table: &'a Table) -> Self {
        Self {
            table,
            remembered: table.fields.iter().map(|_| Vec::new()).collect(),
        }
    }

    /// The level of every field.
    pub(crate) fn compare(&mut self, one: u32, other: u32) -> Pattern {
        let mut pattern = Pattern::default();
        for at in 0..self.table.fields.len() {
            pattern.set(at, self.level(at, one, other));
        }
        self.table.adjust(&mut pattern, one, other);
        pattern
    }

    fn level(&mut self, at: usize, one: u32, other: u32) -> u8 {
        let field = &self.table.fields[at];
        let (a, b) = (
            field.of_record[one as usize],
            field.of_record[other as usize],
        );
        if a == 0 || b == 0 {
            return 0;
        }
        if a == b {
            return 1;
        }
        let (low, high) = (a.min(b), a.max(b));
        let key = (u64::from(low) << 32) | u64::from(high);
        let remembered = &mut self.remembered[at];
        if remembered.is_empty() {
            remembered.resize(REMEMBERED, (0, 0));
        }
        let slot = usize::try_from(crate::random::mix(key)).unwrap_or(0) % REMEMBERED;
        if remembered[slot].0 == key {
            return remembered[slot].1;
        }
        let level = field.compare(low - 1, high - 1);
        remembered[slot] = (key, level);
        level
    }
}

impl Table {
    /// Makes records ready. Columns of a kind that says nothing here are left out.
    pub(crate) fn new(columns: &[Column], records: &[Record]) -> Self {
        let mut origin: Vec<u32> = (0..narrow(records.len())).collect();
        // Which record is which must not depend on the order of rows; equal records are interchangeable.
        origin.sort_unstable_by_key(|at| {
            let record = &records[*at as usize];
            (&record.source, &record.values, &record.id)
        });
        let mut sources: Vec<String> = records.iter().map(|record| record.source.clone()).collect();
        sources.sort_unstable();
        sources.dedup();
        let source = origin
            .iter()
            .map(|at| {
                let name = &records[*at as usize].source;
                narrow(sources.binary_search(name).unwrap_or(0))
            })
            .collect();
        let mut table = Self {
            fields: fields(columns, records, &origin),
            origin,
            source,
            sources,
            first_name: None,
            surname: None,
            birth_date: None,
            age: None,
        };
        let find = |kind| table.fields.iter().position(|field| field.kind == kind);
        (table.first_name, table.surname, table.birth_date, table.age) = (
            find(Kind::FirstName),
            find(Kind::Surname),
            find(Kind::BirthDate),
            find(Kind::Age),
        );
        table
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> u32 {
        narrow(self.origin.len())
    }

    /// All pairs of records.
    pub(crate) fn pairs(&self) -> f64 {
        let records = float(self.origin.len());
        records * (records - 1.0) / 2.0
    }

    /// What only both fields together show, and what would be counted twice.
    fn adjust(&self, pattern: &mut Pattern, one: u32, other: u32) {
        if let (Some(first), Some(last)) = (self.first_name, self.surname)
            && pattern.level(first) >= 6
            && pattern.level(last) != 1
            && self.swapped(first, last, one, other)
        {
            pattern.set(first, 5);
            pattern.set(last, 0);
        }
        if let (Some(birth), Some(age)) = (self.birth_date, self.age)
            && pattern.level(birth) != 0
        {
            pattern.set(age, 0);
        }
    }

    fn swapped(&self, first: usize, last: usize, one: u32, other: u32) -> bool {
        let text = |field: usize, record| {
            self.fields[field]
                .value(record)
                .map_or("", |value| value.text.as_str())
        };
        jaro_winkler_from(0.92, text(first, one), text(last, other)) >= 0.92
            && jaro_winkler_from(0.92, text(last, one), text(first, other)) >= 0.92
    }
}

/// The fields of a table, the most telling ones if there are too many.
fn fields(columns: &[Column], records: &[Record], origin: &[u32]) -> Vec<Field> {
    let texts = |column: usize, kind: Kind| -> Vec<String> {
        origin
            .iter()
            .map(|at| normalise::value(kind, &records[*at as usize].values[column]))
            .collect()
    };
    let find = |kind: Kind| columns.iter().position(|column| column.kind == kind);
    let parts = [Kind::BirthYear, Kind::BirthMonth, Kind::BirthDay].map(find);
    let mut fields = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        if !column.kind.is_compared() {
            continue;
        }
        if let [Some(year), Some(month), Some(day)] = parts
            && [year, month, day].contains(&at)
        {
            if at == year {
                let whole = joined(
                    &texts(year, Kind::BirthYear),
                    &texts(month, Kind::BirthMonth),
                    &texts(day, Kind::BirthDay),
                );
                fields.push(Field::new(
                    "birth date",
                    Kind::BirthDate,
                    &whole,
                    Some(DateOrder::YearMonthDay),
                ));
            }
            continue;
        }
        if column.kind == Kind::FullName
            && find(Kind::FirstName).is_none()
            && find(Kind::Surname).is_none()
            && find(Kind::FullName) == Some(at)
            && let Some(halves) = names::split(
                origin
                    .iter()
                    .map(|of| records[*of as usize].values[at].as_str()),
            )
        {
            let kinds = [("first name", Kind::FirstName), ("surname", Kind::Surname)];
            for ((half, kind), texts) in kinds.into_iter().zip(&halves) {
                fields.push(Field::new(
                    &format!("{}: {half}", column.name),
                    kind,
                    texts,
                    None,
                ));
            }
            continue;
        }
        let mut texts = texts(at, column.kind);
        let dates = (column.kind == Kind::BirthDate).then(|| {
            let values = records.iter().map(|record| record.values[at].as_str());
            normalise::date_order(values, 0).unwrap_or(DateOrder::YearMonthDay)
        });
        if let Some(order) = dates {
            // One day is one value, however it is written.
            for text in &mut texts {
                if let Some(date) = normalise::date(text, order) {
                    *text = date.to_string();
                }
            }
        }
        fields.push(Field::new(
            &column.name,
            column.kind,
            &texts,
            dates.map(|_| DateOrder::YearMonthDay),
        ));
    }
    fields.extend(suffixes(columns, records, origin));
    fields.retain(|field| field.tells(records.len()));
    if fields.len() > MOST_FIELDS {
        let mut worth: Vec<(usize, f64)> = fields.iter().map(telling).enumerate().collect();
        worth.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut kept: Vec<usize> = worth.iter().take(MOST_FIELDS).map(|(at, _)| *at).collect();
        kept.sort_unstable();
        let mut at = 0;
        fields.retain(|_| {
            at += 1;
            kept.binary_search(&(at - 1)).is_ok()
        });
    }
    fields
}

/// Bits that agreement on a field is worth, times how often it is known.
fn telling(field: &Field) -> f64 {
    let known = f64::from(field.known);
    let same: f64 = field
        .counts
        .iter()
        .map(|count| (f64::from(*count) / known).powi(2))
        .sum();
    -same.log2() * known / float(field.of_record.len())
}

fn joined(years: &[String], months: &[String], days: &[String]) -> Vec<String> {
    years
        .iter()
        .zip(months)
        .zip(days)
        .map(|((year, month), day)| {
            if year.is_empty() || month.is_empty() || day.is_empty() {
                if year.is_empty() {
                    String::new()
                } else {
                    format!("{year:0>4}")
                }
            } else {
                format!("{year:0>4}-{month:0>2}-{day:0>2}")
            }
        })
        .collect()
}

/// Jr and Sr out of the names, where there is no column for them.
fn suffixes(columns: &[Column], records: &[Record], origin: &[u32]) -> Option<Field> {
    if columns.iter().any(|column| column.kind == Kind::NameSuffix) {
        return None;
    }
    let names: Vec<usize> = (0..columns.len())
        .filter(|at| {
            matches!(
                columns[*at].kind,
                Kind::FirstName | Kind::Surname | Kind::FullName
            )
        })
        .collect();
    let texts: Vec<String> = origin
        .iter()
        .map(|at| {
            names
                .iter()
                .filter_map(|name| {
                    let text = normalise::text(&records[*at as usize].values[*name]);
                    (normalise::words(&text).count() > 1)
                        .then(|| normalise::suffix(&text))
                        .flatten()
                })
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    Some(Field::new("name suffix", Kind::NameSuffix, &texts, None))
}

/// A count as the numbers in which records are kept; the caller has seen to it that there are not too many.
pub(crate) fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn float(count: usize) -> f64 {
    count as f64
}
