//! Boots the shipped binary on a free port and talks to it.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) mod contract;
mod postgres;
pub(crate) mod provider;
pub(crate) mod remains;
pub(crate) mod visitor;

/// How long anything may take before a test gives up.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_headwater");

/// What `init --json` prints.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Keys {
    pub(crate) space_id: String,
    pub(crate) write_key: String,
    pub(crate) server_write_key: String,
    pub(crate) token: String,
    pub(crate) edge_secret: String,
}

/// A data folder (and perhaps a Postgres) with its keys. It outlives the servers that run on it.
pub(crate) struct Data {
    pub(crate) dir: TempDir,
    database_url: Option<String>,
    pub(crate) keys: Keys,
}

impl Data {
    /// A fresh one.
    pub(crate) fn fresh() -> Self {
        let dir = TempDir::new().unwrap();
        let database_url = postgres::fresh_database();
        let storage = storage(dir.path(), database_url.as_deref());
        let output = Command::new(BINARY)
            .arg("init")
            .args(&storage)
            .arg("--json")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "init failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let keys = serde_json::from_slice(&output.stdout).unwrap();
        Self {
            dir,
            database_url,
            keys,
        }
    }

    /// An empty folder, and an empty Postgres if it is to be on one, for what has these keys already.
    pub(crate) fn empty(keys: Keys, on_postgres: bool) -> Self {
        let database_url = on_postgres.then(postgres::fresh_database).flatten();
        Self {
            dir: TempDir::new().unwrap(),
            database_url,
            keys,
        }
    }

