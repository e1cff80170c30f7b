//! `headwater import` of a CSV file with a mapping.

use std::process::Command;

use serde_json::json;

use crate::harness::{BINARY, Data};
use crate::import_ndjson::import;

const MAPPING: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../spec/import/online_retail.json"
);
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/invoices.csv");

#[test]
fn rows_of_an_invoice_become_one_order_with_exact_sums() {
    let data = Data::fresh();
    let summary = import(&data, &["--mapping", MAPPING, FILE]);
    // Two complete orders, a cancellation; without a person, with a bad number, and of two persons: set aside.
    assert_eq!(summary["rows"], 11);
    assert_eq!(summary["outcomes"], json!({"ok": 3, "quarantined": 3}));
    assert_eq!(
        import(&data, &["--mapping", MAPPING, FILE])["outcomes"],
        json!({"duplicate": 3, "quarantined": 3})
    );

    let server = data.serve();
    for (key, event, of) in [
        ("orders", "Order Completed", None),
        ("revenue", "Order Completed", Some("properties.revenue")),
        ("returned", "Order Cancelled", Some("properties.item_count")),
    ] {
        let aggregate = if of.is_none() { "count" } else { "sum" };
        server
            .post(
                "/api/v1/computed_traits",
                &json!({"key": key, "event": event, "aggregate": aggregate, "of": of}),
            )
            .ok();
    }
    assert_eq!(
        server.profile("user_id:17850")["computed_traits"],
        json!({"orders": 2, "revenue": 25.45, "returned": -1})
    );
    let timeline = server.timeline("user_id:17850");
    assert_eq!(timeline.len(), 3);
    let order = &timeline[0];
    assert_eq!(
        (&order["event"], &order["timestamp"]),
        (
            &json!("Order Completed"),
            &json!("2010-12-01T08:26:00.000Z")
        )
    );
    assert_eq!(order["properties"]["order_id"], "536365");
    assert_eq!(order["properties"]["item_count"], 7);
    assert_eq!(
        order["properties"]["products"][1],
        json!({"sku": "71053", "name": "LANTERN, WHITE \"METAL\"", "quantity": 1, "price": 3.39})
    );
    let reasons: Vec<String> = server
        .all("/api/v1/quarantine")
        .iter()
        .map(|one| one["reason"].to_string())
        .collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("userId")),
        "{reasons:?}"
    );
    assert!(
        reasons.iter().any(|reason| reason.contains("not a number")),
        "{reasons:?}"
    );
    assert!(
        reasons
            .iter()
            .any(|reason| reason.contains("about one person")),
        "{reasons:?}"
    );
}

#[test]
fn a_mapping_that_does_not_fit_says_so_before_anything_is_imported() {
    let data = Data::fresh();
    let mapping = data.dir.path().join("mapping.json");
    let refused = |text: &str| {
        std::fs::write(&mapping, text).unwrap();
        let output = Command::new(BINARY)
            .arg("import")
            .args(data.storage())
            .arg("--mapping")
            .arg(&mapping)
            .arg(FILE)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused("{\"name\": \"x\", \"events\": []}").contains("events"));
    assert!(refused("{\"name\": \"x\", \"event\": [{\"name\": \"E\"}], \"user_id\": {\"column\": \"Customer\"}}").contains("no column Customer"));
    let output = Command::new(BINARY)
        .arg("import")
        .args(data.storage())
        .arg(FILE)
        .output()
        .unwrap();
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("--mapping")
    );
}
