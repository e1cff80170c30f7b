//! Half surrogate pairs: what is left of an emoji that a page cut in two.
//!
//! `JSON.stringify` writes such a half as `\ud83d`, which no UTF-8 text can hold. The event is worth
//! more than the half character, which becomes U+FFFD as the Unicode standard advises (chapter 3.9).

/// The text with every lone surrogate escape replaced; `None` when there is none.
pub(super) fn mended(text: &str) -> Option<String> {
    if !text.contains("\\u") {
        return None;
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut changed = false;
    while let Some(&byte) = bytes.get(at) {
        let escape = match (byte, escaped(bytes, at)) {
            (b'\\', Some(code)) => code,
            // Another escape: its second byte may be a backslash that starts none.
            (b'\\', None) => {
                out.extend(bytes.iter().skip(at).take(2));
                at += 2;
                continue;
            }
            _ => {
                out.push(byte);
                at += 1;
                continue;
            }
        };
        let low_follows =
            escaped(bytes, at + 6).is_some_and(|next| (0xDC00..0xE000).contains(&next));
        let (length, whole) = match escape {
            0xD800..0xDC00 if low_follows => (12, true),
            0xD800..0xE000 => (6, false),
            _ => (6, true),
        };
        if whole {
            out.extend(bytes.iter().skip(at).take(length));
        } else {
            out.extend_from_slice(b"\\ufffd");
            changed = true;
        }
        at += length;
    }
    if changed {
        String::from_utf8(out).ok()
    } else {
        None
    }
}

/// The code of the `\uXXXX` that starts here.
fn escaped(bytes: &[u8], at: usize) -> Option<u32> {
    let escape = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(escape).ok()?, 16).ok()
}
