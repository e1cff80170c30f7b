//! Bodies in every coding that clients use, and those that must not get through.

use std::io::Write;

use cdp_core::wire::MAX_BATCH_BYTES;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::json;

use crate::host::{MemoryHost, batch, body, post, serve, track, with};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

#[test]
fn every_coding_is_read() {
    let plain = batch(&[track("m1")]).to_string().into_bytes();
    let codings: [(&str, Vec<u8>); 6] = [
        ("gzip", gzip(&plain)),
        ("", gzip(&plain)),
        ("deflate", zlib(&plain)),
        ("deflate", deflate(&plain)),
        ("zstd", zstd(&plain)),
        ("identity", plain),
    ];
    for (coding, bytes) in codings {
        let host = MemoryHost::default();
        let response = serve(
            &host,
            with(post("/v1/batch", bytes), "content-encoding", coding),
        );
        assert_eq!(
            response.status,
            200,
            "{coding}: {}",
            String::from_utf8_lossy(&response.body)
        );
        assert_eq!(body(&response)["outcomes"][0]["outcome"], "ok", "{coding}");
    }
}

#[test]
fn what_a_client_says_of_its_body_is_believed_as_far_as_it_is_true() {
    let plain = batch(&[track("m1")]).to_string().into_bytes();
    let marked = [b"\xef\xbb\xbf".as_slice(), &plain].concat();
    let cases: [(&str, Vec<u8>); 16] = [
        // Several codings, the last one outermost.
        ("deflate, gzip", gzip(&zlib(&plain))),
        ("GZIP , zstd", zstd(&gzip(&plain))),
        ("identity, gzip", gzip(&plain)),
        ("x-gzip", gzip(&plain)),
        // A proxy has undone it and left the header.
        ("gzip", plain.clone()),
        ("br", plain.clone()),
        ("deflate", plain.clone()),
        ("zstd", [b" \n".as_slice(), &plain].concat()),
        ("gzip, br", plain.clone()),
        // Another coding than the one that was named, or none was.
        ("br", gzip(&plain)),
        ("gzip", zlib(&plain)),
        ("deflate", zstd(&plain)),
        ("", zlib(&plain)),
        ("utf-8", zstd(&plain)),
        // A byte order mark.
        ("", marked.clone()),
        ("gzip", gzip(&marked)),
    ];
    for (coding, bytes) in cases {
        let request = with(post("/v1/batch", bytes.clone()), "content-encoding", coding);
        let response = serve(&MemoryHost::default(), request);
        assert_eq!(response.status, 200, "{coding}: {:?}", bytes.get(..8));
        assert_eq!(body(&response)["outcomes"][0]["outcome"], "ok", "{coding}");
    }
}

/// `{"writeKey":"wk_test","batch":[]}` as Node's zlib compresses it.
const EMPTY_BATCH_IN_BROTLI: &[u8] = b"\x0b\x10\x80{\"writeKey\":\"wk_test\",\"batch\":[]}\x03";

#[test]
fn brotli_is_read() {
    let cases = [
        ("br", EMPTY_BATCH_IN_BROTLI.to_vec()),
        // Brotli has no first bytes to be known by, so only the header's order says what is what.
        ("br, gzip", gzip(EMPTY_BATCH_IN_BROTLI)),
    ];
    for (coding, bytes) in cases {
        let request = with(post("/v1/batch", bytes), "content-encoding", coding);
        let response = serve(&MemoryHost::default(), request);
        assert_eq!(
            (response.status, &body(&response)["success"]),
            (200, &json!(true)),
            "{coding}"
        );
    }
}

#[test]
fn what_is_too_large_or_broken_is_refused_with_words() {
    let host = MemoryHost::default();
    let bomb = gzip(&vec![b' '; MAX_BATCH_BYTES + 1]);
    assert!(bomb.len() < 10_000);
    let cases = [
        ("gzip", bomb.clone(), 413, "too_large"),
        ("gzip, gzip", gzip(&bomb), 413, "too_large"),
        (
            "br",
            zlib(&vec![b' '; MAX_BATCH_BYTES + 1]),
            413,
            "too_large",
        ),
        ("", zstd(&vec![b' '; MAX_BATCH_BYTES + 1]), 413, "too_large"),
        ("gzip, gzip, gzip, gzip", bomb, 400, "bad_compression"),
        ("gzip", Vec::new(), 400, "bad_compression"),
        ("", vec![b' '; MAX_BATCH_BYTES + 1], 413, "too_large"),
        ("gzip", vec![0x1f, 0x8b, 1, 2, 3], 400, "bad_compression"),
        ("zstd", b"nonsense".to_vec(), 400, "bad_compression"),
        ("br", vec![0xff; 64], 400, "bad_compression"),
        ("", b"{\"batch\":".to_vec(), 400, "bad_body"),
        ("", b"{\"writeKey\":\"wk_test\"}".to_vec(), 400, "bad_body"),
        ("", b"[]".to_vec(), 400, "bad_body"),
        ("", Vec::new(), 400, "bad_body"),
    ];
    for (coding, bytes, status, code) in cases {
        let response = serve(
            &host,
            with(post("/v1/batch", bytes), "content-encoding", coding),
        );
        assert_eq!(response.status, status, "{coding} {code}");
        assert_eq!(body(&response)["error"]["code"], code);
        assert!(
            body(&response)["error"]["message"]
                .as_str()
                .unwrap()
                .contains("send"),
            "says what to do: {}",
            body(&response)
        );
    }
    assert!(host.forwarded.lock().unwrap().is_empty());
}

#[test]
fn a_batch_of_countless_messages_is_refused_before_it_costs_anything() {
    let host = MemoryHost::default();
    let body = format!(
        "{{\"writeKey\":\"wk_test\",\"batch\":[{}{{}}]}}",
        "{},".repeat(5_000)
    );
    let response = serve(&host, post("/v1/batch", body));
    assert_eq!(response.status, 413);
    assert!(host.forwarded.lock().unwrap().is_empty());
}

#[test]
fn an_oversized_event_does_not_harm_its_neighbours() {
    let host = MemoryHost::default();
    let mut large = track("large");
    large["properties"] = json!({"text": "x".repeat(33_000)});
    let response = serve(
        &host,
        post(
            "/v1/batch",
            batch(&[track("m1"), large, track("m2")]).to_string(),
        ),
    );
    let outcomes = &body(&response)["outcomes"];
    assert_eq!(
        [
            &outcomes[0]["outcome"],
            &outcomes[1]["outcome"],
            &outcomes[2]["outcome"]
        ],
        ["ok", "quarantined", "ok"]
    );
    assert!(
        outcomes[1]["reason"]
            .as_str()
            .unwrap()
            .contains("an event may have 32768")
    );
    let kept = host.forwarded.lock().unwrap()[0].refused[0]
        .message
        .clone()
        .unwrap();
    assert_eq!(
        kept["properties"]["text"].as_str().unwrap().len(),
        33_000,
        "kept whole"
    );
}
