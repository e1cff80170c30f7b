//! A real shop's log: 541,909 invoice lines, compared for every customer with a computation that
//! shares no code with the product. Takes a minute or two, so it runs when it is asked for:
//!
//! `HEADWATER_ONLINE_RETAIL=path/to/online_retail.csv.gz cargo test -p headwater online_retail -- --nocapture`
//!
//! The file is UCI's "Online Retail" (Chen, 2015, CC BY 4.0) as CSV.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::{BINARY, Data, Server};
use crate::import_ndjson::import;

const MAPPING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../spec/import/online_retail.json"
);

/// Orders, items, revenue; then the same of cancellations.
type Figures = [Decimal; 6];

#[expect(
    clippy::disallowed_methods,
    reason = "the test's own setting; the server takes its settings from arguments"
)]
fn file() -> Option<String> {
    let file = std::env::var("HEADWATER_ONLINE_RETAIL")
        .ok()
        .filter(|file| Path::new(file).exists());
    if file.is_none() {
        eprintln!(
            "SKIPPED: set HEADWATER_ONLINE_RETAIL to online_retail.csv.gz (UCI Online Retail as CSV) to run this"
        );
    }
    file
}

/// Per customer, straight from the file: plain CSV and decimals.
fn independently(file: &str) -> BTreeMap<String, Figures> {
    let input = flate2::read::MultiGzDecoder::new(std::fs::File::open(file).unwrap());
    let mut reader = csv::Reader::from_reader(input);
    let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
    let mut invoices = std::collections::BTreeSet::new();
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).unwrap() {
        let text = |at: usize| String::from_utf8_lossy(&record[at]).trim().to_owned();
        let (invoice, quantity, price, customer) = (text(0), text(3), text(5), text(6));
        let Some(customer) = customer.strip_suffix(".0") else {
            continue;
        };
        let of = figures.entry(customer.to_owned()).or_default();
        let offset = if invoice.starts_with('C') { 3 } else { 0 };
        if invoices.insert(invoice) {
            of[offset] += Decimal::ONE;
        }
        let quantity: Decimal = quantity.parse().unwrap();
        of[offset + 1] += quantity;
        of[offset + 2] += quantity * price.parse::<Decimal>().unwrap();
    }
    figures
}

/// The same from the profiles.
fn from_profiles(server: &Server) -> BTreeMap<String, Figures> {
    let decimal = |value: &Value| {
        value
            .as_number()
            .map_or(Decimal::ZERO, |number| number.to_string().parse().unwrap())
    };
    let figure = |profile: &Value| KEYS.map(|(key, ..)| decimal(&profile["computed_traits"][key]));
    let id = |profile: &Value| {
        profile["identifiers"][0]["value"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    server
        .all("/api/v1/profiles?limit=500")
        .iter()
        .map(|profile| (id(profile), figure(profile)))
        .collect()
}

const KEYS: [(&str, &str, Option<&str>); 6] = [
    ("orders", "Order Completed", None),
    (
        "items",
        "Order Completed",
        Some("properties.products.quantity"),
    ),
    ("revenue", "Order Completed", Some("properties.revenue")),
    ("cancellations", "Order Cancelled", None),
    (
        "cancelled_items",
        "Order Cancelled",
        Some("properties.item_count"),
    ),
    (
        "cancelled_revenue",
        "Order Cancelled",
        Some("properties.revenue"),
    ),
];

fn define(server: &Server) {
    for (key, event, of) in KEYS {
        let aggregate = if of.is_none() { "count" } else { "sum" };
        server
            .post(
                "/api/v1/computed_traits",
                &json!({"key": key, "event": event, "aggregate": aggregate, "of": of}),
            )
            .ok();
    }
}

fn compare(server: &Server, expected: &BTreeMap<String, Figures>) {
    let found = from_profiles(server);
    let differing: Vec<_> = expected
        .iter()
        .filter(|(customer, figures)| found.get(*customer) != Some(figures))
        .take(5)
        .collect();
    assert!(
        differing.is_empty(),
        "{differing:?} but {:?}",
        differing
            .iter()
            .map(|(customer, _)| found.get(*customer))
            .collect::<Vec<_>>()
    );
    assert_eq!(found.len(), expected.len());
    eprintln!(
        "{} customers agree in {} figures each",
        found.len(),
        KEYS.len()
    );
}

#[test]
fn every_customer_of_the_online_retail_log_has_the_figures_of_an_independent_computation() {
    let Some(file) = file() else { return };
    let expected = independently(&file);
    assert_eq!(expected.len(), 4_372);
    let server = Server::fresh();
    define(&server);
    let data = server.stop();
    let summary = import(&data, &["--mapping", MAPPING, &file]);
    eprintln!("first import: {summary}");
    assert_eq!(
        summary["outcomes"],
        json!({"ok": 22_190, "quarantined": 3_710})
    );
    let server = data.serve();
    compare(&server, &expected);
    let data = server.stop();
    let again = import(&data, &["--mapping", MAPPING, &file]);
    eprintln!("second import: {again}");
    assert_eq!(
        again["outcomes"],
        json!({"duplicate": 22_190, "quarantined": 3_710})
    );
    let server = data.serve();
    compare(&server, &expected);
    assert_eq!(server.all("/api/v1/quarantine?limit=500").len(), 3_710);
}

#[test]
fn an_import_of_the_online_retail_log_that_is_killed_three_times_ends_the_same() {
    let Some(file) = file() else { return };
    let expected = independently(&file);
    let server = Server::fresh();
    define(&server);
    let data = server.stop();
    for killed_at in [2_000_u64, 9_000, 17_000] {
        let command = |data: &Data| {
            Command::new(BINARY)
                .arg("import")
                .args(data.storage())
                .args(["--mapping", MAPPING, &file])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let mut child = command(&data);
        let mut lines =
            std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().unwrap()));
        let reached = |line: &str| {
            line.split(' ')
                .next()
                .and_then(|count| count.parse::<u64>().ok())
                .is_some_and(|count| count >= killed_at)
        };
        let line = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| reached(line));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(!status.success(), "the import ended before it was killed");
        eprintln!("killed after: {}", line.unwrap_or_default());
    }
    let started = Instant::now();
    let summary = import(&data, &["--mapping", MAPPING, &file]);
    eprintln!(
        "resumed in {:.1} s: {summary}",
        started.elapsed().as_secs_f64()
    );
    let server = data.serve();
    compare(&server, &expected);
}
