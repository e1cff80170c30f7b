//! Cleaning of values before they are compared, by kind. What is left empty counts as unknown.

use std::fmt;

use crate::kind::Kind;

/// What people and programs write when they know nothing.
const UNKNOWN: &[&str] = &[
    "null",
    "none",
    "nan",
    "n/a",
    "na",
    "unknown",
    "undefined",
    "not available",
    "not provided",
    "missing",
    "nil",
    "-",
    "--",
    "?",
    ".",
    "\\n",
];

/// Tokens that tell father and son apart.
const SUFFIXES: &[(&str, &str)] = &[
    ("jr", "jr"),
    ("junior", "jr"),
    ("sr", "sr"),
    ("senior", "sr"),
    ("ii", "ii"),
    ("iii", "iii"),
    ("iv", "iv"),
];

/// Two digits of a year from which on it is one of the 20th century, before it one of the 21st: who is looked for was seldom
/// born more than a hundred years ago.
const FIRST_OF_LAST_CENTURY: u16 = 26;

/// How the months begin in English, German, French, Spanish, Italian, Portuguese, Dutch and Russian; the longer first where
/// one begins as another.
const MONTHS: &[(&str, u8)] = &[
    ("jan", 1),
    ("jän", 1),
    ("ene", 1),
    ("gen", 1),
    ("янв", 1),
    ("feb", 2),
    ("fév", 2),
    ("fev", 2),
    ("фев", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("maa", 3),
    ("мар", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("апр", 4),
    ("may", 5),
    ("mai", 5),
    ("mag", 5),
    ("mei", 5),
    ("май", 5),
    ("мая", 5),
    ("juin", 6),
    ("jun", 6),
    ("giu", 6),
    ("июн", 6),
    ("juil", 7),
    ("jul", 7),
    ("lug", 7),
    ("июл", 7),
    ("aug", 8),
    ("aoû", 8),
    ("aou", 8),
    ("ago", 8),
    ("авг", 8),
    ("sep", 9),
    ("set", 9),
    ("сен", 9),
    ("oct", 10),
    ("okt", 10),
    ("ott", 10),
    ("out", 10),
    ("окт", 10),
    ("nov", 11),
    ("ноя", 11),
    ("dec", 12),
    ("dez", 12),
    ("déc", 12),
    ("dic", 12),
    ("дек", 12),
];

/// How the columns of dates are written: which part comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateOrder {
    /// 1980-12-31 or 19801231
    YearMonthDay,
    /// 31/12/1980 or 31121980
    DayMonthYear,
    /// 12/31/1980 or 12311980
    MonthDayYear,
}

/// A date as it was written: its parts need not make a day of the calendar, since typing errors are the very thing
/// that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Date {
    pub(crate) year: u16,
    /// 0 when only the year is known.
    pub(crate) month: u8,
    pub(crate) day: u8,
}

