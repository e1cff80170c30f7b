//! A full disk refuses what is new, keeps what is old, and the server stays up; when there is room again, it goes on by
//! itself.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::json;

use crate::harness::{Data, eventually, track, words};

/// A file system of a few megabytes, where this user may make one.
struct Small(std::path::PathBuf);

impl Small {
    fn mount(at: std::path::PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(&at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(at))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_said_and_with_room_again_everything_acknowledged_is_there_once() {
    let data = Data::fresh();
    let folder = data.dir.path().join("data");
    if !folder.join("headwater.sqlite").exists() {
        eprintln!("SKIPPED: Postgres keeps its own disk");
        return;
    }
    let copy = data.dir.path().join("copy");
    std::fs::rename(&folder, &copy).unwrap();
    let Some(_small) = Small::mount(folder.clone()) else {
        eprintln!("SKIPPED: this user may not mount a small tmpfs; run as root to see a full disk");
        return;
    };
    for file in ["headwater.sqlite", "headwater.lock", "secret.key"] {
        std::fs::copy(copy.join(file), folder.join(file)).unwrap();
    }
    // What somebody else has on the same disk, and takes away later.
    let other = folder.join("somebody-elses-file");
    std::fs::write(&other, vec![0; 3 * 1024 * 1024]).unwrap();
    let server = data.serve();
    let counted = json!({"key": "views", "event": "Viewed", "aggregate": "count"});
    server.post("/api/v1/computed_traits", &counted).ok();
    server.batch(&[track("m-first", "browser-a", "Viewed", json!({}))]);
    let send = |number: usize| {
        let text = "x".repeat(20_000);
        let event = track(
            &format!("m-{number}"),
            "browser-b",
            "Viewed",
            json!({"text": text}),
        );
        server.public(
            "/v1/batch",
            &json!({"writeKey": server.keys().write_key, "batch": [event]}),
        )
    };
    let (acknowledged, refused) = (0..600)
        .map(|number| (number, send(number)))
        .find(|(_, answer)| answer.status != 200)
        .expect("the disk never got full");
    assert_eq!(
        refused.error(),
        (503, "storage_full".to_owned()),
        "{}",
        refused.text
    );
    assert!(refused.header("retry-after").is_some());
    assert_eq!(
        server.timeline("anonymous_id:browser-a").len(),
        1,
        "what was stored can still be read"
    );
    assert_eq!(server.send("GET", "/health", &[], b"").status, 200);

    std::fs::remove_file(&other).unwrap();
    // The client comes back with what was refused, and goes on.
    for number in acknowledged..acknowledged + 20 {
        let taken = eventually("the server takes events again", || {
            Some(send(number)).filter(|answer| answer.status == 200)
        });
        assert_eq!(words(&taken.json()), ["ok"], "it had not been stored");
    }
    let all = acknowledged + 20;
    eventually("the profile has counted each event", || {
        let profile = server.profile("anonymous_id:browser-b");
        (profile["computed_traits"]["views"] == json!(all)).then_some(())
    });
    let timeline = server.timeline("anonymous_id:browser-b");
    let ids: BTreeSet<&str> = timeline
        .iter()
        .filter_map(|event| event["messageId"].as_str())
        .collect();
    assert_eq!((timeline.len(), ids.len()), (all, all), "each once");
    drop(server);
}
