//! A backup brings everything back, says nothing without its keys, and an erasure reaches those that were made before it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::harness::{BINARY, Data, Server, eventually, identify, remains, track};
use crate::privacy_erasure::{
    CANARY, bob, email, erase, found, settle, until_done, until_erased_again,
};

fn headwater(command: &str, storage: &[String], more: &[&str]) -> Command {
    let mut process = Command::new(BINARY);
    process.arg(command).args(storage).args(more);
    process.stdout(Stdio::piped()).stderr(Stdio::piped());
    process
}

#[track_caller]
fn succeeds(output: Output) -> String {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", said(&output.stderr));
    said(&output.stdout)
}

/// What a command says that fails.
#[track_caller]
fn fails(output: Output) -> String {
    assert!(!output.status.success(), "it should have failed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Makes a backup of what a server (or nobody) runs on.
#[track_caller]
fn back_up(data: &Data, name: &str) -> PathBuf {
    let file = data.dir.path().join(name);
    let out = file.display().to_string();
    succeeds(
        headwater("backup", &data.storage(), &["--out", &out])
            .output()
            .unwrap(),
    );
    file
}

fn keys_of(data: &Data) -> PathBuf {
    data.folder().join("backup-keys.sqlite")
}

fn restoring(into: &Data, file: &Path, keys: &Path) -> Command {
    let keys = keys.display().to_string();
    let file = file.display().to_string();
    headwater("restore", &into.storage(), &["--keys", &keys, &file])
}

/// Puts a backup back, beside the key that seals secrets, of which operators keep a copy; what is said.
#[track_caller]
fn restore(into: &Data, file: &Path, keys: &Path) -> String {
    let beside = keys.parent().unwrap();
    let known = [beside.join("secret.key"), beside.join("data/secret.key")];
    let key = known.iter().find(|key| key.exists()).unwrap();
    fs::create_dir_all(into.folder()).unwrap();
    fs::copy(key, into.folder().join("secret.key")).unwrap();
    succeeds(restoring(into, file, keys).output().unwrap())
}

/// What callers are told of everything.
fn everything(server: &Server) -> Value {
    let user = format!("user_id:user-{CANARY}");
    let mut all = json!({"bob": bob(server)});
    for person in ["user_id:bob", user.as_str()] {
        for more in ["", "/explain", "/consent"] {
            let path = format!("/api/v1/profiles/{person}{more}");
            all[&path] = json!(server.get(&path).text);
        }
        all[person] = json!(server.timeline(person));
    }
    for list in [
        "sources",
        "tokens",
        "members",
        "computed_traits",
        "audiences",
        "experiences",
        "quarantine",
        "identity/decisions",
        "privacy/requests",
        "privacy/suppressions",
        "audit?operation=POST%20/api/v1/audiences",
    ] {
        all[list] = json!(server.all(&format!("/api/v1/{list}")));
    }
    for audience in server.all("/api/v1/audiences") {
        let path = format!(
            "/api/v1/audiences/{}/members",
            audience["id"].as_str().unwrap()
        );
        all[&path] = json!(server.all(&path));
    }
    // When somebody was here last changes by asking.
    for list in ["tokens", "members"] {
        for one in all[list].as_array_mut().unwrap() {
            one.as_object_mut().unwrap().remove("last_used_at");
            one.as_object_mut().unwrap().remove("last_seen_at");
        }
    }
    all
}

#[track_caller]
fn assert_same(before: &Value, after: &Value) {
    let (before, after) = (before.as_object().unwrap(), after.as_object().unwrap());
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    for (name, value) in before {
        assert_eq!(value, &after[name], "{name}");
    }
}

#[test]
fn what_was_backed_up_comes_back_as_it_was_on_either_database() {
    let server = Server::fresh();
    settle(&server);
    let before = everything(&server);
    assert!(!before["quarantine"].as_array().unwrap().is_empty());
    assert!(before["identity/decisions"].as_array().unwrap().len() == 1);
    let file = back_up(server.data(), "backup");
    let data = server.stop();
    let on_postgres = data.database_url().is_some();
    for postgres in [on_postgres, false] {
        let other = Data::empty(data.keys.clone(), postgres);
        let said = restore(&other, &file, &keys_of(&data));
        assert!(!said.contains("gone for good"), "{said}");
        let server = other.serve();
        assert_same(&before, &everything(&server));
        // It goes on as the other would have.
        assert_eq!(
            server.outcomes(&[track("bob-2", "b-new", "Bought", json!({}))]),
            ["duplicate"]
        );
        assert_eq!(
            server.outcomes(&[track("later", "b-new", "Bought", json!({}))]),
            ["ok"]
        );
        if on_postgres && postgres {
            // And from a folder into a Postgres.
            let back = back_up(server.data(), "again");
            let other = server.stop();
            let sqlite = Data::empty(other.keys.clone(), false);
            restore(&sqlite, &back, &keys_of(&other));
            let third = back_up(&sqlite, "third");
            let last = Data::empty(other.keys.clone(), true);
            restore(&last, &third, &keys_of(&sqlite));
            let server = last.serve();
            assert_eq!(bob(&server)["profile"], before["bob"]["profile"]);
        }
    }
}

#[test]
fn a_backup_says_nothing_of_anybody() {
    let server = Server::fresh();
    settle(&server);
    let file = back_up(server.data(), "backup");
    let bytes = fs::read(&file).unwrap();
    for (encoding, needle) in remains::encodings(CANARY) {
        assert!(
            !bytes
                .windows(needle.len())
                .any(|window| window.eq_ignore_ascii_case(&needle)),
            "{encoding}"
        );
    }
    let token = server.keys().token.clone();
    for word in [
        "bob@example.com",
        "user_id:",
        "household",
        "Bought",
        "Looked",
        "shoes",
        "33612345678",
        &token,
        "Buyers",
    ] {
        assert!(
            !bytes
                .windows(word.len())
                .any(|window| window == word.as_bytes()),
            "{word}"
        );
    }
    // Nor can anybody read it who has not got the keys, and nobody else reads either of them.
    for path in [&file, &keys_of(server.data())] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

#[test]
fn an_erasure_reaches_backups_that_were_made_before_it() {
    let server = Server::fresh();
    settle(&server);
    let before = bob(&server);
    let file = back_up(server.data(), "backup");
    let early = server.data().dir.path().join("early-keys");
    fs::copy(keys_of(server.data()), &early).unwrap();
    let done = until_done(&server, &erase(&server));
    assert!(
        done["receipt"]["stores"]["backups"].as_u64() > Some(3),
        "{done:#}"
    );
    assert_eq!(bob(&server), before);
    let data = server.stop();
    let postgres = data.database_url().is_some();

    let other = Data::empty(data.keys.clone(), postgres);
    let said = restore(&other, &file, &keys_of(&data));
    assert!(said.contains("gone for good"), "{said}");
    assert!(said.contains("suppressions.json"), "{said}");
    assert_eq!(
        found(&other),
        Vec::<String>::new(),
        "before anything runs on it"
    );
    let server = other.serve();
    assert_eq!(bob(&server), before);
    let gone = server.get(&format!("/api/v1/profiles/email:{}", email()));
    assert_eq!(gone.status, 404, "{}", gone.text);
    // What was decided of her with somebody else is about nobody.
    assert!(server.all("/api/v1/identity/decisions").is_empty());
    assert!(server.all("/api/v1/quarantine").is_empty());
    assert_eq!(found(server.data()), Vec::<String>::new());

    // Whoever has keys from before the erasure opens it, and the copy of who was erased sees to the rest.
    let third = Data::empty(data.keys.clone(), postgres);
    fs::create_dir(third.folder()).unwrap();
    fs::copy(
        data.folder().join("suppressions.json"),
        third.folder().join("suppressions.json"),
    )
    .unwrap();
    let said = restore(&third, &file, &early);
    assert!(!said.contains("gone for good"), "{said}");
    assert!(!found(&third).is_empty());
    let server = third.serve();
    until_erased_again(&server);
    assert_eq!(bob(&server), before);
    assert_eq!(found(server.data()), Vec::<String>::new());
}

#[test]
fn a_backup_under_load_has_everything_that_was_acknowledged_before_it_began() {
    let server = Server::fresh();
    let stop = AtomicBool::new(false);
    let acknowledged = std::sync::Mutex::new(0_usize);
    let (file, at_least) = std::thread::scope(|scope| {
        for thread in 0..2 {
            let (server, stop, acknowledged) = (&server, &stop, &acknowledged);
            scope.spawn(move || {
                for batch in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let events: Vec<Value> = (0..200)
                        .map(|at| {
                            let id = format!("m-{thread}-{batch}-{at}");
                            identify(
                                &id,
                                &format!("b-{thread}-{}", at % 20),
                                &format!("u-{thread}-{}", at % 20),
                                json!({"n": at}),
                            )
                        })
                        .collect();
                    let outcomes = server.outcomes(&events);
                    assert!(outcomes.iter().all(|word| word == "ok"), "{outcomes:?}");
                    *acknowledged.lock().unwrap() += events.len();
                }
            });
        }
        eventually("some events are there", || {
            (*acknowledged.lock().unwrap() > 2_000).then_some(())
        });
        let at_least = *acknowledged.lock().unwrap();
        let file = back_up(server.data(), "backup");
        stop.store(true, Ordering::SeqCst);
        (file, at_least)
    });
    let data = server.stop();
    let other = Data::empty(data.keys.clone(), data.database_url().is_some());
    restore(&other, &file, &keys_of(&data));
    let server = other.serve();
    let mut there = 0;
    for thread in 0..2 {
        for person in 0..20 {
            there += server
                .collected(&format!("user_id:u-{thread}-{person}"))
                .len();
        }
    }
    assert!(there >= at_least, "{there} of {at_least}");
}

#[test]
fn what_waits_in_the_log_of_a_server_that_was_killed_is_in_its_backup() {
    let server = Server::fresh();
    let events: Vec<Value> = (0..3_000)
        .map(|at| {
            track(
                &format!("m-{at}"),
                &format!("b-{}", at % 30),
                "Looked",
                json!({}),
            )
        })
        .collect();
    let body = json!({"writeKey": server.keys().write_key, "batch": events});
    server.public("/v1/batch", &body).ok();
    let data = server.kill();
    let file = back_up(&data, "backup");
    let other = Data::empty(data.keys.clone(), data.database_url().is_some());
    restore(&other, &file, &keys_of(&data));
    let server = other.serve();
    let there: usize = (0..30)
        .map(|at| server.collected(&format!("anonymous_id:b-{at}")).len())
        .sum();
    assert_eq!(there, events.len());
}

/// Ends a process as soon as something is so.
fn kill_when(mut child: Child, is_so: impl Fn() -> bool) -> bool {
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if is_so() {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
    }
}

/// So many events that a backup and a restore take a while.
fn much(server: &Server) {
    for batch in 0..10 {
        let events: Vec<Value> = (0..1_000)
            .map(|at| {
                track(
                    &format!("m-{batch}-{at}"),
                    &format!("b-{at}"),
                    "Looked",
                    json!({"x": at}),
                )
            })
            .collect();
        server.batch(&events);
    }
}

#[test]
fn what_was_killed_in_the_middle_is_known_and_begun_again() {
    let server = Server::fresh();
    settle(&server);
    much(&server);
    let data = server.stop();
    let out = data.dir.path().join("backup");
    let part = data.dir.path().join("backup.part");
    let name = out.display().to_string();
    let child = headwater("backup", &data.storage(), &["--out", &name])
        .spawn()
        .unwrap();
    assert!(
        kill_when(child, || part.exists()),
        "it was killed before its end"
    );
    assert!(!out.exists());
    let other = Data::empty(data.keys.clone(), data.database_url().is_some());
    let said = fails(restoring(&other, &part, &keys_of(&data)).output().unwrap());
    assert!(said.contains("ends in the middle"), "{said}");
    let file = back_up(&data, "backup");

    // A restore shows that it has begun by the keys that it brings.
    let child = restoring(&other, &file, &keys_of(&data)).spawn().unwrap();
    let begun = keys_of(&other);
    assert!(
        kill_when(child, || begun.exists()),
        "it was killed before its end"
    );
    let said = fails(restoring(&other, &file, &keys_of(&data)).output().unwrap());
    assert!(said.contains("empty"), "{said}");
    let third = Data::empty(data.keys.clone(), data.database_url().is_some());
    restore(&third, &file, &keys_of(&data));
    let timeline = bob(&third.serve())["timeline"].clone();
    assert!(!timeline.as_array().unwrap().is_empty());
}

#[test]
fn a_server_does_not_start_on_half_a_restore() {
    let server = Server::fresh();
    much(&server);
    let file = back_up(server.data(), "backup");
    let data = server.stop();
    if data.database_url().is_some() {
        // Where it is can be seen in the file of SQLite's log alone.
        return;
    }
    let other = Data::empty(data.keys.clone(), false);
    let log = other.folder().join("headwater.sqlite-wal");
    let child = restoring(&other, &file, &keys_of(&data)).spawn().unwrap();
    let is_under_way = || fs::metadata(&log).is_ok_and(|log| log.len() > 2_000_000);
    assert!(
        kill_when(child, is_under_way),
        "it was killed before its end"
    );
    for command in ["serve", "backup"] {
        let out = other.dir.path().join("out").display().to_string();
        let more: &[&str] = if command == "serve" {
            &["--listen", "127.0.0.1:0"]
        } else {
            &["--out", &out]
        };
        let said = fails(headwater(command, &other.storage(), more).output().unwrap());
        assert!(
            said.contains("did not come to its end"),
            "{command}: {said}"
        );
    }
}

#[test]
fn a_damaged_byte_anywhere_is_found_and_named() {
    let server = Server::fresh();
    settle(&server);
    let data = server.stop();
    let file = back_up(&data, "backup");
    let whole = fs::read(&file).unwrap();
    let damaged = data.dir.path().join("damaged");
    let other = Data::empty(data.keys.clone(), data.database_url().is_some());
    let said_of = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        let said = fails(
            restoring(&other, &damaged, &keys_of(&data))
                .output()
                .unwrap(),
        );
        assert!(!other.folder().exists(), "nothing is begun: {said}");
        said
    };
    let step = whole.len() / 40;
    for at in (0..40)
        .map(|part| part * step + part)
        .chain([8, 12, 16, whole.len() - 1])
    {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        let said = said_of(&bytes);
        let named = [
            "damaged",
            "ends in the middle",
            "another installation",
            "not as it was written",
        ];
        assert!(
            named.iter().any(|word| said.contains(word)),
            "byte {at}: {said}"
        );
    }
    assert!(said_of(&whole[..whole.len() / 2]).contains("ends in the middle, at byte"));
    assert!(said_of(&whole[..whole.len() - 1]).contains("ends in the middle"));
    assert!(said_of(&[]).contains("ends in the middle"));
    assert!(said_of(b"PK\x03\x04 something else").contains("no backup of headwater's"));
    let longer = [whole.as_slice(), b"x"].concat();
    assert!(said_of(&longer).contains("damaged"));
}

#[test]
fn other_keys_and_folders_that_are_not_empty_are_refused_with_what_to_do() {
    let server = Server::fresh();
    settle(&server);
    let copy = server.data().dir.path().join("copy.sqlite");
    let out = server.data().dir.path().join("backup");
    let (out_name, copy_name) = (out.display().to_string(), copy.display().to_string());
    let more = ["--out", out_name.as_str(), "--keys-out", copy_name.as_str()];
    let said = succeeds(
        headwater("backup", &server.data().storage(), &more)
            .output()
            .unwrap(),
    );
    assert!(said.contains("rows are in"), "{said}");
    let data = server.stop();
    let doctor = headwater(
        "doctor",
        &["--data-dir".to_owned(), data.folder().display().to_string()],
        &[],
    );
    if data.database_url().is_none() {
        let mut doctor = doctor;
        let said = succeeds(doctor.output().unwrap());
        assert!(
            said.contains("ok      backup     the last one began 0 hours ago"),
            "{said}"
        );
    }
    let stranger = Server::fresh().stop();
    back_up(&stranger, "backup");
    let other = Data::empty(data.keys.clone(), data.database_url().is_some());
    let said = fails(
        restoring(&other, &out, &keys_of(&stranger))
            .output()
            .unwrap(),
    );
    assert!(said.contains("another installation"), "{said}");
    for no_keys in [out.clone(), data.dir.path().join("nowhere")] {
        let said = fails(restoring(&other, &out, &no_keys).output().unwrap());
        assert!(said.contains("give the backup-keys.sqlite"), "{said}");
    }
    let said = fails(restoring(&data, &out, &copy).output().unwrap());
    assert!(said.contains("is not empty"), "{said}");
    restore(&other, &out, &copy);
    let said = fails(restoring(&other, &out, &copy).output().unwrap());
    assert!(said.contains("is not empty"), "{said}");
    assert_eq!(
        other.serve().profile("user_id:bob")["traits"]["plan"],
        "free"
    );
}

#[test]
fn an_erasure_waits_for_the_keys_of_backups() {
    let server = Server::fresh();
    settle(&server);
    back_up(server.data(), "backup");
    // The keys are lost, or the server was started with another folder.
    let keys = keys_of(server.data());
    let aside = server.data().dir.path().join("aside");
    fs::rename(&keys, &aside).unwrap();
    let request = erase(&server);
    eventually("it waits", || {
        let now = server.get(&crate::privacy_requests::path(&request)).ok();
        let stores = now["progress"].as_array()?.clone();
        stores
            .iter()
            .any(|one| one["store"] == "backups" && one["state"] == "running")
            .then_some(())
    });
    // Nor does a backup begin with other keys.
    let elsewhere = tempfile::tempdir().unwrap();
    let out = elsewhere.path().join("out").display().to_string();
    let mut storage = server.data().storage();
    if server.data().database_url().is_some() {
        let at = storage
            .iter()
            .position(|word| word == "--data-dir")
            .unwrap();
        storage[at + 1] = elsewhere.path().display().to_string();
    }
    let said = fails(
        headwater("backup", &storage, &["--out", &out])
            .output()
            .unwrap(),
    );
    assert!(said.contains("keys of this database's backups"), "{said}");
    if server.data().database_url().is_none() {
        fs::remove_file(&keys).unwrap();
    }
    fs::rename(&aside, &keys).unwrap();
    until_done(&server, &request);
}
