//! Decisions: which variant of which experience a placement shows, and why.
//!
//! [`decide`] is the one place where a decision is made, in the browser, at the edge and on the server.
//! It needs the experiences, a person's [`Snapshot`] and the time, and nothing else: what the person was
//! shown before is in the snapshot ([`Exposed`]). `docs/experiences.md` tells the same rules to people.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::forward::Snapshot;
use crate::time::Timestamp;

mod consider;
mod experience;
mod exposure;
mod why;

pub use experience::{Cap, Experience, MOST_CAPPED, Mistake, Variant};
pub use exposure::{EXPOSURE_EVENT, Exposed, Exposure, HOLDOUT, SPACE_HOLDOUT, Shown};
pub use why::{Assigned, Cause, Evidence, Why};

use consider::Considered;

/// The answer for one placement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// The placement asked for.
    pub placement: String,
    /// The experience; null shows the default.
    pub experience: Option<String>,
    /// Key of the variant; null shows the default.
    pub variant: Option<String>,
    /// The variant's value, or the placement's default; null where the page has its own.
    pub value: Option<Value>,
    /// Why, in words for a person.
    pub reasons: Vec<String>,
    /// The same for a program: each experience of the placement, in the order in which they were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<Why>,
    /// The properties of the event that tells that this was shown; absent where nothing was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exposure: Option<Exposure>,
}

impl Decision {
    /// The page's own default, with the reason.
    #[must_use]
    pub fn default_content(placement: &str, reason: impl Into<String>) -> Self {
        Self {
            reasons: vec![reason.into()],
            ..Self::nothing(placement)
        }
    }

    /// The page's own default, because of something that is no experience's doing.
    #[must_use]
    pub fn refused(placement: &str, cause: Cause, reason: impl Into<String>) -> Self {
        Self {
            why: vec![Why::of_nobody(cause)],
            ..Self::default_content(placement, reason)
        }
    }

    fn nothing(placement: &str) -> Self {
        Self {
            placement: placement.to_owned(),
            experience: None,
            variant: None,
            value: None,
            reasons: Vec::new(),
            why: Vec::new(),
            exposure: None,
        }
    }

    /// Gives the placement's default where nothing else is shown.
    pub fn fill(&mut self, default: Option<&Value>) {
        if self.experience.is_none() {
            self.value = default.cloned();
        }
    }

    /// Says by which id the decision is known, so that showing it twice counts once.
    pub fn name(&mut self, decision_id: &str) {
        if let Some(exposure) = &mut self.exposure {
            exposure.decision_id = Some(decision_id.to_owned());
        }
    }
}

/// For whom, and when, something is decided.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    /// What is known of the person.
    pub snapshot: &'a Snapshot,
    /// Names the person or browser: it decides between arms that the person was never shown, the same
    /// each time.
    pub bucket_by: &'a str,
    /// Share of all people who see the default everywhere, 0 to 1.
    pub holdout: f64,
    /// Now.
    pub now: Timestamp,
}

/// What the caller sees at a placement.
///
/// The experiences of the placement are asked one after the other: the highest priority first, between
/// equal ones the smallest id. The first that takes the person decides; one that does not (because it is
/// off, not now, for others, has no variant for the person, or was shown often enough) lets the next
/// one decide. A holdout takes the person: who is in it sees the default, and nothing else decides.
#[must_use]
pub fn decide(experiences: &[Experience], placement: &str, asker: &Asker<'_>) -> Decision {
    let mut asked: Vec<&Experience> = experiences
        .iter()
        .filter(|experience| experience.placement == placement)
        .collect();
    asked.sort_by(|left, right| {
        right
            .priority
            .cmp(&left.priority)
            .then_with(|| left.id.cmp(&right.id))
    });
    let mut answer = Decision::nothing(placement);
    if !asked.iter().any(|experience| experience.enabled) {
        let reason = "no experience is enabled for this placement";
        answer.reasons.push(reason.to_owned());
    }
    let mut asked = asked.into_iter();
    for experience in asked.by_ref() {
        let Considered { why, words, takes } = consider::consider(experience, asker);
        answer.why.push(why);
        let Some(variant) = takes else {
            // What is off is nobody's reason.
            if experience.enabled {
                answer.reasons.push(words);
            }
            continue;
        };
        take(&mut answer, experience, variant, words, asker);
        break;
    }
    answer
        .why
        .extend(asked.map(|experience| Why::of(experience, Cause::Priority, asker)));
    answer
}

/// Writes down that an experience takes the person, with a variant or into its holdout; or that the
/// space's holdout does instead.
fn take(
    answer: &mut Decision,
    experience: &Experience,
    variant: Option<&Variant>,
    words: String,
    asker: &Asker<'_>,
) {
    let mut exposure = Exposure {
        experience: experience.id.clone(),
        variant: variant.map(|variant| variant.key.clone()),
        placement: experience.placement.clone(),
        holdout: variant.is_none(),
        decision_id: None,
    };
    if let Some(by) = consider::held_by_space(asker) {
        let reason = "in the space's holdout, which sees the default everywhere";
        answer.reasons.push(reason.to_owned());
        if let Some(why) = answer.why.last_mut() {
            why.outcome = Cause::Holdout;
            why.by = Some(by);
        }
        SPACE_HOLDOUT.clone_into(&mut exposure.experience);
        exposure.variant = None;
        exposure.holdout = true;
    } else if let Some(variant) = variant {
        // The reason why something is shown is what people ask for.
        answer.reasons.insert(0, words);
        answer.experience = Some(experience.id.clone());
        answer.variant = Some(variant.key.clone());
        answer.value = Some(variant.value.clone());
    } else {
        answer.reasons.push(words);
    }
    answer.exposure = Some(exposure);
}
