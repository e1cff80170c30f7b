//! A request and a response, as every host can make them.

use std::net::IpAddr;

use cdp_core::collection::Caller;
use serde::Serialize;

/// A request to the edge.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query without the question mark.
    pub query: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came, perhaps compressed.
    pub body: Vec<u8>,
    /// Where the caller is, from the host's own geography (`DE`, `US-CA`); never from the client.
    pub jurisdiction: Option<String>,
    /// Whether the request came over TLS.
    pub secure: bool,
    /// The caller's address, as the host knows it; never what a client says of itself.
    pub address: Option<IpAddr>,
}

impl Request {
    /// The first header with this name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter of the query, decoded; `None` when it is empty.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.into_owned())
    }

    /// A cookie of the request.
    pub(crate) fn cookie<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.cookies(name).next()
    }

    /// All cookies of this name: a browser sends one for each domain and path that has it.
    pub(crate) fn cookies<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let cookies = self.header("cookie").unwrap_or_default();
        cookies
            .split(';')
            .filter_map(move |cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
    }

    /// What the request says of who sent it.
    pub(crate) fn caller(&self) -> Caller<'_> {
        Caller {
            address: self.address,
            user_agent: self.header("user-agent"),
        }
    }

    /// Whether the request carries Global Privacy Control. <https://www.w3.org/TR/gpc/>
    pub(crate) fn has_gpc(&self) -> bool {
        self.header("sec-gpc")
            .is_some_and(|value| value.trim() == "1")
    }
}

/// The edge's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer in JSON that nobody caches.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self {
            status,
            headers: Vec::new(),
            body,
        }
        .with("content-type", "application/json")
        .with("cache-control", "no-store")
    }

    /// The answer under an entity tag: without its body where the caller has it already.
    #[must_use]
    pub(crate) fn tagged(self, etag: &str, request: &Request) -> Self {
        let etag = format!("\"{etag}\"");
        let known = request.header("if-none-match").is_some_and(|known| {
            let tag = |tag: &str| tag.trim().trim_start_matches("W/") == etag;
            known.split(',').any(tag)
        });
        let tagged = self.with("etag", etag);
        if known {
            Self {
                status: 304,
                body: Vec::new(),
                ..tagged
            }
        } else {
            tagged
        }
    }

    /// The same with a header; one of that name is replaced.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
