//! The page of an archive that a person reads: one file without a script, which opens anywhere.

use std::fmt::Write as _;

use serde_json::Value;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1a1c20;background:#fff}\
h1{font-size:1.6rem}h2{margin-top:2.5rem;font-size:1.2rem}table{border-collapse:collapse;width:100%;font-size:.875rem;margin:.5rem 0 1.5rem}\
th,td{text-align:left;vertical-align:top;padding:.375rem .625rem;border-bottom:1px solid #dcdfe4;overflow-wrap:anywhere}\
th{font-weight:600}p.note{color:#555b65}pre{white-space:pre-wrap;margin:0;font:.8rem/1.4 ui-monospace,monospace}\
@media(prefers-color-scheme:dark){body{color:#e6e8eb;background:#15171a}th,td{border-color:#33373d}p.note{color:#a0a6af}}";

/// What the stores are called.
const NAMES: &[(&str, &str)] = &[
    ("traits", "Traits, and the message that each is from"),
    ("computed_traits", "What was computed of you"),
    ("exposures", "What you were shown"),
    ("consent", "What you said of consent"),
    ("audiences", "Audiences that you are or were in"),
    ("identity", "How we know which identifiers are yours"),
    ("matching", "Records that may be yours as well"),
];

/// The page, from everything but the events, and some of these.
pub(super) fn page(data: &Value, events: &[Value]) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>What is held of you</title><style>{STYLE}</style></head><body><h1>What is held of you</h1>\
         <p class=\"note\">Request {}, made at {}. The same, for a program to read, is in data.json; all events are in events.ndjson.</p>",
        escaped(&text(&data["request_id"])),
        escaped(&text(&data["made_at"])),
    );
    section(&mut page, "Your identifiers");
    list(&mut page, &data["identifiers"]);
    if data["identifiers_that_others_use_as_well"]
        .as_array()
        .is_some_and(|shared| !shared.is_empty())
    {
        add(
            &mut page,
            "<p class=\"note\">Others use these as well, so what was done with them alone is not shown here:</p>",
        );
        list(&mut page, &data["identifiers_that_others_use_as_well"]);
    }
    for profile in data["profiles"].as_array().into_iter().flatten() {
        section(&mut page, "Your profile");
        fields(&mut page, profile);
    }
    for (store, name) in NAMES {
        let tables: Vec<&Value> = data["stores"][store]
            .as_object()
            .into_iter()
            .flat_map(|tables| tables.values())
            .collect();
        if tables
            .iter()
            .any(|rows| rows.as_array().is_some_and(|rows| !rows.is_empty()))
        {
            section(&mut page, name);
            for rows in tables {
                table(&mut page, rows);
            }
        }
    }
    if data["quarantine"]
        .as_array()
        .is_some_and(|refused| !refused.is_empty())
    {
        section(&mut page, "Messages that were refused, and why");
        table(&mut page, &data["quarantine"]);
    }
    section(&mut page, "What you did");
    table(&mut page, &Value::from(events.to_vec()));
    add(&mut page, "</body></html>\n");
    page
}

fn add(page: &mut String, html: &str) {
    page.push_str(html);
}

fn section(page: &mut String, name: &str) {
    // Writing to a String cannot fail.
    let _ = write!(page, "<h2>{}</h2>", escaped(name));
}

fn list(page: &mut String, items: &Value) {
    add(page, "<ul>");
    for item in items.as_array().into_iter().flatten() {
        let _ = write!(page, "<li>{}</li>", escaped(&text(item)));
    }
    add(page, "</ul>");
}

fn fields(page: &mut String, object: &Value) {
    add(page, "<table><tbody>");
    for (name, value) in object.as_object().into_iter().flatten() {
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            escaped(name),
            cell(value)
        );
    }
    add(page, "</tbody></table>");
}

/// Rows that have the same fields.
fn table(page: &mut String, rows: &Value) {
    let Some(first) = rows.get(0).and_then(Value::as_object) else {
        return;
    };
    add(page, "<table><thead><tr>");
    for name in first.keys() {
        let _ = write!(
            page,
            "<th scope=\"col\">{}</th>",
            escaped(&name.replace('_', " "))
        );
    }
    add(page, "</tr></thead><tbody>");
    for row in rows.as_array().into_iter().flatten() {
        add(page, "<tr>");
        for name in first.keys() {
            let _ = write!(page, "<td>{}</td>", cell(&row[name]));
        }
        add(page, "</tr>");
    }
    add(page, "</tbody></table>");
}

fn cell(value: &Value) -> String {
    match value {
        Value::Object(_) | Value::Array(_) => {
            format!("<pre>{}</pre>", escaped(&format!("{value:#}")))
        }
        other => escaped(&text(other)),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
