//! For no sequence of events, statements, withdrawals, merges and replays does anything rest on evidence
//! that the person's words do not allow: compared with an oracle that computes everything anew from the
//! list of what was accepted, knowing nothing of scopes, anchors or folding.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Server, eventually};

/// Sequences unless `HEADWATER_SEQUENCES` says how many, and steps in each.
const SEQUENCES: u64 = 12;
const STEPS: usize = 18;
const PURPOSES: [&str; 2] = ["analytics", "personalization"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bought,
    Viewed,
    Identify,
    Statement,
    /// A server's event, which brings no receipt.
    FromServer,
}

/// A message. Moments are days of a January.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    kind: Kind,
    browser: Option<String>,
    user: Option<String>,
    choices: BTreeMap<&'static str, bool>,
    said: u32,
    happened: u32,
    price: i64,
}

impl Message {
    fn names(&self) -> Vec<String> {
        let user = self.user.iter().map(|id| format!("user_id:{id}"));
        let browser = self.browser.iter().map(|id| format!("anonymous_id:{id}"));
        user.chain(browser).collect()
    }

    fn json(&self, broken: bool) -> Value {
        let day = |day: u32| format!("2026-01-{day:02}T00:00:00Z");
        let consent = json!({"categoryPreferences": self.choices, "chosenAt": day(self.said)});
        let mut message = json!({"messageId": self.id, "timestamp": day(self.happened)});
        if let Some(browser) = &self.browser {
            message["anonymousId"] = json!(browser);
        }
        if let Some(user) = &self.user {
            message["userId"] = json!(user);
        }
        match self.kind {
            Kind::Statement => {
                message["consent"] = consent;
                return message;
            }
            Kind::FromServer => {}
            _ => message["context"] = json!({"consent": consent}),
        }
        if broken {
            message["context"]["consent"]["categoryPreferences"]["analitycs"] = json!(true);
        }
        if self.kind == Kind::Identify {
            message["type"] = json!("identify");
            message["traits"] = json!({"plan": self.id});
        } else {
            let name = if self.kind == Kind::Viewed {
                "Viewed"
            } else {
                "Bought"
            };
            message["type"] = json!("track");
            message["event"] = json!(name);
            message["properties"] = json!({"price": self.price});
        }
        message
    }

    fn grants(&self, purpose: &str) -> bool {
        match self.kind {
            Kind::Statement => false,
            Kind::FromServer => true,
            _ => self.choices.get(purpose) == Some(&true),
        }
    }

    fn moment(&self) -> u32 {
        if self.kind == Kind::FromServer {
            self.happened
        } else {
            self.said
        }
    }
}

/// What was accepted.
#[derive(Default)]
struct Oracle(Vec<Message>);

impl Oracle {
    /// Who is one person, whatever consent says: the evidence in its order, never two users in one.
    fn people(&self) -> Vec<BTreeSet<String>> {
        let mut edges: BTreeMap<(String, String), u32> = BTreeMap::new();
        for message in self
            .0
            .iter()
            .filter(|message| message.kind != Kind::Statement)
        {
            if let [user, browser] = &message.names()[..] {
                let seen = edges
                    .entry((user.clone(), browser.clone()))
                    .or_insert(message.happened);
                *seen = message.happened.min(*seen);
            }
        }
        let mut order: Vec<_> = edges.into_iter().map(|(pair, seen)| (seen, pair)).collect();
        order.sort();
        let mut people: Vec<BTreeSet<String>> = Vec::new();
        for name in self.0.iter().flat_map(Message::names) {
            if !people.iter().any(|person| person.contains(&name)) {
                people.push(BTreeSet::from([name]));
            }
        }
        for (_, (user, browser)) in order {
            join(&mut people, &user, &browser, true);
        }
        people
    }

    /// Whether nobody of the person has denied the purpose at or after a moment, and, for what nobody
    /// chose, whether they do not deny it now.
    fn allows(&self, person: &BTreeSet<String>, purpose: &str, moment: u32, chosen: bool) -> bool {
        let mut last = (0, false);
        for message in &self.0 {
            let Some(granted) = message.choices.get(purpose) else {
                continue;
            };
            if message.names().iter().any(|name| person.contains(name)) {
                if !granted && message.said >= moment {
                    return false;
                }
                last = last.max((message.said, !granted));
            }
        }
        chosen || !last.1
    }

