//! People who share no identifier: what they have in common becomes suggestions with their reasons, and an answer is a
//! decision like any other.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{Server, eventually, identify};

const PEOPLE: usize = 400;
const FIRST: [&str; 20] = [
    "Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Kenneth", "Jean", "Dennis",
    "Radia", "Tony", "Margaret", "Robin", "Adele", "John", "Karen", "Leslie", "Sophie", "Niklaus",
];
const LAST: [&str; 25] = [
    "Lovelace",
    "Hopper",
    "Turing",
    "Dijkstra",
    "Liskov",
    "Knuth",
    "Allen",
    "Thompson",
    "Bartik",
    "Ritchie",
    "Perlman",
    "Hoare",
    "Hamilton",
    "Milner",
    "Goldberg",
    "Backus",
    "Jones",
    "Lamport",
    "Wilson",
    "Wirth",
    "Iverson",
    "Kernighan",
    "Minsky",
    "Naur",
    "Shannon",
];
const CITIES: [&str; 8] = [
    "London", "Paris", "Lyon", "Berlin", "Vienna", "Madrid", "Oslo", "Turin",
];

/// A person as the customer management has them.
fn person(number: usize) -> Value {
    let mut state = u64::try_from(number).unwrap() + 1;
    let mut below = move |bound: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % bound
    };
    json!({
        "firstName": FIRST[below(FIRST.len())], "lastName": LAST[below(LAST.len())],
        "birthday": format!("{}-{:02}-{:02}", 1950 + below(50), 1 + below(12), 1 + below(28)),
        "address": {"city": CITIES[below(CITIES.len())], "street": format!("{} Station Road", 1 + below(90))}
    })
}

/// The same person as a shop has them: in half of the cases with a slip of the pen.
fn slipped(number: usize) -> Value {
    let mut known = person(number);
    if number.is_multiple_of(4) {
        let mut last = known["lastName"].as_str().unwrap().to_owned();
        last.remove(2);
        known["lastName"] = json!(last);
    }
    known
}

fn without(mut event: Value, field: &str) -> Value {
    event.as_object_mut().unwrap().remove(field);
    event
}

fn fill(server: &Server) {
    let customers =
        (0..PEOPLE).map(|at| identify(&format!("c-{at}"), "x", &format!("crm-{at}"), person(at)));
    let customers: Vec<Value> = customers
        .map(|event| without(event, "anonymousId"))
        .collect();
    // Every other one is in the shop, too, and nobody signed in there.
    let shoppers = (0..PEOPLE)
        .step_by(2)
        .map(|at| identify(&format!("s-{at}"), &format!("shop-{at}"), "x", slipped(at)));
    let shoppers: Vec<Value> = shoppers.map(|event| without(event, "userId")).collect();
    for part in customers.chunks(100).chain(shoppers.chunks(100)) {
        // Nobody but the events' own people is named.
        let body = json!({"writeKey": server.keys().write_key, "batch": part});
        server.public("/v1/batch", &body).ok();
    }
}

/// Matches and gives how that ended.
fn matched(server: &Server) -> Value {
    matched_while(server, || {})
}

/// The same, while something else happens.
fn matched_while(server: &Server, happens: impl FnOnce()) -> Value {
    let started = server.post("/api/v1/identity/matching", &json!({"threshold": 0.9}));
    assert_eq!(started.status, 202, "{}", started.text);
    let id = started.json()["id"].clone();
    happens();
    eventually("the matching has ended", || {
        let run = server.all("/api/v1/identity/matching").remove(0);
        assert_eq!(run["id"], id);
        (run["status"] != "running").then_some(run)
    })
}

fn suggestions(server: &Server, status: &str) -> Vec<Value> {
    server.all(&format!("/api/v1/identity/suggestions?status={status}"))
}

fn name(identifier: &Value) -> String {
    let text = |field: &str| identifier[field].as_str().unwrap().to_owned();
    format!("{}:{}", text("kind"), text("value"))
}

/// The customer and the shopper of a suggestion, as numbers.
fn numbers(suggestion: &Value) -> [String; 2] {
    ["a", "b"].map(|end| {
        let identifier = suggestion[end].as_str().unwrap();
        identifier.split_once('-').unwrap().1.to_owned()
    })
}

fn identifiers(server: &Server, reference: &str) -> BTreeSet<String> {
    let profile = server.profile(reference);
    let all = profile["identifiers"].as_array().unwrap();
    all.iter().map(name).collect()
}

