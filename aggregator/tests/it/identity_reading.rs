//! Rules that read stored events otherwise: once they are in force, everything is as on a server that always had them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, eventually, identify, track, with};

const EMAILS: [&str; 8] = [
    "Ada@Example.org",
    "ada@example.org",
    "ADA@example.org",
    "bob@example.org",
    "Bob@example.org",
    "carl@example.org",
    "kiosk@example.org",
    "dora@Example.org",
];
const PHONES: [&str; 5] = [
    "06 12 34 56 78",
    "+33 6 12 34 56 78",
    "+33 7 00 11 22 33",
    "07 00 11 22 33",
    "01 02 03 04 05",
];

/// Numbers that look random and are the same every time.
fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    }
}

/// Events of people of whom each is seen in a few places, by several names.
fn events(count: usize, world: usize, seed: u64) -> Vec<Value> {
    let mut below = dice(seed);
    let event = |at: usize| {
        let person = below(world);
        let (id, browser) = (
            format!("m-{at}"),
            format!("b{person}-{}", below(2 + person % 3)),
        );
        let at_place = |list: &[&str], at: usize| list[(at + person) % list.len()].to_owned();
        // A few values are in every world; of the others each few people have their own.
        let own = |text: String| {
            if person < 16 {
                text
            } else {
                text.replacen('@', &format!(".{}@", person / 2), 1)
            }
        };
        let mut traits = json!({"plan": id});
        if below(3) == 0 {
            traits["email"] = json!(own(at_place(&EMAILS, below(3))));
        }
        if below(4) == 0 && person < 16 {
            traits["phone"] = json!(at_place(&PHONES, below(2)));
        }
        let mut event = if below(2) == 0 {
            let user = format!("u{}", person % (world - world / 4));
            identify(&id, &browser, &user, traits)
        } else {
            let mut bought = track(&id, &browser, "Bought", json!({"price": below(100)}));
            bought["context"]["traits"] = traits;
            bought
        };
        if below(3) == 0 {
            let kiosk = if below(9) == 0 { "kiosk" } else { "crm" };
            let crm = json!([{"type": "crm_id", "id": format!("{kiosk}-{}", person / 2)}]);
            event["context"]["externalIds"] = crm;
        }
        let moment = format!(
            "2026-01-{:02}T{:02}:00:{:02}Z",
            1 + below(28),
            below(24),
            at % 60
        );
        event["context"]["consent"]["categoryPreferences"]["personalization"] =
            json!(below(3) != 0);
        event["context"]["consent"]["chosenAt"] = json!(moment);
        with(event, "originalTimestamp", json!(moment))
    };
    let mut all: Vec<Value> = (0..count).map(event).collect();
    // Somebody who never gave more than a number without a country, and somebody who takes everything back.
    let mut lonely = track("m-lonely", "lonely", "Bought", json!({"price": 1}));
    lonely["context"]["traits"] = json!({"phone": "06 99 99 99 99", "email": "Lonely@Example.org"});
    all.push(with(
        lonely,
        "originalTimestamp",
        json!("2026-01-02T00:00:00Z"),
    ));
    all.push(json!({
        "messageId": "m-back", "anonymousId": "b1-0", "timestamp": "2026-01-31T00:00:00Z",
        "consent": {"categoryPreferences": {"analytics": false}, "chosenAt": "2026-01-31T00:00:00Z"}
    }));
    all
}

fn define(server: &Server) {
    let revenue =
        json!({"key": "revenue", "event": "Bought", "aggregate": "sum", "of": "properties.price"});
    server.post("/api/v1/computed_traits", &revenue).ok();
    let buyers = json!({"name": "Buyers", "definition": {"event": "Bought"}});
    server.post("/api/v1/audiences", &buyers).ok();
}

