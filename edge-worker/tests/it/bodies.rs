//! Bodies in every coding that clients use, and those that must not get through.

use std::io::Write;

use cdp_core::wire::MAX_BATCH_BYTES;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::json;

use crate::host::{MemoryHost, batch, body, kept, post, serve, track, with};

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
    let kept = kept(&host);
    assert_eq!(
        kept["properties"]["text"].as_str().unwrap().len(),
        33_000,
        "kept whole"
    );
}

#[test]
fn what_a_batch_says_for_all_counts_for_each() {
    let consent = json!({"categoryPreferences": {"analytics": true}});
    let saying = |bytes: usize, messages: usize| {
        let messages: Vec<_> = (0..messages).map(|at| track(&format!("m{at}"))).collect();
        let mut body = batch(&messages);
        body["context"] = json!({"consent": consent, "page": {"title": "x".repeat(bytes)}});
        body.to_string()
    };
    let host = MemoryHost::default();
    let answer = body(&serve(&host, post("/v1/batch", saying(1_000, 500))));
    assert_eq!(answer["outcomes"][499]["outcome"], "ok", "{answer}");

    // An event with it is larger than an event may be, and says so.
    let host = MemoryHost::default();
    let answer = body(&serve(&host, post("/v1/batch", saying(40_000, 1))));
    assert_eq!(answer["outcomes"][0]["outcome"], "quarantined");
    let reason = answer["outcomes"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("an event may have 32768"), "{reason}");
    assert_eq!(
        kept(&host)["context"]["page"]["title"]
            .as_str()
            .unwrap()
            .len(),
        40_000
    );

    // Together they would be larger than any batch.
    let host = MemoryHost::default();
    let refused = serve(&host, post("/v1/batch", saying(500_000, 1_000)));
    assert_eq!(refused.status, 413);
    let message = body(&refused)["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(message.contains("Send fewer events at a time"), "{message}");
}

#[test]
fn a_context_of_very_many_names_is_merged_into_every_message() {
    let mut said = batch(&[track("m1"), track("m2")]);
    said["context"] = (0..20_000)
        .map(|at| (format!("n{at}"), json!(at)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let host = MemoryHost::default();
    let answer = body(&serve(&host, post("/v1/batch", said.to_string())));
    assert_eq!(answer["outcomes"][1]["outcome"], "quarantined");
    let kept = kept(&host);
    assert_eq!(kept["context"]["n19999"], 19_999);
    assert_eq!(
        kept["context"]["consent"],
        track("m1")["context"]["consent"]
    );
}

#[test]
fn what_is_refused_at_a_single_endpoint_is_kept_with_its_type() {
    let host = MemoryHost::default();
    let mut message = track("m1");
    let fields = message.as_object_mut().unwrap();
    fields.remove("type");
    fields.remove("event");
    fields.insert("writeKey".to_owned(), json!(crate::host::KEY));
    let answer = body(&serve(&host, post("/v1/track", message.to_string())));
    assert_eq!(answer["outcomes"][0]["outcome"], "quarantined", "{answer}");
    assert_eq!(kept(&host)["type"], "track");
}

#[test]
fn an_id_that_cannot_be_kept_has_one_that_stays() {
    let ids = [
        json!("x".repeat(300)),
        json!("a\tb"),
        json!(true),
        json!({"id": 1}),
    ];
    let stand_ins: Vec<String> = ids
        .iter()
        .map(|id| {
            let mut message = track("m1");
            message["messageId"] = id.clone();
            let said = || {
                let sent = post(
                    "/v1/batch",
                    batch(std::slice::from_ref(&message)).to_string(),
                );
                body(&serve(&MemoryHost::default(), sent))
            };
            let (first, again) = (said(), said());
            assert_eq!(first["outcomes"][0]["outcome"], "ok", "{id}");
            assert_eq!(first, again, "{id}");
            first["outcomes"][0]["messageId"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let different: std::collections::BTreeSet<&String> = stand_ins.iter().collect();
    assert_eq!(different.len(), ids.len(), "{stand_ins:?}");
}
