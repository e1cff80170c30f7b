//! Decisions where they are hard: about an identifier of a crowd, that lead back, that contradict each other, or that are made twice
//! at the same moment.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Answer, Server, eventually, identify, with};

const DECISIONS: &str = "/api/v1/identity/decisions";
const QUARANTINE: &str = "/api/v1/identity/quarantine";

fn at(event: Value, minute: usize) -> Value {
    let time = json!(format!(
        "2026-01-01T{:02}:{:02}:00Z",
        10 + minute / 60,
        minute % 60
    ));
    with(event, "originalTimestamp", time)
}

/// An event that carries only some of what `identify` gives.
fn only(id: &str, user: &str, browser: &str, email: &str) -> Value {
    let mut event = identify(id, browser, user, json!({}));
    let body = event.as_object_mut().unwrap();
    if user.is_empty() {
        body.remove("userId");
    }
    if browser.is_empty() {
        body.remove("anonymousId");
    }
    if !email.is_empty() {
        body.insert("traits".to_owned(), json!({"email": email}));
    }
    event
}

fn names(profile: &Value) -> BTreeSet<String> {
    let all = profile["identifiers"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.map(|one| format!("{}:{}", text(&one["kind"]), text(&one["value"])))
        .collect()
}

fn of(server: &Server, reference: &str) -> BTreeSet<String> {
    names(&server.profile(reference))
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn undo(server: &Server, id: &Value) -> Value {
    let token = format!("Bearer {}", server.keys().token);
    let path = format!("{DECISIONS}/{}", id.as_str().unwrap());
    server
        .send("DELETE", &path, &[("authorization", &token)], b"")
        .ok()
}

fn publish(server: &Server, change: impl Fn(&mut Value)) {
    let mut rules = server.get("/api/v1/identity/rules").ok()["rules"].clone();
    change(&mut rules);
    let token = format!("Bearer {}", server.keys().token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
    ];
    server
        .send(
            "PUT",
            "/api/v1/identity/rules",
            &headers,
            rules.to_string().as_bytes(),
        )
        .ok();
    eventually("everybody is resolved again", || {
        let answer = server.get("/api/v1/identity/rules").ok();
        (answer["resolving"] == 0 && answer["reading"].is_null()).then_some(())
    });
}

fn merge(one: &str, two: &str) -> Value {
    json!({"kind": "merge", "identifiers": [one, two]})
}

fn keep_apart(one: &str, two: &str) -> Value {
    json!({"kind": "keep_apart", "identifiers": [one, two]})
}

fn unmerge(server: &Server, reference: &str, identifiers: &[&str]) -> Answer {
    server.post(
        &format!("/api/v1/profiles/{reference}/unmerge"),
        &json!({"identifiers": identifiers}),
    )
}

/// All pieces of evidence of a list that is told page by page, under one or several names.
fn evidence(server: &Server, path: &str, lists: &[&str]) -> (usize, Vec<(String, String)>) {
    let (mut pages, mut found) = (0, Vec::new());
    let mut cursor = String::new();
    loop {
        let page = server.get(&format!("{path}?cursor={cursor}")).ok();
        let rows = lists
            .iter()
            .flat_map(|list| page[*list].as_array().unwrap());
        let rows: Vec<(String, String)> = rows
            .map(|row| (row["a"].to_string(), row["b"].to_string()))
            .collect();
        assert!(
            rows.len() <= 500,
            "a page of {} pieces of evidence",
            rows.len()
        );
        found.extend(rows);
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return (pages, found),
        }
    }
}

/// More than a page of its evidence has, and more than the usual rules take for one person.
const CROWD: usize = 1_200;

#[test]
fn a_decision_about_an_identifier_of_a_crowd_is_about_the_two_that_it_names() {
    let server = Server::fresh();
    let robots: Vec<Value> = (0..CROWD)
        .map(|number| {
            identify(
                &format!("m-{number}"),
                &format!("b{number}"),
                "bot",
                json!({}),
            )
        })
        .collect();
    for some in robots.chunks(500) {
        server.batch(some);
    }
    let (bot, one, other) = ("user_id:bot", "anonymous_id:b7", "anonymous_id:b8");
    let last = format!("/api/v1/profiles/anonymous_id:b{}", CROWD - 1);
    eventually("everybody is known", || {
        (server.get(&last).status == 200).then_some(())
    });
    assert_eq!(of(&server, bot), set(&[bot]));

    for wish in [merge(bot, one), keep_apart(bot, one)] {
        let shown = server.post("/api/v1/identity/preview", &json!({"decision": wish}));
        shown.ok();
    }
    let shown = server
        .post(
            "/api/v1/identity/preview",
            &json!({"decision": merge(bot, one)}),
        )
        .ok();
    assert_eq!(names(&shown["after"][0]), set(&[bot, one]), "{shown}");
    let merged = server.post(DECISIONS, &merge(bot, one)).ok();
    assert_eq!(of(&server, one), set(&[bot, one]));
    assert_eq!(of(&server, other), set(&[other]));
    // What joins them is told once, however many pages there are.
    let mut by_hand = 0;
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/profiles/{bot}/explain?limit=400&cursor={cursor}");
        let page = server.get(&path).ok();
        let links = page["links"].as_array().unwrap().iter();
        by_hand += links
            .filter(|link| link["rule"] == "merged_by_hand")
            .count();
        match page["next_cursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(by_hand, 1);
    // What more it is seen with changes nothing of what was decided.
    server.batch(&[identify("more", "b9", "bot", json!({}))]);
    assert_eq!(of(&server, bot), set(&[bot, one]));
    undo(&server, &merged["id"]);
    assert_eq!(of(&server, one), set(&[one]));
    let apart = server.post(DECISIONS, &keep_apart(bot, one)).ok();
    assert_eq!(of(&server, bot), set(&[bot]));
    undo(&server, &apart["id"]);

    for (path, lists) in [
        ("graph", &["edges"][..]),
        ("explain", &["links", "blocked_merges"]),
    ] {
        let path = format!("/api/v1/profiles/{bot}/{path}");
        let (pages, found) = evidence(&server, &path, lists);
        assert_eq!(pages, CROWD.div_ceil(500), "{path}");
        assert_eq!(found.len(), CROWD, "{path}");
        let different: BTreeSet<&(String, String)> = found.iter().collect();
        assert_eq!(different.len(), CROWD, "{path}");
    }
    // Rules by which it is no crowd make it one person.
    publish(&server, |rules| rules["blast_radius"] = json!(100_000));
    assert_eq!(of(&server, bot).len(), CROWD + 1);
}

#[test]
fn an_identifier_that_a_cut_leaves_with_few_enough_others_names_somebody_again() {
    let server = Server::fresh();
    let tablet = |number: usize| {
        let user = format!("u{number}");
        at(
            identify(&format!("m-{number}"), "tablet", &user, json!({})),
            number,
        )
    };
    server.batch(&[tablet(1), tablet(2), tablet(3), tablet(4)]);
    assert_eq!(
        of(&server, "anonymous_id:tablet"),
        set(&["anonymous_id:tablet"])
    );
    // Joined by hand it can be parted from the one who is said never to have used it.
    server
        .post(DECISIONS, &merge("user_id:u4", "anonymous_id:tablet"))
        .ok();
    let parted = unmerge(&server, "user_id:u4", &["anonymous_id:tablet"]);
    assert_eq!(parted.status, 400, "{}", parted.text);
    let decided = server.all(DECISIONS);
    undo(&server, &decided[0]["id"]);
    assert_eq!(
        of(&server, "anonymous_id:tablet"),
        set(&["anonymous_id:tablet"])
    );
    // By rules that let more share it, it is the first one's.
    publish(&server, |rules| {
        rules["kinds"][3]["shared_above"] = json!(4);
    });
    assert_eq!(
        of(&server, "anonymous_id:tablet"),
        set(&["anonymous_id:tablet", "user_id:u1"])
    );
    // One fewer, and it is so by the rules of before, too.
    unmerge(&server, "user_id:u1", &["anonymous_id:tablet"]).ok();
    publish(&server, |rules| {
        rules["kinds"][3]["shared_above"] = json!(3);
    });
    assert_eq!(
        of(&server, "anonymous_id:tablet"),
        set(&["anonymous_id:tablet", "user_id:u2"])
    );
    // The cut taken back, it is everybody's again.
    let decided = server.all(DECISIONS);
    undo(&server, &decided[0]["id"]);
    assert_eq!(
        of(&server, "anonymous_id:tablet"),
        set(&["anonymous_id:tablet"])
    );
    assert_eq!(of(&server, "user_id:u2"), set(&["user_id:u2"]));
}

#[test]
fn an_unmerge_parts_also_where_what_it_cuts_makes_room_for_evidence_that_leads_back() {
    let server = Server::fresh();
    // Five addresses are the limit; the sixth was seen with the person and with her browser.
    let mut events: Vec<Value> = (1..=5)
        .map(|number| {
            only(
                &format!("m-{number}"),
                "ada",
                "",
                &format!("e{number}@example.org"),
            )
        })
        .collect();
    events.push(only("m-6", "ada", "laptop", ""));
    events.push(only("m-7", "ada", "", "e6@example.org"));
    events.push(only("m-8", "", "laptop", "e6@example.org"));
    let events: Vec<Value> = events
        .into_iter()
        .enumerate()
        .map(|(minute, event)| at(event, minute))
        .collect();
    server.batch(&events);
    let out = ["email:e1@example.org", "anonymous_id:laptop"];
    assert!(!of(&server, "user_id:ada").contains("email:e6@example.org"));
    let wish = json!({"kind": "unmerge", "profile": "user_id:ada", "identifiers": out});
    let shown = server
        .post("/api/v1/identity/preview", &json!({"decision": wish}))
        .ok();
    let decided = unmerge(&server, "user_id:ada", &out).ok();
    let ada = of(&server, "user_id:ada");
    assert!(out.iter().all(|one| !ada.contains(*one)), "{ada:?}");
    assert!(ada.contains("email:e6@example.org"), "{ada:?}");
    let shown: BTreeSet<BTreeSet<String>> = shown["after"]
        .as_array()
        .unwrap()
        .iter()
        .map(names)
        .collect();
    assert!(shown.contains(&ada), "{shown:?}");
    undo(&server, &decided["id"]);
    assert!(of(&server, "user_id:ada").contains("anonymous_id:laptop"));
}

#[test]
fn of_equal_unmerges_at_the_same_moment_one_decides() {
    let server = Server::fresh();
    server.batch(&[identify("m-1", "tablet", "ada", json!({}))]);
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| unmerge(&server, "user_id:ada", &["anonymous_id:tablet"])))
            .collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let decided: Vec<&Answer> = answers.iter().filter(|one| one.status == 200).collect();
    assert_eq!(decided.len(), 1);
    for refused in answers.iter().filter(|one| one.status != 200) {
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert!(
            refused
                .text
                .contains("is not an identifier of this profile"),
            "{}",
            refused.text
        );
    }
    undo(&server, &decided[0].json()["id"]);
    assert_eq!(
        of(&server, "user_id:ada"),
        set(&["anonymous_id:tablet", "user_id:ada"])
    );
}