#[test]
fn people_who_share_no_identifier_are_suggested_with_reasons_and_an_answer_is_a_decision() {
    let server = Server::fresh();
    fill(&server);
    let run = matched(&server);
    assert_eq!(run["status"], "done", "{run}");
    assert_eq!(run["records"], PEOPLE + PEOPLE / 2);
    assert!(run["model"]["comparisons"].as_array().unwrap().len() >= 4);
    let open = suggestions(&server, "open");
    assert_eq!(run["suggestions"], open.len());
    let right = open
        .iter()
        .filter(|one| {
            let [a, b] = numbers(one);
            a == b
        })
        .count();
    assert!(
        right >= 190 && open.len() - right <= 4,
        "{right} of {}",
        open.len()
    );
    let weights: Vec<f64> = open
        .iter()
        .map(|one| {
            let waterfall = &one["waterfall"];
            let bars = waterfall["bars"].as_array().unwrap();
            let sum: f64 = bars.iter().map(|bar| bar["weight"].as_f64().unwrap()).sum();
            let weight = waterfall["weight"].as_f64().unwrap();
            let start = waterfall["start"].as_f64().unwrap();
            assert!((start + sum - weight).abs() < 1e-6, "{waterfall}");
            weight
        })
        .collect();
    assert!(
        weights.is_sorted_by(|one, next| one + 0.001 >= *next),
        "strongest first"
    );
    assert!(suggestions(&server, "accepted").is_empty());

    // Nothing was merged by that.
    let first = &open[0];
    let [a, b] = ["a", "b"].map(|end| first[end].as_str().unwrap().to_owned());
    assert_eq!(identifiers(&server, &a).len(), 1);
    let path = |one: &Value, word: &str| {
        format!(
            "/api/v1/identity/suggestions/{}/{word}",
            one["id"].as_str().unwrap()
        )
    };
    let decided = server
        .post(
            &path(first, "accept"),
            &json!({"reason": "the same person"}),
        )
        .ok();
    assert_eq!(identifiers(&server, &a), [a.clone(), b].into());
    let twice = server.post(&path(first, "reject"), &json!({}));
    assert_eq!(twice.status, 409, "{}", twice.text);
    assert_eq!(suggestions(&server, "accepted")[0]["id"], first["id"]);

    let second = &open[1];
    server.post(&path(second, "reject"), &json!({})).ok();
    assert_eq!(suggestions(&server, "rejected")[0]["id"], second["id"]);
    let left: Vec<Value> = open[2..].iter().map(|one| one["id"].clone()).collect();
    let ids = |all: Vec<Value>| -> Vec<Value> { all.iter().map(|one| one["id"].clone()).collect() };
    assert_eq!(ids(suggestions(&server, "open")), left);

    // Matched again, neither answer is asked for again.
    let again = matched(&server);
    assert_eq!(again["status"], "done");
    let ends = |all: &[Value]| -> BTreeSet<[String; 2]> {
        all.iter()
            .map(|one| ["a", "b"].map(|end| one[end].as_str().unwrap().to_owned()))
            .collect()
    };
    let asked = ends(&suggestions(&server, "open"));
    assert!(asked.len() >= 185);
    assert!(ends(&[first.clone(), second.clone()]).is_disjoint(&asked));

    // Undone, it is open again.
    let token = format!("Bearer {}", server.keys().token);
    let undo = format!(
        "/api/v1/identity/decisions/{}",
        decided["id"].as_str().unwrap()
    );
    server
        .send("DELETE", &undo, &[("authorization", &token)], b"")
        .ok();
    assert_eq!(identifiers(&server, &a).len(), 1);
    assert!(ends(&suggestions(&server, "open")).is_superset(&ends(std::slice::from_ref(first))));

    // Who takes consent back is suggested to nobody, and what was known of them is not kept in suggestions.
    let shopper = |one: &Value| {
        let mut ends = ["a", "b"].into_iter().filter_map(|end| one[end].as_str());
        let anonymous = ends.find_map(|end| end.strip_prefix("anonymous_id:"));
        anonymous.unwrap().to_owned()
    };
    let take_back = |shopper: &str| {
        let denied = json!({"categoryPreferences": {"analytics": false, "personalization": false}});
        let body = json!({"writeKey": server.keys().write_key, "anonymousId": shopper, "messageId": format!("no-{shopper}"), "consent": denied});
        server.public("/v1/consent", &body).ok();
    };
    let is_named = |shopper: &str| {
        let name = format!("anonymous_id:{shopper}");
        let mut named = ends(&suggestions(&server, "open")).into_iter().flatten();
        named.any(|end| end == name)
    };
    let gone = shopper(first);
    take_back(&gone);
    eventually("the suggestion has gone", || {
        (!is_named(&gone)).then_some(())
    });
    // At whatever moment of a matching.
    for one in &open[2..6] {
        let gone = shopper(one);
        matched_while(&server, || take_back(&gone));
        assert!(!is_named(&gone), "{gone}");
    }
}

fn set(server: &Server, wanted: &Value) -> crate::harness::Answer {
    let token = format!("Bearer {}", server.keys().token);
    let headers = [("authorization", token.as_str())];
    let path = "/api/v1/identity/matching/automatic";
    server.send("PUT", path, &headers, wanted.to_string().as_bytes())
}

