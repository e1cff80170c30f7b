//! JSON that stays text: passing over it, and finding an object's members in it.

pub(crate) mod members;
pub(crate) mod scan;

/// What a JSON text says, where it is a string written without escapes.
pub(crate) fn plain(text: &str) -> Option<&str> {
    let plain = text.strip_prefix('"')?.strip_suffix('"')?;
    (!plain.as_bytes().contains(&b'\\')).then_some(plain)
}
