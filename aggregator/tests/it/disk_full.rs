//! A full disk refuses what is new, keeps what is old, and the server stays up.

use std::process::Command;

use serde_json::json;

use crate::harness::{Data, track};

/// A file system of a few megabytes, where this user may make one.
struct Small(std::path::PathBuf);

impl Small {
    fn mount(at: std::path::PathBuf) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
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
fn a_full_disk_is_said_and_earlier_events_stay() {
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
    for file in ["headwater.sqlite", "headwater.lock"] {
        std::fs::copy(copy.join(file), folder.join(file)).unwrap();
    }
    let server = data.serve();
    server.batch(&[track("m-first", "browser-a", "Viewed", json!({}))]);
    let refused = (0..400).find_map(|number| {
        let text = "x".repeat(20_000);
        let event = track(
            &format!("m-{number}"),
            "browser-b",
            "Viewed",
            json!({"text": text}),
        );
        let answer = server.public(
            "/v1/batch",
            &json!({"writeKey": server.keys().write_key, "batch": [event]}),
        );
        (answer.status != 200).then_some(answer)
    });
    let refused = refused.expect("the disk never got full");
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
    drop(server);
}
