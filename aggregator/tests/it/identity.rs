//! Who is who, as people see, part, join and rule it: an unmerge gives what would have been, stays, and can be undone.

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::identifier::Identifier;
use cdp_core::identity::{BlockedMerge, Constraint, Edge, Node, Rules, resolve};
use cdp_core::time::Timestamp;
use serde_json::{Value, json};

use crate::harness::{Server, identify, track, with};

fn bought(id: &str, browser: &str, price: i64) -> Value {
    track(id, browser, "Bought", json!({"price": price}))
}

fn define(server: &Server) {
    let revenue =
        json!({"key": "revenue", "event": "Bought", "aggregate": "sum", "of": "properties.price"});
    server.post("/api/v1/computed_traits", &revenue).ok();
    let rule = json!({"event": "Bought"});
    let buyers = json!({"name": "Buyers", "definition": rule});
    server.post("/api/v1/audiences", &buyers).ok();
}

/// A profile without what says when we learned it.
fn facts(profile: &Value) -> Value {
    let names: Vec<&Value> = profile["audiences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|audience| &audience["name"])
        .collect();
    json!({"id": profile["id"], "identifiers": profile["identifiers"], "traits": profile["traits"],
        "computed_traits": profile["computed_traits"], "audiences": names, "consent": profile["consent"]})
}

fn of(server: &Server, reference: &str) -> Value {
    facts(&server.profile(reference))
}

fn delete(server: &Server, path: &str) -> Value {
    let token = format!("Bearer {}", server.keys().token);
    server
        .send("DELETE", path, &[("authorization", &token)], b"")
        .ok()
}

fn put(server: &Server, path: &str, body: &str) -> crate::harness::Answer {
    let token = format!("Bearer {}", server.keys().token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    server.send("PUT", path, &headers, body.as_bytes())
}

fn messages(server: &Server, reference: &str) -> Vec<Value> {
    let timeline = server.collected(reference);
    timeline
        .iter()
        .map(|event| event["messageId"].clone())
        .collect()
}

#[test]
fn an_unmerge_gives_what_would_have_been_and_stays_and_can_be_undone() {
    let events = [
        bought("m-1", "tablet", 10),
        identify("m-2", "tablet", "ada", json!({"plan": "pro"})),
        identify("m-3", "laptop", "ada", json!({"city": "Paris"})),
        bought("m-4", "laptop", 1),
    ];
    let server = Server::fresh();
    define(&server);
    server.batch(&events);
    // Where the tablet was never signed in on, and only a server said what Ada did there.
    let never = Server::fresh();
    define(&never);
    let mut apart = identify("m-2", "x", "ada", json!({"plan": "pro"}));
    apart.as_object_mut().unwrap().remove("anonymousId");
    never.batch(&[
        events[0].clone(),
        apart,
        events[2].clone(),
        events[3].clone(),
    ]);

    let before = of(&server, "user_id:ada");
    assert_eq!(before["computed_traits"]["revenue"], 11);
    let wish = json!({"identifiers": ["anonymous_id:tablet"], "reason": "a shop's tablet"});
    let preview = json!({"decision": {"kind": "unmerge", "profile": "user_id:ada", "identifiers": ["anonymous_id:tablet"]}});
    let shown = server.post("/api/v1/identity/preview", &preview).ok();
    assert_eq!(of(&server, "user_id:ada"), before, "a preview does nothing");
    let decided = server
        .post("/api/v1/profiles/user_id:ada/unmerge", &wish)
        .ok();

    let expected = |server: &Server| {
        let without_id = |mut profile: Value| {
            profile["id"] = Value::Null;
            profile
        };
        ["user_id:ada", "anonymous_id:tablet"].map(|reference| {
            (
                without_id(of(server, reference)),
                messages(server, reference),
            )
        })
    };
    assert_eq!(expected(&server), expected(&never));
    assert_eq!(of(&server, "user_id:ada")["computed_traits"]["revenue"], 1);
    assert_eq!(
        of(&server, "anonymous_id:tablet")["computed_traits"]["revenue"],
        10
    );
    let after: BTreeMap<String, Value> = shown["after"]
        .as_array()
        .unwrap()
        .iter()
        .map(|profile| (profile["id"].to_string(), facts(profile)))
        .collect();
    assert_eq!(after.len(), 2, "{shown}");
    for reference in ["user_id:ada", "anonymous_id:tablet"] {
        let is = of(&server, reference);
        assert_eq!(after[&is["id"].to_string()], is, "as shown before");
    }

    // The same evidence, again and in a new event, and a new start.
    server.batch(&events);
    server.batch(&[identify("m-5", "tablet", "ada", json!({}))]);
    let server = server.kill().serve();
    server.batch(&[bought("m-6", "tablet", 100)]);
    assert_eq!(of(&server, "user_id:ada")["computed_traits"]["revenue"], 1);
    assert_eq!(
        of(&server, "anonymous_id:tablet")["computed_traits"]["revenue"],
        110
    );
    let explained = server
        .get("/api/v1/profiles/anonymous_id:tablet/explain")
        .ok();
    assert_eq!(
        explained["blocked_merges"][0]["blocked"], "cut",
        "{explained}"
    );

    delete(
        &server,
        &format!(
            "/api/v1/identity/decisions/{}",
            decided["id"].as_str().unwrap()
        ),
    );
    let joined = of(&server, "user_id:ada");
    assert_eq!(joined["identifiers"], before["identifiers"]);
    assert_eq!(joined["computed_traits"]["revenue"], 111);
    assert_eq!(joined["id"], before["id"]);
    let decisions = server.all("/api/v1/identity/decisions");
    assert!(decisions[0]["undone_at"].is_string(), "{decisions:?}");
}

#[test]
fn an_unmerge_that_names_nobody_of_the_profile_is_refused() {
    let server = Server::fresh();
    server.batch(&[identify("m-1", "a", "ada", json!({}))]);
    for identifiers in [
        json!(["user_id:bob"]),
        json!([]),
        json!(["user_id:ada", "anonymous_id:a"]),
    ] {
        let wish = json!({"identifiers": identifiers});
        let refused = server.post("/api/v1/profiles/user_id:ada/unmerge", &wish);
        assert_eq!(refused.error(), (400, "invalid_request".to_owned()));
    }
}

#[test]
fn what_somebody_merged_by_hand_is_one_explained_and_can_be_undone() {
    let server = Server::fresh();
    define(&server);
    server.batch(&[
        identify("m-1", "a", "ada", json!({})),
        bought("m-2", "a", 1),
        identify("m-3", "b", "ada.old", json!({})),
        bought("m-4", "b", 2),
    ]);
    let apart = [of(&server, "user_id:ada"), of(&server, "user_id:ada.old")];
    let wish = json!({"kind": "merge", "identifiers": ["user_id:ada", "user_id:ada.old"], "reason": "she wrote to us"});
    let decided = server.post("/api/v1/identity/decisions", &wish).ok();
    let one = of(&server, "user_id:ada");
    assert_eq!(one, of(&server, "user_id:ada.old"));
    assert_eq!(one["computed_traits"]["revenue"], 3);
    let chain = server
        .get("/api/v1/profiles/user_id:ada/explain?from=anonymous_id:a&to=anonymous_id:b")
        .ok();
    let rules: Vec<&Value> = chain["chain"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| &link["rule"])
        .collect();
    assert_eq!(
        rules,
        ["same_event", "merged_by_hand", "same_event"],
        "{chain}"
    );
    let graph = server.get("/api/v1/profiles/user_id:ada/graph").ok();
    assert_eq!(graph["nodes"].as_array().unwrap().len(), 4, "{graph}");
    assert_eq!(graph["edges"][0]["events"], 1, "{graph}");
    // More evidence of either adds to it, and a third user stays out.
    server.batch(&[identify("m-5", "b", "carl", json!({}))]);
    assert_ne!(of(&server, "user_id:carl")["id"], one["id"]);
    delete(
        &server,
        &format!(
            "/api/v1/identity/decisions/{}",
            decided["id"].as_str().unwrap()
        ),
    );
    assert_eq!(
        [of(&server, "user_id:ada"), of(&server, "user_id:ada.old")],
        apart
    );
}

#[test]
fn rules_are_versions_and_everybody_is_resolved_again_by_the_newest() {
    let server = Server::fresh();
    let first = server.get("/api/v1/identity/rules").ok();
    assert_eq!(first["version"], 1);
    let kiosk = |id: &str, user: &str| identify(id, "kiosk", user, json!({}));
    server.batch(&[kiosk("m-1", "ada"), bought("m-2", "kiosk", 1)]);
    assert_eq!(
        of(&server, "user_id:ada")["identifiers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let mut rules = first["rules"].clone();
    rules["blocked"]["values"] = json!(["kiosk"]);
    let shown = server
        .post("/api/v1/identity/preview", &json!({"rules": rules}))
        .ok();
    // What happened there is then nobody's.
    assert_eq!(shown["profiles"], json!({"now": 1, "then": 1}), "{shown}");
    let changed = json!({"profiles": 1, "merged": 0, "split": 0});
    assert_eq!(shown["changed"], changed, "{shown}");
    let then = json!([{"identifiers": ["user_id:ada"]}]);
    assert_eq!(shown["sample"]["after"], then, "{shown}");
    let published = put(&server, "/api/v1/identity/rules", &rules.to_string());
    assert_eq!(published.status, 201, "{}", published.text);
    assert_eq!(
        put(&server, "/api/v1/identity/rules", &rules.to_string())
            .error()
            .0,
        409
    );
    assert_eq!(resolved(&server)["version"], 2);
    assert_eq!(
        of(&server, "user_id:ada")["identifiers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // The former rules again, as a new version.
    let mut back = first["rules"].clone();
    back["version"] = json!(2);
    put(&server, "/api/v1/identity/rules", &back.to_string()).ok();
    resolved(&server);
    assert_eq!(
        of(&server, "user_id:ada")["identifiers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let versions = server.all("/api/v1/identity/rules/versions");
    assert_eq!(versions.len(), 2);

    let wrong =
        "{\n \"kinds\": [{\"kind\": \"user_id\", \"uniqe\": true}],\n \"blast_radius\": 0\n}";
    let refused = put(&server, "/api/v1/identity/rules", wrong);
    assert_eq!(refused.error(), (422, "invalid_definition".to_owned()));
    let errors = refused.json()["error"]["details"]["errors"].clone();
    assert_eq!(
        (&errors[0]["line"], &errors[1]["line"]),
        (&json!(2), &json!(3)),
        "{errors}"
    );
    assert!(
        errors[0]["message"].as_str().unwrap().contains("unique"),
        "{errors}"
    );
}

#[test]
fn a_preview_of_rules_shows_the_profiles_that_then_are() {
    let server = Server::fresh();
    define(&server);
    let team = |number: u32, user: &str| {
        let traits = json!({"email": "team@example.org", "plan": user});
        identify(&format!("m-{number}"), &format!("a{number}"), user, traits)
    };
    let mut rules = server.get("/api/v1/identity/rules").ok()["rules"].clone();
    // Nobody else is concerned.
    server.batch(&[identify("m-0", "a0", "carl", json!({}))]);
    server.batch(&[team(1, "ada"), bought("m-2", "a1", 7)]);
    server.batch(&[bought("m-4", "a3", 5), team(3, "bob")]);
    let all = ["user_id:ada", "user_id:bob", "email:team@example.org"];
    let now = |server: &Server| -> BTreeMap<String, Value> {
        let profiles = all.map(|reference| of(server, reference));
        let by_id = profiles.map(|profile| (profile["id"].as_str().unwrap().to_owned(), profile));
        by_id.into()
    };
    let told = |shown: &Value, which: &str| -> BTreeMap<String, Value> {
        let profiles = shown["sample"][which].as_array().unwrap();
        let by_id = profiles
            .iter()
            .map(|profile| (profile["id"].as_str().unwrap().to_owned(), facts(profile)));
        by_id.collect()
    };
    let before = now(&server);
    rules["kinds"][1]["shared_above"] = json!(1);
    let shown = server
        .post("/api/v1/identity/preview", &json!({"rules": rules}))
        .ok();
    assert_eq!(now(&server), before, "a preview does nothing");
    let changed = json!({"profiles": 1, "merged": 0, "split": 1});
    assert_eq!(shown["changed"], changed, "{shown}");
    put(&server, "/api/v1/identity/rules", &rules.to_string()).ok();
    resolved(&server);
    let mut after = now(&server);
    let (was, is) = (told(&shown, "before"), told(&shown, "after"));
    let stays = |id: &String, profile: &Value| before.get(id) == Some(profile);
    after.retain(|id, profile| !stays(id, profile));
    assert_eq!(is, after, "as shown before");
    assert_eq!(was.len(), 1, "{shown}");
    assert!(was.iter().all(|(id, profile)| stays(id, profile)));
    assert_eq!(is.len(), 2, "{shown}");
}

/// Waits until everybody is resolved by the newest rules.
fn resolved(server: &Server) -> Value {
    crate::harness::eventually("everybody is resolved again", || {
        let answer = server.get("/api/v1/identity/rules").ok();
        (answer["resolving"] == 0 && answer["reading"].is_null()).then_some(answer)
    })
}

#[test]
fn a_merge_beyond_the_blast_radius_is_held_until_somebody_approves_it() {
    let server = Server::fresh();
    let mut rules = server.get("/api/v1/identity/rules").ok()["rules"].clone();
    rules["blast_radius"] = json!(3);
    put(&server, "/api/v1/identity/rules", &rules.to_string()).ok();
    server.batch(&[
        identify("m-1", "a", "ada", json!({})),
        identify("m-2", "b", "ada", json!({})),
        identify("m-3", "c", "ada", json!({})),
    ]);
    let held = server.get("/api/v1/identity/quarantine").ok();
    assert_eq!(held["blocked"]["blast_radius"], 1, "{held}");
    assert!(
        held["data"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("approves"),
        "{held}"
    );
    let approve =
        json!({"kind": "merge", "identifiers": [held["data"][0]["a"], held["data"][0]["b"]]});
    server.post("/api/v1/identity/decisions", &approve).ok();
    let held = server.get("/api/v1/identity/quarantine").ok();
    assert_eq!(held["data"], json!([]), "{held}");
    assert_eq!(
        of(&server, "user_id:ada")["identifiers"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn a_mailbox_of_many_joins_nobody_in_whatever_order_it_is_seen() {
    let server = Server::fresh();
    let team = |number: u32| {
        let (id, user) = (format!("m-{number}"), format!("u{number}"));
        with(
            identify(
                &id,
                &format!("a{number}"),
                &user,
                json!({"email": "team@example.org"}),
            ),
            "originalTimestamp",
            json!(format!("2026-01-01T10:0{number}:00Z")),
        )
    };
    for number in [3, 1, 5, 2, 4] {
        server.batch(&[team(number)]);
    }
    let explained = server
        .get("/api/v1/profiles/email:team@example.org/explain")
        .ok();
    assert_eq!(
        explained["identifiers"].as_array().unwrap().len(),
        1,
        "{explained}"
    );
    let blocked = explained["blocked_merges"].as_array().unwrap();
    assert_eq!(blocked.len(), 5, "{explained}");
    assert!(
        blocked.iter().all(|blocked| blocked["blocked"] == "shared"),
        "{explained}"
    );
    for number in 1..=5 {
        let person = of(&server, &format!("user_id:u{number}"));
        assert_eq!(
            person["identifiers"].as_array().unwrap().len(),
            2,
            "{person}"
        );
    }
}

/// Decisions unless `HEADWATER_DECISIONS` says how many.
const DECISIONS: usize = 24;
/// How many of them there are between two kills.
const BETWEEN_KILLS: usize = 8;

#[test]
fn after_merges_and_unmerges_amid_events_and_kills_the_graph_is_what_everything_at_once_gives() {
    #[expect(
        clippy::disallowed_methods,
        reason = "the tests' own setting; the server takes its settings from arguments"
    )]
    let decisions = std::env::var("HEADWATER_DECISIONS").ok();
    let decisions = decisions.map_or(DECISIONS, |number| number.parse().unwrap());
    let mut server = Server::fresh();
    let mut below = dice(1);
    let mut sent: Vec<Value> = Vec::new();
    for step in 0..decisions {
        let events: Vec<Value> = (0..6)
            .map(|at| {
                let event = identify(
                    &format!("m-{step}-{at}"),
                    &format!("b{}", below(12)),
                    &format!("u{}", below(6)),
                    json!({"email": format!("e{}@example.org", below(8))}),
                );
                with(
                    event,
                    "originalTimestamp",
                    json!(format!("2026-01-{:02}T10:00:00Z", 1 + below(28))),
                )
            })
            .collect();
        let user = format!("user_id:u{}", below(6));
        std::thread::scope(|scope| {
            let sending = scope.spawn(|| server.batch(&events));
            // Whether it can be decided depends on what is there; what was decided is listed.
            let wish = match below(3) {
                0 => {
                    json!({"kind": "merge", "identifiers": [user, format!("user_id:u{}", below(6))]})
                }
                1 => {
                    json!({"kind": "keep_apart", "identifiers": [user, format!("anonymous_id:b{}", below(12))]})
                }
                _ => {
                    let found = server.get(&format!("/api/v1/profiles/{user}"));
                    let one = found.json()["identifiers"]
                        .as_array()
                        .and_then(|all| all.last().cloned())
                        .unwrap_or_default();
                    let name = format!(
                        "{}:{}",
                        one["kind"].as_str().unwrap_or("?"),
                        one["value"].as_str().unwrap_or("?")
                    );
                    json!({"kind": "unmerge", "profile": user, "identifiers": [name]})
                }
            };
            let answer = server.post("/api/v1/identity/decisions", &wish);
            assert!(
                matches!(answer.status, 201 | 400 | 404 | 409),
                "{wish}: {}",
                answer.text
            );
            if below(4) == 0 {
                let known = server.all("/api/v1/identity/decisions");
                if !known.is_empty() {
                    let one = &known[usize::try_from(below(known.len() as u64)).unwrap()];
                    delete(
                        &server,
                        &format!("/api/v1/identity/decisions/{}", one["id"].as_str().unwrap()),
                    );
                }
            }
            sending.join().unwrap();
        });
        sent.extend(events);
        if step % BETWEEN_KILLS == BETWEEN_KILLS - 1 {
            server = server.kill().serve();
        }
    }
    compare(&server, &sent);
}

fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

/// Worlds with so many people each, a sixth as many mailboxes and twice as many browsers.
const WORLDS: [u64; 4] = [3, 9, 30, 90];

#[test]
fn turn_by_turn_where_nobody_decides_the_graph_is_what_everything_at_once_gives() {
    for people in WORLDS {
        let server = Server::fresh();
        let mut below = dice(people);
        let mut sent: Vec<Value> = Vec::new();
        for step in 0..60 {
            let events: Vec<Value> = (0..1 + below(6))
                .map(|at| {
                    let (id, browser) = (format!("m-{step}-{at}"), below(people * 2));
                    // Mostly a person's own browser and mailbox, and now and then anybody's.
                    let mut person = browser / 2;
                    if below(20) == 0 {
                        person = below(people);
                    }
                    let mut event = track(&id, &format!("b{browser}"), "Seen", json!({}));
                    if below(2) == 0 {
                        event["userId"] = json!(format!("u{person}"));
                    }
                    if below(2) == 0 {
                        event["type"] = json!("identify");
                        event["traits"] = json!({"email": format!("e{}@example.org", person / 6)});
                    }
                    let time = format!("2026-01-{:02}T10:00:00Z", 1 + below(28));
                    with(event, "originalTimestamp", json!(time))
                })
                .collect();
            server.batch(&events);
            sent.extend(events);
        }
        compare(&server, &sent);
    }
}

/// Compares with everything at once: the events, and the decisions that hold.
fn compare(server: &Server, sent: &[Value]) {
    resolved(server);
    assert_eq!(server.all("/api/v1/quarantine"), Vec::<Value>::new());
    let rules = Rules::default();
    let mut nodes = Vec::new();
    let mut edges = Vec::new();
    for event in sent {
        let at = Timestamp::from_json(&event["originalTimestamp"]).unwrap();
        let named = [
            ("user_id", &event["userId"]),
            ("email", &event["traits"]["email"]),
            ("anonymous_id", &event["anonymousId"]),
        ];
        let named: Vec<Identifier> = named
            .into_iter()
            .filter_map(|(kind, value)| Some(rules.identifier(kind, value.as_str()?).unwrap()))
            .collect();
        nodes.extend(named.iter().map(|one| Node {
            identifier: one.clone(),
            first_seen: at,
        }));
        edges.extend(rules.star(&named).into_iter().map(|(a, b)| Edge {
            a,
            b,
            first_seen: at,
            last_seen: at,
        }));
    }
    let decisions = server.all("/api/v1/identity/decisions");
    let hold = decisions
        .iter()
        .filter(|decision| decision["undone_at"].is_null());
    let constraints: Vec<Constraint> = hold
        .flat_map(|decision| {
            serde_json::from_value::<Vec<Constraint>>(decision["pairs"].clone()).unwrap()
        })
        .collect();
    let all = resolve(&rules, &nodes, &edges, &constraints);
    for group in all.groups {
        let expected: BTreeSet<String> = group.members.iter().map(ToString::to_string).collect();
        let profile = server.profile(&group.seed.to_string());
        let found: BTreeSet<String> = profile["identifiers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let part = |field: &str| one[field].as_str().unwrap();
                format!("{}:{}", part("kind"), part("value"))
            })
            .collect();
        assert_eq!(found, expected, "{constraints:#?}");
        let ends = |one: &BlockedMerge| [one.edge.a.to_string(), one.edge.b.to_string()];
        let refused: BTreeSet<[String; 2]> = all.blocked.iter().map(ends).collect();
        let refused = refused.into_iter();
        let refused: BTreeSet<_> = refused
            .filter(|pair| pair.iter().any(|end| expected.contains(end)))
            .collect();
        let explained = server.get(&format!("/api/v1/profiles/{}/explain", group.seed));
        let told = explained.ok()["blocked_merges"].clone();
        let told: BTreeSet<[String; 2]> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|one| [&one["a"], &one["b"]].map(|end| end.as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(told, refused, "{constraints:#?}");
    }
}
