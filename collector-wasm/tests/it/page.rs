//! A page that remembers what it was asked for, and an engine in it.

use std::collections::BTreeMap;

use cdp_core::consent::Regime;
use collector_wasm::collector::Collector;
use collector_wasm::command::{Command, Moment};
use collector_wasm::host::Host;
use collector_wasm::settings::Settings;
use serde_json::Value;

pub(crate) const TAB: &str = "00000000000000aa";
/// A tab that closed.
pub(crate) const DEAD: &str = "00000000000000dd";
pub(crate) const GRANTED: Command<'_> = Command::Consent {
    choices: "+analytics",
    source: "banner",
    anonymous_id: "aid-1",
};
pub(crate) const REFUSED: Command<'_> = Command::Consent {
    choices: "-analytics",
    source: "banner",
    anonymous_id: "aid-1",
};

/// A page that remembers everything it was asked for.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) storage: BTreeMap<String, String>,
    pub(crate) session: Option<String>,
    pub(crate) sends: Vec<(u32, Value)>,
    pub(crate) beacons: Vec<Value>,
    pub(crate) wakes: Vec<f64>,
    pub(crate) purges: usize,
    pub(crate) reports: BTreeMap<String, u32>,
    pub(crate) told: String,
    pub(crate) fleeting: bool,
}

impl Host for Page {
    fn store(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            self.storage.remove(key);
        } else {
            self.storage.insert(key.to_owned(), value.to_owned());
        }
    }
    fn session(&mut self, value: &str) {
        self.session = Some(value.to_owned());
    }
    fn send(&mut self, ticket: u32, body: &str) {
        self.sends
            .push((ticket, serde_json::from_str(body).unwrap()));
    }
    fn beacon(&mut self, _url: &str, body: &str) {
        assert!(body.len() <= 60_000, "a beacon of {} bytes", body.len());
        self.beacons.push(serde_json::from_str(body).unwrap());
    }
    fn wake(&mut self, after: f64) {
        assert!(after >= 0.0);
        self.wakes.push(after);
    }
    fn begin(&mut self) -> bool {
        !self.fleeting
    }
    fn purge(&mut self) {
        self.storage.clear();
        self.session = None;
        self.purges += 1;
    }
    fn tell(&mut self, state: &str) {
        self.told = state.to_owned();
    }
    fn report(&mut self, reason: &str, count: u32) {
        *self.reports.entry(reason.to_owned()).or_default() += count;
    }
}

pub(crate) struct Browser {
    pub(crate) engine: Collector,
    pub(crate) page: Page,
    pub(crate) now: f64,
    pub(crate) dice: f64,
}

impl Browser {
    pub(crate) fn new(regime: Regime) -> Self {
        let regime = if regime == Regime::OptOut {
            "opt_out"
        } else {
            "opt_in"
        };
        let lines = [
            "https://edge.example/v1/batch",
            "wk_1",
            TAB,
            "1",
            regime,
            "analytics",
            "personalization",
            "",
            "1",
        ];
        let engine = Collector::new(Settings::read(&lines.join("\n")));
        Self {
            engine,
            page: Page::default(),
            now: 1_795_287_600_000.0,
            dice: 0.5,
        }
    }

    pub(crate) fn granted() -> Self {
        let mut browser = Self::new(Regime::OptIn);
        browser.handle(GRANTED);
        browser
    }

    pub(crate) fn handle(&mut self, command: Command<'_>) {
        self.engine.handle(
            Moment {
                now: self.now,
                dice: self.dice,
            },
            command,
            &mut self.page,
        );
    }

    pub(crate) fn capture(&mut self, name: &str) {
        self.handle(Command::Capture(&format!(
            r#"{{"type":"track","event":"{name}","context":{{"locale":"en""#
        )));
    }

    pub(crate) fn tick(&mut self, after: f64) {
        self.now += after;
        self.handle(Command::Tick);
    }

    pub(crate) fn last_ticket(&self) -> u32 {
        self.page.sends.last().map_or(0, |(ticket, _)| *ticket)
    }

    pub(crate) fn reply(&mut self, status: u32, outcomes: &str) {
        let ticket = self.last_ticket();
        self.handle(Command::Replied {
            ticket,
            status,
            wait: 0.0,
            outcomes,
        });
    }

    pub(crate) fn stored_events(&self) -> usize {
        self.page
            .storage
            .keys()
            .filter(|key| key.starts_with("hw:q:"))
            .count()
    }
}

pub(crate) fn numbers(body: &Value) -> Vec<u64> {
    body["batch"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["context"]["ledger"]["seq"].as_u64().unwrap())
        .collect()
}
