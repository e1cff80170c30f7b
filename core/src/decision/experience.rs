//! What people write down: experiences with their variants.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{HOLDOUT, SPACE_HOLDOUT};
use crate::time::{Span, Timestamp};

/// Exposures that a frequency cap may count, since so many are remembered of a person.
pub const MOST_CAPPED: u32 = 20;
/// Frequency caps of one experience.
const MOST_CAPS: usize = 4;
/// Variants of one experience.
const MOST_VARIANTS: usize = 20;
/// Characters of a name, a key or a placement.
const LONGEST: usize = 200;

/// A personalisation of one placement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Experience {
    /// `exp_…`
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The place on the page, such as `home-hero`.
    pub placement: String,
    /// Whether it takes part.
    pub enabled: bool,
    /// Among experiences that take the person, the highest wins; then the smallest id.
    pub priority: i64,
    /// Who sees it; everybody when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience_id: Option<String>,
    /// When it begins; it has always been there when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// When it is over, that moment included; it stays when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// How often a person may be shown it; the next experience decides when one of these is reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frequency_caps: Vec<Cap>,
    /// Share of the audience that sees the default instead, 0 to 1, so that the effect can be measured.
    pub holdout: f64,
    /// What is shown.
    pub variants: Vec<Variant>,
}

impl Default for Experience {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            placement: String::new(),
            enabled: true,
            priority: 0,
            audience_id: None,
            starts_at: None,
            ends_at: None,
            frequency_caps: Vec::new(),
            holdout: 0.0,
            variants: Vec::new(),
        }
    }
}

/// At most so many exposures of a person within the last while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(rename = "FrequencyCap"))]
pub struct Cap {
    /// How many.
    pub exposures: u32,
    /// How far back they count; an exposure exactly as old does not.
    pub within: Span,
}

/// One thing that may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Variant {
    /// Name within the experience.
    pub key: String,
    /// Share relative to the other variants without an audience. 0 gets nobody new; who was shown the
    /// variant keeps it.
    pub weight: f64,
    /// Whether anybody sees it, also of those who were shown it before.
    #[serde(skip_serializing_if = "is_true")]
    pub enabled: bool,
    /// For whom it is, among those who see the experience. The first such variant whose audience the
    /// person is in is shown; the variants without an audience share everybody else by weight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience_id: Option<String>,
    /// What the page gets; any JSON.
    pub value: Value,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to it"
)]
fn is_true(enabled: &bool) -> bool {
    *enabled
}

impl Default for Variant {
    fn default() -> Self {
        Self {
            key: String::new(),
            weight: 1.0,
            enabled: true,
            audience_id: None,
            value: Value::Null,
        }
    }
}

/// What is wrong with an experience, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The place, such as `variants[1].weight`.
    pub path: String,
    /// What is wrong and what to write.
    pub message: String,
}

impl Mistake {
    /// A mistake at a place.
    pub fn at(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.path, self.message)
    }
}

impl Experience {
    /// Everything because of which the experience cannot be decided; nothing when all is well.
    #[must_use]
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let mut wrong = |path: &str, message: String| found.push(Mistake::at(path, message));
        for (path, text) in [("name", &self.name), ("placement", &self.placement)] {
            if !is_short(text) {
                wrong(path, format!("write 1 to {LONGEST} characters"));
            }
        }
        if self.id == SPACE_HOLDOUT {
            wrong(
                "id",
                format!("\"{SPACE_HOLDOUT}\" names the space's holdout"),
            );
        }
        if !(0.0..=1.0).contains(&self.holdout) {
            let message = format!("write a share from 0 to 1, not {}", self.holdout);
            wrong("holdout", message);
        }
        if let (Some(starts_at), Some(ends_at)) = (self.starts_at, self.ends_at)
            && ends_at <= starts_at
        {
            let message =
                format!("the experience is over before it begins: write a time after {starts_at}");
            wrong("ends_at", message);
        }
        if self.frequency_caps.len() > MOST_CAPS {
            wrong("frequency_caps", format!("write at most {MOST_CAPS}"));
        }
        for (at, cap) in self.frequency_caps.iter().enumerate() {
            if !(1..=MOST_CAPPED).contains(&cap.exposures) {
                let path = format!("frequency_caps[{at}].exposures");
                wrong(&path, format!("write a number from 1 to {MOST_CAPPED}"));
            }
            if cap.within.as_micros() <= 0 {
                let path = format!("frequency_caps[{at}].within");
                wrong(&path, "write a length of time such as 7d".to_owned());
            }
        }
        self.mistakes_of_variants(&mut found);
        found
    }

    fn mistakes_of_variants(&self, found: &mut Vec<Mistake>) {
        let mut wrong = |path: &str, message: String| found.push(Mistake::at(path, message));
        if self.variants.is_empty() || self.variants.len() > MOST_VARIANTS {
            let message = format!(
                "write 1 to {MOST_VARIANTS} variants such as {{\"key\":\"a\",\"value\":{{}}}}"
            );
            return wrong("variants", message);
        }
        for (at, variant) in self.variants.iter().enumerate() {
            let path = |field: &str| format!("variants[{at}].{field}");
            let before = self.variants.iter().take(at);
            if !is_short(&variant.key) {
                wrong(&path("key"), format!("write 1 to {LONGEST} characters"));
            } else if variant.key == HOLDOUT {
                let message =
                    format!("\"{HOLDOUT}\" names those who see the default: choose another");
                wrong(&path("key"), message);
            } else if before.clone().any(|other| other.key == variant.key) {
                let message = format!("there is a variant \"{}\" already", variant.key);
                wrong(&path("key"), message);
            }
            if !variant.weight.is_finite() || variant.weight < 0.0 {
                wrong(&path("weight"), "write a number of 0 or more".to_owned());
            }
        }
        let reached = |variant: &&Variant| variant.audience_id.is_some() || variant.weight > 0.0;
        if !self.variants.iter().any(|variant| reached(&variant)) {
            let message = "nobody would see any of them: give one a \"weight\" above 0";
            wrong("variants", message.to_owned());
        }
    }

    /// Whether it may be shown at a time: from `starts_at` until just before `ends_at`.
    #[must_use]
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.starts_at.is_none_or(|starts_at| starts_at <= now) && !self.is_over(now)
    }

    /// Whether it will never be shown again.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    /// Whether there is anything that it may show. To an edge, of what is off or over no variant is known.
    #[must_use]
    pub fn can_show(&self) -> bool {
        self.enabled && !self.variants.is_empty()
    }

    /// The variants that share the people who are in no variant's own audience.
    pub fn split(&self) -> impl DoubleEndedIterator<Item = &Variant> + Clone {
        self.variants
            .iter()
            .filter(|variant| variant.enabled && variant.audience_id.is_none())
    }

    /// The audiences that it names, each with where.
    pub fn audiences(&self) -> impl Iterator<Item = (String, &str)> {
        let own = self.audience_id.as_deref();
        let own = own.map(|id| ("audience_id".to_owned(), id));
        let variants = self.variants.iter().enumerate();
        own.into_iter().chain(variants.filter_map(|(at, variant)| {
            let id = variant.audience_id.as_deref()?;
            Some((format!("variants[{at}].audience_id"), id))
        }))
    }

    /// How many exposures its caps have to know of.
    #[must_use]
    pub fn counts(&self) -> usize {
        let caps = self.frequency_caps.iter();
        let most = caps.map(|cap| cap.exposures).max().unwrap_or(0);
        usize::try_from(most).unwrap_or(usize::MAX)
    }
}

fn is_short(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= LONGEST
        && !text.chars().any(char::is_control)
}
