//! Segment's Profile API over Headwater's profiles.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::harness::{Answer, Server, identify, track, with};

const BROWSER: &str = "3f2a1b4c-5d6e-4f70-8a91-b2c3d4e5f601";

fn ask(server: &Server, rest: &str, token: &str) -> Answer {
    let space = &server.keys().space_id;
    let path = format!("/v1/spaces/{space}/collections/users/profiles/{rest}");
    let basic = format!("Basic {}", STANDARD.encode(format!("{token}:")));
    server.send("GET", &path, &[("authorization", &basic)], b"")
}

fn read(server: &Server, rest: &str) -> Value {
    ask(server, rest, &server.keys().token).ok()
}

fn with_a_person() -> Server {
    let server = Server::fresh();
    let rule = json!({"event": "Product Viewed", "count": {"gte": 1}});
    server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Sneaker fans", "definition": rule}),
        )
        .ok();
    let traits = json!({"first_name": "Ada", "plan": "pro"});
    server.batch(&[identify("m-0", BROWSER, "u-1", traits)]);
    for number in 1..=5 {
        let id = format!("m-{number}");
        let name = if number == 3 {
            "Order Completed"
        } else {
            "Product Viewed"
        };
        server.batch(&[track(&id, BROWSER, name, json!({"number": number}))]);
    }
    server
}

#[test]
fn traits_come_in_pages_with_audiences_among_them() {
    let server = with_a_person();
    let all = read(&server, "user_id:u-1/traits");
    assert_eq!(
        all["traits"],
        json!({"first_name": "Ada", "plan": "pro", "sneaker_fans": true})
    );
    assert_eq!(
        (
            &all["cursor"]["has_more"],
            &all["cursor"]["next"],
            &all["cursor"]["limit"]
        ),
        (&json!(false), &json!(""), &json!(10))
    );
    let first = read(&server, "user_id:u-1/traits?limit=2");
    assert_eq!(first["traits"].as_object().unwrap().len(), 2);
    assert_eq!(first["cursor"]["has_more"], true);
    let next = first["cursor"]["next"].as_str().unwrap();
    let rest = read(&server, &format!("user_id:u-1/traits?limit=2&next={next}"));
    assert_eq!(rest["traits"], json!({"sneaker_fans": true}));
    let named = read(&server, "user_id:u-1/traits?include=plan,nothing");
    assert_eq!(named["traits"], json!({"plan": "pro"}));
    let audiences = read(
        &server,
        &format!("anonymous_id:{BROWSER}/traits?class=audience"),
    );
    assert_eq!(audiences["traits"], json!({"sneaker_fans": true}));
}

