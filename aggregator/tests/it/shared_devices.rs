//! Events that carry nothing but a device on which several people signed in are of whoever was signed in, in whatever order
//! everything arrives, and whatever is decided, ruled or withdrawn afterwards.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::Identifier;
use cdp_core::identity::{Constraint, SignIns, Word, whose};
use cdp_core::time::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Server, eventually, identify, track, with};

/// A browser's id as the SDK makes them: others get no decision.
const TABLET: &str = "b0000000-1111-4222-8333-444444444444";

/// Publishes rules by which they are, or are not, and waits until everything is as they say.
fn rule(server: &Server, shared_devices: &str) {
    let current = server.get("/api/v1/identity/rules").ok();
    let mut rules = current["rules"].clone();
    rules["shared_devices"] = json!(shared_devices);
    let published = server.put("/api/v1/identity/rules", &rules);
    assert_eq!(published.status, 201, "{}", published.text);
    settled(server, &published.json()["version"]);
}

fn settled(server: &Server, version: &Value) {
    eventually("everybody is resolved", || {
        let now = server.get("/api/v1/identity/rules").ok();
        (now["resolving"] == 0 && now["version"] == *version).then_some(())
    });
}

fn at(event: Value, minute: usize) -> Value {
    let (hour, minute) = (minute / 60, minute % 60);
    let (day, hour) = (1 + hour / 24, hour % 24);
    let time = format!("2026-03-{day:02}T{hour:02}:{minute:02}:00Z");
    with(event, "originalTimestamp", json!(time))
}

fn bought(id: &str, device: &str, price: i64, minute: usize) -> Value {
    at(track(id, device, "Bought", json!({"price": price})), minute)
}

fn signed_in(id: &str, device: &str, user: &str, minute: usize) -> Value {
    at(identify(id, device, user, json!({})), minute)
}

fn signed_out(id: &str, device: &str, minute: usize) -> Value {
    at(track(id, device, "Signed Out", json!({})), minute)
}

fn define(server: &Server) {
    let revenue =
        json!({"key": "revenue", "event": "Bought", "aggregate": "sum", "of": "properties.price"});
    server.post("/api/v1/computed_traits", &revenue).ok();
    let buyers = json!({"name": "Buyers", "definition": {"event": "Bought"}});
    server.post("/api/v1/audiences", &buyers).ok();
}

fn revenue(server: &Server, reference: &str) -> Value {
    server.profile(reference)["computed_traits"]["revenue"].clone()
}

fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    let mut orders = vec![Vec::new()];
    for item in items {
        let longer = orders
            .into_iter()
            .flat_map(|order: Vec<T>| (0..=order.len()).map(move |place| (order.clone(), place)));
        orders = longer
            .map(|(mut order, place)| {
                order.insert(place, item.clone());
                order
            })
            .collect();
    }
    orders
}

#[test]
fn a_familys_tablet_gives_everybody_what_they_did_in_every_order() {
    let server = Server::fresh();
    rule(&server, "by_time");
    define(&server);
    let places: Vec<usize> = (0..5).collect();
    for (number, order) in permutations(&places).into_iter().enumerate() {
        let name = |name: &str| format!("{name}{number}");
        let (tablet, ada, bob) = (name("t"), name("ada"), name("bob"));
        let events = [
            signed_in(&name("in-ada"), &tablet, &ada, 0),
            bought(&name("of-ada"), &tablet, 1, 10),
            signed_in(&name("in-bob"), &tablet, &bob, 20),
            bought(&name("of-bob"), &tablet, 10, 30),
            bought(&name("before"), &tablet, 100, 15),
        ];
        for place in &order {
            server.batch(&events[*place..=*place]);
        }
        let found = [&ada, &bob].map(|who| revenue(&server, &format!("user_id:{who}")));
        assert_eq!(found, [json!(101), json!(10)], "{order:?}");
    }
}