fn send(server: &Server, events: &[Value]) {
    let (said, other): (Vec<&Value>, Vec<&Value>) =
        events.iter().partition(|event| event["type"].is_null());
    for part in other.chunks(400) {
        let body = json!({"writeKey": server.keys().write_key, "batch": part});
        let reply = server.public("/v1/batch", &body).ok();
        // Under rules that block the only name of an event, it names nobody.
        let taken = |line: &Value| {
            let nobody = |reason: &str| reason.contains("names nobody");
            line["outcome"] == "ok" || line["reason"].as_str().is_some_and(nobody)
        };
        let lines = reply["outcomes"].as_array().unwrap();
        assert!(lines.iter().all(taken), "{reply}");
    }
    for statement in said {
        let mut statement = statement.clone();
        statement["writeKey"] = json!(server.keys().write_key);
        server.public("/v1/consent", &statement).ok();
    }
    // Somebody whom no rule concerns: with the last event all others have taken effect.
    let id = format!("marker-{}", events.len());
    let marker = track(&id, "marker", "Marked", json!({}));
    let body = json!({"writeKey": server.keys().write_key, "batch": [marker]});
    server.public("/v1/batch", &body).ok();
    eventually("everything has taken effect", || {
        let answer = server.get("/api/v1/profiles/anonymous_id:marker/events?limit=100");
        answer.text.contains(&id).then_some(())
    });
}

fn put(server: &Server, rules: &Value) -> Answer {
    let token = format!("Bearer {}", server.keys().token);
    let headers = [("authorization", token.as_str())];
    let body = rules.to_string();
    server.send("PUT", "/api/v1/identity/rules", &headers, body.as_bytes())
}

fn now(server: &Server) -> Value {
    server.get("/api/v1/identity/rules").ok()
}

/// Waits until rules are in force and everything is as they say.
fn settled(server: &Server, version: i64) {
    eventually("the rules are in force", || {
        (now(server)["version"] == version).then_some(())
    });
    eventually("everything is as the rules say", || {
        let now = now(server);
        (now["reading"].is_null() && now["resolving"] == 0).then_some(())
    });
}

/// The rules with another version and some fields replaced.
fn changed(rules: &Value, version: i64, change: impl FnOnce(&mut Value)) -> Value {
    let mut rules = rules.clone();
    rules["version"] = json!(version);
    change(&mut rules);
    rules
}

fn references(events: &[Value]) -> Vec<String> {
    let mut found = std::collections::BTreeSet::new();
    for event in events {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let traits = [&event["traits"], &event["context"]["traits"]];
        let mut add = |kind: &str, value: Option<String>| {
            found.extend(value.map(|value| format!("{kind}:{value}")));
        };
        add("user_id", text(&event["userId"]));
        add("anonymous_id", text(&event["anonymousId"]));
        for traits in traits {
            add("email", text(&traits["email"]));
            add("phone", text(&traits["phone"]));
        }
        add("crm_id", text(&event["context"]["externalIds"][0]["id"]));
    }
    found.into_iter().collect()
}

/// All that a server says of people, without ids that it has made itself.
fn world(server: &Server, events: &[Value]) -> BTreeMap<String, Value> {
    let mut world = BTreeMap::new();
    for reference in references(events) {
        let reference = reference.replace('+', "%2B").replace(' ', "%20");
        let path = format!("/api/v1/profiles/{reference}");
        let answer = server.get(&path);
        if answer.status == 404 {
            world.insert(reference, Value::Null);
            continue;
        }
        let profile = answer.ok();
        let id = profile["id"].as_str().unwrap().to_owned();
        let known = server.get(&format!("/api/v1/profiles/{id}")).ok();
        assert_eq!(known["identifiers"], profile["identifiers"], "{reference}");
        let audiences: Vec<&Value> = profile["audiences"]
            .as_array()
            .unwrap()
            .iter()
            .map(|audience| &audience["name"])
            .collect();
        let timeline: Vec<Value> = server
            .collected(&reference)
            .iter()
            .map(|event| event["messageId"].clone())
            .collect();
        let graph = server.get(&format!("{path}/graph")).ok();
        let edges: Vec<Value> = graph["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| {
                let mut edge = edge.clone();
                edge["source_id"] = Value::Null;
                edge
            })
            .collect();
        let facts = json!({
            "identifiers": profile["identifiers"], "traits": profile["traits"], "computed_traits": profile["computed_traits"],
            "rests_on": profile["rests_on"], "consent": profile["consent"], "audiences": audiences, "events": timeline,
            "nodes": graph["nodes"], "edges": edges,
        });
        world.insert(reference, facts);
    }
    world
}

