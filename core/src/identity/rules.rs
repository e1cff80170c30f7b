//! A space's identity rules, as data: which identifiers there are, what their values look like, and what a
//! profile may have of them.

use std::fmt;

use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};
use serde::{Deserialize, Serialize};

use crate::identifier::{
    ANONYMOUS_ID, DEVICE_ID, EMAIL, Identifier, LONGEST_VALUE, PHONE, USER_ID,
};

/// Edges of a group that breaks a rule which are weighed one by one; a larger group is not joined at all.
pub const MOST_CONTESTED: usize = 2_000;

/// Values that many people share because a program wrote them: placeholders, test data and the texts of
/// empty values, in lower case. Collected from the default block lists of Segment, PostHog and Adobe, and from what devices and
/// programs give that have no id.
const BLOCKED: [&str; 94] = [
    "",
    "#n/a",
    "(empty)",
    "(none)",
    "(not set)",
    "(null)",
    "(undefined)",
    "(unknown)",
    "-",
    "-1",
    "0",
    "00000000-0000-0000-0000-000000000000",
    "00:00:00:00:00:00",
    "02:00:00:00:00:00",
    "9774d56d682e549c",
    "<nil>",
    "<none>",
    "<null>",
    "[null]",
    "[object null]",
    "[object object]",
    "[object undefined]",
    "[undefined]",
    "a@a.com",
    "admin@example.com",
    "anon",
    "anonymous",
    "anonymous@example.com",
    "anonymous_id",
    "anonymous_user",
    "anonymousid",
    "default",
    "distinct_id",
    "distinctid",
    "email",
    "email@example.com",
    "example@example.com",
    "external_id",
    "false",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "ffffffffffffffff",
    "ffffffffffffffffffffffffffffffff",
    "guest",
    "guest_user",
    "guestuser",
    "id",
    "inf",
    "infinity",
    "invalid",
    "logged_out",
    "loggedout",
    "n/a",
    "na",
    "na@na.com",
    "nan",
    "nil",
    "no user",
    "no-reply@example.com",
    "no@email.com",
    "no@no.com",
    "no_user",
    "noemail@noemail.com",
    "nomail@nomail.com",
    "none",
    "none@example.com",
    "none@none.com",
    "noreply@example.com",
    "not applicable",
    "not available",
    "not set",
    "not_authenticated",
    "not_available",
    "not_set",
    "notset",
    "nouser",
    "null",
    "null@null.com",
    "object object",
    "signed_out",
    "test",
    "test@example.com",
    "test@test",
    "test@test.com",
    "test@test.test",
    "true",
    "undefined",
    "unknown",
    "unset",
    "user",
    "user@example.com",
    "user_id",
    "userid",
    "visitor",
    "xxx",
];

/// Patterns of the same. The last are templates that nobody filled in.
const BLOCKED_PATTERNS: [&str; 9] = [
    "noreply@*",
    "no-reply@*",
    "donotreply@*",
    "do-not-reply@*",
    "{{*}}",
    "{%*%}",
    "${*}",
    "<%*%>",
    "%%*%%",
];

/// What the values of a kind look like, and so their normal form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "IdentifierForm"))]
pub enum Form {
    /// Any text, without spaces and quotes around it. Capitals count.
    #[default]
    Text,
    /// An e-mail address, in lower case.
    Email,
    /// A telephone number, as E.164 writes it: `+33611223344`.
    Phone,
}

/// How many new identifiers of a kind a profile may have within so many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "IdentifierPeriod"))]
pub struct Period {
    /// As many at most.
    pub most: u32,
    /// Within so many days.
    pub days: u32,
}

/// A kind of identifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(default))]
#[cfg_attr(feature = "schema", schemars(rename = "IdentifierKind"))]
pub struct Kind {
    /// The kind's name.
    pub kind: String,
    /// What its values look like.
    pub form: Form,
    /// Whether one value is one person: a profile never has two, and merging never joins them.
    pub unique: bool,
    /// How many a profile may have; `None` for any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// How many new ones a profile may have in some time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// A value that was seen with more different values than this of one unique kind belongs to nobody: a
    /// mailbox, a kiosk, a constant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_above: Option<u32>,
}

impl Kind {
    /// How many a profile may have at any time.
    pub(super) fn limit(&self) -> Option<u32> {
        if self.unique { Some(1) } else { self.most }
    }
}

/// What belongs to nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "BlockedValues"))]
pub struct Blocked {
    /// Whether the product's own list counts, too.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub defaults: bool,
    /// Whole values, whatever their case.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub values: Vec<String>,
    /// Patterns in which `*` stands for any letters, whatever their case.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub patterns: Vec<String>,
}