#[test]
fn a_merge_of_what_somebody_keeps_apart_names_the_decision_to_undo() {
    let server = Server::fresh();
    server.batch(&[
        identify("m-1", "laptop", "ada", json!({})),
        identify("m-2", "phone", "bob", json!({})),
    ]);
    let apart = server
        .post(DECISIONS, &keep_apart("user_id:ada", "user_id:bob"))
        .ok();
    for wish in [
        merge("user_id:ada", "user_id:bob"),
        merge("user_id:bob", "user_id:ada"),
    ] {
        for answer in [
            server.post(DECISIONS, &wish),
            server.post("/api/v1/identity/preview", &json!({"decision": wish})),
        ] {
            assert_eq!(answer.status, 409, "{}", answer.text);
            assert!(
                answer.text.contains(apart["id"].as_str().unwrap()),
                "{}",
                answer.text
            );
        }
    }
    assert_eq!(server.all(DECISIONS).len(), 1, "nothing else was decided");
    undo(&server, &apart["id"]);
    server
        .post(DECISIONS, &merge("user_id:ada", "user_id:bob"))
        .ok();
    assert_eq!(of(&server, "user_id:ada").len(), 4);
}

#[test]
fn what_was_decided_of_a_crowd_is_held_no_more() {
    let server = Server::fresh();
    publish(&server, |rules| rules["blast_radius"] = json!(6));
    let events: Vec<Value> = (0..8)
        .map(|number| {
            only(
                &format!("m-{number}"),
                "",
                &format!("b{number}"),
                "crowd@example.org",
            )
        })
        .collect();
    server.batch(&events);
    let held = || {
        let counts = &server.get(QUARANTINE).ok()["blocked"];
        let held = server.all(QUARANTINE);
        assert_eq!(counts["blast_radius"], held.len(), "{counts}");
        held
    };
    assert_eq!(held().len(), 8);
    let name = |number: usize| format!("anonymous_id:b{number}");
    let crowd = "email:crowd@example.org";
    for number in 0..6 {
        server.post(DECISIONS, &merge(crowd, &name(number))).ok();
    }
    assert_eq!(held().len(), 2);
    let apart = server.post(DECISIONS, &keep_apart(crowd, &name(6))).ok();
    let left: Vec<Value> = held().iter().map(|one| one["b"].clone()).collect();
    assert_eq!(left, [json!(name(7))]);
    undo(&server, &apart["id"]);
    assert_eq!(held().len(), 2);
    assert_eq!(of(&server, crowd).len(), 7);
}

