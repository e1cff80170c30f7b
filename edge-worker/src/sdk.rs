//! The SDK's files, as the build left them.

use std::hash::{DefaultHasher, Hash, Hasher};

use cdp_core::hex::hex;
use rust_embed::RustEmbed;

use crate::authenticate::authenticate;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::settings;

/// What `cargo xtask wasm` made. Without it, these paths answer 404 and say what to run.
#[derive(RustEmbed)]
#[folder = "../js/packages/collector/dist/serve"]
#[allow_missing = true]
struct Files;

/// The one name that never changes; every other file has its content's hash in its name.
const LOADER: &str = "headwater.js";

/// What counts visitors who do not agree. It stands before the loader, which then tells it of every event.
const COUNTING: &str = "counting.js";

/// `GET /sdk/{name}`. The loader asked for with a write key (`?writeKey=…`) begins with the source's
/// settings, so that a page knows what its visitor's place presumes without a request of its own.
pub(crate) async fn file<H: Host>(host: &H, request: &Request) -> Result<Response, EdgeError> {
    let name = request.path.strip_prefix("/sdk/").unwrap_or_default();
    let file = Files::get(name).ok_or(EdgeError::NotFound)?;
    let digest = file.metadata.sha256_hash();
    let mut etag = hex(&digest);
    etag.truncate(24);
    let mut body = file.data.into_owned();
    let mut cache = if is_hashed(name) {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=300"
    };
    if name == LOADER && request.query_value("writeKey").is_some() {
        // Whatever is wrong with the key or the aggregator, the page gets its SDK, which then
        // presumes nothing; the first batch says what is wrong.
        cache = "no-store";
        if let Ok((settings, counts)) = settings_script(host, request).await {
            let mut before = settings.into_bytes();
            // A page of a space that counts nobody has none of its code.
            if let Some(counting) = counts.then(|| Files::get(COUNTING)).flatten() {
                before.extend_from_slice(&counting.data);
            }
            let mut hasher = DefaultHasher::new();
            before.hash(&mut hasher);
            etag = format!("{etag}-{:016x}", hasher.finish());
            body.splice(0..0, before);
            cache = settings::CACHE;
        }
    }
    let response = Response {
        status: 200,
        body,
        ..Response::default()
    };
    Ok(response
        .with("cache-control", cache)
        .with("access-control-allow-origin", "*")
        .with("cross-origin-resource-policy", "cross-origin")
        .with("content-type", content_type(name))
        .with("x-content-type-options", "nosniff")
        .tagged(&etag, request))
}

/// A line of JavaScript that leaves the settings where the loader finds them.
///
/// Also says whether those are counted there who do not agree.
async fn settings_script<H: Host>(
    host: &H,
    request: &Request,
) -> Result<(String, bool), EdgeError> {
    let config = authenticate(host, request, None, None).await?;
    let mut settings = settings::of(&config, request);
    settings["writeKey"] = config.write_key.as_str().into();
    let counts = settings.get("counting").is_some();
    let line = format!("(window.headwater=window.headwater||[]).edge={settings};\n");
    Ok((line, counts))
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
