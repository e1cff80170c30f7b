//! Bodies that grow out of all proportion: refused, and memory stays what it was.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use serde_json::json;

use crate::harness::{Server, track};

const MIB: usize = 1024 * 1024;

/// A gibibyte of zeros in about a mebibyte: gzip allows many members in a row.
fn many_members() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 16 * MIB]).unwrap();
    encoder.finish().unwrap().repeat(64)
}

/// One member that is as dense as deflate can be.
fn one_member() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b' '; MIB]).unwrap();
    }
    encoder.finish().unwrap()
}

fn zlib() -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b'['; MIB]).unwrap();
    }
    encoder.finish().unwrap()
}

/// A zstd frame with this window, of blocks that each repeat one byte 128 KiB times: RFC 8878, 3.1.1.
fn zstd(window_log: u8, blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, (window_log - 10) << 3];
    for block in 0..blocks {
        let last = u32::from(block + 1 == blocks);
        let header = (128 * 1024) << 3 | 1 << 1 | last;
        frame.extend_from_slice(header.to_le_bytes().get(..3).unwrap());
        frame.push(b' ');
    }
    frame
}

/// The most memory that the process ever had, in bytes; `None` where the system does not tell.
fn peak(server: &Server) -> Option<usize> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: usize = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib * 1024)
}

#[test]
fn bombs_are_refused_in_bounded_memory_and_nobody_else_notices() {
    let server = Server::fresh();
    let bombs = [
        ("gzip", many_members(), 413, "too_large"),
        ("", many_members(), 413, "too_large"),
        ("gzip", one_member(), 413, "too_large"),
        ("deflate", zlib(), 413, "too_large"),
        ("zstd", zstd(23, 8192), 413, "too_large"),
        ("zstd", zstd(27, 8192), 400, "bad_compression"),
        ("zstd", zstd(31, 1), 400, "bad_compression"),
    ];
    assert!(
        (MIB / 2..2 * MIB).contains(&bombs[0].1.len()),
        "a gibibyte in {} bytes",
        bombs[0].1.len()
    );
    server.batch(&[track("m-first", "browser-a", "Viewed", json!({}))]);
    let before = peak(&server);
    std::thread::scope(|scope| {
        let (server, bombs) = (&server, &bombs);
        let throwers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    for (coding, body, status, code) in bombs {
                        let answer =
                            server.send("POST", "/v1/batch", &[("content-encoding", coding)], body);
                        assert_eq!(answer.error(), (*status, (*code).to_owned()), "{coding}");
                    }
                })
            })
            .collect();
        let mut number = 0;
        while throwers.iter().any(|thrower| !thrower.is_finished()) {
            number += 1;
            assert_eq!(
                server.outcomes(&[track(
                    &format!("m-{number}"),
                    "browser-a",
                    "Viewed",
                    json!({})
                )]),
                ["ok"]
            );
        }
    });
    match before.zip(peak(&server)) {
        Some((before, after)) => assert!(
            after - before < 64 * MIB,
            "grew by {} KiB",
            (after - before) / 1024
        ),
        None => eprintln!("SKIPPED: this system does not tell the memory of a process"),
    }
}

#[test]
fn what_is_compressed_twice_or_broken_off_is_refused_with_words() {
    let server = Server::fresh();
    let body = json!({"writeKey": server.keys().write_key, "batch": []}).to_string();
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let once = gzip(body.as_bytes());
    assert_eq!(server.send("POST", "/v1/batch", &[], &once).status, 200);
    let cut = once.get(..once.len() - 9).unwrap();
    assert_eq!(
        server.send("POST", "/v1/batch", &[], cut).error(),
        (400, "bad_compression".to_owned())
    );
    assert_eq!(
        server.send("POST", "/v1/batch", &[], &gzip(&once)).error(),
        (400, "bad_body".to_owned())
    );
    for coding in [
        "gzip, gzip",
        "br",
        "zstd",
        "deflate",
        "compress",
        "identity",
        "gzip;q=1",
    ] {
        let answer = server.send(
            "POST",
            "/v1/batch",
            &[("content-encoding", coding)],
            b"nonsense",
        );
        assert_eq!(answer.error().0, 400, "{coding}: {answer:?}");
    }
}