#[test]
fn what_nobody_did_signed_in_stays_with_the_device_and_words_that_come_late_take_it_along() {
    let server = Server::fresh();
    rule(&server, "by_time");
    define(&server);
    let of = |name: &str| revenue(&server, &format!("user_id:{name}"));
    server.batch(&[
        signed_in("1", "tablet", "ada", 0),
        signed_out("2", "tablet", 5),
        bought("3", "tablet", 1, 10),
        signed_in("4", "tablet", "bob", 60 * 50),
        signed_out("5", "tablet", 60 * 50 + 5),
        // More than a day after anybody.
        bought("6", "tablet", 10, 60 * 80),
    ]);
    // Evidence says that the tablet is Ada's, who was the first.
    assert_eq!([of("ada"), of("bob")], [json!(11), Value::Null]);
    server.batch(&[signed_in("7", "tablet", "carl", 60 * 79)]);
    assert_eq!([of("ada"), of("carl")], [json!(1), json!(10)]);
    // Somebody signed out in between, as a queue that was offline says days later.
    server.batch(&[signed_out("8", "tablet", 60 * 79 + 30)]);
    assert_eq!([of("ada"), of("carl")], [json!(11), Value::Null]);
    server.batch(&[signed_in("9", "tablet", "bob", 60 * 81)]);
    assert_eq!([of("ada"), of("bob")], [json!(1), json!(10)]);
}

#[test]
fn parting_a_device_from_a_person_takes_their_sign_ins_back_and_can_be_undone() {
    let server = Server::fresh();
    rule(&server, "by_time");
    define(&server);
    let of = |name: &str| revenue(&server, &format!("user_id:{name}"));
    server.batch(&[
        signed_in("1", "tablet", "ada", 0),
        bought("2", "tablet", 1, 10),
        signed_in("3", "tablet", "bob", 20),
        bought("4", "tablet", 10, 30),
    ]);
    assert_eq!([of("ada"), of("bob")], [json!(1), json!(10)]);
    let wish = json!({"identifiers": ["anonymous_id:tablet"], "reason": "not hers"});
    let shown = server
        .post("/api/v1/identity/preview", &json!({"decision": {"kind": "unmerge", "profile": "user_id:ada", "identifiers": ["anonymous_id:tablet"]}}))
        .ok();
    let decided = server
        .post("/api/v1/profiles/user_id:ada/unmerge", &wish)
        .ok();
    // It is Bob's alone then.
    assert_eq!([of("ada"), of("bob")], [Value::Null, json!(11)]);
    let bob = server.profile("user_id:bob");
    let shown = shown["after"].as_array().unwrap();
    let shown = shown.iter().find(|profile| profile["id"] == bob["id"]);
    assert_eq!(
        shown.unwrap()["computed_traits"]["revenue"],
        11,
        "as shown before"
    );
    let id = decided["id"].as_str().unwrap();
    server
        .delete(&format!("/api/v1/identity/decisions/{id}"))
        .ok();
    assert_eq!([of("ada"), of("bob")], [json!(1), json!(10)]);
}

/// An event with other choices of its browser.
fn choosing(event: Value, analytics: bool) -> Value {
    let choices = json!({"analytics": analytics, "personalization": analytics});
    with(
        event,
        "context",
        json!({"consent": {"categoryPreferences": choices}}),
    )
}

#[test]
fn what_is_said_with_a_device_holds_for_what_was_done_on_it_and_for_nothing_else_of_the_person() {
    let server = Server::fresh();
    rule(&server, "by_time");
    define(&server);
    let of = |name: &str| revenue(&server, &format!("user_id:{name}"));
    server.batch(&[
        signed_in("1", "tablet", "ada", 0),
        signed_in("2", "tablet", "bob", 20),
        bought("3", "tablet", 10, 30),
        bought("4", "bobs-phone", 100, 40),
        signed_in("5", "bobs-phone", "bob", 50),
        signed_out("6", "tablet", 60),
    ]);
    assert_eq!(of("bob"), 110);
    // Nobody is signed in, and whoever holds the tablet says no.
    let banner = json!({"type": "consent", "messageId": "7", "anonymousId": "tablet"});
    server.batch(&[at(choosing(banner, false), 120)]);
    assert_eq!(of("bob"), 100);
    let why = server.get("/api/v1/events/3/consent").ok();
    assert_eq!(why["counts_for"], json!([]), "{why}");
    assert_eq!(why["evidence"]["allowed"], false, "{why}");
    // Also of what comes late, from before.
    server.batch(&[bought("8", "tablet", 1_000, 35)]);
    assert_eq!(of("bob"), 100);
    let server = server.kill().serve();
    assert_eq!(revenue(&server, "user_id:bob"), 100);

    // What a person takes back holds for what they did on any device.
    let banner =
        json!({"type": "consent", "messageId": "9", "anonymousId": "bobs-phone", "userId": "bob"});
    server.batch(&[at(choosing(banner, false), 130)]);
    assert_eq!(revenue(&server, "user_id:bob"), Value::Null);
}

