//! How good the clusters of labelled sets are, without labels. Deterministic, so a change that makes it worse shows.

use cdp_matching::{Matching, Settings, quality};

use crate::labelled;

fn assert_pairs(name: &str, f1: f64) {
    let Some(file) = labelled::file(name) else {
        return;
    };
    let (columns, records, truth) = labelled::records(&labelled::text(&file), "cluster_id");
    let matching = Matching::new(&columns, &records, &Settings::default()).unwrap();
    let found = quality(matching.clusters(), &truth);
    assert!(found.pairs.f1 >= f1, "{name}: {found:?}, wanted {f1}");
}

#[test]
fn febrl_3() {
    assert_pairs("febrl3.csv", 0.997);
}

#[test]
fn febrl_4() {
    assert_pairs("febrl4.csv", 0.999);
}

#[test]
fn a_small_set_with_much_unknown() {
    assert_pairs("fake_1000.csv", 0.96);
}

#[test]
fn households() {
    assert_pairs("pseudopeople_census_w2.csv", 0.93);
}
