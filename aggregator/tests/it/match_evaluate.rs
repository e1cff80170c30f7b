//! `headwater match evaluate`: records are matched without their labels.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::harness::BINARY;

fn evaluate(csv: &str, arguments: &[&str]) -> Output {
    evaluate_bytes(csv.as_bytes(), arguments)
}

fn evaluate_bytes(csv: &[u8], arguments: &[&str]) -> Output {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(csv).unwrap();
    Command::new(BINARY)
        .args(["match", "evaluate", "--labels"])
        .arg(file.path())
        .args(arguments)
        .output()
        .unwrap()
}

/// Two hundred people, each twice, once with an error. `label` makes the name of a person.
fn people(label: fn(usize) -> String) -> String {
    let first = ["Ann", "Peter", "Linda", "Mark", "Susan", "George", "Helen"];
    let mut csv = "key,who,Vorname,Nachname,geboren,mail\n".to_owned();
    for person in 0..200 {
        let name = format!(
            "{}{}",
            ["Mil", "Jon", "Bak", "Hof", "Kel"][person % 5],
            ["ler", "nes", "er", "mann"][person / 5 % 4]
        );
        let born = format!(
            "{}-{:02}-{:02}",
            1940 + person * 37 % 60,
            1 + person * 5 % 12,
            1 + person * 11 % 28
        );
        for copy in 0..2 {
            let given = if copy == 1 && person % 9 == 0 {
                ""
            } else {
                first[person * 3 % 7]
            };
            csv += &format!(
                "{},{},{given},{name},{born},{given}{person}@example.com\n",
                person * 2 + copy,
                label(person)
            );
        }
    }
    csv
}

fn json(output: &Output) -> Value {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_file_of_a_spreadsheet_needs_no_help() {
    // Semicolons, Windows-1252, and the names that a German file has.
    let people = people(|person| format!("p{person}"));
    let plain = json(&evaluate(&people, &COLUMNS));
    let text = people
        .replace("geboren", "Geburtsdatum")
        .replace("Ann,", "Zoë,")
        .replace(',', ";");
    let bytes: Vec<u8> = text
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).unwrap())
        .collect();
    let figures = json(&evaluate_bytes(&bytes, &["--truth", "who", "--json"]));
    let f1 = |figures: &Value| figures["pairs"]["f1"].as_f64().unwrap();
    assert!(f1(&figures) >= f1(&plain) - 0.01, "{figures} {plain}");
}

#[test]
fn whoever_has_read_enough_may_close_the_pipe() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(people(|person| person.to_string()).as_bytes())
        .unwrap();
    let mut child = Command::new(BINARY)
        .args(["match", "evaluate", "--truth", "who", "--labels"])
        .arg(file.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert!(!error.contains("panicked"), "{error}");
}

const COLUMNS: [&str; 5] = [
    "--truth",
    "who",
    "--columns",
    "Vorname=first_name,Nachname=surname",
    "--json",
];

#[test]
fn figures_are_one_json_object() {
    let figures = json(&evaluate(&people(|person| format!("p{person}")), &COLUMNS));
    for of in ["pairs", "bcubed"] {
        for figure in ["precision", "recall", "f1"] {
            let value = figures[of][figure].as_f64().unwrap();
            assert!((0.9..=1.0).contains(&value), "{of} {figure}: {figures}");
        }
    }
    assert!(figures["cpu_seconds"].as_f64().unwrap() > 0.0);
    assert!(figures["peak_rss_mb"].is_number() || figures["peak_rss_mb"].is_null());
}

#[test]
fn labels_do_not_change_what_is_matched() {
    // With the labels of others the report differs in its figures alone.
    let report = |label: fn(usize) -> String| {
        let output = evaluate(&people(label), &COLUMNS[..4]);
        let text = String::from_utf8(output.stdout).unwrap();
        let (report, _) = text.split_once("            precision").unwrap();
        report.to_owned()
    };
    let right = report(|person| format!("p{person}"));
    assert!(
        right.contains("Nachname                 surname") && right.contains("vetoes:"),
        "{right}"
    );
    assert!(!right.contains("who"), "{right}");
    assert_eq!(right, report(|person| format!("{}", person % 3)));
}

#[test]
fn what_cannot_be_evaluated_says_what_to_do() {
    let error = |csv: &str, arguments: &[&str]| {
        let output = evaluate(csv, arguments);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let people = people(|person| person.to_string());
    assert!(error(&people, &["--truth", "owner"]).contains("name one of key, who, Vorname"));
    assert!(
        error(&people, &["--truth", "who", "--columns", "Vorname=prename"])
            .contains("take one of first_name")
    );
    assert!(
        error(&people, &["--truth", "who", "--columns", "Name=surname"])
            .contains("which is no column")
    );
    assert!(error(&people, &["--truth", "who", "--threshold", "2"]).contains("no probability"));
    assert!(error("key,who\n1,a\n", &["--truth", "who"]).contains("nothing to match"));
    assert!(error("", &["--truth", "who"]).contains("there is no column `who`"));
    assert!(error("key,who,name\n1,a,\u{fffd}\n2,b\n", &["--truth", "who"]).contains("line: 3"));
}
