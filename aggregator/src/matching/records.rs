//! The records of a space: what every identifier's own events and imports say of its person.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::event::Object;
use cdp_matching::{Column, Record, infer};
use serde_json::Value;

use crate::consent::Rules;
use crate::database::Database;
use crate::error::Result;
use crate::traits::{self, Known};

/// Identifiers read at once.
const PAGE: i64 = 2_000;
/// Records of one matching.
pub(super) const MOST_RECORDS: usize = 500_000;
/// Traits that are compared, the most common ones.
const MOST_COLUMNS: usize = 40;
/// What has to be known of somebody who can be compared.
const LEAST_VALUES: usize = 2;

/// What is matched.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) columns: Vec<Column>,
    pub(super) records: Vec<Record>,
    /// The profile of each record.
    pub(super) profiles: Vec<String>,
    /// Whether there are more than can be matched.
    pub(super) too_many: bool,
}

impl Records {
    /// Reads them. Only what consent allows to link with counts.
    pub(super) async fn read(database: &Database, rules: &Rules) -> Result<Self> {
        let mut connection = database.reader().acquire().await?;
        let needed = &rules.policy().uses.link;
        let mut known: Vec<(String, String, BTreeMap<String, String>)> = Vec::new();
        let mut after = String::new();
        loop {
            let space_id = rules.space_id();
            let anchors = traits::anchors_after(&mut connection, space_id, &after, PAGE).await?;
            let Some((last, _)) = anchors.last() else {
                break;
            };
            after.clone_from(last);
            let names = anchors.iter().map(|(anchor, _)| anchor.clone());
            let traits = traits::of_anchors(&mut connection, space_id, names).await?;
            for (anchor, profile_id) in anchors {
                let values = texts(&traits.seen_for(&anchor, needed).values);
                if values.len() >= LEAST_VALUES {
                    known.push((anchor, profile_id, values));
                }
            }
            if known.len() > MOST_RECORDS {
                return Ok(Self {
                    too_many: true,
                    ..Self::default()
                });
            }
        }
        let names = names(known.iter().map(|(_, _, values)| values));
        let mut records = Self::default();
        for (anchor, profile_id, mut values) in known {
            let of_name = |name| values.remove(name).unwrap_or_default();
            records.records.push(Record {
                id: anchor,
                source: String::new(),
                values: names.iter().map(of_name).collect(),
            });
            records.profiles.push(profile_id);
        }
        let rows: Vec<Vec<String>> = records
            .records
            .iter()
            .map(|record| record.values.clone())
            .collect();
        records.columns = infer(&names, &rows, &[]);
        Ok(records)
    }

    /// Whether all that was matched of a record may still be told.
    pub(super) fn holds(&self, at: usize, rules: &Rules, now: &Known) -> bool {
        self.records.get(at).is_some_and(|record| {
            let known = texts(&now.seen_for(&record.id, &rules.policy().uses.link).values);
            let mut values = self.columns.iter().zip(&record.values);
            values.all(|(column, value)| {
                value.is_empty() || known.get(&column.name).is_some_and(|text| text == value)
            })
        })
    }

    /// The profile of each identifier that has a record.
    pub(super) fn profile_of(&self) -> BTreeMap<String, &str> {
        let profiles = self.records.iter().zip(&self.profiles);
        profiles
            .map(|(record, profile)| (record.id.clone(), profile.as_str()))
            .collect()
    }

    /// Records that are known to be of one person, since evidence joins their identifiers.
    pub(super) fn joined(&self) -> Vec<(usize, usize)> {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        let mut pairs = Vec::new();
        for (at, profile) in self.profiles.iter().enumerate() {
            pairs.extend(last.insert(profile, at).map(|before| (before, at)));
        }
        pairs
    }
}

/// The traits that are compared, in the order of their names.
fn names<'a>(known: impl Iterator<Item = &'a BTreeMap<String, String>>) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in known.flat_map(BTreeMap::keys) {
        *counts.entry(name).or_default() += 1;
    }
    let mut names: Vec<(&str, usize)> = counts.into_iter().filter(|(_, many)| *many > 1).collect();
    names.sort_by_key(|(_, many)| std::cmp::Reverse(*many));
    names.truncate(MOST_COLUMNS);
    let names: BTreeSet<&str> = names.into_iter().map(|(name, _)| name).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Traits as texts; those of an object such as an address by path. A list is nothing that can be compared.
fn texts(traits: &Object) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (name, value) in traits {
        match value {
            Value::Object(inner) => {
                let path =
                    |(key, value): (&String, &Value)| Some((format!("{name} {key}"), text(value)?));
                texts.extend(inner.iter().filter_map(path));
            }
            other => texts.extend(text(other).map(|text| (name.clone(), text))),
        }
    }
    texts
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
