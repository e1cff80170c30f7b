//! Slow, silent, lying and too many clients: each gets a clear refusal, and nobody else notices.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Data, Server, eventually, track};

/// An answer as it came over the wire.
#[derive(Debug)]
struct Raw {
    status: u16,
    head: String,
    body: String,
}

impl Raw {
    /// The code of the error envelope.
    #[track_caller]
    fn code(&self) -> String {
        let body: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no envelope: {self:?}"));
        assert!(
            body["error"]["message"]
                .as_str()
                .is_some_and(|words| words.len() > 10),
            "{body}"
        );
        body["error"]["code"].as_str().unwrap().to_owned()
    }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Everything until the server closes; `None` when it closes without a word.
fn last_words(stream: &mut TcpStream) -> Option<Raw> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&bytes)),
    }
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Option<Raw> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Raw {
        status,
        head: head.to_lowercase(),
        body: body.to_owned(),
    })
}

/// Sends one byte again and again, until the server answers or closes.
fn dribble(mut stream: TcpStream, byte: &[u8]) -> (Option<Raw>, Duration) {
    let began = Instant::now();
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .unwrap();
    let mut seen = Vec::new();
    let mut part = [0; 4096];
    while began.elapsed() < 2 * DEADLINE {
        // It may be closed for writing already; the answer still comes.
        let _ = stream.write_all(byte);
        match stream.read(&mut part) {
            Ok(0) => return (parse(&seen), began.elapsed()),
            Ok(read) => seen.extend_from_slice(part.get(..read).unwrap()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return (parse(&seen), began.elapsed()),
        }
    }
    panic!("never refused; seen: {:?}", String::from_utf8_lossy(&seen));
}

#[test]
fn slow_and_silent_clients_are_refused_while_others_are_served() {
    let server = Server::fresh();
    let mut slow_head = connect(&server);
    write!(slow_head, "POST /v1/batch HTTP/1.1\r\nhost: x\r\nx-slow: ").unwrap();
    let mut slow_body = connect(&server);
    write!(slow_body, "POST /v1/batch HTTP/1.1\r\nhost: x\r\norigin: https://shop.example\r\ncontent-length: 5000\r\n\r\n{{").unwrap();
    let mut slow_api = connect(&server);
    write!(slow_api, "POST /api/v1/audiences HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 5000\r\n\r\n{{", server.keys().token).unwrap();
    let mut silent = connect(&server);
    let mut watcher = connect(&server);
    write!(
        watcher,
        "GET /api/v1/events/live?access_token={} HTTP/1.1\r\nhost: x\r\n\r\n",
        server.keys().token
    )
    .unwrap();

    std::thread::scope(|scope| {
        let head = scope.spawn(|| dribble(slow_head, b"a"));
        let body = scope.spawn(|| dribble(slow_body, b" "));
        let api = scope.spawn(|| dribble(slow_api, b" "));
        let silent = scope.spawn(|| last_words(&mut silent));
        let mut number = 0;
        while !(head.is_finished()
            && body.is_finished()
            && api.is_finished()
            && silent.is_finished())
        {
            number += 1;
            let began = Instant::now();
            server.batch(&[track(
                &format!("m-{number}"),
                "browser-a",
                "Viewed",
                json!({}),
            )]);
            assert!(
                began.elapsed() < Duration::from_secs(5),
                "an honest client waited {:?}",
                began.elapsed()
            );
        }
        let (head, after) = head.join().unwrap();
        let head = head.expect("an answer to half a head");
        assert_eq!(
            (head.status, head.code().as_str()),
            (408, "request_timeout"),
            "after {after:?}: {head:?}"
        );
        let (body, after) = body.join().unwrap();
        let body = body.expect("an answer to half a body");
        assert_eq!(
            (body.status, body.code().as_str()),
            (408, "request_timeout"),
            "after {after:?}: {body:?}"
        );
        assert!(
            body.head
                .contains("access-control-allow-origin: https://shop.example"),
            "a page may read it: {body:?}"
        );
        let (api, after) = api.join().unwrap();
        let api = api.expect("an answer to half a body");
        assert_eq!(
            (api.status, api.code().as_str()),
            (408, "request_timeout"),
            "after {after:?}: {api:?}"
        );
        assert!(
            silent.join().unwrap().is_none(),
            "who says nothing is told nothing"
        );
        assert!(number > 20, "others were served: {number}");
    });

    // Watching may take as long as it likes.
    let mut seen = Vec::new();
    let mut part = [0; 64 * 1024];
    server.batch(&[track("m-last", "browser-a", "Viewed", json!({}))]);
    while !String::from_utf8_lossy(&seen).contains("m-last") {
        let read = watcher.read(&mut part).unwrap();
        assert!(read > 0, "the live feed was cut");
        seen.extend_from_slice(part.get(..read).unwrap());
    }
    server.stop();
}

#[test]
fn a_content_length_that_lies_is_refused_at_once() {
    let server = Server::fresh();
    let body = json!({"writeKey": server.keys().write_key, "batch": []}).to_string();

    let mut longer = connect(&server);
    write!(longer, "POST /v1/batch HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 1).unwrap();
    longer.shutdown(Shutdown::Write).unwrap();
    let answer = last_words(&mut longer).expect("an answer");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "invalid_request"),
        "{answer:?}"
    );

    let mut shorter = connect(&server);
    write!(
        shorter,
        "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}",
        body.len() - 1
    )
    .unwrap();
    let answer = last_words(&mut shorter).expect("an answer");
    assert_eq!(answer.status, 400, "{answer:?}");
    assert!(answer.body.contains("\"bad_body\""), "{answer:?}");

    let mut huge = connect(&server);
    write!(
        huge,
        "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n"
    )
    .unwrap();
    let answer = last_words(&mut huge).expect("an answer before a byte of the body");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "too_large"),
        "{answer:?}"
    );

    let mut twice = connect(&server);
    write!(
        twice,
        "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd"
    )
    .unwrap();
    assert_eq!(last_words(&mut twice).expect("an answer").status, 400);
}

