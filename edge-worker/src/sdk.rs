//! The SDK's files, as the build left them.

use rust_embed::RustEmbed;

use crate::error::EdgeError;
use crate::http::{Request, Response};

/// What `cargo xtask wasm` made. Without it, these paths answer 404 and say what to run.
#[derive(RustEmbed)]
#[folder = "../js/packages/collector/dist/serve"]
#[allow_missing = true]
struct Files;

/// The one name that never changes; every other file has its content's hash in its name.
const LOADER: &str = "headwater.js";

/// `GET /sdk/{name}`.
pub(crate) fn file(request: &Request) -> Result<Response, EdgeError> {
    let name = request.path.strip_prefix("/sdk/").unwrap_or_default();
    let file = Files::get(name).ok_or(EdgeError::NotFound)?;
    let digest = file.metadata.sha256_hash();
    let etag = format!(
        "\"{}\"",
        digest
            .iter()
            .take(12)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    );
    let cache = if is_hashed(name) {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=300"
    };
    let response = Response::default()
        .with("etag", etag.as_str())
        .with("cache-control", cache)
        .with("access-control-allow-origin", "*")
        .with("cross-origin-resource-policy", "cross-origin");
    if request
        .header("if-none-match")
        .is_some_and(|known| known == etag)
    {
        return Ok(Response {
            status: 304,
            ..response
        });
    }
    let response = response
        .with("content-type", content_type(name))
        .with("x-content-type-options", "nosniff");
    Ok(Response {
        status: 200,
        body: file.data.into_owned(),
        ..response
    })
}

/// Names such as `engine-4f3a9c1e.wasm`.
fn is_hashed(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let hash = stem.rsplit('-').next().unwrap_or_default();
    name != LOADER
        && stem != hash
        && hash.len() >= 8
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json" | "map") => "application/json",
        _ => "application/octet-stream",
    }
}
