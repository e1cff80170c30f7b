//! A trend divided by the values of a property: of that, reports keep nothing, so the events themselves are read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cdp_core::json_path;
use cdp_core::report::{self, Masks, Row, Select};
use cdp_core::time::Timestamp;
use serde_json::Value;

use super::ask::{Basis, Series, Trends, beginnings, refused};
use super::columns::Columns;
use super::store;
use crate::app::App;
use crate::error::Result;
use crate::{history, pipeline};

/// Values that have a line of their own.
const MOST_VALUES: usize = 9;
/// People who have to share a value, so that somebody who may not see people sees it: it may be a name or an address.
pub(super) const SHARED_BY: usize = 5;
/// Different values that are told apart.
const MOST_DIFFERENT: usize = 5_000;
/// Characters of a value.
const LONGEST: usize = 120;
/// Places of the log in one step.
const STEP: i64 = 5_000;
/// How long events are read.
const MOST_TIME: Duration = Duration::from_secs(3);

/// What is divided.
pub(super) struct Wanted {
    pub(super) event: String,
    /// Where in the event the value is.
    pub(super) path: String,
    pub(super) time: (Timestamp, Timestamp),
    pub(super) bounds: Vec<i64>,
    /// The identifiers of whom is looked at.
    pub(super) only: Option<Vec<String>>,
    /// How many people have to share a value at least.
    pub(super) shared_by: usize,
}

/// An event as it is read: when, whose, and which of the values.
struct Found {
    at: i64,
    anchor: String,
    value: u16,
}

/// The value of events that have none, and of those that are too many.
const NONE: u16 = 0;

impl Wanted {
    /// Reads the youngest events of the time, and counts them.
    pub(super) async fn answer(self, app: &Arc<App>, space_id: &str) -> Result<Trends> {
        let is_known = ["properties.", "context."]
            .iter()
            .any(|first| self.path.starts_with(first));
        if !is_known {
            return Err(refused(
                "a breakdown is by a property of the event: write a path such as \"properties.plan\" or \"context.campaign.source\"",
            ));
        }
        let (found, values, since) = self.read(app, space_id).await?;
        let reckon = move |columns: &Columns| self.count(columns, found, &values, since);
        app.reports.ask(app, space_id, reckon).await
    }

    /// The events, the oldest first, with the values that their numbers stand for; and since when they are all.
    async fn read(
        &self,
        app: &App,
        space_id: &str,
    ) -> Result<(Vec<Found>, Vec<String>, Option<Timestamp>)> {
        let started = Instant::now();
        let (since, until) = self.time;
        let mut numbers: BTreeMap<String, u16> = BTreeMap::new();
        let mut found = Vec::new();
        let mut upper = pipeline::last_offset(&app.database).await?;
        let mut cut = None;
        while let Some((offset, received_at)) = history::place_before(&app.database, upper).await? {
            if received_at < since {
                break;
            }
            if started.elapsed() > MOST_TIME {
                cut = Some(received_at);
                break;
            }
            let mut connection = app.database.reader().acquire().await?;
            let what = (space_id, self.event.as_str());
            let events = store::whole_events(&mut connection, what, offset - STEP, offset).await?;
            for (anchor, event) in events {
                if event.timestamp < since || event.timestamp >= until {
                    continue;
                }
                let values = json_path::of_event(&event, &self.path);
                let value = values.first().and_then(|value| text(value));
                let value = value.map_or(NONE, |value| {
                    let next = numbers.len() + 1;
                    match numbers.get(&value) {
                        Some(known) => *known,
                        None if next > MOST_DIFFERENT => NONE,
                        None => {
                            let next = u16::try_from(next).unwrap_or(NONE);
                            numbers.insert(value, next);
                            next
                        }
                    }
                });
                found.push(Found {
                    at: event.timestamp.as_millis(),
                    anchor,
                    value,
                });
            }
            upper = offset - STEP;
        }
        found.sort_by_key(|found| found.at);
        let mut values = vec![String::new(); numbers.len() + 1];
        for (value, number) in numbers {
            if let Some(place) = values.get_mut(usize::from(number)) {
                *place = value;
            }
        }
        Ok((found, values, cut))
    }

    fn count(
        self,
        columns: &Columns,
        found: Vec<Found>,
        values: &[String],
        since: Option<Timestamp>,
    ) -> Trends {
        let only = self.only.map(|only| {
            let person = |identifier: String| columns.person(&identifier, i64::MAX);
            only.into_iter()
                .filter_map(person)
                .collect::<BTreeSet<u32>>()
        });
        let row = |found: Found| {
            let person = columns.person(&found.anchor, found.at)?;
            let is_wanted = only.as_ref().is_none_or(|only| only.contains(&person));
            is_wanted.then_some(Row {
                at: found.at,
                person,
                name: found.value,
            })
        };
        let rows: Vec<Row> = found.into_iter().filter_map(row).collect();
        let mut often: BTreeMap<u16, u64> = BTreeMap::new();
        let mut sharing: BTreeMap<u16, BTreeSet<u32>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.name != NONE) {
            *often.entry(row.name).or_default() += 1;
            let people = sharing.entry(row.name).or_default();
            if people.len() < self.shared_by {
                people.insert(row.person);
            }
        }
        often.retain(|value, _| {
            let people = sharing.get(value);
            people.is_some_and(|people| people.len() >= self.shared_by)
        });
        let mut often: Vec<(u64, u16)> = often
            .into_iter()
            .map(|(value, count)| (count, value))
            .collect();
        let name = |value: u16| values.get(usize::from(value));
        often.sort_unstable_by_key(|(count, value)| (u64::MAX - count, name(*value)));
        let shown: Vec<u16> = often
            .iter()
            .take(MOST_VALUES)
            .map(|(_, value)| *value)
            .collect();
        let rows = rows.into_iter().map(|mut row| {
            if !shown.contains(&row.name) {
                row.name = NONE;
            }
            row
        });
        let named = shown.iter().copied().chain([NONE]);
        let selected: Vec<Select> = named
            .clone()
            .map(|value| Select::Name(Some(value)))
            .collect();
        let masks = Masks::new(values.len(), &selected);
        let counted = report::trends(rows, &self.bounds, &masks, selected.len(), columns.people());
        let of_value = |(value, counted)| {
            let value = Some(value).filter(|value| *value != NONE);
            let value = value.and_then(|value| values.get(usize::from(value)).cloned());
            Series::of(Some(&self.event), Some(value), counted)
        };
        Trends {
            basis: Basis::of(columns),
            buckets: beginnings(&self.bounds),
            series: named.zip(counted).map(of_value).collect(),
            broken_down_since: since,
            values_shared_by: Some(self.shared_by).filter(|people| *people > 1),
        }
    }
}

/// A value as a line is called; what is no plain value has no line.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(text.chars().take(LONGEST).collect())
}