#[test]
fn events_come_youngest_first_and_by_name() {
    let server = with_a_person();
    let ids = |answer: &Value| -> Vec<String> {
        let events = answer["data"].as_array().unwrap().iter();
        events
            .map(|event| event["message_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut seen = Vec::new();
    let mut next = String::new();
    loop {
        let page = read(
            &server,
            &format!("user_id:u-1/events?limit=2&sort=asc&next={next}"),
        );
        seen.extend(ids(&page));
        if page["cursor"]["has_more"] == false {
            break;
        }
        next = page["cursor"]["next"].as_str().unwrap().to_owned();
    }
    assert_eq!(seen, ["m-0", "m-1", "m-2", "m-3", "m-4", "m-5"]);
    let mut backwards = ids(&read(&server, "user_id:u-1/events"));
    backwards.reverse();
    assert_eq!(backwards, seen);
    let orders = read(&server, "user_id:u-1/events?include=Order%20Completed");
    assert_eq!(ids(&orders), ["m-3"]);
    let order = &orders["data"][0];
    assert_eq!(
        (
            &order["type"],
            &order["event"],
            &order["properties"]["number"]
        ),
        (&json!("track"), &json!("Order Completed"), &json!(3))
    );
    assert!(order["source_id"].as_str().unwrap().starts_with("src_"));
}

#[test]
fn external_ids_and_metadata_say_where_a_person_comes_from() {
    let server = with_a_person();
    let found = read(&server, "user_id:u-1/external_ids");
    let kinds: Vec<_> = found["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id["type"].clone())
        .collect();
    assert_eq!(kinds, ["anonymous_id", "user_id"]);
    let one = read(&server, "user_id:u-1/external_ids?include=user_id");
    assert_eq!(
        (
            &one["data"][0]["id"],
            &one["data"][0]["collection"],
            &one["data"][0]["encoding"]
        ),
        (&json!("u-1"), &json!("users"), &json!("none"))
    );
    assert!(
        one["data"][0]["source_id"]
            .as_str()
            .unwrap()
            .starts_with("src_")
    );
    let metadata = read(&server, "user_id:u-1/metadata")["metadata"].clone();
    assert_eq!(
        (&metadata["first_message_id"], &metadata["last_message_id"]),
        (&json!("m-0"), &json!("m-5"))
    );
}

#[test]
fn only_the_spaces_own_token_reads() {
    let server = with_a_person();
    let keys = server.keys();
    let stranger = Server::fresh();
    for wrong in ["", "hwt_0", &keys.write_key, &stranger.keys().token] {
        let refused = ask(&server, "user_id:u-1/traits", wrong);
        assert_eq!(
            refused.error(),
            (401, "unauthenticated".to_owned()),
            "{wrong}"
        );
    }
    let path = "/v1/spaces/spc_other/collections/users/profiles/user_id:u-1/traits";
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:", keys.token)));
    let elsewhere = server.send("GET", path, &[("authorization", &basic)], b"");
    assert_eq!(elsewhere.error(), (404, "not_found".to_owned()));
    for (rest, status) in [
        ("user_id:u-2/traits", 404),
        ("user_id:u-1/nothing", 404),
        ("u-1/traits", 400),
        ("user_id:u-1/traits?limit=0", 400),
        ("user_id:u-1/traits?limit=201", 400),
        ("user_id:u-1/traits?class=nothing", 400),
        ("user_id:u-1/events?next=zz", 400),
    ] {
        assert_eq!(ask(&server, rest, &keys.token).status, status, "{rest}");
    }
}

#[test]
fn profiles_are_read_of_one_moment() {
    const DEVICES: usize = 60;
    let server = Server::fresh();
    let seen = json!({"key": "seen", "event": "Seen", "aggregate": "count"});
    server.post("/api/v1/computed_traits", &seen).ok();
    // Every event brings a device and is counted, so at any moment there are as many of these as of those.
    let event = |number: usize| {
        let (id, device) = (format!("m-{number}"), format!("b-{number}"));
        let event = track(&id, &device, "Seen", json!({}));
        with(event, "userId", json!("u-1"))
    };
    server.batch(&[event(0)]);
    // Many others, so that reading takes a while.
    let traits: Map<String, Value> = (0..50)
        .map(|number| (format!("t{number}"), json!(number)))
        .collect();
    let other = |number: usize| {
        let name = format!("o-{number}");
        identify(&name, &name, &name, json!(traits))
    };
    let others: Vec<Value> = (0..99).map(other).collect();
    server.batch(&others);
    let devices = |profile: &Value| {
        let identifiers = profile["identifiers"].as_array().unwrap().iter();
        identifiers
            .filter(|one| one["kind"] == "anonymous_id")
            .count()
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            loop {
                let list = server.get("/api/v1/profiles?limit=100").ok();
                let mut profiles = list["data"].as_array().unwrap().iter();
                let profile =
                    profiles.find(|profile| profile["computed_traits"]["seen"] != json!(null));
                let (profile, devices) = (profile.unwrap(), devices(profile.unwrap()));
                assert_eq!(profile["computed_traits"]["seen"], devices);
                if devices == DEVICES {
                    break;
                }
            }
        });
        for number in 1..DEVICES {
            server.batch(&[event(number)]);
        }
    });
}
