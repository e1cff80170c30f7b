//! Points in time and lengths of time, as numbers that the caller provides.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time in microseconds since the Unix epoch. On the wire RFC 3339 in UTC, in SQL the
/// number itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is not a point in time that we can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeError(String);

impl fmt::Display for TimeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "\"{}\" is not an RFC 3339 time such as 2026-01-31T09:30:00.000Z",
            self.0
        )
    }
}

impl std::error::Error for TimeError {}

impl Timestamp {
    /// From microseconds since the Unix epoch, kept within the moments jiff can write: from the second day of the year
    /// −9999 to 9999-12-30T22:00:00Z.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        // Whole seconds: of the last one, jiff reads back no part.
        let ends = [jiff::Timestamp::MIN, jiff::Timestamp::MAX];
        let [first, last] = ends.map(|end| end.as_second().saturating_mul(1_000_000));
        Self(micros.clamp(first, last))
    }

    /// From milliseconds since the Unix epoch, as JavaScript counts.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self::from_micros(millis.saturating_mul(1_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This time moved by `span` (which may be negative).
    #[must_use]
    pub fn plus(self, span: Span) -> Self {
        Self::from_micros(self.0.saturating_add(span.0))
    }

    /// How long after `earlier` this time is; negative when it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Reads a JSON value as clients send times: RFC 3339 text with any offset, a date, or a number
    /// of seconds or milliseconds since the epoch (told apart by size, as Segment's libraries do),
    /// which may be written as text.
    ///
    /// # Errors
    /// When the value is none of these.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, TimeError> {
        match value {
            serde_json::Value::String(text) => Self::from_text(text),
            other => other
                .as_f64()
                .and_then(Self::from_epoch)
                .ok_or_else(|| TimeError(value.to_string())),
        }
    }

    /// The same of a JSON text's content.
    ///
    /// # Errors
    /// When the text is none of these.
    pub fn from_text(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if is_epoch(text) {
            let number = text.parse().ok().and_then(Self::from_epoch);
            return number.ok_or_else(|| TimeError(text.to_owned()));
        }
        text.parse()
    }

    fn from_epoch(number: f64) -> Option<Self> {
        if !number.is_finite() {
            return None;
        }
        // Seconds reach 10^11 only in the year 5138; milliseconds passed it in 1973.
        let millis = if number.abs() < 1e11 {
            number * 1e3
        } else {
            number
        };
        #[expect(
            clippy::cast_possible_truncation,
            reason = "float to int saturates, and from_millis clamps"
        )]
        Some(Self::from_millis(millis as i64))
    }
}

/// Whether a text is a number since the epoch: digits alone, and more of them than a date has.
fn is_epoch(text: &str) -> bool {
    (9..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads the form in which browsers and we ourselves write times, `2026-01-31T09:30:00.000Z`, without
/// the parser that knows all others.
fn usual(text: &str) -> Option<Timestamp> {
    let [
        year @ ..,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        b'.',
        f1,
        f2,
        f3,
        b'Z',
    ] = text.as_bytes()
    else {
        return None;
    };
    let year: &[u8; 4] = year.try_into().ok()?;
    let number = |digits: &[u8]| {
        let digit = |byte: &u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
        let add = |number: i16, byte| Some(number * 10 + digit(byte)?);
        digits.iter().try_fold(0, add)
    };
    let two = |one: &u8, two: &u8| i8::try_from(number(&[*one, *two])?).ok();
    let millis = i32::from(number(&[*f1, *f2, *f3])?);
    let civil = jiff::civil::DateTime::new(
        number(year)?,
        two(m1, m2)?,
        two(d1, d2)?,
        two(h1, h2)?,
        two(n1, n2)?,
        two(s1, s2)?,
        millis * 1_000_000,
    );
    let stamp = jiff::tz::Offset::UTC.to_timestamp(civil.ok()?).ok()?;
    Some(Timestamp::from_micros(stamp.as_microsecond()))
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if let Some(stamp) = usual(text) {
            return Ok(stamp);
        }
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::from_micros(stamp.as_microsecond()));
        }
        if let Some(stamp) = at_the_ends(text) {
            return Ok(stamp);
        }
        // Without an offset the time is taken as UTC, as the Segment spec asks of sources.
        let civil = text
            .parse::<jiff::civil::DateTime>()
            .map_err(|_| TimeError(text.chars().take(64).collect()))?;
        let stamp = jiff::tz::Offset::UTC
            .to_timestamp(civil)
            .map_err(|_| TimeError(text.to_owned()))?;
        Ok(Self::from_micros(stamp.as_microsecond()))
    }
}

/// Reads a time of the years at whose ends jiff knows no more moments: `9999-12-31`, which to many means
/// "never ends", is the last one that there is.
fn at_the_ends(text: &str) -> Option<Timestamp> {
    let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
    let date = pieces.date();
    if !matches!(date.year(), -9999 | 9999) {
        return None;
    }
    let civil = date.to_datetime(pieces.time().unwrap_or_default());
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let offset = pieces
        .to_numeric_offset()
        .map_or(0, jiff::tz::Offset::seconds);
    let since = civil.duration_since(epoch).as_micros();
    let micros = since - i128::from(offset) * 1_000_000;
    let end = if micros < 0 { i64::MIN } else { i64::MAX };
    Some(Timestamp::from_micros(i64::try_from(micros).unwrap_or(end)))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            // Millisecond precision at least, so that texts sort as times do.
            Ok(stamp) if self.0 % 1_000 == 0 => write!(formatter, "{stamp:.3}"),
            Ok(stamp) => write!(formatter, "{stamp:.6}"),
            Err(_) => write!(formatter, "{}", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Timestamp;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an RFC 3339 time or a number since the epoch")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::from_text(text).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Timestamp, E> {
                Timestamp::from_json(&number.into()).map_err(E::custom)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Timestamp, E> {
                Timestamp::from_json(&number.into()).map_err(E::custom)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Timestamp, E> {
                Timestamp::from_json(&number.into()).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

/// A length of time in microseconds. On the wire a number and a unit: `90s`, `15m`, `12h`, `30d`, `2w`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The same length backwards.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

const UNITS: [(char, i64); 5] = [
    ('w', 604_800),
    ('d', 86_400),
    ('h', 3_600),
    ('m', 60),
    ('s', 1),
];

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fail = || {
            format!(
                "\"{text}\" is not a length of time: write a number and one of s, m, h, d, w, such as 30d"
            )
        };
        let unit = text.chars().last().ok_or_else(fail)?;
        let seconds = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .map(|(_, seconds)| *seconds)
            .ok_or_else(fail)?;
        let number: u32 = text
            .strip_suffix(unit)
            .and_then(|digits| digits.parse().ok())
            .ok_or_else(fail)?;
        Ok(Self::from_seconds(
            i64::from(number).saturating_mul(seconds),
        ))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / 1_000_000;
        let (unit, size) = UNITS
            .iter()
            .find(|(_, size)| seconds % size == 0)
            .copied()
            .unwrap_or(('s', 1));
        write!(formatter, "{}{unit}", seconds / size)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(Error::custom)
    }
}