#[test]
fn evidence_between_two_crowds_is_told_in_whatever_order_it_comes() {
    let server = Server::fresh();
    let world = |name: &str| -> Vec<Value> {
        let (tablet, mailbox) = (format!("tab-{name}"), format!("box-{name}@example.org"));
        let user = |number: usize| format!("u{number}-{name}");
        let mut events = vec![only(&format!("m-{name}"), "", &tablet, &mailbox)];
        for number in 1..=4 {
            events.push(only(
                &format!("t{number}-{name}"),
                &user(number),
                &tablet,
                "",
            ));
            events.push(only(
                &format!("e{number}-{name}"),
                &user(number),
                "",
                &mailbox,
            ));
        }
        events
            .into_iter()
            .enumerate()
            .map(|(minute, event)| at(event, minute))
            .collect()
    };
    let told = |name: &str| {
        let reference = format!("anonymous_id:tab-{name}");
        let explained = server
            .get(&format!("/api/v1/profiles/{reference}/explain"))
            .ok();
        let blocked = explained["blocked_merges"].as_array().unwrap().iter();
        let blocked: Vec<String> = blocked
            .map(|one| format!("{} {} {}", one["a"], one["b"], one["blocked"]).replace(name, ""))
            .collect();
        blocked
    };
    server.batch(&world("first"));
    let expected = told("first");
    assert_eq!(expected.len(), 5, "{expected:?}");
    for (name, last) in [("early", 0), ("late", 8)] {
        let mut events = world(name);
        let both = events.remove(0);
        events.insert(last, both);
        for event in &events {
            server.batch(std::slice::from_ref(event));
        }
        assert_eq!(told(name), expected, "{name}");
    }
    // Nor is it forgotten when one of the two is looked at again: seen earlier than known, or decided of.
    let before = only("before", "", "tab-late", "");
    server.batch(&[with(
        before,
        "originalTimestamp",
        json!("2025-12-01T10:00:00Z"),
    )]);
    assert_eq!(told("late"), expected);
    let apart = server
        .post(
            DECISIONS,
            &keep_apart("anonymous_id:tab-late", "user_id:u1-late"),
        )
        .ok();
    assert_eq!(told("late"), expected);
    undo(&server, &apart["id"]);
    server
        .post(
            DECISIONS,
            &keep_apart("email:box-late@example.org", "user_id:u1-late"),
        )
        .ok();
    assert_eq!(told("late"), expected);
    // Nor by rules that read every event again, also where they turn the two around.
    publish(&server, |rules| {
        rules["blocked"]["values"] = json!(["kiosk"]);
    });
    assert_eq!(told("late"), expected);
    publish(&server, |rules| {
        let kinds = rules["kinds"].as_array_mut().unwrap();
        let email = kinds.iter().position(|kind| kind["kind"] == "email");
        let email = kinds.remove(email.unwrap());
        kinds.push(email);
    });
    let both = r#""anonymous_id:tab-" "email:box-@example.org" "shared""#;
    assert!(told("late").iter().any(|one| one == both));
}