/// Lower case, one space between words, accents kept as they are; empty if it says that nothing is known.
pub(crate) fn text(value: &str) -> String {
    let folded = value.trim().to_lowercase();
    if UNKNOWN.contains(&folded.as_str()) {
        return String::new();
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a text: letters and digits between everything else.
pub(crate) fn words(value: &str) -> impl Iterator<Item = &str> {
    value
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// The value as it is compared.
pub(crate) fn value(kind: Kind, raw: &str) -> String {
    let text = text(raw);
    match kind {
        Kind::Phone => phone(&text),
        Kind::NationalId | Kind::Identifier => {
            let id: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
            if id.chars().all(|c| c == '0') {
                String::new()
            } else {
                id
            }
        }
        Kind::Postcode => text.chars().filter(|c| c.is_alphanumeric()).collect(),
        Kind::Email => {
            if text.contains('@') {
                text
            } else {
                String::new()
            }
        }
        Kind::FirstName | Kind::MiddleName | Kind::Surname => without_suffix(&name(&text)),
        Kind::FullName => without_suffix(&words(&name(&text)).collect::<Vec<_>>().join(" ")),
        Kind::Organisation | Kind::Address | Kind::Text | Kind::City => {
            words(&text.replace(['\'', '.'], ""))
                .collect::<Vec<_>>()
                .join(" ")
        }
        Kind::NameSuffix => suffix(&text).unwrap_or_default().to_owned(),
        Kind::Age | Kind::Number | Kind::BirthYear | Kind::BirthMonth | Kind::BirthDay => {
            number(&text)
        }
        Kind::Sex => text.chars().next().map(String::from).unwrap_or_default(),
        _ => text,
    }
}

/// Apostrophes and dots are written or not.
fn name(text: &str) -> String {
    text.replace(['\'', '.', '`'], "")
}

/// 7 and 7.0 are one number.
fn number(text: &str) -> String {
    let whole = text.strip_suffix(".0").unwrap_or(text);
    let digits = whole.trim_start_matches('0');
    if digits.is_empty() && !whole.is_empty() {
        "0".to_owned()
    } else {
        digits.to_owned()
    }
}

/// The digits without international prefix, at most the last ten; nothing if they are too few or all the same.
fn phone(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let last = &digits[digits.len().saturating_sub(10)..];
    let trivial = last.len() < 6 || last.iter().all(|digit| Some(digit) == last.first());
    if trivial {
        String::new()
    } else {
        last.iter().collect()
    }
}

/// Jr, Sr, II, III or IV, if one of the words is one.
pub(crate) fn suffix(text: &str) -> Option<&'static str> {
    words(text).find_map(|word| {
        SUFFIXES
            .iter()
            .find(|(written, _)| *written == word)
            .map(|(_, meant)| *meant)
    })
}

fn without_suffix(text: &str) -> String {
    if suffix(text).is_none() {
        return text.to_owned();
    }
    let rest: Vec<&str> = text
        .split(' ')
        .filter(|word| !SUFFIXES.iter().any(|(written, _)| written == word))
        .collect();
    if rest.is_empty() {
        text.to_owned()
    } else {
        rest.join(" ")
    }
}

/// Where the time of day begins after a date, if there is one: `t` of ISO 8601, or a space before hours and minutes.
fn split_time(text: &str) -> (&str, Option<&str>) {
    let at = match text.find(':') {
        Some(colon) => text[..colon].rfind(['T', 't', ' ']),
        // 19800213T000000Z
        None => text
            .find(['T', 't'])
            .filter(|at| *at == 8 && text[..*at].bytes().all(|byte| byte.is_ascii_digit())),
    };
    match at {
        Some(at) => (
            text[..at].trim_end_matches([' ', ',']),
            Some(&text[at + 1..]),
        ),
        None => (text, None),
    }
}

/// The time of day that is written after a date.
pub(crate) fn time_of_day(text: &str) -> Option<&str> {
    split_time(text.trim()).1
}

/// Reads a date in the column's order of parts, or in another that makes a day of the calendar where the column's does not:
/// one column may be written by several programs.
pub(crate) fn date(raw: &str, order: DateOrder) -> Option<Date> {
    read(raw, order, true)
}

fn read(raw: &str, order: DateOrder, or_another: bool) -> Option<Date> {
    let lower = raw.trim().to_lowercase();
    let (text, _) = split_time(&lower);
    let mut other_words = false;
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric() || matches!(c, '年' | '月' | '日'))
        .filter(|part| !part.is_empty())
        .map(|part| {
            let digits = part.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let ordinal =
                !digits.is_empty() && matches!(&part[digits.len()..], "st" | "nd" | "rd" | "th");
            if ordinal { digits } else { part }
        })
        .filter(|part| {
            let is_part =
                part.starts_with(|c: char| c.is_ascii_digit()) || month_of(part).is_some();
            other_words |= !is_part;
            is_part
        })
        .collect();
    let worded: Vec<usize> = (0..parts.len())
        .filter(|at| !parts[*at].bytes().all(|byte| byte.is_ascii_digit()))
        .collect();
    if other_words && worded.is_empty() {
        // Around a month there may be words ("Monday, 12th of March", "12 de marzo"), around numbers they mean something.
        return None;
    }
    match (parts.as_slice(), worded.as_slice()) {
        ([year], []) if year.len() == 4 => Some(Date {
            year: year.parse().ok()?,
            month: 0,
            day: 0,
        }),
        ([_, _, _], [month]) => {
            let mut rest = parts.clone();
            let month = rest.remove(*month);
            // The year is what has four digits, otherwise what is last.
            let (day, year) = match rest.as_slice() {
                [year, day] if year.len() == 4 => (*day, *year),
                [day, year] => (*day, *year),
                _ => return None,
            };
            made(year, month, day)
        }
        (parts, []) => {
            let own = in_order(parts, order);
            let others = [
                DateOrder::YearMonthDay,
                DateOrder::MonthDayYear,
                DateOrder::DayMonthYear,
            ];
            // Where the year is first nothing else can be meant, and an error in it stays one.
            let stays = own.is_some() && order == DateOrder::YearMonthDay;
            if !or_another || stays || own.is_some_and(Date::is_sound) {
                return own;
            }
            let read = |order| in_order(parts, order);
            others
                .into_iter()
                .filter_map(read)
                .find(|date| date.is_sound())
                .or(own)
        }
        _ => None,
    }
}

/// Reads the numbers of a date in one order.
fn in_order(parts: &[&str], order: DateOrder) -> Option<Date> {
    match parts {
        [whole] if whole.len() == 8 => match order {
            DateOrder::YearMonthDay => made(&whole[..4], &whole[4..6], &whole[6..]),
            DateOrder::DayMonthYear => made(&whole[4..], &whole[2..4], &whole[..2]),
            DateOrder::MonthDayYear => made(&whole[4..], &whole[..2], &whole[2..4]),
        },
        [year, month, day] if year.len() == 4 => made(year, month, day),
        [first, second, last] => match order {
            DateOrder::YearMonthDay if last.len() < 3 => made(first, second, last),
            DateOrder::YearMonthDay => None,
            DateOrder::MonthDayYear => made(last, first, second),
            DateOrder::DayMonthYear => made(last, second, first),
        },
        _ => None,
    }
}

fn made(year: &str, month: &str, day: &str) -> Option<Date> {
    let written: u16 = year.parse().ok()?;
    Some(Date {
        year: match (year.len(), written) {
            (2, 0..FIRST_OF_LAST_CENTURY) => 2000 + written,
            (2, _) => 1900 + written,
            _ => written,
        },
        month: month_of(month)?,
        day: day.parse().ok()?,
    })
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}", self.year)?;
        if self.month > 0 {
            write!(formatter, "-{:02}-{:02}", self.month, self.day)?;
        }
        Ok(())
    }
}

