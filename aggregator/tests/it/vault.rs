//! No secret that lets somebody act can be read from what the server keeps, but with its key.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::json;

use crate::audit::meddle;
use crate::harness::provider::Provider;
use crate::harness::{BINARY, Data, Server, remains};

const CLIENT_SECRET: &str = "quagga-client-secret-7";

/// A server with every kind of secret, and these.
fn with_secrets() -> (Server, Vec<String>) {
    let provider = Provider::with(&[]);
    let server = Data::fresh().serve_with(&["--insecure-loopback"]);
    let keys = "/api/v1/user-token-keys";
    let first = server.post(keys, &json!({})).ok();
    let second = server.post(keys, &json!({})).ok();
    let settings = json!({"name": "Acme", "issuer": provider.base, "client_id": "hw", "client_secret": CLIENT_SECRET});
    server.put("/api/v1/sign-in/settings", &settings).ok();
    let mut secrets = vec![CLIENT_SECRET.to_owned(), server.keys().edge_secret.clone()];
    secrets.extend([first, second].map(|key| key["secret"].as_str().unwrap().to_owned()));
    secrets.push(server.keys().token.clone());
    (server, secrets)
}

fn key_file(data: &Data) -> PathBuf {
    data.dir.path().join("data/secret.key")
}

fn key_of(data: &Data) -> String {
    let text = fs::read_to_string(key_file(data)).unwrap();
    let mut keys = text.lines().filter(|line| !line.starts_with('#'));
    let key = keys.next().unwrap().to_owned();
    assert_eq!(keys.next(), None, "one key");
    key
}

fn run(data: &Data, command: &[&str], key: Option<&str>) -> Output {
    let mut process = Command::new(BINARY);
    process.args(command).args(data.storage());
    if let Some(key) = key {
        process.env("HEADWATER_SECRET_KEY", key);
    }
    process.output().unwrap()
}

/// What a start says that does not come about.
#[track_caller]
fn refused(data: &Data, key: Option<&str>) -> String {
    let output = run(data, &["serve", "--listen", "127.0.0.1:0"], key);
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{words}");
    assert!(!words.contains("panicked"), "{words}");
    words
}

/// What stands at a place of the database.
fn kept(data: &Data, sql: &str) -> String {
    let output = match data.database_url() {
        Some(url) => Command::new("psql").args(["-At", url, "-c", sql]).output(),
        None => Command::new("sqlite3")
            .arg(data.dir.path().join("data/headwater.sqlite"))
            .arg(sql)
            .output(),
    };
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    text.trim().to_owned()
}

#[track_caller]
fn nowhere(data: &Data, secrets: &[String]) {
    for secret in secrets {
        assert_eq!(remains::of(secret, data), Vec::<String>::new(), "{secret}");
    }
}

/// Whether the user-token keys and the edge's secret are what they were.
#[track_caller]
fn works(server: &Server) {
    assert_eq!(server.all("/api/v1/user-token-keys").len(), 2);
    assert_eq!(
        server.get("/api/v1/sign-in/settings").ok()["provider"]["has_client_secret"],
        true
    );
}