/// Who keeps an identifier that several people claim, where it is not shared by too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", schemars(rename = "IdentityConflict"))]
pub enum Conflict {
    /// Whoever was seen with it first.
    #[default]
    FirstOwner,
    /// Whoever was seen with it last.
    LastOwner,
    /// Nobody.
    Detach,
}

/// Whose an event is that carries nothing but the id of a device on which several people signed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SharedDevices {
    /// The device's owner's.
    #[default]
    Owner,
    /// Whoever was signed in on it at that time.
    ByTime,
}

/// A space's identity rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(default))]
#[cfg_attr(feature = "schema", schemars(rename = "IdentityRules"))]
pub struct Rules {
    /// Counted by publishing.
    pub version: u32,
    /// The country of telephone numbers that name none, as ISO 3166-1 writes it; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub country: String,
    /// The kinds, strongest first: the strongest on an event says whose event it is.
    pub kinds: Vec<Kind>,
    /// What belongs to nobody.
    pub blocked: Blocked,
    /// Who keeps what several people claim.
    pub conflict: Conflict,
    /// Whose an event on a device of several people is.
    pub shared_devices: SharedDevices,
    /// The names of track events that say that somebody signed out.
    pub sign_out_events: Vec<String>,
    /// How many identifiers a profile may have before further merges are held for review, and with how many
    /// others one identifier may be seen before it is held itself.
    pub blast_radius: u32,
}

impl Default for Rules {
    fn default() -> Self {
        let kind = |kind: &str, form| Kind {
            kind: kind.to_owned(),
            form,
            ..Kind::default()
        };
        let shared = |kind: Kind| Kind {
            shared_above: Some(3),
            ..kind
        };
        let five = |kind: Kind| Kind {
            most: Some(5),
            ..kind
        };
        Self {
            version: 1,
            country: String::new(),
            kinds: vec![
                Kind {
                    unique: true,
                    ..kind(USER_ID, Form::Text)
                },
                shared(five(kind(EMAIL, Form::Email))),
                shared(five(kind(PHONE, Form::Phone))),
                shared(kind(ANONYMOUS_ID, Form::Text)),
                shared(kind(DEVICE_ID, Form::Text)),
            ],
            blocked: Blocked {
                defaults: true,
                values: Vec::new(),
                patterns: Vec::new(),
            },
            conflict: Conflict::FirstOwner,
            shared_devices: SharedDevices::Owner,
            sign_out_events: vec!["Signed Out".to_owned(), "Logged Out".to_owned()],
            blast_radius: 1_000,
        }
    }
}

/// Why a value names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// The rules know no such kind.
    UnknownKind,
    /// It is on the list of what belongs to nobody.
    Blocked,
    /// It is not what values of the kind look like.
    Malformed,
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::UnknownKind => "the identity rules have no such kind",
            Self::Blocked => "the value is on the list of those that belong to nobody",
            Self::Malformed => "the value is not what values of this kind look like",
        })
    }
}

impl Rules {
    /// Whether every event names the same by these rules as by others and says the same of who uses a device, so that they
    /// differ at most in what they make of it.
    #[must_use]
    pub fn reads_like(&self, other: &Self) -> bool {
        let kinds = |rules: &Self| -> Vec<(String, Form)> {
            let kinds = rules.kinds.iter();
            kinds.map(|kind| (kind.kind.clone(), kind.form)).collect()
        };
        let unique = |rules: &Self| {
            rules
                .kinds
                .iter()
                .find(|kind| kind.unique)
                .map(|kind| kind.kind.clone())
        };
        let says = |rules: &Self| {
            rules
                .attributes_by_time()
                .then(|| (unique(rules), rules.sign_out_events.clone()))
        };
        self.country == other.country
            && self.blocked == other.blocked
            && kinds(self) == kinds(other)
            && says(self) == says(other)
    }

    /// The place of a kind, 0 the strongest.
    #[must_use]
    pub fn place(&self, kind: &str) -> Option<usize> {
        self.kinds.iter().position(|known| known.kind == kind)
    }

