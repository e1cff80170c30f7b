//! The dashboard's files, built into the binary.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use cdp_core::hex::hex;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::error::{Code, Error};

#[derive(RustEmbed)]
#[folder = "../js/apps/dashboard/public"]
#[allow_missing = true]
struct Files;

/// The dashboard loads nothing from elsewhere, runs no inline script and no inline style, and is in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What of the browser the dashboard never asks for.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// A file, or the page itself for every path that the page's own router knows.
pub(super) fn file(request: &Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Error::new(
            Code::NotFound,
            "there is nothing at this path: GET /api/openapi.json lists every operation",
        )
        .into_response();
    }
    let path = request.uri().path().trim_start_matches('/');
    if let Some(file) = Files::get(path) {
        return answer(request, path, &file);
    }
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    match Files::get("index.html").filter(|_| is_page) {
        Some(page) => answer(request, "index.html", &page),
        None => Error::new(Code::NotFound, "there is no such file").into_response(),
    }
}

/// `GET /api/docs`: the page that shows the description of the server API to people.
pub(super) async fn api_docs(request: Request) -> Response {
    match Files::get("docs/index.html") {
        Some(page) => answer(&request, "docs/index.html", &page),
        None => Error::new(Code::NotFound, "there is no such file").into_response(),
    }
}

fn answer(request: &Request, path: &str, file: &EmbeddedFile) -> Response {
    let kind = content_type(path);
    let packed = takes_gzip(request.headers())
        .then(|| packed(kind, file))
        .flatten();
    let hash = hex(&file.metadata.sha256_hash());
    // What is packed is another representation, and needs a tag of its own.
    let etag = match &packed {
        Some(_) => format!("\"{hash}-gzip\""),
        None => format!("\"{hash}\""),
    };
    if request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        return StatusCode::NOT_MODIFIED.into_response();
    }
    let is_packed = packed.is_some();
    let bytes = packed.unwrap_or_else(|| Bytes::from(file.data.clone().into_owned()));
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    let more = [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", PERMISSIONS),
    ];
    for (name, value) in more {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(
        HeaderValue::try_from(etag)
            .ok()
            .map(|etag| (header::ETAG, etag)),
    );
    response
}

/// Whether a browser takes gzip: it names it, and not as what it refuses.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).into_iter();
    let mut codings = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case("gzip")
            && weight.parse().is_ok_and(|weight: f32| weight > 0.0)
    })
}

/// Files that were packed, by the hash of what is in them: each is packed once.
static PACKED: LazyLock<Mutex<HashMap<[u8; 32], Bytes>>> = LazyLock::new(Mutex::default);

/// A text, packed; nothing of what is packed already.
fn packed(kind: &str, file: &EmbeddedFile) -> Option<Bytes> {
    let is_text = ["text/", "application/json", "image/svg"];
    if !is_text.iter().any(|text| kind.starts_with(text)) {
        return None;
    }
    let mut packed = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let hash = file.metadata.sha256_hash();
    if let Some(known) = packed.get(&hash) {
        return Some(known.clone());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&file.data).ok()?;
    let bytes = Bytes::from(encoder.finish().ok()?);
    packed.insert(hash, bytes.clone());
    Some(bytes)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("webp") => "image/webp",
        _ => "application/octet-stream",
    }
}