    /// The data folder.
    pub(crate) fn folder(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The arguments that name this storage.
    pub(crate) fn storage(&self) -> Vec<String> {
        storage(self.dir.path(), self.database_url.as_deref())
    }

    /// The Postgres it is on; `None` on SQLite.
    pub(crate) fn database_url(&self) -> Option<&str> {
        self.database_url.as_deref()
    }

    /// Starts a server on it.
    pub(crate) fn serve(self) -> Server {
        Server::start(self, &[])
    }

    /// Starts a server on it whose clock stands at a time until [`Server::move_clock`].
    pub(crate) fn serve_at(self, time: &str) -> Server {
        Server::start(self, &["--clock-at", time])
    }

    /// Starts a server on it with further arguments.
    pub(crate) fn serve_with(self, arguments: &[&str]) -> Server {
        Server::start(self, arguments)
    }

    /// Where the server's logs go.
    pub(crate) fn log(&self) -> PathBuf {
        self.dir.path().join("stderr.log")
    }
}

fn storage(dir: &Path, database_url: Option<&str>) -> Vec<String> {
    let mut arguments = vec![
        "--data-dir".to_owned(),
        dir.join("data").display().to_string(),
    ];
    arguments.extend(
        database_url
            .into_iter()
            .flat_map(|url| ["--database-url".to_owned(), url.to_owned()]),
    );
    arguments
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// What it says on standard output.
    says: BufReader<ChildStdout>,
    data: Option<Data>,
    pub(crate) base: String,
    agent: ureq::Agent,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, self.text))
    }

    /// The body, if the status is one of success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            self.text
        );
        self.json()
    }

    /// The error's code, with its status.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        let body = self.json();
        assert!(
            body["error"]["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "no message: {body}"
        );
        (
            self.status,
            body["error"]["code"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

impl Server {
    /// On fresh data.
    pub(crate) fn fresh() -> Self {
        Data::fresh().serve()
    }

    fn start(data: Data, arguments: &[&str]) -> Self {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(data.log())
            .unwrap();
        let usual = ["--log", "debug,sqlx=info,hyper=info"];
        let log_level = if arguments.contains(&"--log") {
            &[]
        } else {
            &usual[..]
        };
        let mut child = Command::new(BINARY)
            .arg("serve")
            .args(data.storage())
            .args(["--listen", "127.0.0.1:0"])
            .args(log_level)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut says = BufReader::new(child.stdout.take().unwrap());
        says.read_line(&mut line).unwrap();
        let base = line
            .trim()
            .strip_prefix("headwater listening on ")
            .map(str::to_owned);
        let base = base.unwrap_or_else(|| {
            panic!(
                "no address in {line:?}: {}",
                std::fs::read_to_string(data.log()).unwrap_or_default()
            )
        });
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(DEADLINE))
            .build()
            .into();
        Self {
            child,
            says,
            data: Some(data),
            base,
            agent,
        }
    }

    /// Moves the clock of a server of [`Data::serve_at`] and waits until all that was due by then has happened; what
    /// it answers.
    pub(crate) fn move_clock(&mut self, time: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{time}").unwrap();
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The data it runs on.
    pub(crate) fn data(&self) -> &Data {
        self.data.as_ref().unwrap()
    }

    /// The keys of its workspace.
    pub(crate) fn keys(&self) -> &Keys {
        &self.data().keys
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(mut self) -> Data {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.data.take().unwrap()
    }

    /// Ends it as an operator would, and expects a clean end.
    pub(crate) fn stop(mut self) -> Data {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        let status = self.child.wait().unwrap();
        assert!(status.success(), "ended with {status}");
        self.data.take().unwrap()
    }

    /// A request with any headers. What is answered has to be as the API's description says.
    #[track_caller]
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let (mut answer, bytes) = self.raw(method, path, headers, body);
        answer.text = String::from_utf8_lossy(&bytes).into_owned();
        contract::check(method, path, body, &answer);
        answer
    }

    /// The same with an answer that need not be text: its bytes as they come.
    pub(crate) fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> (Answer, Vec<u8>) {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(body).unwrap()).unwrap();
        let headers = response.headers().iter().map(|(name, value)| {
            (
                name.as_str().to_owned(),
                value.to_str().unwrap_or_default().to_owned(),
            )
        });
        let answer = Answer {
            status: response.status().as_u16(),
            headers: headers.collect(),
            text: String::new(),
        };
        (answer, response.body_mut().read_to_vec().unwrap())
    }

    /// A file, read with the owner's token.
    #[track_caller]
    pub(crate) fn fetch(&self, path: &str) -> Vec<u8> {
        let request = ureq::http::Request::builder()
            .uri(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {}", self.keys().token));
        let mut response = self.agent.run(request.body(()).unwrap()).unwrap();
        let bytes = response.body_mut().read_to_vec().unwrap();
        let text = || String::from_utf8_lossy(&bytes);
        assert_eq!(response.status().as_u16(), 200, "{}", text());
        bytes
    }

    /// Reads with the owner's token.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(
            "GET",
            path,
            &[("authorization", &format!("Bearer {}", self.keys().token))],
            b"",
        )
    }

    /// Writes with the owner's token.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "POST",
            path,
            &[("authorization", &format!("Bearer {}", self.keys().token))],
            body.to_string().as_bytes(),
        )
    }

    /// Writes a thing whole with the owner's token.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "PUT",
            path,
            &[("authorization", &format!("Bearer {}", self.keys().token))],
            body.to_string().as_bytes(),
        )
    }

    /// Takes a thing away with the owner's token.
    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.send(
            "DELETE",
            path,
            &[("authorization", &format!("Bearer {}", self.keys().token))],
            b"",
        )
    }

    /// Changes with the owner's token.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "PATCH",
            path,
            &[("authorization", &format!("Bearer {}", self.keys().token))],
            body.to_string().as_bytes(),
        )
    }

    /// A public request.
    pub(crate) fn public(&self, path: &str, body: &Value) -> Answer {
        self.send(
            "POST",
            path,
            &[("content-type", "text/plain")],
            body.to_string().as_bytes(),
        )
    }

    /// Sends events as a website does and waits until they have taken effect; the reply.
    #[track_caller]
    pub(crate) fn batch(&self, events: &[Value]) -> Value {
        let body = json!({
            "writeKey": self.keys().write_key, "batch": events, "placements": ["home-hero"],
            "anonymousId": STRANGER, "consent": {"categoryPreferences": {"personalization": true}}
        });
        self.public("/v1/batch", &body).ok()
    }

    /// The outcomes of a batch, as words.
    #[track_caller]
    pub(crate) fn outcomes(&self, events: &[Value]) -> Vec<String> {
        words(&self.batch(events))
    }

    /// The path of the website's source in the server API.
    #[track_caller]
    pub(crate) fn website(&self) -> String {
        let sources = self.all("/api/v1/sources");
        let found = sources
            .iter()
            .find(|source| source["write_key"] == self.keys().write_key.as_str());
        format!("/api/v1/sources/{}", found.unwrap()["id"].as_str().unwrap())
    }

    /// Watches the live stream from now on: its lines as they come.
    pub(crate) fn watch(&self) -> impl Iterator<Item = Value> + use<> {
        let address = self.base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(
            stream,
            "GET /api/v1/events/live?access_token={} HTTP/1.1\r\nhost: x\r\n\r\n",
            self.keys().token
        )
        .unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        assert!(lines.next().unwrap().contains("200"));
        lines.find(String::is_empty).unwrap();
        lines.filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
    }

    /// A profile.
    #[track_caller]
    pub(crate) fn profile(&self, reference: &str) -> Value {
        self.get(&format!("/api/v1/profiles/{reference}")).ok()
    }

    /// A profile's whole timeline with the audiences that it entered and left, page by page.
    #[track_caller]
    pub(crate) fn timeline(&self, reference: &str) -> Vec<Value> {
        self.all(&format!(
            "/api/v1/profiles/{reference}/events?limit=3&audiences=true"
        ))
    }

    /// What was collected of a profile: its timeline without the audiences that it entered and left.
    #[track_caller]
    pub(crate) fn collected(&self, reference: &str) -> Vec<Value> {
        self.all(&format!("/api/v1/profiles/{reference}/events?limit=100"))
    }

    /// Counts that are kept beside what they count are what counting it gives: the ledger's totals, and the sizes of audiences.
    #[track_caller]
    pub(crate) fn kept_counts_agree(&self) {
        let mut totals = self.get("/api/v1/ledger").ok();
        let mut sums = json!({"numbered": 0, "received": 0, "unexplained": 0});
        let outcomes = totals["outcomes"].as_object().unwrap().keys();
        sums["outcomes"] = outcomes
            .map(|outcome| (outcome.clone(), json!(0)))
            .collect();
        let add = |to: &mut Value, more: &Value| {
            *to = json!(to.as_i64().unwrap() + more.as_i64().unwrap());
        };
        for tab in self.all("/api/v1/ledger/tabs") {
            add(&mut sums["numbered"], &tab["numbered"]);
            add(&mut sums["received"], &tab["received"]);
            add(&mut sums["unexplained"], &tab["unexplained"]);
            for (outcome, count) in tab["outcomes"].as_object().unwrap() {
                add(&mut sums["outcomes"][outcome], count);
            }
        }
        let totals = totals.as_object_mut().unwrap();
        totals.retain(|name, _| sums.get(name).is_some());
        assert_eq!(json!(totals), sums, "totals, and the sums over tabs");
        for audience in self.all("/api/v1/audiences") {
            let id = audience["id"].as_str().unwrap();
            let members = self.all(&format!("/api/v1/audiences/{id}/members"));
            assert_eq!(audience["members"], members.len(), "{audience}");
        }
    }

    /// A whole list, page by page.
    #[track_caller]
    pub(crate) fn all(&self, path: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let page = self.get(&format!("{path}{joint}cursor={cursor}")).ok();
            found.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return found,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already where a test stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody whom no test knows.
const STRANGER: &str = "00000000-1111-4222-8333-444444444444";

/// The outcomes of a reply, as words.
#[track_caller]
pub(crate) fn words(reply: &Value) -> Vec<String> {
    let lines = reply["outcomes"]
        .as_array()
        .unwrap_or_else(|| panic!("no outcomes: {reply}"));
    lines
        .iter()
        .map(|line| line["outcome"].as_str().unwrap().to_owned())
        .collect()
}

/// A track event of somebody who agreed to analytics and personalization.
pub(crate) fn track(id: &str, anonymous_id: &str, name: &str, properties: Value) -> Value {
    json!({"type": "track", "event": name, "messageId": id, "anonymousId": anonymous_id, "properties": properties, "context": consent()})
}

/// An identify event of somebody who agreed.
pub(crate) fn identify(id: &str, anonymous_id: &str, user_id: &str, traits: Value) -> Value {
    json!({"type": "identify", "messageId": id, "anonymousId": anonymous_id, "userId": user_id, "traits": traits, "context": consent()})
}

/// A context with consent.
pub(crate) fn consent() -> Value {
    json!({"consent": {"categoryPreferences": {"analytics": true, "personalization": true}}})
}

/// The same event with another field.
pub(crate) fn with(mut event: Value, field: &str, value: Value) -> Value {
    event[field] = value;
    event
}

/// Asks again until the answer is right.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
