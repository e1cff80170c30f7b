//! Runs every fixture of `spec/matching`.

use std::path::Path;

use cdp_matching::{
    Agreement, Column, Comparison, Level, Matching, Model, Record, Settings, infer,
};
use serde_json::Value;

fn fixtures() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/matching");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "spec/matching has no fixtures");
    files
        .into_iter()
        .map(|file| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            (
                name,
                serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap(),
            )
        })
        .collect()
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

fn columns(value: &Value) -> Vec<Column> {
    texts(value)
        .iter()
        .map(|text| {
            let (name, kind) = text.split_once('=').unwrap();
            Column {
                name: name.to_owned(),
                kind: kind.parse().unwrap(),
            }
        })
        .collect()
}

/// The people that records are matched among: a pair alone teaches nothing.
fn background(columns: &[Column]) -> Vec<Record> {
    let (known, records, _) = crate::properties::people(1, 600);
    records
        .into_iter()
        .map(|record| Record {
            id: format!("background {}", record.id),
            source: String::new(),
            values: columns
                .iter()
                .map(|column| {
                    let at = known.iter().position(|known| known.kind == column.kind);
                    at.map(|at| record.values[at].clone()).unwrap_or_default()
                })
                .collect(),
        })
        .collect()
}

#[test]
fn columns_are_inferred() {
    for (name, fixture) in fixtures() {
        let Some(wanted) = fixture.get("kinds") else {
            continue;
        };
        let rows: Vec<Vec<String>> = fixture["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(texts)
            .collect();
        let found: Vec<String> = infer(&texts(&fixture["names"]), &rows, &[])
            .iter()
            .map(|column| column.kind.to_string())
            .collect();
        assert_eq!(found, texts(wanted), "{name}");
    }
}

#[test]
fn pairs_are_compared_and_judged() {
    for (name, fixture) in fixtures() {
        let Some(pairs) = fixture.get("pairs") else {
            continue;
        };
        let columns = columns(&fixture["columns"]);
        for pair in pairs.as_array().unwrap() {
            let mut records = background(&columns);
            for side in ["one", "other"] {
                records.push(Record {
                    id: side.to_owned(),
                    source: String::new(),
                    values: texts(&pair[side]),
                });
            }
            let last = records.len() - 1;
            let matching = Matching::new(&columns, &records, &Settings::default()).unwrap();
            let waterfall = matching.explain(last - 1, last).unwrap();
            for (field, level) in pair["levels"].as_object().unwrap() {
                let bar = waterfall
                    .bars
                    .iter()
                    .find(|bar| bar.field == *field)
                    .unwrap();
                assert_eq!(bar.level, level.as_str().unwrap(), "{name}: {pair}");
            }
            let clusters = matching.clusters();
            if let Some(same) = pair["same"].as_bool() {
                assert_eq!(
                    clusters[last - 1] == clusters[last],
                    same,
                    "{name}: {pair} {waterfall:#?}"
                );
            }
        }
    }
}

#[test]
fn weights_are_added() {
    for (name, fixture) in fixtures() {
        let Some(comparisons) = fixture.get("comparisons") else {
            continue;
        };
        let model = Model {
            lambda: fixture["lambda"].as_f64().unwrap(),
            comparisons: comparisons
                .as_array()
                .unwrap()
                .iter()
                .map(|comparison| Comparison {
                    field: comparison["field"].as_str().unwrap().to_owned(),
                    levels: comparison["levels"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|level| serde_json::from_value::<Level>(level.clone()).unwrap())
                        .collect(),
                })
                .collect(),
        };
        for case in fixture["weights"].as_array().unwrap() {
            let agreements: Vec<Agreement> = case["agreements"]
                .as_array()
                .unwrap()
                .iter()
                .map(|agreement| Agreement {
                    level: usize::try_from(agreement["level"].as_u64().unwrap()).unwrap(),
                    share: agreement["share"].as_f64(),
                })
                .collect();
            let found = model.weight(&agreements);
            assert!(
                (found - case["weight"].as_f64().unwrap()).abs() < 1e-9,
                "{name}: {case} weighs {found}"
            );
        }
    }
}