#[test]
fn a_shared_device_gets_the_decisions_of_whoever_is_signed_in() {
    let mut server = Server::fresh().stop().serve_at("2026-03-01T00:00:00Z");
    rule(&server, "by_time");
    define(&server);
    let audiences = server.all("/api/v1/audiences");
    let experience = json!({"name": "For buyers", "placement": "hero", "audience_id": audiences[0]["id"], "variants": [{"key": "thanks", "value": 1}]});
    server.post("/api/v1/experiences", &experience).ok();
    let shown = |server: &Server| {
        let body = json!({"writeKey": server.keys().write_key, "anonymousId": TABLET, "placements": ["hero"],
            "consent": {"categoryPreferences": {"personalization": true}}});
        server.public("/v1/decide", &body).ok()["decisions"]["hero"]["variant"].clone()
    };
    server.batch(&[signed_in("1", TABLET, "ada", 0)]);
    assert_eq!(shown(&server), Value::Null);
    server.batch(&[bought("2", TABLET, 1, 0)]);
    assert_eq!(shown(&server), "thanks");
    server.move_clock("2026-03-01T01:00:00Z");
    server.batch(&[signed_in("3", TABLET, "bob", 60)]);
    assert_eq!(shown(&server), Value::Null, "Bob bought nothing");
    server.move_clock("2026-03-01T02:00:00Z");
    server.batch(&[signed_in("4", TABLET, "ada", 120)]);
    assert_eq!(shown(&server), "thanks");
    server.batch(&[signed_out("5", TABLET, 120)]);
    assert_eq!(shown(&server), Value::Null, "nobody is signed in");
    server.move_clock("2026-03-01T02:01:00Z");
    server.batch(&[signed_in("6", TABLET, "ada", 121)]);
    assert_eq!(shown(&server), "thanks");
    server.move_clock("2026-03-02T02:01:00Z");
    assert_eq!(shown(&server), "thanks");
    server.move_clock("2026-03-02T02:01:01Z");
    assert_eq!(shown(&server), Value::Null, "a day after the last word");
}

#[test]
fn who_does_not_want_to_be_linked_gets_nothing_of_what_was_done_on_a_device() {
    let server = Server::fresh();
    let mut policy = server.get("/api/v1/consent/policy").ok()["policy"].clone();
    policy["uses"]["link"] = json!(["personalization"]);
    server.post("/api/v1/consent/policy", &policy).ok();
    rule(&server, "by_time");
    define(&server);
    let unlinked = |event: Value| {
        let choices = json!({"analytics": true, "personalization": false});
        with(
            event,
            "context",
            json!({"consent": {"categoryPreferences": choices}}),
        )
    };
    server.batch(&[
        signed_in("1", TABLET, "ada", 0),
        unlinked(signed_in("2", TABLET, "bob", 20)),
        unlinked(bought("3", TABLET, 10, 30)),
        signed_in("4", TABLET, "ada", 60),
        bought("5", TABLET, 1, 70),
    ]);
    let of = |name: &str| revenue(&server, &format!("user_id:{name}"));
    assert_eq!(of("bob"), Value::Null);
    assert_eq!(of("ada"), 1);
    // Who takes it back is linked with nothing any more.
    let banner = json!({"type": "consent", "messageId": "6", "userId": "ada"});
    server.batch(&[at(unlinked(banner), 80)]);
    assert_eq!(of("ada"), Value::Null);
}

#[test]
fn a_no_that_was_said_with_another_device_of_an_event_holds_for_it() {
    let server = Server::fresh();
    rule(&server, "by_time");
    define(&server);
    let of = |name: &str| revenue(&server, &format!("user_id:{name}"));
    let mut on_both = bought("3", "tablet", 10, 30);
    on_both["context"]["device"] = json!({"id": "d-1"});
    server.batch(&[
        signed_in("1", "tablet", "ada", 0),
        signed_in("2", "tablet", "bob", 20),
        on_both,
    ]);
    let counts_for = |server: &Server| {
        let event = server.get("/api/v1/events/3/consent").ok();
        event["counts_for"].clone()
    };
    assert_eq!(of("bob"), 10);
    assert_eq!(counts_for(&server), json!(["analytics", "personalization"]));
    let mut reinstalled = bought("4", "other", 1, 120);
    let choices = json!({"analytics": true, "personalization": false});
    reinstalled["context"] =
        json!({"consent": {"categoryPreferences": choices}, "device": {"id": "d-1"}});
    server.batch(&[reinstalled]);
    assert_eq!(counts_for(&server), json!(["analytics"]));
    assert_eq!(of("bob"), 10);
}

