//! The fixtures of `spec/collector`: settings and commands, each with its effects. The same files run
//! against both encodings of the browser's engine in `js/packages/collector/test/conformance.test.mjs`.

use std::path::Path;

use collector_wasm::collector::Collector;
use collector_wasm::command::{Command, Moment};
use collector_wasm::host::Host;
use collector_wasm::settings::Settings;
use serde_json::{Value, json};

const KINDS: [&str; 12] = [
    "capture",
    "consent",
    "adopt",
    "adopt-losses",
    "watch",
    "tick",
    "replied",
    "online",
    "hide",
    "resume",
    "ask",
    "reset",
];

#[derive(Default)]
struct Effects(Vec<Value>);

impl Host for Effects {
    fn store(&mut self, key: &str, value: &str) {
        self.0.push(if value.is_empty() {
            json!(["remove", key])
        } else {
            json!(["store", key, value])
        });
    }
    fn session(&mut self, value: &str) {
        self.0.push(json!(["session", value]));
    }
    fn send(&mut self, ticket: u32, body: &str) {
        self.0.push(json!(["send", ticket, body]));
    }
    fn beacon(&mut self, _url: &str, body: &str) {
        self.0.push(json!(["beacon", body]));
    }
    fn wake(&mut self, after: f64) {
        self.0.push(json!(["wake", after]));
    }
    fn begin(&mut self) -> bool {
        self.0.push(json!(["begin"]));
        true
    }
    fn purge(&mut self) {
        self.0.push(json!(["purge"]));
    }
    fn tell(&mut self, state: &str) {
        self.0.push(json!(["tell", state]));
    }
    fn report(&mut self, reason: &str, count: u32) {
        self.0.push(json!(["report", reason, count]));
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap_or(0)).unwrap()
}

/// Runs a fixture and gives it back with the effects that came out.
fn run(fixture: &Value) -> Value {
    let settings = &fixture["settings"];
    let order = [
        "url",
        "write_key",
        "tab",
        "next",
        "regime",
        "collect",
        "decide",
        "vetoed",
        "policy_version",
    ];
    let lines = order.map(|name| text(&settings[name])).join("\n");
    let mut engine = Collector::new(Settings::read(&lines));
    let fill = "x".repeat(number(&fixture["fill"]) as usize);
    let mut out = fixture.clone();
    for step in out["steps"].as_array_mut().unwrap() {
        let kind = KINDS
            .iter()
            .position(|kind| step["command"] == *kind)
            .expect("a known command");
        let text = step["text"].as_str().unwrap_or("").replace('~', &fill);
        let (count, status, wait) = (
            number(&step["number"]),
            number(&step["status"]),
            step["wait"].as_f64().unwrap_or(0.0),
        );
        let moment = Moment {
            now: step["now"].as_f64().unwrap(),
            dice: step["dice"].as_f64().unwrap_or(0.5),
        };
        let mut effects = Effects::default();
        if let Some(command) =
            Command::read(u32::try_from(kind).unwrap(), &text, count, status, wait)
        {
            engine.handle(moment, command, &mut effects);
        }
        for value in effects
            .0
            .iter_mut()
            .flat_map(|effect| effect.as_array_mut().unwrap())
        {
            if let (Some(text), false) = (value.as_str(), fill.is_empty()) {
                *value = text.replace(&fill, "~").into();
            }
        }
        step["effects"] = effects.0.into();
    }
    out
}

#[test]
fn effects_are_those_of_the_fixtures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/collector");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        count += 1;
        let fixture: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let found = run(&fixture);
        let steps = fixture["steps"]
            .as_array()
            .unwrap()
            .iter()
            .zip(found["steps"].as_array().unwrap());
        for (at, (expected, found)) in steps.enumerate() {
            assert_eq!(
                expected["effects"],
                found["effects"],
                "{} step {at}",
                path.display()
            );
        }
    }
    assert!(count >= 8, "the fixtures are there");
}