impl Date {
    /// Whether it is about a day of the calendar in which somebody can be born.
    fn is_sound(self) -> bool {
        (1..=12).contains(&self.month)
            && (1..=31).contains(&self.day)
            && (1000..=2100).contains(&self.year)
    }
}

/// A month by its number or by its name, which may be cut short; in lower case.
fn month_of(part: &str) -> Option<u8> {
    if let Ok(number) = part.parse() {
        return Some(number);
    }
    MONTHS
        .iter()
        .find(|(start, _)| part.starts_with(start))
        .map(|(_, number)| *number)
}

/// The order in which most of a column's dates make days of the calendar; `None` if fewer than `share` of a hundred do in
/// any.
pub(crate) fn date_order<'a>(
    values: impl Iterator<Item = &'a str>,
    share: usize,
) -> Option<DateOrder> {
    let mut all = 0_usize;
    let mut good = [0_usize; 3];
    let orders = [
        DateOrder::YearMonthDay,
        DateOrder::MonthDayYear,
        DateOrder::DayMonthYear,
    ];
    for value in values {
        if text(value).is_empty() {
            continue;
        }
        all += 1;
        for (count, order) in good.iter_mut().zip(orders) {
            let sound = read(value, order, false).is_some_and(Date::is_sound);
            *count += usize::from(sound);
        }
    }
    let best = good.iter().copied().max()?;
    if all == 0 || best * 100 < all * share {
        return None;
    }
    orders
        .into_iter()
        .zip(good)
        .find(|(_, count)| *count == best)
        .map(|(order, _)| order)
}