#[track_caller]
fn same(is: &BTreeMap<String, Value>, should: &BTreeMap<String, Value>) {
    assert!(should.values().filter(|value| !value.is_null()).count() > 10);
    for (reference, should) in should {
        let is = &is[reference];
        let fields = should.as_object().into_iter().flatten();
        for (field, should) in fields {
            assert_eq!(&is[field], should, "{reference}: {field}\n{is:#}");
        }
        assert_eq!(is, should, "{reference}");
    }
}

/// The default rules, but that e-mail addresses are what was written.
fn first(server: &Server) -> Value {
    changed(&now(server)["rules"], 1, |rules| {
        rules["kinds"][1]["form"] = json!("text");
    })
}

fn with_forms(rules: &mut Value) {
    rules["kinds"][1]["form"] = json!("email");
}

fn with_country(rules: &mut Value) {
    rules["country"] = json!("FR");
}

fn with_blocked(rules: &mut Value) {
    rules["blocked"] =
        json!({"defaults": true, "values": ["b3-0"], "patterns": ["kiosk*", "*bob@*"]});
}

fn with_kind(rules: &mut Value) {
    let kinds = rules["kinds"].as_array_mut().unwrap();
    kinds.insert(1, json!({"kind": "crm_id", "shared_above": 3}));
    kinds.swap(3, 4);
}

/// A server that had the last rules before any event, with the version that they have on the other.
fn always(rules: &Value, events: &[Value]) -> Server {
    let server = Server::fresh();
    define(&server);
    put(&server, &changed(rules, 1, |_| {})).ok();
    settled(&server, 2);
    send(&server, events);
    server
}

#[test]
fn rules_that_read_events_otherwise_make_everything_as_if_they_had_always_been() {
    let events = events(100, 24, 7);
    let (early, late) = events.split_at(80);
    let changes: [fn(&mut Value); 4] = [with_forms, with_country, with_blocked, with_kind];
    let server = Server::fresh();
    define(&server);
    put(&server, &first(&server)).ok();
    settled(&server, 2);
    let original = now(&server)["rules"].clone();
    send(&server, early);
    let mut rules = original.clone();
    for (version, change) in (2_i64..).zip(changes) {
        rules = changed(&rules, version, change);
        put(&server, &rules).ok();
        settled(&server, version + 1);
        let fresh = always(&rules, early);
        same(&world(&server, &events), &world(&fresh, &events));
    }
    // What comes later is read by the last of them, and so is what was decided.
    send(&server, late);
    let fresh = always(&rules, &events);
    same(&world(&server, &events), &world(&fresh, &events));
    let back = changed(&original, 6, |_| {});
    put(&server, &back).ok();
    settled(&server, 7);
    let fresh = always(&original, &events);
    same(&world(&server, &events), &world(&fresh, &events));
}

#[test]
fn decisions_hold_of_what_their_identifiers_are_by_other_rules() {
    let server = Server::fresh();
    put(&server, &first(&server)).ok();
    settled(&server, 2);
    server.batch(&[
        identify("m-1", "a", "ada", json!({"email": "Ada@Example.org"})),
        track("m-2", "b", "Bought", json!({})),
        with(
            identify("m-3", "c", "bob", json!({})),
            "context",
            json!({"consent": {"categoryPreferences": {"analytics": true}}, "traits": {"email": "BOB@example.org"}}),
        ),
    ]);
    let wish = json!({"kind": "merge", "identifiers": ["anonymous_id:b", "email:Ada@Example.org"]});
    // By these rules the text is the address.
    let refused = server.post("/api/v1/identity/decisions", &wish);
    let decided = if refused.status == 404 {
        let wish = json!({"kind": "merge", "identifiers": ["anonymous_id:b", "user_id:ada"]});
        server.post("/api/v1/identity/decisions", &wish).ok()
    } else {
        refused.ok()
    };
    put(&server, &changed(&now(&server)["rules"], 2, with_forms)).ok();
    settled(&server, 3);
    let ada = server.profile("user_id:ada");
    assert_eq!(ada["identifiers"].as_array().unwrap().len(), 4, "{ada}");
    assert_eq!(
        ada["id"],
        server.profile("email:ada@example.org")["id"],
        "{ada}"
    );
    let token = format!("Bearer {}", server.keys().token);
    let path = format!(
        "/api/v1/identity/decisions/{}",
        decided["id"].as_str().unwrap()
    );
    server
        .send("DELETE", &path, &[("authorization", &token)], b"")
        .ok();
    let ada = server.profile("user_id:ada");
    assert_eq!(ada["identifiers"].as_array().unwrap().len(), 3, "{ada}");
}

