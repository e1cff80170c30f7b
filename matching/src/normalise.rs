//! Cleaning of values before they are compared, by kind. What is left empty counts as unknown.

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

/// Reads a date in the column's order of parts.
pub(crate) fn date(raw: &str, order: DateOrder) -> Option<Date> {
    let text = raw.trim();
    let text = text.split(['T', ' ']).next().unwrap_or(text);
    let parts: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    let number = |part: &str| part.parse::<u16>().ok();
    let small = |part: &str| part.parse::<u8>().ok();
    let made = |year: &str, month: &str, day: &str| {
        Some(Date {
            year: number(year)?,
            month: month_of(month)?,
            day: small(day)?,
        })
    };
    match parts.as_slice() {
        [whole] if whole.len() == 8 && whole.bytes().all(|b| b.is_ascii_digit()) => match order {
            DateOrder::YearMonthDay => made(&whole[..4], &whole[4..6], &whole[6..]),
            DateOrder::DayMonthYear => made(&whole[4..], &whole[2..4], &whole[..2]),
            DateOrder::MonthDayYear => made(&whole[4..], &whole[..2], &whole[2..4]),
        },
        [year] if year.len() == 4 => Some(Date {
            year: number(year)?,
            month: 0,
            day: 0,
        }),
        [year, month, day] if year.len() == 4 => made(year, month, day),
        [first, second, year] => match order {
            DateOrder::MonthDayYear if month_of(first).is_some() => made(year, first, second),
            DateOrder::MonthDayYear | DateOrder::DayMonthYear => made(year, second, first),
            DateOrder::YearMonthDay => None,
        },
        _ => None,
    }
}

fn month_of(part: &str) -> Option<u8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    if let Ok(number) = part.parse() {
        return Some(number);
    }
    let start = part.get(..3)?.to_ascii_lowercase();
    MONTHS
        .iter()
        .zip(1..)
        .find(|(name, _)| **name == start)
        .map(|(_, number)| number)
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
            let sound = date(value, order).is_some_and(|date| {
                (1..=12).contains(&date.month)
                    && (1..=31).contains(&date.day)
                    && (1000..=2100).contains(&date.year)
            });
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