    fn counts(&self, person: &BTreeSet<String>, message: &Message, purposes: &[&str]) -> bool {
        let chosen = message.kind != Kind::FromServer;
        purposes.iter().all(|purpose| {
            message.grants(purpose) && self.allows(person, purpose, message.moment(), chosen)
        })
    }

    /// Whether the gate has to let a message in now.
    fn admits(&self, message: &Message) -> bool {
        if message.kind == Kind::Statement {
            return true;
        }
        let people = self.people();
        let names = message.names();
        let mut concerned: BTreeSet<String> = names.iter().cloned().collect();
        for person in people
            .iter()
            .filter(|person| names.iter().any(|name| person.contains(name)))
        {
            concerned.extend(person.iter().cloned());
        }
        self.counts(&concerned, message, &["analytics"])
    }

    /// What has to be seen of whoever has this identifier.
    fn view(&self, name: &str) -> Option<View> {
        let people = self.people();
        let person = people.iter().find(|person| person.contains(name))?;
        let mut parts: Vec<BTreeSet<String>> = person
            .iter()
            .map(|name| BTreeSet::from([name.clone()]))
            .collect();
        for message in self
            .0
            .iter()
            .filter(|message| self.counts(person, message, &["analytics"]))
        {
            if let [user, browser] = &message.names()[..]
                && person.contains(user)
                && person.contains(browser)
            {
                join(&mut parts, user, browser, false);
            }
        }
        let profile = parts.into_iter().find(|part| part.contains(name))?;
        let of_profile = |message: &&Message| {
            message
                .names()
                .first()
                .is_some_and(|anchor| profile.contains(anchor))
        };
        let facts = |purposes: &[&str]| -> Facts {
            let counting = self
                .0
                .iter()
                .filter(of_profile)
                .filter(|message| self.counts(person, message, purposes));
            let counting: Vec<&Message> = counting.collect();
            let bought = counting
                .iter()
                .filter(|message| matches!(message.kind, Kind::Bought | Kind::FromServer));
            let plan = counting
                .iter()
                .filter(|message| message.kind == Kind::Identify)
                .max_by_key(|message| (message.happened, &message.id));
            let count = bought.clone().count();
            Facts {
                revenue: (count > 0).then(|| bought.map(|message| message.price).sum()),
                plan: plan.map(|message| message.id.clone()),
                buyer: count > 0,
                other: count == 0 && !counting.is_empty(),
            }
        };
        Some(View {
            identifiers: profile.clone(),
            narrow: facts(&["analytics"]),
            wide: facts(&PURPOSES),
        })
    }
}

fn join(groups: &mut Vec<BTreeSet<String>>, one: &str, two: &str, limited: bool) {
    let place = |groups: &[BTreeSet<String>], name: &str| {
        groups
            .iter()
            .position(|group| group.contains(name))
            .unwrap()
    };
    let (left, right) = (place(groups, one), place(groups, two));
    if left == right {
        return;
    }
    let both: BTreeSet<String> = groups[left].union(&groups[right]).cloned().collect();
    if limited
        && both
            .iter()
            .filter(|name| name.starts_with("user_id:"))
            .count()
            > 1
    {
        return;
    }
    groups[left] = both;
    groups.remove(right);
}

#[derive(Debug, PartialEq, Eq)]
struct Facts {
    revenue: Option<i64>,
    plan: Option<String>,
    buyer: bool,
    /// Somebody who has not bought.
    other: bool,
}

#[derive(Debug)]
struct View {
    identifiers: BTreeSet<String>,
    narrow: Facts,
    wide: Facts,
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 40).unwrap() % bound
    }

    fn one_in(&mut self, bound: u32) -> bool {
        self.below(bound) == 0
    }
}

