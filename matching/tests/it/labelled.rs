//! Labelled data that is not part of the repository: looked for, and its absence said.

use std::io::Read;
use std::path::PathBuf;

use cdp_matching::{Column, Kind, Record, infer};

/// Where a file of labelled records is, if it is there.
#[expect(
    clippy::disallowed_macros,
    reason = "a test that is skipped has to say so"
)]
pub(crate) fn file(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("HEADWATER_LABELLED_RECORDS").map_or_else(
        || {
            PathBuf::from(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../shared/data/identity"
            ))
        },
        PathBuf::from,
    );
    let file = folder.join(name);
    if file.exists() {
        return Some(file);
    }
    eprintln!(
        "SKIPPED: {name} is not there: set HEADWATER_LABELLED_RECORDS to a folder of labelled records (docs/matching.md)"
    );
    None
}

/// The text of a file.
pub(crate) fn text(path: &PathBuf) -> String {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if path.extension().is_some_and(|end| end == "gz") {
        flate2::read::MultiGzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
    } else {
        bytes.as_slice().read_to_string(&mut text).unwrap();
    }
    text
}

/// Rows by column name.
pub(crate) fn rows(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    (names, rows)
}

/// Records with inferred columns; `truth` is a column that is taken out and given back apart.
pub(crate) fn records(text: &str, truth: &str) -> (Vec<Column>, Vec<Record>, Vec<String>) {
    let (mut names, mut rows) = rows(text);
    let label = names.iter().position(|name| name == truth).unwrap();
    names.remove(label);
    let labels = rows.iter_mut().map(|row| row.remove(label)).collect();
    let columns = infer(&names, &rows, &[]);
    let source = columns
        .iter()
        .position(|column| column.kind == Kind::Source);
    let records = rows
        .into_iter()
        .zip(1..)
        .map(|(values, line): (_, usize)| Record {
            id: line.to_string(),
            source: source.map(|at| values[at].clone()).unwrap_or_default(),
            values,
        })
        .collect();
    (columns, records, labels)
}
