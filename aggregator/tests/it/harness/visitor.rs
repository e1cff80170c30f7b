//! Somebody with a browser: a cookie that the server gave, and the headers that a page of its own sends.

use serde_json::{Value, json};

use super::{Answer, Server, eventually};

/// A password that is good enough.
pub(crate) const PASSWORD: &str = "four words in a row";

/// A browser.
pub(crate) struct Visitor<'a> {
    pub(crate) server: &'a Server,
    /// `name=value`, as it is sent back.
    pub(crate) cookie: String,
    /// The space that is picked.
    pub(crate) space: Option<String>,
}

impl<'a> Visitor<'a> {
    /// Whoever an answer's cookie is for.
    #[track_caller]
    pub(crate) fn of(server: &'a Server, answer: &Answer) -> Self {
        assert!((200..300).contains(&answer.status), "{}", answer.text);
        let cookie = answer.header("set-cookie").unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self {
            server,
            cookie,
            space: None,
        }
    }

    /// A request as a page of the dashboard sends it.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        let mut headers = vec![
            ("cookie", self.cookie.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        headers.extend(
            self.space
                .as_deref()
                .map(|space| ("headwater-space", space)),
        );
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.server.send(method, path, &headers, body.as_bytes())
    }

    /// Reads.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &Value::Null)
    }

    /// Makes.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, body)
    }
}

impl Server {
    /// The secret of the link that the start printed.
    pub(crate) fn setup_token(&self) -> String {
        eventually("the setup link is printed", || {
            let log = std::fs::read_to_string(self.data().log()).unwrap();
            let line = log.lines().rfind(|line| line.contains("setup_link"))?;
            let line: Value = serde_json::from_str(line).ok()?;
            let link = line["setup_link"].as_str()?;
            assert!(link.starts_with("http://127.0.0.1:"), "{link}");
            Some(link.split_once("/#/setup?token=")?.1.to_owned())
        })
    }

    /// The first owner, in a browser.
    #[track_caller]
    pub(crate) fn owner(&self) -> Visitor<'_> {
        let answer = self.enter(
            "/api/v1/setup",
            &json!({"token": self.setup_token(), "name": "Olga", "email": "olga@owner.test", "password": PASSWORD}),
        );
        Visitor::of(self, &answer)
    }

    /// A request without a cookie, as the page of the door sends it.
    pub(crate) fn enter(&self, path: &str, body: &Value) -> Answer {
        let headers = [("sec-fetch-site", "same-origin")];
        self.send("POST", path, &headers, body.to_string().as_bytes())
    }

    /// Signs in.
    pub(crate) fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.enter(
            "/api/v1/session",
            &json!({"email": email, "password": password}),
        )
    }
}

impl<'a> Visitor<'a> {
    /// Invites somebody who then joins, in a browser of their own.
    #[track_caller]
    pub(crate) fn invites(&self, email: &str, role: &str) -> Visitor<'a> {
        let invited = self
            .post(
                "/api/v1/invitations",
                &json!({"email": email, "role": role}),
            )
            .ok();
        let answer = self.server.enter(
            "/api/v1/join",
            &json!({"token": invited["token"], "name": role, "password": PASSWORD}),
        );
        Visitor::of(self.server, &answer)
    }
}