fn any_message(dice: &mut Dice, sequence: u64, step: usize) -> Message {
    let kind = match dice.below(12) {
        0..=3 => Kind::Bought,
        4 => Kind::Viewed,
        5..=7 => Kind::Identify,
        8..=10 => Kind::Statement,
        _ => Kind::FromServer,
    };
    let browser = format!("{}0000000-0000-4000-8000-{sequence:012}", dice.below(3));
    let user = format!("user-{sequence}-{}", dice.below(2));
    let (browser, user) = match kind {
        Kind::Bought | Kind::Viewed if dice.one_in(3) => (Some(browser), Some(user)),
        Kind::Bought | Kind::Viewed => (Some(browser), None),
        Kind::Identify => (Some(browser), Some(user)),
        Kind::FromServer => (None, Some(user)),
        Kind::Statement => match dice.below(3) {
            0 => (Some(browser), Some(user)),
            1 => (Some(browser), None),
            _ => (None, Some(user)),
        },
    };
    let mut choices = BTreeMap::new();
    if kind != Kind::FromServer {
        for purpose in PURPOSES {
            let denies = if kind == Kind::Statement {
                dice.below(3) > 0
            } else {
                dice.one_in(6)
            };
            if !dice.one_in(6) {
                choices.insert(purpose, !denies);
            }
        }
    }
    if kind == Kind::Statement && choices.is_empty() {
        choices.insert("analytics", false);
    }
    let said = 1 + dice.below(28);
    let happened = said.max(1 + dice.below(28));
    Message {
        id: format!("m-{sequence}-{step:02}"),
        kind,
        browser,
        user,
        choices,
        said,
        happened,
        price: i64::from(dice.below(50)),
    }
}

/// Sends a message; its outcome.
fn send(server: &Server, message: &Message, broken: bool) -> Value {
    let mut body = message.json(broken);
    let keys = server.keys();
    match message.kind {
        Kind::Statement => {
            body["writeKey"] = json!(keys.write_key);
            server.public("/v1/consent", &body).ok()["outcomes"][0].clone()
        }
        Kind::FromServer => {
            body["writeKey"] = json!(keys.server_write_key);
            server.public("/v1/track", &body).ok()["outcomes"][0].clone()
        }
        _ => server.batch(&[body])["outcomes"][0].clone(),
    }
}

/// Tries a message again that was quarantined, as it should have been.
fn replay(server: &Server, message: &Message) -> Value {
    let found = server
        .get(&format!("/api/v1/quarantine?q={}", message.id))
        .ok();
    let mended =
        json!({"mended": [{"id": found["data"][0]["id"], "message": message.json(false)}]});
    server.post("/api/v1/quarantine/replay", &mended).ok()["outcomes"][0].clone()
}

fn facts(profile: &Value, buyers: &str, others: &str) -> Facts {
    let belongs = |id: &str| {
        profile["audiences"]
            .as_array()
            .unwrap()
            .iter()
            .any(|audience| audience["id"] == id)
    };
    Facts {
        revenue: profile["computed_traits"]["revenue"].as_i64(),
        plan: profile["traits"]["plan"].as_str().map(str::to_owned),
        buyer: belongs(buyers),
        other: belongs(others),
    }
}

struct Audiences {
    buyers: String,
    others: String,
}

fn define(server: &Server) -> Audiences {
    let revenue =
        json!({"key": "revenue", "event": "Bought", "aggregate": "sum", "of": "properties.price"});
    server.post("/api/v1/computed_traits", &revenue).ok();
    let make = |name: &str, rule: Value| {
        let made = server
            .post(
                "/api/v1/audiences",
                &json!({"name": name, "definition": rule}),
            )
            .ok();
        made["id"].as_str().unwrap().to_owned()
    };
    let buyers = make("Buyers", json!({"event": "Bought"}));
    let others = make("Others", json!({"not": {"event": "Bought"}}));
    let thanks = json!({"name": "Thanks", "placement": "hero", "audience_id": buyers, "variants": [{"key": "thanks", "value": 1}]});
    server.post("/api/v1/experiences", &thanks).ok();
    Audiences { buyers, others }
}