#[test]
fn a_no_that_was_said_with_a_shared_device_holds_for_its_decisions() {
    let mut server = Server::fresh().stop().serve_at("2026-03-01T00:00:00Z");
    rule(&server, "by_time");
    define(&server);
    let audiences = server.all("/api/v1/audiences");
    let experience = json!({"name": "For buyers", "placement": "hero", "audience_id": audiences[0]["id"], "variants": [{"key": "thanks", "value": 1}]});
    server.post("/api/v1/experiences", &experience).ok();
    server.batch(&[
        signed_in("1", TABLET, "bob", 0),
        signed_in("2", "adas-phone", "ada", 0),
        bought("3", "adas-phone", 1, 0),
    ]);
    let shown = |server: &Server| {
        let body = json!({"writeKey": server.keys().write_key, "anonymousId": TABLET, "placements": ["hero"],
            "consent": {"categoryPreferences": {"personalization": true}}});
        server.public("/v1/decide", &body).ok()["decisions"]["hero"]["variant"].clone()
    };
    server.move_clock("2026-03-01T01:00:00Z");
    server.batch(&[signed_in("4", TABLET, "ada", 60)]);
    assert_eq!(shown(&server), "thanks");
    // Whoever says so: it is Bob's tablet, and Ada said nothing.
    server.move_clock("2026-03-01T01:01:00Z");
    let banner = json!({"type": "consent", "messageId": "5", "anonymousId": TABLET});
    server.batch(&[at(choosing(banner, false), 61)]);
    assert_eq!(shown(&server), Value::Null);
}

#[test]
fn what_moves_while_rules_are_read_is_as_these_have_it_in_the_end() {
    let server = Server::fresh();
    rule(&server, "by_time");
    define(&server);
    let mut first = vec![signed_in("in-ada", "tablet", "ada", 0)];
    first.extend((0..40_usize).map(|at| bought(&format!("t-{at}"), "tablet", 1, 100 + at * 10)));
    server.batch(&first);
    for part in 0..30 {
        let filler: Vec<Value> = (0..250)
            .map(|at| bought(&format!("f-{part}-{at}"), &format!("b-{part}-{at}"), 1, 0))
            .collect();
        server.batch(&filler);
    }
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| rule(&server, "owner"));
        for step in 0..20_usize {
            let bob = signed_in(&format!("in-{step}"), "tablet", "bob", 95 + step * 20);
            server.batch(&[bob]);
        }
        publishing.join().unwrap();
    });
    let of = |name: &str| revenue(&server, &format!("user_id:{name}"));
    assert_eq!([of("ada"), of("bob")], [json!(40), Value::Null]);
    rule(&server, "by_time");
    assert_eq!([of("ada"), of("bob")], [Value::Null, json!(40)]);
}

/// What an event of the random history says, for the oracle.
struct Said {
    id: String,
    at: Timestamp,
    devices: Vec<Identifier>,
    user: Option<Identifier>,
    is_sign_out: bool,
    price: i64,
}

fn device(kind: &str, value: &str) -> Identifier {
    Identifier::new(kind, value)
}

/// Events of a few people on a few devices over a few days.
fn history(count: usize, seed: u64) -> Vec<(Value, Said)> {
    let mut state = seed;
    let mut below = move |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    (0..count)
        .map(|number| {
            let at = below(4);
            let (id, browser, minute) =
                (format!("m-{number}"), format!("b{at}"), below(60 * 24 * 5));
            // Three people at most use a browser: one of more is nobody's.
            let user = format!("u{}", (at + below(3)) % 4);
            let price = 1 + i64::try_from(below(1_000)).unwrap();
            let what = below(8);
            let mut event = match what {
                0 => signed_in(&id, &browser, &user, minute),
                1 => signed_out(&id, &browser, minute),
                2 => with(bought(&id, &browser, price, minute), "userId", json!(user)),
                _ => bought(&id, &browser, price, minute),
            };
            let mut devices = vec![device("anonymous_id", &browser)];
            if below(3) == 0 {
                let app = format!("d{}", below(3));
                event["context"]["device"] = json!({"id": app});
                devices.push(device("device_id", &app));
            }
            let said = Said {
                id,
                at: Timestamp::from_json(&event["originalTimestamp"]).unwrap(),
                devices,
                user: matches!(what, 0 | 2).then(|| device("user_id", &user)),
                is_sign_out: what == 1,
                price: if what < 2 { 0 } else { price },
            };
            (event, said)
        })
        .collect()
}

