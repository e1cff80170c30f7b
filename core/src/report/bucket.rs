//! Hours, days, weeks and months of a place, as bounds in milliseconds.

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Zoned};
use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Buckets that one report has at most.
pub const MOST_BUCKETS: usize = 1_000;

/// How long a bucket is.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// From one full hour to the next.
    Hour,
    /// From midnight to midnight: 23 or 25 hours where clocks are changed.
    #[default]
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
}

/// Buckets that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BucketError {
    /// No such time zone in the IANA database.
    TimeZone(String),
    /// Nothing between the two moments, or not in this order.
    Empty,
    /// More than [`MOST_BUCKETS`].
    TooMany,
}

impl fmt::Display for BucketError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeZone(name) => write!(
                formatter,
                "there is no time zone \"{name}\": write one such as \"Europe/Berlin\" or \"UTC\""
            ),
            Self::Empty => {
                formatter.write_str("there is no time between since and until: since comes first")
            }
            Self::TooMany => write!(
                formatter,
                "this makes more than {MOST_BUCKETS} buckets: take a longer interval or a shorter time"
            ),
        }
    }
}

impl std::error::Error for BucketError {}

/// The bounds of all buckets of a time zone that touch the time from `since` up to `until`, in milliseconds: each bucket goes
/// from one bound up to the next, so there is one bound more than buckets.
///
/// # Errors
/// When the zone is unknown, the time is empty, or there would be too many.
pub fn bounds(
    since: Timestamp,
    until: Timestamp,
    interval: Interval,
    zone: &str,
) -> Result<Vec<i64>, BucketError> {
    let unknown = || BucketError::TimeZone(zone.to_owned());
    let zone = TimeZone::get(zone).map_err(|_| unknown())?;
    if since >= until {
        return Err(BucketError::Empty);
    }
    let far = |_| BucketError::TooMany;
    let moment = jiff::Timestamp::from_microsecond(since.as_micros()).map_err(far)?;
    let mut bound = first(&moment.to_zoned(zone), interval).map_err(far)?;
    let mut bounds = vec![bound.timestamp().as_millisecond()];
    while bound.timestamp().as_microsecond() < until.as_micros() {
        if bounds.len() > MOST_BUCKETS {
            return Err(BucketError::TooMany);
        }
        bound = next(&bound, interval).map_err(far)?;
        bounds.push(bound.timestamp().as_millisecond());
    }
    Ok(bounds)
}

/// The beginning of the bucket of a moment.
fn first(moment: &Zoned, interval: Interval) -> Result<Zoned, jiff::Error> {
    if interval == Interval::Hour {
        let into = Span::new()
            .minutes(moment.minute())
            .seconds(moment.second())
            .nanoseconds(i64::from(moment.subsec_nanosecond()));
        return moment.checked_sub(into);
    }
    start(begin_of(moment.date(), interval)?, moment)
}

/// The first day of a date's bucket.
fn begin_of(date: Date, interval: Interval) -> Result<Date, jiff::Error> {
    match interval {
        Interval::Hour | Interval::Day => Ok(date),
        Interval::Week => {
            let gone = date.weekday().since(Weekday::Monday);
            date.checked_sub(Span::new().days(i64::from(gone)))
        }
        Interval::Month => Ok(date.first_of_month()),
    }
}

/// When a day begins where the clocks are those of a moment.
fn start(date: Date, like: &Zoned) -> Result<Zoned, jiff::Error> {
    date.to_zoned(like.time_zone().clone())?.start_of_day()
}

fn next(bound: &Zoned, interval: Interval) -> Result<Zoned, jiff::Error> {
    let date = bound.date();
    match interval {
        Interval::Hour => bound.checked_add(Span::new().hours(1)),
        Interval::Day => start(date.tomorrow()?, bound),
        Interval::Week => start(date.checked_add(Span::new().days(7))?, bound),
        Interval::Month => start(date.checked_add(Span::new().months(1))?, bound),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail by panicking")]
mod tests {
    use super::*;

    fn hours(since: &str, until: &str, interval: Interval, zone: &str) -> Vec<i64> {
        let at = |text| Timestamp::from_text(text).unwrap();
        let bounds = bounds(at(since), at(until), interval, zone).unwrap();
        let mut pairs = bounds.windows(2);
        pairs
            .by_ref()
            .map(|pair| (pair[1] - pair[0]) / 3_600_000)
            .collect()
    }

    #[test]
    fn a_day_is_as_long_as_it_is_there() {
        let (since, until) = ("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(
            hours(since, until, Interval::Day, "Europe/Berlin"),
            [24, 23, 24]
        );
        assert_eq!(hours(since, until, Interval::Day, "UTC"), [24, 24, 24]);
        let (since, until) = ("2026-10-24T22:30:00Z", "2026-10-25T22:30:00Z");
        assert_eq!(hours(since, until, Interval::Day, "Europe/Berlin"), [25]);
    }

    #[test]
    fn weeks_begin_on_monday_and_months_with_the_first() {
        let at = |text| Timestamp::from_text(text).unwrap();
        let first = |interval| {
            let all = bounds(
                at("2026-11-28T10:30:00Z"),
                at("2026-11-28T10:31:00Z"),
                interval,
                "UTC",
            );
            all.unwrap()
                .iter()
                .map(|bound| Timestamp::from_millis(*bound))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            first(Interval::Hour),
            [at("2026-11-28T10:00:00Z"), at("2026-11-28T11:00:00Z")]
        );
        assert_eq!(
            first(Interval::Week),
            [at("2026-11-23T00:00:00Z"), at("2026-11-30T00:00:00Z")]
        );
        assert_eq!(
            first(Interval::Month),
            [at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")]
        );
    }

    #[test]
    fn what_makes_no_buckets_says_why() {
        let at = Timestamp::from_millis;
        assert_eq!(
            bounds(at(5), at(5), Interval::Day, "UTC"),
            Err(BucketError::Empty)
        );
        let of = |zone: &str| {
            bounds(at(0), at(1), Interval::Day, zone).map_err(|error| error.to_string())
        };
        assert!(of("Mars/Olympus").unwrap_err().contains("Mars/Olympus"));
        let year = at(365 * 86_400_000);
        assert_eq!(
            bounds(at(0), year, Interval::Hour, "UTC"),
            Err(BucketError::TooMany)
        );
        assert!(bounds(at(0), year, Interval::Day, "UTC").is_ok());
    }
}