fn compare(server: &Server, oracle: &Oracle, audiences: &Audiences) {
    server.kept_counts_agree();
    let names: BTreeSet<String> = oracle.0.iter().flat_map(Message::names).collect();
    for name in names {
        let expected = oracle.view(&name).unwrap();
        let said = || format!("{name} after {:#?}", oracle.0);
        let profile = server.profile(&name);
        let identifiers: BTreeSet<String> = profile["identifiers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|identifier| {
                format!(
                    "{}:{}",
                    identifier["kind"].as_str().unwrap(),
                    identifier["value"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(
            identifiers,
            expected.identifiers,
            "identifiers of {}",
            said()
        );
        assert_eq!(
            facts(&profile, &audiences.buyers, &audiences.others),
            expected.narrow,
            "{}",
            said()
        );
        let narrow = server.profile(&format!("{name}?purpose=personalization"));
        let mut wide = facts(&narrow, &audiences.buyers, &audiences.others);
        // A membership is one for decisions only where it is one at all.
        let expected_buyer = expected.narrow.buyer && expected.wide.buyer;
        let expected_other = expected.narrow.other && expected.wide.other;
        assert_eq!(
            (wide.buyer, wide.other),
            (expected_buyer, expected_other),
            "{}",
            said()
        );
        (wide.buyer, wide.other) = (expected.wide.buyer, expected.wide.other);
        assert_eq!(wide, expected.wide, "{}", said());
        if let Some(browser) = name.strip_prefix("anonymous_id:") {
            let ask = json!({"writeKey": server.keys().write_key, "anonymousId": browser, "placements": ["hero"],
                "consent": {"categoryPreferences": {"personalization": true}}});
            let variant =
                server.public("/v1/decide", &ask).ok()["decisions"]["hero"]["variant"].clone();
            // Who denies it now is shown nothing, whatever is known of them.
            assert_eq!(
                variant == "thanks",
                expected_buyer,
                "decision for {}",
                said()
            );
        }
        let ledger = server.get(&format!("/api/v1/profiles/{name}/consent")).ok();
        assert_eq!(ledger["verified"], true, "ledger of {}", said());
    }
}

#[test]
fn nothing_rests_on_evidence_that_is_not_allowed_now_after_any_sequence() {
    let server = Server::fresh();
    let audiences = define(&server);
    let mut oracles = Vec::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own setting; the server takes its settings from arguments"
    )]
    let sequences = std::env::var("HEADWATER_SEQUENCES").ok();
    let sequences = sequences.map_or(SEQUENCES, |number| number.parse().unwrap());
    for sequence in 1..=sequences {
        let mut dice = Dice(sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut oracle = Oracle::default();
        let mut aside: Vec<Message> = Vec::new();
        for step in 0..STEPS {
            if !aside.is_empty() && dice.one_in(5) {
                let message = aside.remove(0);
                take(&mut oracle, &message, &replay(&server, &message));
            } else if !oracle.0.is_empty() && dice.one_in(10) {
                let known = oracle.0
                    [usize::try_from(dice.below(u32::MAX)).unwrap() % oracle.0.len()]
                .clone();
                let again = send(&server, &known, false);
                // What is not allowed any more is refused before anybody looks whether it is known.
                assert_ne!(again["outcome"], "ok", "{known:?}");
            } else {
                let message = any_message(&mut dice, sequence, step);
                if matches!(message.kind, Kind::Bought | Kind::Identify) && dice.one_in(6) {
                    assert_eq!(send(&server, &message, true)["outcome"], "quarantined");
                    aside.push(message);
                } else {
                    take(&mut oracle, &message, &send(&server, &message, false));
                }
            }
            if step % 6 == 5 {
                compare(&server, &oracle, &audiences);
            }
        }
        oracles.push(oracle);
    }
    // Everything is counted anew from the events, after a crash.
    let server = server.kill().serve();
    let policy = server.get("/api/v1/consent/policy").ok()["policy"].clone();
    server.post("/api/v1/consent/policy", &policy).ok();
    eventually("everybody is folded again", || {
        let waiting = server.get("/api/v1/consent/policy").ok()["refolding"].clone();
        (waiting == false).then_some(())
    });
    for oracle in &oracles {
        compare(&server, oracle, &audiences);
    }
}

fn take(oracle: &mut Oracle, message: &Message, line: &Value) {
    let expected = if oracle.admits(message) {
        "ok"
    } else {
        "denied"
    };
    assert_eq!(
        line["outcome"], expected,
        "{line} {message:?} after {:#?}",
        oracle.0
    );
    if expected == "ok" {
        oracle.0.push(message.clone());
    }
}