/// Compares with what the rule says over everything at once, evidence that somebody cut left out.
fn compare(server: &Server, history: &[(Value, Said)], by_time: bool) {
    let decisions = server.all("/api/v1/identity/decisions");
    let hold = decisions
        .iter()
        .filter(|decision| decision["undone_at"].is_null());
    let cut: Vec<Constraint> = hold
        .flat_map(|one| serde_json::from_value::<Vec<Constraint>>(one["pairs"].clone()).unwrap())
        .collect();
    let mut sign_ins: BTreeMap<&Identifier, SignIns> = BTreeMap::new();
    for (_, said) in history {
        let word = match (&said.user, said.is_sign_out) {
            (_, true) => Word::SignedOut,
            (Some(user), _) => Word::SignedIn(user.clone()),
            _ => continue,
        };
        for device in &said.devices {
            let is_cut = said
                .user
                .as_ref()
                .is_some_and(|user| cut.iter().any(|one| one.is_of(device, user)));
            if !is_cut {
                let of_device = sign_ins.entry(device).or_default();
                of_device.add(said.at, word.clone());
            }
        }
    }
    let mut anchors: BTreeMap<&str, Identifier> = BTreeMap::new();
    for (_, said) in history {
        let of_devices = said.devices.iter().filter_map(|one| sign_ins.get(one));
        let attributed = whose(of_devices, said.at).filter(|_| by_time);
        let anchor = said.user.as_ref().or(attributed);
        anchors.insert(&said.id, anchor.unwrap_or(&said.devices[0]).clone());
    }
    let named = history
        .iter()
        .flat_map(|(_, said)| said.devices.iter().chain(&said.user));
    let named: BTreeSet<&Identifier> = named.collect();
    let profile_of: BTreeMap<&Identifier, Value> = named
        .into_iter()
        .map(|one| (one, server.profile(&one.to_string())))
        .collect();
    let mut expected: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut spent: BTreeMap<String, i64> = BTreeMap::new();
    for (_, said) in history {
        let profile = profile_of[&anchors[said.id.as_str()]]["id"].to_string();
        *spent.entry(profile.clone()).or_default() += said.price;
        expected.entry(profile).or_default().insert(&said.id);
    }
    for profile in profile_of.values() {
        let id = profile["id"].to_string();
        let found = server.collected(profile["id"].as_str().unwrap());
        let found: BTreeSet<&str> = found
            .iter()
            .map(|event| event["messageId"].as_str().unwrap())
            .collect();
        let events = expected.get(&id).cloned().unwrap_or_default();
        assert_eq!(found, events, "{profile}");
        let revenue = profile["computed_traits"]["revenue"].as_i64();
        let spent = spent.get(&id).copied().unwrap_or_default();
        assert_eq!(revenue.unwrap_or(0), spent, "{profile}");
        let buys = profile["audiences"].as_array().unwrap().len();
        assert_eq!(buys, usize::from(spent > 0), "{profile}");
    }
}

#[test]
fn any_history_in_any_order_and_rules_that_change_give_what_everything_at_once_gives() {
    for seed in [1, 2, 3] {
        let server = Server::fresh();
        rule(&server, "by_time");
        define(&server);
        // Without order: the numbers of the generator are not those of time.
        let history = history(150, seed);
        let events: Vec<Value> = history.iter().map(|(event, _)| event.clone()).collect();
        let (first, rest) = events.split_at(90);
        for part in first.chunks(1 + usize::try_from(seed).unwrap() * 3) {
            server.batch(part);
        }
        compare(&server, &history[..90], true);
        let mut browsers = (0..4).map(|at| format!("anonymous_id:b{at}"));
        let owned = |one: &String| server.profile(one)["identifiers"].as_array().unwrap().len() > 1;
        let browser = browsers.find(owned).unwrap();
        let owner = server.profile(&browser);
        let wish = json!({"identifiers": [browser]});
        let path = format!("/api/v1/profiles/{}/unmerge", owner["id"].as_str().unwrap());
        let decided = server.post(&path, &wish).ok();
        compare(&server, &history[..90], true);
        let server = server.kill().serve();
        for part in rest.chunks(11) {
            server.batch(part);
        }
        compare(&server, &history, true);
        let decision = format!(
            "/api/v1/identity/decisions/{}",
            decided["id"].as_str().unwrap()
        );
        server.delete(&decision).ok();
        compare(&server, &history, true);
        rule(&server, "owner");
        compare(&server, &history, false);
        rule(&server, "by_time");
        compare(&server, &history, true);
        assert_eq!(server.all("/api/v1/quarantine"), Vec::<Value>::new());
    }
}