#[test]
fn a_preview_of_rules_counts_each_profile_once_where_many_share_an_identifier() {
    let server = Server::fresh();
    publish(&server, |rules| rules["blast_radius"] = json!(20));
    let mut events: Vec<Value> = (0..5)
        .map(|number| {
            let (user, browser) = (format!("u{number}"), format!("a{number}"));
            only(
                &format!("m-{number}"),
                &user,
                &browser,
                "family@example.org",
            )
        })
        .collect();
    events.extend((0..30).map(|number| {
        only(
            &format!("c-{number}"),
            "",
            &format!("c{number}"),
            "crowd@example.org",
        )
    }));
    let events: Vec<Value> = events
        .into_iter()
        .enumerate()
        .map(|(minute, event)| at(event, minute))
        .collect();
    server.batch(&events);
    type Change = fn(&mut Value);
    let changes: [Change; 5] = [
        |rules| rules["blast_radius"] = json!(100),
        |rules| rules["blast_radius"] = json!(20),
        |rules| rules["kinds"][1]["shared_above"] = json!(10),
        |rules| rules["blast_radius"] = json!(1000),
        |rules| rules["kinds"][1]["shared_above"] = json!(2),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut rules = server.get("/api/v1/identity/rules").ok()["rules"].clone();
        change(&mut rules);
        let shown = server
            .post("/api/v1/identity/preview", &json!({"rules": rules}))
            .ok();
        let counts = |side: &str, server: &Server| {
            let profiles = server.all("/api/v1/profiles");
            let largest = profiles.iter().map(|profile| names(profile).len()).max();
            assert_eq!(
                shown["profiles"][side],
                profiles.len(),
                "{at} {side}: {shown}"
            );
            assert_eq!(
                shown["largest"][side],
                largest.unwrap(),
                "{at} {side}: {shown}"
            );
            let held = server.get(QUARANTINE).ok();
            assert_eq!(
                shown["blocked"][side], held["blocked"],
                "{at} {side}: {shown}"
            );
        };
        counts("now", &server);
        publish(&server, change);
        counts("then", &server);
    }
}
