//! Rows of a CSV file, grouped as the mapping says.

use std::collections::HashMap;
use std::io::Read;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Value, json};

use super::Item;
use super::feed::Items;
use super::group::Group;
use super::mapping::Mapping;
use crate::id;

/// A row's texts by the names of their columns.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a HashMap<String, usize>,
    record: &'a ByteRecord,
    /// Its number in the file, the header being 1.
    pub(super) number: u64,
}

impl Row<'_> {
    /// The text in a column, without spaces around it; empty where the row is short.
    pub(super) fn text(&self, column: &str) -> String {
        let bytes = self
            .columns
            .get(column)
            .and_then(|at| self.record.get(*at))
            .unwrap_or_default();
        String::from_utf8_lossy(bytes).trim().to_owned()
    }
}

/// Reads rows until the end; gives how many there were. Rows of a group may be anywhere in the file,
/// so groups are held until its end; what is held of a row is what its message needs.
pub(super) fn read(
    input: Box<dyn Read + Send>,
    mapping: &Mapping,
    source_id: &str,
    items: &Items,
) -> Result<u64, String> {
    let mut reader = ReaderBuilder::new().from_reader(input);
    let header = reader
        .byte_headers()
        .map_err(|error| format!("the file has no header line: {error}"))?
        .clone();
    let columns = columns(&header, mapping)?;
    let mut groups: HashMap<String, Group> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut record = ByteRecord::new();
    let mut number = 1;
    loop {
        number += 1;
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) if error.is_io_error() => {
                return Err(format!("row {number}: the file cannot be read: {error}"));
            }
            Err(error) => {
                if !items.send(unreadable(mapping, source_id, number, &error)) {
                    return Ok(number - 2);
                }
                continue;
            }
        }
        let row = Row {
            columns: &columns,
            record: &record,
            number,
        };
        match &mapping.group_by {
            None => {
                let mut alone = Group::default();
                alone.add(mapping, row);
                if !items.send(alone.item(mapping, source_id, &number.to_string())) {
                    return Ok(number - 1);
                }
            }
            Some(column) => {
                let key = row.text(column);
                let group = groups.entry(key).or_insert_with_key(|key| {
                    order.push(key.clone());
                    Group::default()
                });
                group.add(mapping, row);
            }
        }
    }
    for key in order {
        let Some(group) = groups.remove(&key) else {
            continue;
        };
        if !items.send(group.item(mapping, source_id, &key)) {
            break;
        }
    }
    Ok(number - 2)
}

fn columns(header: &ByteRecord, mapping: &Mapping) -> Result<HashMap<String, usize>, String> {
    let name = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes)
            .trim_start_matches('\u{feff}')
            .trim()
            .to_owned()
    };
    let columns: HashMap<String, usize> = header
        .iter()
        .enumerate()
        .map(|(at, bytes)| (name(bytes), at))
        .collect();
    let mut missing: Vec<&str> = mapping
        .columns()
        .filter(|column| !columns.contains_key(*column))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return Ok(columns);
    }
    let known: Vec<String> = header.iter().map(name).collect();
    Err(format!(
        "the file has no column {}; its columns are {}",
        missing.join(", "),
        known.join(", ")
    ))
}

fn unreadable(mapping: &Mapping, source_id: &str, number: u64, error: &csv::Error) -> Item {
    Item::Refused {
        message_id: format!(
            "import-{}",
            &id::digest(format!("{}\n{source_id}\nrow {number}", mapping.name))[..32]
        ),
        reason: format!("row {number} cannot be read: {error}"),
        message: json!({"row": Value::from(number)}),
    }
}