#[test]
fn matching_merges_by_itself_only_where_reviewed_pairs_say_from_which_weight_on_and_takes_it_back()
{
    let server = Server::fresh();
    fill(&server);
    assert_eq!(matched(&server)["status"], "done");
    let open = suggestions(&server, "open");
    let refused = set(&server, &json!({"on": true}));
    assert_eq!(refused.error(), (409, "conflict".to_owned()));
    assert!(refused.text.contains("at least 50"), "{}", refused.text);
    let wrong = set(&server, &json!({"on": true, "precision": 0.1}));
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    let answer = |one: &Value, word: &str| {
        let id = one["id"].as_str().unwrap();
        let path = format!("/api/v1/identity/suggestions/{id}/{word}");
        server.post(&path, &json!({})).ok()
    };
    // Every other one is looked at.
    let asked: Vec<&Value> = open.iter().take(160).step_by(2).collect();
    // Half of the answers say that it was wrong: nothing is known to be right.
    let rejected: Vec<Value> = asked[..30]
        .iter()
        .map(|one| answer(one, "reject"))
        .collect();
    for one in &asked[30..60] {
        answer(one, "accept");
    }
    let refused = set(&server, &json!({"on": true}));
    assert_eq!(refused.error(), (409, "conflict".to_owned()));
    assert!(refused.text.contains("30 of 60"), "{}", refused.text);
    let token = format!("Bearer {}", server.keys().token);
    let undo = |decided: &Value| {
        let path = format!(
            "/api/v1/identity/decisions/{}",
            decided["id"].as_str().unwrap()
        );
        let headers = [("authorization", token.as_str())];
        server.send("DELETE", &path, &headers, b"").ok();
    };
    rejected.iter().for_each(undo);
    for one in asked[..30].iter().chain(&asked[60..]) {
        answer(one, "accept");
    }
    let on = set(&server, &json!({"on": true})).ok();
    assert_eq!(
        (&on["on"], &on["merged"]),
        (&json!(true), &json!(0)),
        "{on}"
    );
    assert_eq!(on["threshold"]["reviewed"], 80, "{on}");
    assert!(on["threshold"]["precision_at_least"].as_f64().unwrap() >= 0.95);

    let run = matched(&server);
    let merged = run["automatic"]["merged"].as_u64().unwrap();
    assert!(merged >= 60, "{}", run["automatic"]);
    let threshold = run["automatic"]["threshold"]["weight"].as_f64().unwrap();
    let automatic = || server.all("/api/v1/identity/decisions?automatic=true");
    let decided = automatic();
    assert_eq!(decided.len() as u64, merged);
    assert_eq!(
        server
            .all("/api/v1/identity/decisions?automatic=false")
            .len(),
        110
    );
    let accepted = suggestions(&server, "accepted");
    let by_itself = |one: &&Value| decided.iter().any(|by| by["id"] == one["decision_id"]);
    let mut right = 0;
    for one in accepted.iter().filter(by_itself) {
        let [a, b] = numbers(one);
        right += u64::from(a == b);
        let weight = one["waterfall"]["weight"].as_f64().unwrap();
        assert!(weight >= threshold, "{one}");
        assert_eq!(one["model_version"], run["model_version"]);
    }
    assert!(right * 20 >= merged * 19, "{right} of {merged}");
    let pair = |decided: &Value| {
        ["a", "b"].map(|end| decided["pairs"][0][end].as_str().unwrap().to_owned())
    };
    let [a, b] = pair(&decided[0]);
    eventually("they are one", || {
        (identifiers(&server, &a) == [a.clone(), b.clone()].into()).then_some(())
    });
    let explained = server.get(&format!("/api/v1/profiles/{a}/explain")).ok();
    assert_eq!(
        explained["links"][0]["rule"], "merged_by_matching",
        "{explained}"
    );

    // What somebody took back is left to people.
    undo(&decided[0]);
    assert_eq!(identifiers(&server, &a).len(), 1);
    matched(&server);
    assert_eq!(identifiers(&server, &a).len(), 1);

    let off = set(&server, &json!({"on": false, "take_back": true})).ok();
    assert_eq!(
        (&off["on"], &off["merged"]),
        (&json!(false), &json!(0)),
        "{off}"
    );
    assert!(off["taken_back"].as_u64().unwrap() >= merged - 1, "{off}");
    assert!(automatic().iter().all(|one| one["undone_at"].is_string()));
    for one in &decided {
        let [a, _] = pair(one);
        eventually("they are two", || {
            (identifiers(&server, &a).len() == 1).then_some(())
        });
    }
    let run = matched(&server);
    assert!(run["automatic"].is_null(), "{run}");
    assert_eq!(
        server
            .all("/api/v1/identity/decisions?automatic=false")
            .len(),
        110
    );
}

#[test]
fn what_teaches_nothing_is_refused_with_a_reason() {
    let server = Server::fresh();
    let traits = json!({"firstName": "Ada", "lastName": "Lovelace"});
    server.batch(&[identify("m-1", "a", "u", traits)]);
    let run = matched(&server);
    assert_eq!(run["status"], "refused");
    assert!(
        run["reason"].as_str().unwrap().contains("nothing to match"),
        "{run}"
    );
    assert!(suggestions(&server, "open").is_empty());
    let wrong = server.post("/api/v1/identity/matching", &json!({"threshold": 1.5}));
    assert_eq!(wrong.status, 400, "{}", wrong.text);
    assert_eq!(
        server
            .get("/api/v1/identity/suggestions?status=maybe")
            .status,
        400
    );
}
