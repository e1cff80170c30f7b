//! What is no match, and what cannot be told, is said.

use cdp_matching::{Column, Kind, Matching, Record, Refusal, Settings};

use crate::properties::people;

fn columns(kinds: &[(&str, Kind)]) -> Vec<Column> {
    kinds
        .iter()
        .map(|(name, kind)| Column {
            name: (*name).to_owned(),
            kind: *kind,
        })
        .collect()
}

fn record(id: usize, values: &[&str]) -> Record {
    Record {
        id: id.to_string(),
        source: String::new(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn refusal(columns: &[Column], records: &[Record], settings: &Settings) -> Refusal {
    Matching::new(columns, records, settings)
        .err()
        .expect("it should refuse")
}

#[test]
fn fields_that_cannot_tell_people_apart_are_no_model() {
    let kinds = columns(&[("sex", Kind::Sex), ("state", Kind::State)]);
    let records: Vec<Record> = (0..400)
        .map(|at| record(at, &[["f", "m"][at % 2], ["nsw", "vic", "qld"][at / 7 % 3]]))
        .collect();
    let Refusal::Model(gates) = refusal(&kinds, &records, &Settings::default()) else {
        panic!("it should be the model that fails");
    };
    assert!(gates[0].contains("agree on everything"), "{gates:?}");
}

#[test]
fn what_only_tells_households_apart_is_no_model() {
    // Everybody of a street has the same surname, the same town and the same postcode, and nothing else is known.
    let kinds = columns(&[
        ("surname", Kind::Surname),
        ("street", Kind::Address),
        ("town", Kind::City),
        ("postcode", Kind::Postcode),
    ]);
    let records: Vec<Record> = (0..3_000)
        .map(|at| {
            let street = at / 60;
            let words = [
                format!("name{street}"),
                format!("street {street}"),
                format!("town{street}"),
                format!("{street:05}"),
            ];
            record(at, &[&words[0], &words[1], &words[2], &words[3]])
        })
        .collect();
    let refused = refusal(&kinds, &records, &Settings::default()).to_string();
    assert!(refused.contains("no model is published"), "{refused}");
    assert!(refused.contains("differs within a household"), "{refused}");
}

#[test]
fn records_that_cannot_be_compared_say_why() {
    let kinds = columns(&[("name", Kind::FullName)]);
    let settings = Settings::default();
    let one = [record(1, &["ann"])];
    assert!(
        refusal(&kinds, &one, &settings)
            .to_string()
            .contains("nothing to match")
    );
    let short = [record(1, &["ann"]), record(2, &[])];
    assert!(
        refusal(&kinds, &short, &settings)
            .to_string()
            .contains("record `2` has 0 values for 1 columns")
    );
    let same = [record(1, &["ann"]), record(2, &["ann"])];
    assert!(
        refusal(&kinds, &same, &settings)
            .to_string()
            .contains("no column can be compared")
    );
    let settings = Settings {
        threshold: 1.0,
        ..Settings::default()
    };
    assert!(
        refusal(&kinds, &same, &settings)
            .to_string()
            .contains("no probability")
    );
    let settings = Settings {
        must_link: vec![(0, 2)],
        ..Settings::default()
    };
    assert!(
        refusal(&kinds, &same, &settings)
            .to_string()
            .contains("(0, 2)")
    );
}

#[test]
fn what_people_decided_holds() {
    let (columns, records, truth) = people(7, 300);
    let automatic = Matching::new(&columns, &records, &Settings::default()).unwrap();
    let joined = automatic.pairs()[0];
    let apart = (0..records.len())
        .find_map(|at| (truth[at] != truth[0]).then_some((0, at)))
        .unwrap();
    let settings = Settings {
        must_link: vec![apart],
        cannot_link: vec![(joined.one, joined.other)],
        ..Settings::default()
    };
    let decided = Matching::new(&columns, &records, &settings).unwrap();
    let clusters = decided.clusters();
    assert_eq!(clusters[apart.0], clusters[apart.1]);
    assert_ne!(clusters[joined.one], clusters[joined.other]);
    // Where both were said, apart it is.
    let settings = Settings {
        must_link: vec![(joined.one, joined.other)],
        cannot_link: vec![(joined.other, joined.one)],
        ..Settings::default()
    };
    let clusters = Matching::new(&columns, &records, &settings).unwrap();
    assert_ne!(
        clusters.clusters()[joined.one],
        clusters.clusters()[joined.other]
    );
}
