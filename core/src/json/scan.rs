//! Passing over JSON text without building anything of it (RFC 8259).
//!
//! Most of a body is passed and never looked into, so this is where a batch's time would go: texts are
//! passed eight bytes at a time, as in "Parsing Gigabytes of JSON per Second" (Langdale and Lemire,
//! 2019), with words instead of vectors, which every target has.

use std::ops::Range;

/// The lowest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each byte.
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// What is wanted to be told of what is passed.
pub(crate) trait Watch {
    /// A number was passed.
    fn number(&mut self, text: &str, at: Range<usize>) -> Option<()>;
    /// A member's name was passed; the range is between its quotes.
    fn name(&mut self, text: &str, at: Range<usize>) -> Option<()>;
    /// An object or a list begins that is so deep, the outermost one being 1.
    fn depth(&mut self, depth: u32) -> Option<()>;
}

/// Nothing: whether it is JSON is all that is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anything;

impl Watch for Anything {
    fn number(&mut self, _: &str, _: Range<usize>) -> Option<()> {
        Some(())
    }

    fn name(&mut self, _: &str, _: Range<usize>) -> Option<()> {
        Some(())
    }

    fn depth(&mut self, _: u32) -> Option<()> {
        Some(())
    }
}

/// A place in a text. Each step answers `None` where the text is no JSON or the
/// watch wants no more of it.
#[derive(Debug)]
pub(crate) struct Scan<'a, W> {
    text: &'a str,
    at: usize,
    /// Objects and lists that are open.
    depth: u32,
    pub(crate) watch: W,
}

impl<'a, W: Watch> Scan<'a, W> {
    /// At the beginning of a text.
    pub(crate) fn new(text: &'a str, watch: W) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            watch,
        }
    }

    /// How far it has come.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The text of a range that was passed.
    pub(crate) fn text(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The next byte that is no space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.as_bytes().get(self.at)?;
            if byte > b' ' {
                return Some(byte);
            }
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return None;
            }
            self.at += 1;
        }
    }

    /// Nothing but spaces follows.
    pub(crate) fn end(&mut self) -> Option<()> {
        let spaces = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
        let rest = self.text.as_bytes().get(self.at..)?;
        rest.iter().all(spaces).then_some(())
    }

    /// Passes the byte where it is next.
    pub(crate) fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Passes the start of an object or a list; says whether something is in it.
    pub(crate) fn open(&mut self, close: u8) -> Option<bool> {
        self.at += 1;
        self.depth += 1;
        self.watch.depth(self.depth)?;
        let empty = self.skip(close);
        self.depth -= u32::from(empty);
        Some(!empty)
    }

    /// Passes what is between two members or elements, or the end: says whether another one follows.
    pub(crate) fn more(&mut self, close: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b',' {
            return Some(true);
        }
        self.depth -= 1;
        (byte == close).then_some(false)
    }

    /// Passes a member's name and the colon: where the name is between its quotes, and whether it is
    /// written with escapes.
    pub(crate) fn name(&mut self) -> Option<(Range<usize>, bool)> {
        if self.peek()? != b'"' {
            return None;
        }
        let from = self.at + 1;
        let escaped = self.string()?;
        let name = from..self.at - 1;
        self.watch.name(self.text, name.clone())?;
        self.skip(b':').then_some((name, escaped))
    }

    /// Passes a value: where it is.
    pub(crate) fn value(&mut self) -> Option<Range<usize>> {
        self.peek()?;
        let from = self.at;
        let outside = self.depth;
        let mut open = Open::default();
        loop {
            match self.peek()? {
                b'"' => drop(self.string()?),
                b'{' => {
                    if self.open(b'}')? {
                        open.push(true);
                        self.name()?;
                        continue;
                    }
                }
                b'[' => {
                    if self.open(b']')? {
                        open.push(false);
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'n' => self.word("null")?,
                _ => return None,
            }
            while self.depth > outside {
                let object = open.is_object();
                if self.more(if object { b'}' } else { b']' })? {
                    if object {
                        self.name()?;
                    }
                    break;
                }
                open.pop();
            }
            if self.depth == outside {
                return Some(from..self.at);
            }
        }
    }

    /// Passes a text, its quotes included; says whether it has escapes.
    fn string(&mut self) -> Option<bool> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        let mut escaped = false;
        loop {
            while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
                let word = u64::from_le_bytes(*word);
                // Of the bytes that are marked, the first is one for sure: what is borrowed goes upwards.
                let special = ends_or_escapes(word);
                at += (special.trailing_zeros() / 8) as usize;
                if special != 0 {
                    break;
                }
            }
            match *bytes.get(at)? {
                b'"' => {
                    self.at = at + 1;
                    return Some(escaped);
                }
                b'\\' => {
                    escaped = true;
                    at += escape(bytes.get(at + 1..)?)?;
                }
                byte if byte < b' ' => return None,
                _ => at += 1,
            }
        }
    }

    fn number(&mut self) -> Option<()> {
        let from = self.at;
        let bytes = self.text.as_bytes();
        let mut at = from;
        let next = |at: usize| bytes.get(at).copied().unwrap_or_default();
        let digits = |from: usize| {
            let rest = bytes.get(from..).unwrap_or_default();
            let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (count > 0).then_some(from + count)
        };
        at += usize::from(next(at) == b'-');
        at = if next(at) == b'0' {
            at + 1
        } else {
            digits(at)?
        };
        if next(at) == b'.' {
            at = digits(at + 1)?;
        }
        if matches!(next(at), b'e' | b'E') {
            at += 1;
            at += usize::from(matches!(next(at), b'+' | b'-'));
            at = digits(at)?;
        }
        self.at = at;
        self.watch.number(self.text, from..at)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word.as_bytes()).then_some(())
    }
}

/// What is open, from the outside in: a bit for each, whether it is an object.
#[derive(Debug, Default)]
struct Open {
    /// The innermost, the last one lowest.
    bits: u64,
    /// How many of them are in `bits`.
    count: u32,
    /// Those around them, 64 in each. Nobody nests that deep by accident.
    around: Vec<u64>,
}

impl Open {
    fn push(&mut self, object: bool) {
        if self.count == u64::BITS {
            self.around.push(self.bits);
            self.count = 0;
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.count += 1;
    }

    fn is_object(&self) -> bool {
        self.bits & 1 == 1
    }

    fn pop(&mut self) {
        self.bits >>= 1;
        self.count = self.count.saturating_sub(1);
        if self.count == 0
            && let Some(bits) = self.around.pop()
        {
            self.bits = bits;
            self.count = u64::BITS;
        }
    }
}

/// Marks the bytes that end a text, begin an escape, or may not be in a text: quotes, backslashes and
/// control characters. Turning the second bit of a byte around puts the quote just above the control
/// characters, so that one comparison finds both.
fn ends_or_escapes(word: u64) -> u64 {
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * 0x5c)).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGHS
}

/// The length of an escape of which the bytes behind the backslash are given.
fn escape(behind: &[u8]) -> Option<usize> {
    match behind.first()? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => {
            let code = behind.get(1..5)?;
            code.iter().all(u8::is_ascii_hexdigit).then_some(6)
        }
        _ => None,
    }
}
