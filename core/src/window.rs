//! Which of a person's events count now: those of the last while, those of the calendar period that
//! is running, or those between two moments.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// A stretch of time, seen from a moment. Without any part: all time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Window {
    /// Younger than this. What is exactly as old is outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// Not before the calendar period that is running. As with the others, what a fast clock has put into the
    /// future counts at once.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    /// Not before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A calendar period of a time zone.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Calendar {
    /// Which period.
    #[serde(rename = "calendar")]
    pub period: Period,
    /// Name of the time zone (IANA), such as `Europe/Berlin`.
    pub timezone: String,
    #[serde(skip)]
    zone: TimeZone,
}

/// A period of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "CalendarPeriod"))]
pub enum Period {
    /// From midnight to midnight, where the time zone has one; else from the day's first moment.
    Day,
    /// From Monday, as ISO 8601 counts.
    Week,
    /// From the first of a month.
    Month,
    /// From the first of January, April, July or October.
    Quarter,
    /// From the first of January.
    Year,
}

/// The fields of a [`Window`] as they are written.
#[derive(Debug, Default)]
struct Fields {
    within: Option<Span>,
    calendar: Option<Period>,
    timezone: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Reads a window's fields; an error names the field and says what to write.
pub(crate) fn read(
    fields: serde_json::Map<String, serde_json::Value>,
) -> Result<Window, (&'static str, String)> {
    let mut read = Fields::default();
    for (name, value) in fields {
        match name.as_str() {
            "within" => read.within = Some(field("within", value)?),
            "calendar" => {
                read.calendar = Some(serde_json::from_value(value).map_err(|_| {
                    (
                        "calendar",
                        "write one of day, week, month, quarter, year".to_owned(),
                    )
                })?);
            }
            "timezone" => read.timezone = Some(field("timezone", value)?),
            "from" => read.from = Some(field("from", value)?),
            _ => read.until = Some(field("until", value)?),
        }
    }
    Window::of(read)
}

fn field<T: serde::de::DeserializeOwned>(
    name: &'static str,
    value: serde_json::Value,
) -> Result<T, (&'static str, String)> {
    serde_json::from_value(value).map_err(|error| (name, error.to_string()))
}

/// The names of the fields of a window.
pub(crate) const FIELDS: [&str; 5] = ["within", "calendar", "timezone", "from", "until"];

impl Window {
    fn of(fields: Fields) -> Result<Self, (&'static str, String)> {
        let kinds = [
            fields.within.is_some(),
            fields.calendar.is_some(),
            fields.from.is_some() || fields.until.is_some(),
        ];
        if kinds.into_iter().filter(|kind| *kind).count() > 1 {
            let message = "a window is one of \"within\" (the last while), \"calendar\" (the running period) and \"from\"/\"until\" (between two moments)";
            return Err(("within", message.to_owned()));
        }
        if fields.within.is_some_and(|within| within.as_micros() <= 0) {
            return Err((
                "within",
                "write a length of time above 0, such as 30d".to_owned(),
            ));
        }
        if let (Some(from), Some(until)) = (fields.from, fields.until)
            && from >= until
        {
            return Err((
                "until",
                "\"until\" has to be later than \"from\"".to_owned(),
            ));
        }
        let calendar = match (fields.calendar, fields.timezone) {
            (None, None) => None,
            (None, Some(_)) => {
                let message =
                    "a time zone belongs to \"calendar\", such as \"calendar\": \"month\"";
                return Err(("timezone", message.to_owned()));
            }
            (Some(period), timezone) => Some(Calendar::of(period, timezone.as_deref())?),
        };
        Ok(Self {
            within: fields.within,
            calendar,
            from: fields.from,
            until: fields.until,
        })
    }
}

impl Calendar {
    /// A period of a time zone; UTC unless said otherwise.
    fn of(period: Period, timezone: Option<&str>) -> Result<Self, (&'static str, String)> {
        let timezone = timezone.unwrap_or("UTC");
        let zone = TimeZone::get(timezone).map_err(|_| {
            let message = format!(
                "there is no time zone \"{timezone}\": write an IANA name such as Europe/Berlin"
            );
            ("timezone", message)
        })?;
        Ok(Self {
            period,
            timezone: timezone.to_owned(),
            zone,
        })
    }

