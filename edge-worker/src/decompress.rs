//! Bodies as clients compress them, with a limit on what comes out.
//!
//! What a client says of its body is believed as far as the body bears it out: proxies undo a coding
//! and leave the header, and some clients compress without saying so.

use std::borrow::Cow;
use std::io::Read;

use cdp_core::wire::MAX_BATCH_BYTES;

use crate::error::EdgeError;
use crate::host::{Host, Room};
use crate::http::Request;

/// First bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// First bytes of zstd.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// What .NET's writers put before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// More codings than this on one body are a mistake or an attack.
const MOST_CODINGS: usize = 3;

/// Bytes that zstd may look back: what RFC 8878 (3.1.1.1.2) asks every decoder to bear, and no more,
/// since a frame of a few bytes names a window of any size.
const ZSTD_WINDOW: u64 = 8 * 1024 * 1024;

/// How a body, or what is left of it, is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding of that name in `Content-Encoding`; `None` for `identity` and what nobody knows.
    fn named(name: &str) -> Option<Self> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match () {
            () if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            () if is("deflate") => Some(Self::Deflate),
            () if is("br") => Some(Self::Brotli),
            () if is("zstd") => Some(Self::Zstd),
            () => None,
        }
    }

    /// The coding whose first bytes these are. No JSON text begins like any of them.
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            _ if bytes.starts_with(&GZIP) => Some(Self::Gzip),
            _ if bytes.starts_with(&ZSTD) => Some(Self::Zstd),
            // RFC 1950: method 8, and a header that is a multiple of 31.
            [0x78, flags, ..] if (0x7800 + u16::from(*flags)) % 31 == 0 => Some(Self::Deflate),
            _ => None,
        }
    }

    fn undo(self, bytes: &[u8]) -> Result<Vec<u8>, EdgeError> {
        let length = bytes.len();
        match self {
            Self::Gzip => limited("gzip", length, flate2::read::MultiGzDecoder::new(bytes)),
            Self::Brotli => limited(
                "br",
                length,
                brotli_decompressor::Decompressor::new(bytes, 4096),
            ),
            Self::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new_with_max_window_size(
                    bytes,
                    ZSTD_WINDOW,
                )
                .map_err(|error| EdgeError::BadCompression(format!("zstd: {error}")))?;
                limited("zstd", length, decoder)
            }
            // RFC 9110 says zlib; some clients send the bare deflate stream.
            Self::Deflate => limited("deflate", length, flate2::read::ZlibDecoder::new(bytes))
                .or_else(|error| match error {
                    EdgeError::BadCompression(_) => {
                        limited("deflate", length, flate2::read::DeflateDecoder::new(bytes))
                    }
                    other => Err(other),
                }),
        }
    }
}

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
    let header = request.header("content-encoding").unwrap_or_default();
    let named: Vec<Coding> = header
        .split(',')
        .filter_map(|name| Coding::named(name.trim()))
        .collect();
    if named.len() > MOST_CODINGS {
        return Err(EdgeError::BadCompression(format!(
            "{} codings on one body",
            named.len()
        )));
    }
    let mut bytes = Cow::Borrowed(request.body.as_slice());
    // The coding that was named last was put on last.
    for coding in named.into_iter().rev() {
        if is_object(&bytes) {
            break;
        }
        let undone = match (coding.undo(&bytes), Coding::of(&bytes)) {
            (Err(EdgeError::BadCompression(_)), Some(seen)) if seen != coding => seen.undo(&bytes),
            (undone, _) => undone,
        };
        bytes = Cow::Owned(undone?);
    }
    if let Some(unnamed) = Coding::of(&bytes) {
        bytes = Cow::Owned(unnamed.undo(&bytes)?);
    }
    if bytes.len() > MAX_BATCH_BYTES {
        return Err(EdgeError::TooLarge);
    }
    Ok(match bytes {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)),
        Cow::Owned(mut bytes) => {
            if bytes.starts_with(BYTE_ORDER_MARK) {
                bytes.drain(..BYTE_ORDER_MARK.len());
            }
            Cow::Owned(bytes)
        }
    })
}

/// Whether the bytes are a JSON object already, as far as their beginning shows. A body is never a
/// list, and `[` may begin a brotli stream; `{` begins nothing compressed that has content.
fn is_object(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    first == Some(&b'{')
}

/// How many times as long as its compressed form a batch usually is, at the most.
const USUAL_RATIO: usize = 8;

/// Reads at most one byte more than allowed, so that a small body cannot become a huge one.
fn limited(coding: &str, compressed: usize, reader: impl Read) -> Result<Vec<u8>, EdgeError> {
    let most = MAX_BATCH_BYTES.saturating_add(1);
    let mut out = Vec::with_capacity(compressed.saturating_mul(USUAL_RATIO).min(most));
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    reader
        .take(most)
        .read_to_end(&mut out)
        .map_err(|error| EdgeError::BadCompression(format!("{coding}: {error}")))?;
    if out.len() > MAX_BATCH_BYTES {
        return Err(EdgeError::TooLarge);
    }
    Ok(out)
}
