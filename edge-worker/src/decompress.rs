//! Bodies as clients compress them, with a limit on what comes out.

use std::borrow::Cow;
use std::io::Read;

use cdp_core::wire::MAX_BATCH_BYTES;

use crate::error::EdgeError;
use crate::host::{Host, Room};
use crate::http::Request;

/// First bytes of gzip: some clients compress without saying so.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bytes that zstd may look back: what RFC 8878 (3.1.1.1.2) asks every decoder to bear, and no more,
/// since a frame of a few bytes names a window of any size.
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// The request's body as text bytes, at most [`MAX_BATCH_BYTES`], with the host's room for what it has
/// grown to.
pub(crate) fn body<'a, H: Host>(
    host: &H,
    request: &'a Request,
) -> Result<(Cow<'a, [u8]>, Option<Room>), EdgeError> {
    let body = decompressed(request)?;
    let room = match &body {
        Cow::Borrowed(_) => None,
        Cow::Owned(grown) => host.room(grown.len())?,
    };
    Ok((body, room))
}

/// The same, borrowed when it came plain.
fn decompressed(request: &Request) -> Result<Cow<'_, [u8]>, EdgeError> {
    let bytes = request.body.as_slice();
    let coding = request
        .header("content-encoding")
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match coding.as_str() {
        "br" => limited("br", brotli_decompressor::Decompressor::new(bytes, 4096)),
        "zstd" => {
            let decoder =
                ruzstd::decoding::StreamingDecoder::new_with_max_window_size(bytes, ZSTD_WINDOW)
                    .map_err(|error| EdgeError::BadCompression(format!("zstd: {error}")))?;
            limited("zstd", decoder)
        }
        // RFC 9110 says zlib; some clients send the bare deflate stream.
        "deflate" => {
            limited("deflate", flate2::read::ZlibDecoder::new(bytes)).or_else(|error| match error {
                EdgeError::BadCompression(_) => {
                    limited("deflate", flate2::read::DeflateDecoder::new(bytes))
                }
                other => Err(other),
            })
        }
        _ if bytes.starts_with(&GZIP) => limited("gzip", flate2::read::MultiGzDecoder::new(bytes)),
        _ if bytes.len() > MAX_BATCH_BYTES => Err(EdgeError::TooLarge),
        // A coding that was named and already undone by a proxy is plain text by now.
        _ => Ok(Cow::Borrowed(bytes)),
    }
}

/// Reads at most one byte more than allowed, so that a small body cannot become a huge one.
fn limited<'a>(coding: &str, reader: impl Read) -> Result<Cow<'a, [u8]>, EdgeError> {
    let mut out = Vec::new();
    let most = u64::try_from(MAX_BATCH_BYTES)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    reader
        .take(most)
        .read_to_end(&mut out)
        .map_err(|error| EdgeError::BadCompression(format!("{coding}: {error}")))?;
    if out.len() > MAX_BATCH_BYTES {
        return Err(EdgeError::TooLarge);
    }
    Ok(Cow::Owned(out))
}
