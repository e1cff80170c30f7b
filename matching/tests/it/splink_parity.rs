//! The same model gives the same weights as Splink 5.0 does: levels, term frequencies, start.

use std::collections::BTreeMap;

use cdp_matching::probability;

use crate::labelled;
use crate::splink::{Row, Splink};

/// Predictions are written with six decimals.
const WRITTEN: f64 = 1e-6;

fn parity(name: &str) {
    let (Some(records), Some(model), Some(predictions)) = (
        labelled::file(&format!("{name}.csv")),
        labelled::file(&format!("splink_model_{name}.json")),
        labelled::file(&format!("splink_{name}_predictions.csv.gz")),
    ) else {
        return;
    };
    let (columns, rows) = labelled::rows(&labelled::text(&records));
    let rows: Vec<Row> = rows
        .iter()
        .map(|row| {
            columns
                .iter()
                .zip(row)
                .filter(|(_, value)| !value.is_empty())
                .map(|(column, value)| (column.clone(), value.clone()))
                .collect()
        })
        .collect();
    let by_id: BTreeMap<&str, &Row> = rows
        .iter()
        .map(|row| (row["rec_id"].as_str(), row))
        .collect();
    let splink = Splink::read(&labelled::text(&model), &rows);
    let (_, predictions) = labelled::rows(&labelled::text(&predictions));
    assert!(predictions.len() > 1_000);
    for prediction in &predictions {
        let [left, right, of_match, weight] = prediction.as_slice() else {
            panic!("{prediction:?} is no prediction");
        };
        let agreements = splink.agreements(by_id[left.as_str()], by_id[right.as_str()]);
        let found = splink.model.weight(&agreements);
        let wanted: f64 = weight.parse().unwrap();
        assert!(
            (found - wanted).abs() <= WRITTEN,
            "{left} and {right} weigh {found}, and {wanted} with Splink: {agreements:?}"
        );
        let wanted: f64 = of_match.parse().unwrap();
        assert!((probability(found) - wanted).abs() <= WRITTEN);
    }
}

#[test]
fn weights_of_febrl3_are_those_of_splink() {
    parity("febrl3");
}

#[test]
fn weights_of_fake_1000_are_those_of_splink() {
    parity("fake_1000");
}
