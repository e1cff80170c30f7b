//! Decisions: which variant of which experience a placement shows, and why.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bucket::{HashVersion, bucket_ranges, choose_variation, hash};
use crate::forward::Snapshot;

/// A personalisation of one placement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experience {
    /// `exp_…`
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The place on the page, such as `home-hero`.
    pub placement: String,
    /// Whether it takes part.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Among experiences that fit, the highest wins; then the smallest id.
    #[serde(default)]
    pub priority: i64,
    /// Who sees it; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_id: Option<String>,
    /// Share of the audience that sees the default instead, 0 to 1, so that the effect can be measured. People fall
    /// into 10,000 buckets: a share between two steps of 0.0001 is rounded up.
    #[serde(default)]
    pub holdout: f64,
    /// What is shown.
    pub variants: Vec<Variant>,
}

fn yes() -> bool {
    true
}

/// One thing that may be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Name within the experience.
    pub key: String,
    /// Share relative to the other variants, in steps of 1/10,000 of all people: a variant with less may be seen by
    /// nobody.
    #[serde(default = "one")]
    pub weight: f64,
    /// What the page gets; any JSON.
    #[serde(default)]
    pub value: Value,
}

fn one() -> f64 {
    1.0
}

/// The answer for one placement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The placement asked for.
    pub placement: String,
    /// The experience; null shows the default.
    pub experience: Option<String>,
    /// Key of the variant; null shows the default.
    pub variant: Option<String>,
    /// The variant's value.
    pub value: Option<Value>,
    /// Why, in words for a person.
    pub reasons: Vec<String>,
}

impl Decision {
    /// The page's own default, with the reason.
    #[must_use]
    pub fn default_content(placement: &str, reason: impl Into<String>) -> Self {
        Self {
            placement: placement.to_owned(),
            experience: None,
            variant: None,
            value: None,
            reasons: vec![reason.into()],
        }
    }
}

impl Experience {
    /// Whether the experience can be decided.
    ///
    /// # Errors
    /// Says what is wrong and how to write it.
    pub fn check(&self) -> Result<(), String> {
        if self.name.is_empty() || self.placement.is_empty() {
            return Err("an experience needs a \"name\" and a \"placement\"".to_owned());
        }
        if !(0.0..=1.0).contains(&self.holdout) {
            return Err(format!(
                "\"holdout\" is a share from 0 to 1, not {}",
                self.holdout
            ));
        }
        if self.variants.is_empty() {
            return Err(
                "\"variants\" needs at least one variant such as {\"key\":\"a\",\"value\":{}}"
                    .to_owned(),
            );
        }
        let mut keys: Vec<&str> = self
            .variants
            .iter()
            .map(|variant| variant.key.as_str())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        if keys.len() != self.variants.len() || keys.contains(&"") {
            return Err("each variant needs a \"key\" of its own".to_owned());
        }
        let weights_fit = self
            .variants
            .iter()
            .all(|variant| variant.weight.is_finite() && variant.weight >= 0.0);
        if !weights_fit || self.total_weight() <= 0.0 {
            return Err(
                "each \"weight\" is a number of 0 or more, and one of them is more than 0"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn total_weight(&self) -> f64 {
        self.variants.iter().map(|variant| variant.weight).sum()
    }

    /// Whether a person sees the default for measurement's sake, whichever variant it would be.
    fn holds_out(&self, key: &str) -> bool {
        point(&format!("{}:holdout", self.id), key) < self.holdout
    }

    /// The variant for a person: the same person gets the same one as long as the weights stay.
    fn pick(&self, key: &str) -> Option<&Variant> {
        let total = self.total_weight();
        let weighted = || self.variants.iter().filter(|variant| variant.weight > 0.0);
        let weights: Vec<f64> = weighted().map(|variant| variant.weight / total).collect();
        let ranges = bucket_ranges(weights.len(), 1.0, Some(&weights));
        let chosen = choose_variation(point(&self.id, key), &ranges);
        // Weights that were divided may miss 1 by a rounding.
        chosen.map_or_else(|| weighted().next_back(), |at| weighted().nth(at))
    }
}

/// What the caller sees at a placement. `bucket_by` names the person or browser: it decides between
/// variants and the holdout, the same each time.
#[must_use]
pub fn decide(
    experiences: &[Experience],
    placement: &str,
    snapshot: &Snapshot,
    bucket_by: &str,
) -> Decision {
    let mut fitting: Vec<&Experience> = experiences
        .iter()
        .filter(|experience| experience.enabled && experience.placement == placement)
        .collect();
    if fitting.is_empty() {
        return Decision::default_content(placement, "no experience is enabled for this placement");
    }
    fitting.sort_by(|left, right| {
        right
            .priority
            .cmp(&left.priority)
            .then_with(|| left.id.cmp(&right.id))
    });
    let mut reasons = Vec::new();
    for experience in fitting {
        let name = &experience.name;
        match membership(experience, snapshot) {
            Err(reason) => reasons.push(reason),
            Ok(_) if experience.holds_out(bucket_by) => {
                reasons.push(format!(
                    "in the holdout of \"{name}\", which sees the default"
                ));
                return Decision {
                    reasons,
                    ..Decision::default_content(placement, "")
                };
            }
            Ok(why) => {
                let variant = experience.pick(bucket_by);
                reasons.insert(0, why);
                return Decision {
                    placement: placement.to_owned(),
                    experience: Some(experience.id.clone()),
                    variant: variant.map(|variant| variant.key.clone()),
                    value: variant.map(|variant| variant.value.clone()),
                    reasons,
                };
            }
        }
    }
    Decision {
        reasons,
        ..Decision::default_content(placement, "")
    }
}

fn membership(experience: &Experience, snapshot: &Snapshot) -> Result<String, String> {
    let Some(audience_id) = &experience.audience_id else {
        return Ok(format!("\"{}\" is for everybody", experience.name));
    };
    let member = snapshot
        .audiences
        .iter()
        .find(|membership| membership.audience_id == *audience_id);
    match member {
        Some(membership) => Ok(format!(
            "in audience \"{}\" ({audience_id})",
            membership.name
        )),
        None => Err(format!(
            "not in the audience of \"{}\" ({audience_id})",
            experience.name
        )),
    }
}

/// Where somebody falls. The seed of the variants is the experience's id, so that another program that splits by
/// GrowthBook's rule can tell who sees what.
fn point(seed: &str, key: &str) -> f64 {
    hash(seed, key, HashVersion::V2)
}