    /// The period in which `now` is: from its first moment to the first moment of the next one.
    #[must_use]
    pub fn bounds(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        self.days(now).unwrap_or((now, now))
    }

    fn days(&self, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let at = jiff::Timestamp::from_microsecond(now.as_micros()).ok()?;
        let today = at.to_zoned(self.zone.clone()).date();
        let (start, end) = match self.period {
            Period::Day => (today, today.tomorrow().ok()?),
            Period::Week => {
                let gone = i64::from(today.weekday().since(Weekday::Monday));
                let monday = today.checked_sub(jiff::Span::new().days(gone)).ok()?;
                (monday, monday.checked_add(jiff::Span::new().days(7)).ok()?)
            }
            Period::Month => {
                let first = today.first_of_month();
                (first, first.checked_add(jiff::Span::new().months(1)).ok()?)
            }
            Period::Quarter => {
                let gone = i64::from((today.month() - 1) % 3);
                let first = today.first_of_month();
                let first = first.checked_sub(jiff::Span::new().months(gone)).ok()?;
                (first, first.checked_add(jiff::Span::new().months(3)).ok()?)
            }
            Period::Year => {
                let first = today.first_of_year();
                (first, first.checked_add(jiff::Span::new().years(1)).ok()?)
            }
        };
        Some((self.moment(start)?, self.moment(end)?))
    }

    /// The first moment of a day: where clocks skip midnight, the moment after the gap.
    fn moment(&self, date: Date) -> Option<Timestamp> {
        let zoned = date.to_zoned(self.zone.clone()).ok()?;
        Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
    }
}

impl Window {
    /// Whether what is inside depends on the clock.
    #[must_use]
    pub fn moves(&self) -> bool {
        self.within.is_some() || self.calendar.is_some()
    }

    /// Whether an event of this time can ever be inside.
    #[must_use]
    pub fn admits(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }

    /// What is inside now.
    #[must_use]
    pub fn seen_at(&self, now: Timestamp) -> Inside {
        if let Some(within) = self.within {
            return Inside {
                // Exactly as old as the window is outside.
                from: Some(now.plus(within.negated()).plus(Span::from_micros(1))),
                ..Inside::default()
            };
        }
        match &self.calendar {
            Some(calendar) => {
                let (start, end) = calendar.bounds(now);
                Inside {
                    from: Some(start),
                    period_ends: Some(end),
                    ..Inside::default()
                }
            }
            None => Inside {
                from: self.from,
                until: self.until,
                ..Inside::default()
            },
        }
    }

    /// When something at `at` that is inside now may leave by itself; never of a window that does not move.
    #[must_use]
    pub fn leaves_at(&self, at: Timestamp, inside: Inside) -> Option<Timestamp> {
        match (self.within, &self.calendar) {
            (Some(within), _) => Some(at.plus(within)),
            (None, Some(_)) => inside.period_ends,
            (None, None) => None,
        }
    }
}

/// A stretch of time, half open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// The first moment inside.
    pub from: Option<Timestamp>,
    /// The first moment behind.
    pub until: Option<Timestamp>,
    /// When the next calendar period begins, of a window that is one.
    pub period_ends: Option<Timestamp>,
}

impl Inside {
    /// Whether a moment is inside.
    #[must_use]
    pub fn has(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }

    /// Whether a moment is before, so that it never comes inside again.
    #[must_use]
    pub fn is_behind(&self, at: Timestamp) -> bool {
        self.from.is_some_and(|from| at < from)
    }
}
