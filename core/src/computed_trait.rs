//! Computed traits: facts derived from a person's events, exact and in any order.
//!
//! The state of a definition is kept per anchor and merged when profiles merge, so every operation
//! here is commutative and associative. Over all time a state is a summary: a count, an exact decimal
//! sum, a minimum. Within a window that moves it is the events that are still inside, since an exact
//! answer has to know which of them leaves next.

use serde::{Deserialize, Serialize};

use crate::condition::{Condition, no_groups};
use crate::event::Event;
use crate::window::{self, Window};

mod amount;
mod kept;
mod state;

pub use kept::{LONGEST_VALUE, MOST_BYTES, MOST_VALUES};
pub use state::{Changes, MOST_ENTRIES, State};

/// How events become one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// How many events.
    Count,
    /// Exact sum of the numbers.
    Sum,
    /// Mean of the numbers.
    Average,
    /// The smallest number.
    Min,
    /// The largest number.
    Max,
    /// The value of the earliest event.
    First,
    /// The value of the latest event.
    Last,
    /// The value that came most often; of several the smallest, as JSON texts.
    MostFrequent,
    /// How many different values.
    UniqueCount,
    /// The values of the latest events, the latest first.
    LastN,
    /// Seconds since the latest event.
    TimeSinceLast,
    /// Seconds since the earliest event.
    TimeSinceFirst,
    /// When the latest events happened, and how many there were. What an audience remembers to count
    /// within a window; no trait that anybody sees.
    Times,
}

impl Aggregate {
    /// The words for what can be asked for.
    const WORDS: &str = "count, sum, average, min, max, first, last, most_frequent, unique_count, last_n, time_since_last, time_since_first";

    /// Whether it is of events, not of values in them.
    fn is_of_events(self) -> bool {
        matches!(
            self,
            Self::Count | Self::TimeSinceLast | Self::TimeSinceFirst | Self::Times
        )
    }
}

/// What to compute.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ComputedTraitDefinition"))]
pub struct Definition {
    /// The trait's name.
    pub key: String,
    /// Name of the events that count.
    pub event: String,
    /// What their properties have to be.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub properties: Option<Condition>,
    /// How.
    pub aggregate: Aggregate,
    /// Of which values, a path such as `properties.revenue` that goes through arrays; `count` needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// How many values are listed; only of [`Aggregate::LastN`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n: Option<usize>,
    /// `false` leaves the events of known bots out, `true` takes only them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bots: Option<bool>,
    /// Which events count now.
    #[serde(flatten)]
    pub window: Window,
    /// How many times are remembered; only of [`Aggregate::Times`].
    #[serde(skip_serializing_if = "is_none_at_all")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub most: usize,
}

/// A [`Definition`] as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    key: String,
    event: String,
    #[serde(rename = "where", default)]
    properties: Option<serde_json::Value>,
    aggregate: Aggregate,
    #[serde(default)]
    of: Option<String>,
    #[serde(default)]
    n: Option<usize>,
    #[serde(default)]
    bots: Option<bool>,
    #[serde(default)]
    within: Option<serde_json::Value>,
    #[serde(default)]
    calendar: Option<serde_json::Value>,
    #[serde(default)]
    timezone: Option<serde_json::Value>,
    #[serde(default)]
    from: Option<serde_json::Value>,
    #[serde(default)]
    until: Option<serde_json::Value>,
    #[serde(default)]
    most: usize,
}

impl<'de> Deserialize<'de> for Definition {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let fields = Fields::deserialize(deserializer)?;
        let properties = fields.properties.as_ref();
        let properties = properties
            .map(|value| crate::audience::read_where(value, "where"))
            .transpose()
            .map_err(D::Error::custom)?;
        let window = [
            ("within", fields.within),
            ("calendar", fields.calendar),
            ("timezone", fields.timezone),
            ("from", fields.from),
            ("until", fields.until),
        ];
        let window = window
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        Ok(Self {
            key: fields.key,
            event: fields.event,
            properties,
            aggregate: fields.aggregate,
            of: fields.of,
            n: fields.n,
            bots: fields.bots,
            window: window::read(window)
                .map_err(|(at, message)| D::Error::custom(format!("{at}: {message}")))?,
            most: fields.most,
        })
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to it"
)]
fn is_none_at_all(most: &usize) -> bool {
    *most == 0
}

/// How the key of a definition begins that an audience made for itself.
pub const HIDDEN: char = '#';

/// The longest list that [`Aggregate::LastN`] keeps.
const LONGEST: usize = 100;

impl Definition {
    /// Whether an audience made it for itself, so that nobody sees it.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.key.starts_with(HIDDEN)
    }

    /// Whether the definition can be computed.
    ///
    /// # Errors
    /// Says what is missing and how to write it.
    pub fn check(&self) -> Result<(), String> {
        if self.key.is_empty() || self.event.is_empty() {
            return Err("a computed trait needs a \"key\" and the name of an \"event\"".to_owned());
        }
        if self.is_hidden() {
            return Err(format!(
                "the key \"{}\" begins with {HIDDEN}, which is kept for audiences: choose another",
                self.key
            ));
        }
        if self.most != 0 {
            return Err("\"most\" is kept for audiences: leave it out".to_owned());
        }
        if self.aggregate == Aggregate::Times {
            return Err(format!(
                "\"aggregate\" has to be one of {}",
                Aggregate::WORDS
            ));
        }
        self.check_values()
    }

    /// Whether what is asked for can be told from the events.
    pub(crate) fn check_values(&self) -> Result<(), String> {
        match (self.n, self.aggregate) {
            (Some(1..=LONGEST), Aggregate::LastN) => {}
            (_, Aggregate::LastN) => {
                return Err(format!(
                    "\"n\" says how many values are listed, from 1 to {LONGEST}"
                ));
            }
            (None, _) => {}
            (Some(_), _) => return Err("\"n\" belongs to last_n alone: leave it out".to_owned()),
        }
        let is_since = matches!(
            self.aggregate,
            Aggregate::TimeSinceLast | Aggregate::TimeSinceFirst
        );
        if is_since && self.window.moves() {
            let message = "the time since an event needs no window that moves: leave \"within\" and \"calendar\" out";
            return Err(message.to_owned());
        }
        match &self.of {
            None if self.aggregate.is_of_events() => Ok(()),
            None => Err("say which values in \"of\", such as \"properties.revenue\"".to_owned()),
            Some(path) if has_root(path) => Ok(()),
            Some(path) => Err(format!(
                "\"of\": \"{path}\" must start with properties., traits. or context."
            )),
        }
    }

    /// Whether an event counts, as far as time alone does not say so.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        event.event_name() == Some(self.event.as_str())
            && self.bots.is_none_or(|bots| bots == event.bot.is_some())
            && self.window.admits(event.timestamp)
            && self
                .properties
                .as_ref()
                .is_none_or(|condition| condition.holds(&event.properties, &no_groups))
    }
}

fn has_root(path: &str) -> bool {
    ["properties.", "traits.", "context."]
        .iter()
        .any(|root| path.len() > root.len() && path.starts_with(root))
}