#[test]
fn no_file_and_no_table_has_a_secret_that_can_be_read() {
    let (server, secrets) = with_secrets();
    // Also while it runs.
    nowhere(server.data(), &secrets);
    let data = server.stop();
    nowhere(&data, &secrets);
    let mode = fs::metadata(key_file(&data)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The key is in its file alone.
    let key = key_of(&data);
    let places = remains::of(&key, &data);
    assert!(
        places.iter().all(|place| place.contains("secret.key")),
        "{places:?}"
    );
    // The search finds what is there.
    fs::write(data.dir.path().join("canary"), CLIENT_SECRET).unwrap();
    assert_eq!(remains::of(CLIENT_SECRET, &data).len(), 1);
    fs::remove_file(data.dir.path().join("canary")).unwrap();
    let server = data.serve();
    works(&server);
    nowhere(server.data(), &secrets);
}

#[test]
fn what_was_kept_in_the_clear_is_sealed_at_the_next_start() {
    let (server, secrets) = with_secrets();
    let data = server.stop();
    meddle(
        &data,
        &format!(
            "UPDATE setting SET value = '{}' WHERE name = 'edge_secret'",
            secrets[1]
        ),
    );
    meddle(
        &data,
        &format!(
            "UPDATE user_token_key SET secret = '{}' WHERE valid_until IS NULL",
            secrets[3]
        ),
    );
    assert!(!remains::of(&secrets[3], &data).is_empty());
    // As with a folder of before: no key yet is no mistake where nothing is sealed.
    let server = data.serve();
    works(&server);
    let data = server.stop();
    nowhere(&data, &secrets);
}

#[test]
fn a_folder_of_before_gets_a_key_and_seals_what_it_has() {
    let data = Data::fresh();
    let edge = data.keys.edge_secret.clone();
    fs::remove_file(key_file(&data)).unwrap();
    meddle(&data, "DELETE FROM setting WHERE name = 'suppression_key'");
    meddle(
        &data,
        &format!("UPDATE setting SET value = '{edge}' WHERE name = 'edge_secret'"),
    );
    let server = data.serve();
    nowhere(server.data(), &[edge]);
    let data = server.stop();
    key_of(&data);
}

#[test]
fn without_its_key_or_with_another_a_start_says_what_to_do() {
    let (server, _) = with_secrets();
    let data = server.stop();
    let key = key_of(&data);
    let other = "ab".repeat(32);
    let words = refused(&data, Some(&other));
    for part in ["HEADWATER_SECRET_KEY has not the key", "--secret-key-file"] {
        assert!(words.contains(part), "{words}");
    }
    for (text, part) in [
        ("nonsense", "64 hexadecimal digits"),
        ("# nothing\n", "no key"),
    ] {
        let words = refused(&data, Some(text));
        assert!(words.contains(part), "{words}");
        assert!(!words.contains("nonsense"), "{words}");
    }
    let aside = data.dir.path().join("aside.key");
    fs::rename(key_file(&data), &aside).unwrap();
    let words = refused(&data, None);
    assert!(
        words.contains("put it back") && words.contains("secret.key"),
        "{words}"
    );
    assert!(!key_file(&data).exists(), "none is made in its place");
    // The environment or a file that is named may have it.
    let given = run(&data, &["doctor"], Some(&key));
    if data.database_url().is_none() {
        let text = String::from_utf8(given.stdout).unwrap();
        assert!(
            text.contains("HEADWATER_SECRET_KEY opens 5 secrets"),
            "{text}"
        );
    }
    let server = data.serve_with(&["--secret-key-file", aside.to_str().unwrap()]);
    works(&server);
}

#[test]
fn a_secret_put_elsewhere_does_not_open() {
    let (server, _) = with_secrets();
    let data = server.stop();
    let name = |name: &str| format!("SELECT value FROM setting WHERE name = '{name}'");
    let (edge, suppression) = (
        kept(&data, &name("edge_secret")),
        kept(&data, &name("suppression_key")),
    );
    assert!(edge.starts_with("sealed:") && suppression.starts_with("sealed:"));
    let put = |value: &str| {
        meddle(
            &data,
            &format!("UPDATE setting SET value = '{value}' WHERE name = 'edge_secret'"),
        );
    };
    put(&suppression);
    let words = refused(&data, None);
    assert!(words.contains("does not open"), "{words}");
    put(&edge[..edge.len() - 6]);
    let words = refused(&data, None);
    assert!(words.contains("does not open"), "{words}");
    put(&edge);
    let server = data.serve();
    works(&server);
}

#[test]
fn a_rotation_seals_everything_anew_and_goes_on_where_it_stopped() {
    let (server, secrets) = with_secrets();
    let data = server.stop();
    let before = key_of(&data);
    let id = |data: &Data| {
        kept(data, "SELECT value FROM setting WHERE name = 'edge_secret'")[..15].to_owned()
    };
    let first = id(&data);
    let output = run(&data, &["secrets", "rotate"], None);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && text.contains("5 secrets are sealed"),
        "{text}"
    );
    let after = key_of(&data);
    assert_ne!(after, before);
    assert_ne!(id(&data), first);
    assert!(refused(&data, Some(&before)).contains("has not the key"));
    let server = data.serve();
    works(&server);
    let data = server.stop();
    // As an interruption leaves it: a new key stands before the one that has sealed.
    let fresh = "cd".repeat(32);
    fs::write(key_file(&data), format!("{fresh}\n{after}\n")).unwrap();
    let output = run(&data, &["secrets", "rotate"], None);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(key_of(&data), fresh);
    let server = data.serve();
    works(&server);
    // Nothing else may use the data meanwhile.
    let output = run(server.data(), &["secrets", "rotate"], None);
    assert!(!output.status.success());
    let data = server.stop();
    nowhere(&data, &secrets);
    // An operator's own key is changed by the operator.
    let output = run(&data, &["secrets", "rotate"], Some(&fresh));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("before the one that is there"), "{words}");
    let last = "ef".repeat(32);
    let output = run(
        &data,
        &["secrets", "rotate"],
        Some(&format!("{last},{fresh}")),
    );
    assert!(output.status.success(), "{output:?}");
    assert!(refused(&data, Some(&fresh)).contains("has not the key"));
    let output = run(
        &data,
        &["secrets", "rotate"],
        Some(&format!("{last} {fresh}")),
    );
    assert!(output.status.success(), "again does no harm");
}

#[test]
fn doctor_tells_whether_others_may_read_the_key() {
    let data = Data::fresh();
    if data.database_url().is_some() {
        return;
    }
    let said = |data: &Data| {
        let folder = data.dir.path().join("data");
        let mut doctor = Command::new(BINARY);
        let output = doctor.arg("doctor").arg("--data-dir").arg(folder).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert!(said(&data).contains("ok      key"), "{}", said(&data));
    fs::set_permissions(key_file(&data), fs::Permissions::from_mode(0o644)).unwrap();
    let text = said(&data);
    assert!(
        text.contains("wrong   key") && text.contains("chmod 600"),
        "{text}"
    );
}