#[cfg(test)]
mod tests {
    use super::{Date, DateOrder, date, date_order, suffix, value};
    use crate::kind::Kind;

    #[test]
    fn dates_are_read_in_the_order_of_their_column() {
        let day = Some(Date {
            year: 1980,
            month: 2,
            day: 13,
        });
        assert_eq!(date("19800213", DateOrder::YearMonthDay), day);
        assert_eq!(date("1980-02-13", DateOrder::DayMonthYear), day);
        assert_eq!(date("02/13/1980", DateOrder::MonthDayYear), day);
        assert_eq!(date("13.2.1980", DateOrder::DayMonthYear), day);
        assert_eq!(
            date(
                "13 Feb 1980".replace(' ', "-").as_str(),
                DateOrder::DayMonthYear
            ),
            day
        );
        assert_eq!(date("about 1980", DateOrder::DayMonthYear), None);
        for written in [
            "1980-02-13T00:00:00Z",
            "1980-02-13t22:00:00.000+02:00",
            "1980-02-13 00:00:00",
            "19800213T000000Z",
            "13 February 1980",
            "February 13, 1980",
            "13-feb-80",
            "Wednesday, 13th of February 1980",
            "13. Februar 1980",
            "13 de febrero de 1980",
            "13 février 1980",
            "13 февраля 1980",
            "1980年2月13日",
            "13/02/80",
            "13/02/1980 0:00",
            "02/13/1980",
            "19800213",
        ] {
            assert_eq!(date(written, DateOrder::DayMonthYear), day, "{written}");
        }
        assert_eq!(date("80-02-13", DateOrder::YearMonthDay), day);
        assert_eq!(
            date("13/02/08", DateOrder::DayMonthYear).map(|date| date.year),
            Some(2008)
        );
        // A typing error is one where nothing else can be meant.
        assert_eq!(
            date("20011905", DateOrder::YearMonthDay).map(|date| date.month),
            Some(19)
        );
        assert_eq!(
            date_order(["02/13/1980", "01/01/1981"].into_iter(), 80),
            Some(DateOrder::MonthDayYear)
        );
        assert_eq!(
            date_order(["13/02/1980", "01/01/1981"].into_iter(), 80),
            Some(DateOrder::DayMonthYear)
        );
        assert_eq!(date_order(["2119", "3165"].into_iter(), 80), None);
    }

    #[test]
    fn what_says_nothing_is_empty() {
        assert_eq!(value(Kind::FirstName, " N/A "), "");
        assert_eq!(value(Kind::Phone, "000-0000000"), "");
        assert_eq!(value(Kind::NationalId, "000-00-0000"), "");
        assert_eq!(value(Kind::Email, "none given"), "");
    }

    #[test]
    fn writing_is_evened_out() {
        assert_eq!(value(Kind::Phone, "+1 (555) 010-2030"), "5550102030");
        assert_eq!(value(Kind::Surname, "O'Brien Jr."), "obrien");
        assert_eq!(value(Kind::Surname, "Junior"), "junior");
        assert_eq!(suffix("miller iii"), Some("iii"));
        assert_eq!(value(Kind::BirthMonth, "09"), "9");
    }
}
