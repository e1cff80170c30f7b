//! Whether a message can be kept as it was sent: numbers that a double holds, nesting that every
//! reader bears.
//!
//! Numbers are kept as 64-bit integers and doubles, the numbers of JavaScript and of every client
//! that speaks JSON through it. What does not fit them would come back as another number, so the
//! message is refused with words instead (docs/adr/0008).

use std::ops::Range;

use crate::json::scan::Watch;

/// How deep the objects and lists of a message may be nested, the message itself included. Parsers
/// give up at 128, and what forwards or lists a message wraps it a few times more.
const DEEPEST: u32 = 64;
/// Digits that tell a double from every other.
const DIGITS_OF_A_DOUBLE: usize = 17;
/// So many characters without an exponent are never too many digits.
const SHORT: usize = 15;

/// Names that the JSON library takes for instructions to itself: it would read the text behind such a
/// name as JSON of its own.
const RESERVED: &str = "$serde_json::private::";

/// Watches for what cannot be kept.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// What is wrong, and what to do.
    pub(super) flaw: Option<String>,
}

impl Kept {
    fn unless(&mut self, fine: bool, flaw: impl FnOnce() -> String) -> Option<()> {
        if !fine {
            self.flaw = Some(flaw());
        }
        fine.then_some(())
    }
}

impl Watch for Kept {
    fn number(&mut self, text: &str, at: Range<usize>) -> Option<()> {
        let number = text.get(at).unwrap_or_default();
        self.unless(is_kept(number), || {
            let start = start(number);
            format!("the number {start} cannot be kept exactly: send it as a text (\"…\")")
        })
    }

    fn name(&mut self, text: &str, at: Range<usize>) -> Option<()> {
        self.unless(!is_reserved(text, at), || {
            format!("a name that begins with {RESERVED} cannot be kept: rename the field")
        })
    }

    fn depth(&mut self, depth: u32) -> Option<()> {
        self.unless(depth <= DEEPEST, || {
            format!("the message is nested deeper than {DEEPEST} levels: send it flatter, or the deep part as a text")
        })
    }
}

/// Whether the name between two quotes is reserved, perhaps written with escapes.
fn is_reserved(text: &str, at: Range<usize>) -> bool {
    let first = text.as_bytes().get(at.start);
    if at.len() < RESERVED.len() || !matches!(first, Some(b'$' | b'\\')) {
        return false;
    }
    let quoted = text.get(at.start - 1..=at.end).unwrap_or_default();
    serde_json::from_str::<String>(quoted).is_ok_and(|name| name.starts_with(RESERVED))
}

/// Whether a JSON number comes back as the number that it is.
fn is_kept(number: &str) -> bool {
    let float = number.contains(['.', 'e', 'E']);
    let exponent = number.contains(['e', 'E']);
    if number.len() <= SHORT && !exponent {
        return true;
    }
    if !float && (number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok()) {
        return true;
    }
    let Some(kept) = number.parse::<f64>().ok().filter(|kept| kept.is_finite()) else {
        return false;
    };
    let Some(sent) = Decimal::read(number) else {
        return false;
    };
    if Decimal::read(&format!("{kept:e}")).is_some_and(|kept| kept == sent) {
        return true;
    }
    // Programs that always write 17 digits mean the double that these digits name.
    float && kept.is_normal() && sent.digits.len() <= DIGITS_OF_A_DOUBLE
}

/// A number's size: `0.digits × 10^exponent`, without zeros at either end of the digits.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a JSON number; `None` when its exponent is beyond all measure.
    fn read(number: &str) -> Option<Self> {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{}{fraction}", whole.trim_start_matches('-'));
        let digits = all.trim_start_matches('0');
        if digits.is_empty() {
            return Some(Self {
                digits: String::new(),
                exponent: 0,
            });
        }
        let point = i64::try_from(digits.len()).ok()? - i64::try_from(fraction.len()).ok()?;
        Some(Self {
            digits: digits.trim_end_matches('0').to_owned(),
            exponent: exponent.parse::<i64>().ok()?.checked_add(point)?,
        })
    }
}

/// The beginning of a number, for a message.
fn start(number: &str) -> String {
    if number.len() <= 40 {
        number.to_owned()
    } else {
        format!("{}…", number.get(..40).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::is_kept;

    #[test]
    fn numbers_that_come_back_as_they_are() {
        for number in [
            "0",
            "-0",
            "0.0",
            "1",
            "-1.5",
            "1E5",
            "1e-7",
            "0.1",
            "19.990000000000000000",
            "123e65",
            "123.456e78",
            "9007199254740993",
            "18446744073709551615",
            "-9223372036854775808",
            "100000000000000000000",
            "1.7976931348623157e308",
            "0e999999999999",
            "0.10000000000000001",
            "3.141592653589793",
            "-0.000000000000000000000000000000000000000000000000000000000000000000000000000001",
        ] {
            assert!(is_kept(number), "{number}");
        }
    }

    #[test]
    fn numbers_that_would_come_back_as_others() {
        for number in [
            "1e999",
            "-1e999",
            "1e-999",
            "123e-10000000",
            "18446744073709551617",
            "-9223372036854775809",
            "123123123123123123123123123123",
            "1.000000000000000005",
            "3.14159265358979323846",
            "3e-324",
            "0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
        ] {
            assert!(!is_kept(number), "{number}");
        }
    }
}