    /// Whether different identifiers may be one profile by their kinds and number, whenever they were seen.
    #[must_use]
    pub fn fits<'i>(&self, members: impl Iterator<Item = &'i Identifier>) -> bool {
        let mut counts = vec![0_u32; self.kinds.len()];
        let mut all = 0_u32;
        for member in members {
            all += 1;
            if let Some(count) = self.place(member.kind()).and_then(|at| counts.get_mut(at)) {
                *count += 1;
            }
        }
        let mut kinds = self.kinds.iter().zip(counts);
        all <= self.blast_radius
            && kinds.all(|(kind, count)| kind.limit().is_none_or(|most| count <= most))
    }

    /// An identifier in normal form.
    ///
    /// # Errors
    /// Why the value names nobody.
    pub fn identifier(&self, kind: &str, value: &str) -> Result<Identifier, Unfit> {
        let place = self.place(kind).ok_or(Unfit::UnknownKind)?;
        let value = self.value(place, value)?;
        Ok(Identifier::new(kind, &value))
    }

    /// What somebody wrote for an identifier, in normal form; as it is where it names nobody.
    #[must_use]
    pub fn normal(&self, written: Identifier) -> Identifier {
        self.identifier(written.kind(), written.value())
            .unwrap_or(written)
    }

    /// A value of the kind at a place, in normal form.
    ///
    /// # Errors
    /// Why the value names nobody.
    pub fn value(&self, place: usize, value: &str) -> Result<String, Unfit> {
        let kind = self.kinds.get(place).ok_or(Unfit::UnknownKind)?;
        let value = value
            .trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\''));
        if value.len() > LONGEST_VALUE || value.chars().any(char::is_control) {
            return Err(Unfit::Malformed);
        }
        if self.is_blocked(value) {
            return Err(Unfit::Blocked);
        }
        match kind.form {
            Form::Text => Ok(value.to_owned()),
            Form::Email => {
                let lower = value.to_lowercase();
                is_email(&lower).then_some(lower).ok_or(Unfit::Malformed)
            }
            Form::Phone => self.phone(value).ok_or(Unfit::Malformed),
        }
    }

    /// Whether a value, as it was sent and without what surrounds it, belongs to nobody.
    pub(super) fn is_blocked(&self, value: &str) -> bool {
        // Zeros only, such as an advertising id that was switched off, or a number that nobody has.
        if value
            .bytes()
            .all(|byte| matches!(byte, b'0' | b'-' | b'+' | b' '))
        {
            return true;
        }
        // Nothing that anybody sees.
        if value.chars().all(is_invisible) {
            return true;
        }
        let same = |blocked: &str| blocked.eq_ignore_ascii_case(value);
        let matched = |pattern: &str| matches(pattern, value);
        let defaults = self.blocked.defaults
            && (BLOCKED.into_iter().any(same) || BLOCKED_PATTERNS.into_iter().any(matched));
        defaults
            || self.blocked.values.iter().any(|blocked| same(blocked))
            || self.blocked.patterns.iter().any(|pattern| matched(pattern))
    }

    /// A number as E.164 writes it.
    fn phone(&self, value: &str) -> Option<String> {
        let region = self.country.parse::<Region>().ok();
        let number = PHONE_NUMBER_UTIL.parse(value, region).ok()?;
        PHONE_NUMBER_UTIL
            .is_possible_number(&number)
            .then(|| number.format_as(PhoneNumberFormat::E164).into_owned())
    }
}

/// Whether a letter leaves no trace: spaces of all kinds, those without width, marks of direction and of byte order.
fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a country has telephone numbers, as far as the library knows.
pub(super) fn is_country(country: &str) -> bool {
    country.len() == 2 && country.parse::<Region>().is_ok()
}

/// One `@`, something before it, something after it, no space.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    !local.is_empty()
        && domain.split('.').all(|label| !label.is_empty())
        && !domain.contains('@')
        && !text.contains(char::is_whitespace)
}

/// Whether a pattern, in which `*` stands for any letters, matches a whole text, whatever the case of its
/// English letters.
fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*').map(str::as_bytes);
    let first = pieces.next().unwrap_or_default();
    let mut rest = text.as_bytes();
    if !starts(rest, first) {
        return false;
    }
    rest = rest.get(first.len()..).unwrap_or_default();
    let mut last: Option<&[u8]> = None;
    for piece in pieces {
        if let Some(piece) = last.replace(piece) {
            let found =
                (0..=rest.len()).find(|at| starts(rest.get(*at..).unwrap_or_default(), piece));
            let Some(at) = found else {
                return false;
            };
            rest = rest.get(at + piece.len()..).unwrap_or_default();
        }
    }
    last.map_or(rest.is_empty(), |last| {
        rest.len() >= last.len()
            && starts(
                rest.get(rest.len() - last.len()..).unwrap_or_default(),
                last,
            )
    })
}

fn starts(text: &[u8], start: &[u8]) -> bool {
    text.get(..start.len())
        .is_some_and(|text| text.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("noreply@*", "NoReply@shop.example", true),
            ("noreply@*", "ada-noreply@shop.example", false),
            ("*@test.com", "a@test.com", true),
            ("*@test.com", "a@test.com.example", false),
            ("kiosk-*-demo", "kiosk-7-demo", true),
            ("kiosk-*-demo", "kiosk-demo", false),
            ("a*a", "a", false),
            ("*", "anything", true),
            ("same", "SAME", true),
            ("same", "same too", false),
            ("*x*y*", "axbyc", true),
            ("*x*y*", "aybxc", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