/// Asks to publish and does not wait for the answer.
fn ask(server: &Server, rules: &Value) -> TcpStream {
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let body = rules.to_string();
    let (token, length) = (&server.keys().token, body.len());
    write!(
        stream,
        "PUT /api/v1/identity/rules HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    stream
}

#[test]
fn reading_again_goes_on_behind_a_kill_and_till_it_ends_the_former_rules_hold() {
    let events = events(2_400, 200, 11);
    let mut server = Server::fresh();
    define(&server);
    put(&server, &first(&server)).ok();
    settled(&server, 2);
    send(&server, &events);
    let sample: Vec<Value> = events.iter().step_by(97).cloned().collect();
    let before = world(&server, &sample);
    let rules = changed(&now(&server)["rules"], 2, |rules| {
        for change in [with_forms, with_country, with_blocked, with_kind] {
            change(rules);
        }
    });
    let waiting = ask(&server, &rules);
    let read = eventually("some of it is read", || {
        let reading = now(&server)["reading"].clone();
        let read = reading["read"].as_i64().filter(|read| *read > 0)?;
        assert!(
            read < reading["of"].as_i64().unwrap(),
            "too late: {reading}"
        );
        Some(read)
    });
    let one = before.keys().next().unwrap();
    let path = format!("/api/v1/profiles/{one}");
    let seen = server.get(&path).ok();
    if now(&server)["version"] == 2 {
        assert_eq!(seen["identifiers"], before[one]["identifiers"]);
    }
    server = server.kill().serve();
    drop(waiting);
    let rules_now = now(&server);
    let reading = &rules_now["reading"];
    if rules_now["version"] == 2 {
        assert!(reading["read"].as_i64().unwrap() >= read, "{reading}");
        assert_eq!(reading["version"], 3, "{reading}");
    }
    // Whoever writes from the version in force has not seen the one that is read.
    assert_eq!(
        put(&server, &changed(&rules, 2, |_| {})).error(),
        (409, "conflict".to_owned())
    );
    eventually("the rules are in force", || {
        (now(&server)["version"] == 3).then_some(())
    });
    // Now people are resolved and folded.
    server = server.kill().serve();
    settled(&server, 3);
    let fresh = always(&rules, &events);
    same(&world(&server, &sample), &world(&fresh, &sample));
}

#[test]
fn an_id_that_was_named_by_what_is_read_otherwise_leads_to_its_heir() {
    let server = Server::fresh();
    put(&server, &first(&server)).ok();
    settled(&server, 2);
    // A browser of which nothing is known names nobody, so the address alone does.
    let mut asked = track("m-1", "null", "Asked", json!({}));
    asked["context"]["traits"] = json!({"email": "Ada@Example.org"});
    server.batch(&[asked]);
    let former = server.profile("email:Ada@Example.org")["id"].clone();

    let rules = changed(&now(&server)["rules"], 2, with_forms);
    put(&server, &rules).ok();
    settled(&server, 3);
    let heir = server.profile("email:ada@example.org");
    assert_ne!(heir["id"], former);
    let found = server.get(&format!("/api/v1/profiles/{}", former.as_str().unwrap()));
    assert_eq!(found.ok()["id"], heir["id"]);
}