#[test]
fn what_is_too_large_is_told_so_even_while_it_is_still_being_sent() {
    let server = Server::fresh();
    for (path, code) in [
        ("/v1/batch", "too_large"),
        ("/v1/track", "too_large"),
        ("/internal/v1/ingest", "payload_too_large"),
    ] {
        let mut stream = connect(&server);
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        .unwrap();
        let mebibyte = vec![b' '; 1024 * 1024];
        for _ in 0..18 {
            // It may be closed for writing before the end.
            let _ = write!(stream, "{:x}\r\n", mebibyte.len())
                .and_then(|()| stream.write_all(&mebibyte))
                .and_then(|()| stream.write_all(b"\r\n"));
        }
        let answer = last_words(&mut stream).expect("an answer");
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (413, code),
            "{path}: {answer:?}"
        );
    }
}

#[test]
fn heads_that_are_too_large_are_refused() {
    let server = Server::fresh();
    let heads = [
        format!(
            "GET /health HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n",
            "x".repeat(100_000)
        ),
        format!(
            "GET /health HTTP/1.1\r\nhost: x\r\n{}\r\n",
            "x-many: 1\r\n".repeat(500)
        ),
        format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(100_000)),
    ];
    for head in heads {
        let mut stream = connect(&server);
        // It may be closed for writing before the end.
        let _ = stream.write_all(head.as_bytes());
        let answer = last_words(&mut stream).expect("an answer");
        assert!(matches!(answer.status, 414 | 431), "{answer:?}");
    }
    let mut nonsense = connect(&server);
    nonsense
        .write_all(b"\x16\x03\x01\x02\x00\x01\x00 hello over TLS\r\n\r\n")
        .unwrap();
    assert_eq!(last_words(&mut nonsense).expect("an answer").status, 400);
    assert_eq!(server.send("GET", "/health", &[], b"").status, 200);
}

#[test]
fn one_connection_too_many_is_told_to_come_back_and_places_come_free() {
    let server = Data::fresh().serve_with(&["--max-connections", "6"]);
    let silent: Vec<TcpStream> = (0..6).map(|_| connect(&server)).collect();
    // The server takes connections in their order, so this one is the seventh.
    let answer = last_words(&mut connect(&server)).expect("an answer");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "overloaded"),
        "{answer:?}"
    );
    assert!(answer.head.contains("retry-after: 1"), "{answer:?}");

    // The last of the silent ones are given three seconds, the first of them twenty.
    let began = Instant::now();
    eventually("a place comes free", || {
        let mut stream = connect(&server);
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(
            stream,
            "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        (last_words(&mut stream)?.status == 200).then_some(())
    });
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "only after {:?}",
        began.elapsed()
    );
    drop(silent);
    server.stop();
}

#[test]
fn bodies_that_are_never_finished_leave_room_for_others() {
    let server = Server::fresh();
    let most = vec![b' '; 4 * 1024 * 1024 - 1];
    let mut held = Vec::new();
    let mut refused = Vec::new();
    for _ in 0..12 {
        let mut stream = connect(&server);
        write!(
            stream,
            "POST /v1/batch HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
            most.len() + 1
        )
        .unwrap();
        // It may be refused before the end.
        let whole = stream.write_all(&most).is_ok();
        stream
            .set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        let mut part = vec![0; 4096];
        match stream.read(&mut part) {
            Ok(read) if read > 0 => refused.push(parse(part.get(..read).unwrap()).unwrap()),
            _ => held.push((stream, whole)),
        }
    }
    assert!(
        !refused.is_empty(),
        "{} bodies of 4 MB were held at once",
        held.len()
    );
    for answer in &refused {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "overloaded"),
            "{answer:?}"
        );
        assert!(answer.head.contains("retry-after:"), "{answer:?}");
    }
    assert_eq!(
        server.outcomes(&[track("m-1", "browser-a", "Viewed", json!({}))]),
        ["ok"],
        "a small request still finds room"
    );
    drop(held);
    eventually("the room is given back", || {
        let large: Vec<Value> = (0..40)
            .map(|number| {
                track(
                    &format!("l-{number}"),
                    "browser-a",
                    "Viewed",
                    json!({"text": "x".repeat(30_000)}),
                )
            })
            .collect();
        let body = json!({"writeKey": server.keys().write_key, "batch": large});
        (server.public("/v1/batch", &body).status == 200).then_some(())
    });
}

#[test]
fn paths_and_queries_that_cannot_be_read_are_refused_in_the_envelope() {
    let server = Server::fresh();
    let bearer = format!("Bearer {}", server.keys().token);
    for path in [
        "/api/v1/profiles/%ff",
        "/api/v1/profiles/%00",
        "/api/v1/profiles?limit=x",
        "/api/v1/profiles?limit=1&limit=2",
        "/api/v1/profiles?cursor=%ff",
    ] {
        let answer = server.send("GET", path, &[("authorization", &bearer)], b"");
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        answer.error();
    }
}
