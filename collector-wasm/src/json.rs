//! The little JSON that the engine writes. It never reads any: an event arrives as text, is kept as
//! text and leaves as text, which is what keeps serde out of the download.

/// Appends `"name":"text"`. Both are plain ([`crate::words::is_plain`]): nothing is escaped.
pub fn push_pair(out: &mut String, name: &str, text: &str) {
    push_quoted(out, name);
    out.push(':');
    push_quoted(out, text);
}

/// Appends a plain text between quotes.
pub fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    out.push_str(text);
    out.push('"');
}

/// Appends a comma, except the first time.
pub fn push_comma(out: &mut String, first: &mut bool) {
    if !*first {
        out.push(',');
    }
    *first = false;
}

/// Appends a number in decimal digits.
pub fn push_number(out: &mut String, number: u32) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}

/// Appends a moment (milliseconds since 1970) as a JSON string: `"2026-11-21T19:00:00.000Z"`.
pub fn push_time(out: &mut String, milliseconds: f64) {
    const DAY: f64 = 86_400_000.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "days since 1970 fit until the year 11 million"
    )]
    let day = (milliseconds / DAY) as u32;
    #[expect(clippy::cast_possible_truncation, reason = "less than a day")]
    let rest = (milliseconds - f64::from(day) * DAY) as u32;
    // Howard Hinnant's civil_from_days: years begin in March, so that the leap day comes last.
    let shifted = day + 719_468;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + shifted / 146_097 * 400 + u32::from(month <= 2);
    out.push('"');
    push_number(out, year);
    push_part(out, '-', month, 10);
    push_part(
        out,
        '-',
        day_of_year - (153 * shifted_month + 2) / 5 + 1,
        10,
    );
    push_part(out, 'T', rest / 3_600_000, 10);
    push_part(out, ':', rest / 60_000 % 60, 10);
    push_part(out, ':', rest / 1_000 % 60, 10);
    push_part(out, '.', rest % 1_000, 100);
    out.push_str("Z\"");
}

/// Appends `mark` and a number filled with zeros up to the digits of `unit`.
fn push_part(out: &mut String, mark: char, number: u32, unit: u32) {
    out.push(mark);
    let mut unit = unit;
    while unit > 1 && number < unit {
        out.push('0');
        unit /= 10;
    }
    push_number(out, number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(milliseconds: f64) -> String {
        let mut out = String::new();
        push_time(&mut out, milliseconds);
        out
    }

    #[test]
    fn times_read_as_iso_8601() {
        assert_eq!(time(0.0), "\"1970-01-01T00:00:00.000Z\"");
        assert_eq!(time(951_782_400_007.0), "\"2000-02-29T00:00:00.007Z\"");
        assert_eq!(time(1_795_287_600_120.0), "\"2026-11-21T19:00:00.120Z\"");
        assert_eq!(time(4_107_542_399_999.0), "\"2100-02-28T23:59:59.999Z\"");
    }

    proptest! {
        #[test]
        fn days_count_on(day in 0_u32..40_000) {
            let text = time(f64::from(day) * 86_400_000.0);
            let next = time(f64::from(day + 1) * 86_400_000.0);
            prop_assert!(text < next, "{} before {}", text, next);
        }
    }
}
