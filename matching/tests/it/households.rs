//! People who share a surname, an address and a telephone are not one person.

use cdp_matching::{Column, Kind, Matching, Record, Settings, infer, quality};

use crate::properties::Numbers;

const FIRST: [&str; 16] = [
    "Robert", "Mary", "Anna", "James", "Peter", "Linda", "Susan", "Paul", "Mark", "Donald",
    "George", "Karen", "Betty", "Helen", "Sandra", "Kevin",
];
const LAST: [&str; 12] = [
    "Miller", "Garcia", "Wilson", "Moore", "Jackson", "White", "Harris", "Young", "Wright", "Hill",
    "Nelson", "Baker",
];

/// Households of four people with one surname, address and telephone; `copies` of 100 people are there twice, and one in
/// twelve records lacks the first name. The columns are first name, surname, birth, street, city, phone and signup.
fn households(seed: u64, copies: usize) -> (Vec<[String; 7]>, Vec<usize>) {
    let mut numbers = Numbers(seed);
    let (mut rows, mut truth) = (Vec::new(), Vec::new());
    for home in 0..400 {
        let surname = format!(
            "{}{}",
            LAST[numbers.below(LAST.len())],
            ["", "son", "berg", "ton"][numbers.below(4)]
        );
        let street = format!(
            "{} {} Street",
            1 + numbers.below(900),
            LAST[numbers.below(12)]
        );
        let city = format!("{}ville", FIRST[numbers.below(FIRST.len())]);
        let phone = format!("{}", 2_025_550_000 + home * 7_919 + numbers.below(900));
        let from = numbers.below(FIRST.len());
        for member in 0..4 {
            let born = format!(
                "{}-{:02}-{:02}",
                1930 + numbers.below(80),
                1 + numbers.below(12),
                1 + numbers.below(28)
            );
            for _ in 0..1 + usize::from(numbers.below(100) < copies) {
                let first = FIRST[(from + member * 3) % FIRST.len()];
                let known = |value: &str, unknown: bool| {
                    if unknown {
                        String::new()
                    } else {
                        value.to_owned()
                    }
                };
                let signup = format!("202{}-0{}-11", numbers.below(4), 1 + numbers.below(9));
                rows.push([
                    known(first, numbers.below(12) == 0),
                    surname.clone(),
                    known(&born, numbers.below(10) == 0),
                    street.clone(),
                    city.clone(),
                    known(&phone, numbers.below(5) == 0),
                    signup,
                ]);
                truth.push(home * 4 + member);
            }
        }
    }
    (rows, truth)
}

/// Matches rows with inferred columns.
fn matched(names: &[&str], rows: Vec<Vec<String>>) -> Matching {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let columns: Vec<Column> = infer(&names, &rows, &[]);
    let records: Vec<Record> = rows
        .into_iter()
        .enumerate()
        .map(|(at, values)| Record {
            id: at.to_string(),
            source: String::new(),
            values,
        })
        .collect();
    Matching::new(&columns, &records, &Settings::default()).unwrap()
}

const NAMES: [&str; 7] = [
    "first_name",
    "last_name",
    "dob",
    "street",
    "city",
    "phone",
    "signup",
];

#[test]
fn a_list_without_duplicates_has_none_afterwards() {
    let (rows, truth) = households(3, 0);
    let matching = matched(&NAMES, rows.iter().map(|row| row.to_vec()).collect());
    let clusters = matching.clusters().iter().max().unwrap() + 1;
    assert!(truth.len() - clusters <= 2, "{clusters} of {}", truth.len());
    assert!(matching.vetoes().iter().all(|veto| veto.active));
}

#[test]
fn few_duplicates_are_found_among_households() {
    for copies in [2, 5, 20, 60] {
        let (rows, truth) = households(5, copies);
        let matching = matched(&NAMES, rows.iter().map(|row| row.to_vec()).collect());
        let found = quality(matching.clusters(), &truth).pairs;
        assert!(
            found.precision > 0.95 && found.recall > 0.75,
            "{copies}: {found:?}"
        );
    }
}

#[test]
fn who_is_not_named_is_nobody_of_the_household() {
    let (rows, truth) = households(7, 30);
    let matching = matched(&NAMES, rows.iter().map(|row| row.to_vec()).collect());
    let clusters = matching.clusters();
    for (at, row) in rows.iter().enumerate() {
        // Neither first name nor birth is known: nothing says who it is.
        if row[0].is_empty() && row[2].is_empty() {
            let joined =
                (0..rows.len()).any(|other| other != at && clusters[other] == clusters[at]);
            assert!(!joined, "{row:?} of {}", truth[at]);
        }
    }
}

#[test]
fn names_in_one_column_and_births_with_a_time_are_as_good() {
    let (rows, truth) = households(9, 40);
    let f1 = |matching: &Matching| quality(matching.clusters(), &truth).pairs.f1;
    let apart = f1(&matched(
        &NAMES,
        rows.iter().map(|row| row.to_vec()).collect(),
    ));
    let names = ["name", "dob", "street", "city", "phone"];
    let together = |name: fn(&[String; 7]) -> String, born: fn(&str) -> String| {
        let rows = rows.iter().map(|row| {
            let born = if row[2].is_empty() {
                String::new()
            } else {
                born(&row[2])
            };
            vec![
                name(row),
                born,
                row[3].clone(),
                row[4].clone(),
                row[5].clone(),
            ]
        });
        f1(&matched(&names, rows.collect()))
    };
    let plain = |row: &[String; 7]| format!("{} {}", row[0], row[1]);
    let comma = |row: &[String; 7]| format!("{}, {}", row[1], row[0]);
    for found in [
        together(plain, str::to_owned),
        together(comma, str::to_owned),
        together(plain, |born| format!("{born}T00:00:00Z")),
    ] {
        assert!(found > apart - 0.02, "{found} {apart}");
    }
}

#[test]
fn given_kinds_come_before_names_and_names_before_values() {
    let (rows, _) = households(11, 0);
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.to_vec()).collect();
    let kinds = |names: [&str; 7], given: &[(String, Kind)]| -> Vec<Kind> {
        let names = names.map(str::to_owned);
        let columns = infer(&names, &rows, given);
        columns.into_iter().map(|column| column.kind).collect()
    };
    // The signup is known of everybody, the birth is not.
    let found = kinds(NAMES, &[]);
    assert_eq!((found[2], found[6]), (Kind::BirthDate, Kind::Ignored));
    let found = kinds(["vorname", "name", "a", "b", "c", "d", "e"], &[]);
    assert_eq!(
        found[..3],
        [Kind::FirstName, Kind::Surname, Kind::BirthDate]
    );
    // Dates of four years are of no births, whatever the column is called.
    assert_eq!(found[6], Kind::Ignored);
    let given = [
        ("signup".to_owned(), Kind::BirthDate),
        ("dob".to_owned(), Kind::Ignored),
    ];
    let found = kinds(NAMES, &given);
    assert_eq!((found[2], found[6]), (Kind::Ignored, Kind::BirthDate));
}
