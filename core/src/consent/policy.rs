//! A space's consent policy, and the one function that all hops ask.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::why::Matched;
use super::{
    ADVERTISING, ANALYTICS, Choices, CountedFrom, Counting, Evidence, Ground, NECESSARY,
    PERSONALIZATION, Regime, SALE_OR_SHARE, Use, Verdict, Why, place, verdict,
};
use crate::document::DocumentError;

/// Something for which people are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(default))]
pub struct Purpose {
    /// The word in receipts.
    pub name: String,
    /// What people are shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What it is for, in a sentence.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Which purposes each use needs: all that are listed. A use that lists none is never allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Keeping something on the device.
    pub store: Vec<String>,
    /// Sending events.
    pub send: Vec<String>,
    /// Joining a browser to a known person.
    pub link: Vec<String>,
    /// Facts about a person.
    pub traits: Vec<String>,
    /// Memberships in audiences.
    pub audiences: Vec<String>,
    /// Decisions that differ by person.
    pub decisions: Vec<String>,
    /// Handing to a destination that is not named.
    pub destinations: Vec<String>,
    /// Handing to a destination, by its id.
    pub named: BTreeMap<String, Vec<String>>,
}

impl Uses {
    /// The purposes that a use needs.
    #[must_use]
    pub fn of(&self, asked: Use<'_>) -> &[String] {
        match asked {
            Use::Store => &self.store,
            Use::Send => &self.send,
            Use::Link => &self.link,
            Use::Traits => &self.traits,
            Use::Audiences => &self.audiences,
            Use::Decisions => &self.decisions,
            Use::Destination(id) => self.named.get(id).unwrap_or(&self.destinations),
        }
    }

    /// Whether the space itself uses what this purpose allows: everything but destinations.
    fn within(&self, purpose: &str) -> bool {
        Use::ALL
            .into_iter()
            .any(|each| self.of(each).iter().any(|needed| needed == purpose))
    }
}

impl Serialize for Uses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for each in Use::ALL {
            map.serialize_entry(&each.to_string(), self.of(each))?;
        }
        map.serialize_entry("destinations", &self.destinations)?;
        for (id, purposes) in &self.named {
            map.serialize_entry(&Use::Destination(id).to_string(), purposes)?;
        }
        map.end()
    }
}

/// What holds in a place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(default))]
#[cfg_attr(feature = "schema", schemars(rename = "ConsentRule"))]
pub struct Rule {
    /// What is presumed of every purpose that has no regime of its own here.
    pub regime: Regime,
    /// What is presumed of single purposes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub purposes: BTreeMap<String, Regime>,
    /// What Global Privacy Control denies here; the policy's own list where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpc_denies: Option<Vec<String>>,
    /// Who is counted here, of those that are not collected; nobody where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting: Option<CountedFrom>,
}

impl From<Regime> for Rule {
    fn from(regime: Regime) -> Self {
        Self {
            regime,
            ..Self::default()
        }
    }
}

/// A space's consent policy. Reading one checks it as a whole ([`Policy::read`]).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(default))]
#[cfg_attr(feature = "schema", schemars(rename = "ConsentPolicy"))]
pub struct Policy {
    /// Counts up with each published change; every receipt names it.
    pub version: u32,
    /// The purposes of the space; `necessary` is among them.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Vec<crate::schema::OrShort<Purpose, String>>")
    )]
    pub purposes: Vec<Purpose>,
    /// What each use needs.
    pub uses: Uses,
    /// What Global Privacy Control denies where a place does not say otherwise. Empty where the owner
    /// does not honour it.
    pub gpc_denies: Vec<String>,
    /// What holds in a known place without a rule of its own.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "crate::schema::OrShort<Rule, Regime>")
    )]
    pub default: Rule,
    /// What holds where the edge does not know the place.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "crate::schema::OrShort<Rule, Regime>")
    )]
    pub unknown: Rule,
    /// By country (`DE`) or a country's region (`US-CA`). The closest is the whole rule: a region
    /// inherits nothing from its country.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "BTreeMap<String, crate::schema::OrShort<Rule, Regime>>")
    )]
    pub jurisdictions: BTreeMap<String, Rule>,
    /// A consent tool's own names for what people choose, and the purposes each stands for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub categories: BTreeMap<String, Vec<String>>,
    /// What is counted of those that are not collected, where a place's rule says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting: Option<Counting>,
}

impl Default for Policy {
    fn default() -> Self {
        let purpose = |(name, label, description): (&str, &str, &str)| Purpose {
            name: name.to_owned(),
            label: label.to_owned(),
            description: description.to_owned(),
        };
        let needs = |purpose: &str| vec![purpose.to_owned()];
        Self {
            version: 1,
            purposes: [
                (NECESSARY, "Necessary", "What the site cannot do without."),
                (
                    ANALYTICS,
                    "Analytics",
                    "Recording what visitors do, to understand and improve the site.",
                ),
                (
                    PERSONALIZATION,
                    "Personalization",
                    "Showing different content to different people.",
                ),
                (
                    ADVERTISING,
                    "Advertising",
                    "Telling advertising services who did what.",
                ),
                (
                    SALE_OR_SHARE,
                    "Sale or sharing",
                    "Selling or sharing personal data in the sense of the US state laws.",
                ),
            ]
            .map(purpose)
            .to_vec(),
            uses: Uses {
                store: needs(ANALYTICS),
                send: needs(ANALYTICS),
                link: needs(ANALYTICS),
                traits: needs(ANALYTICS),
                audiences: needs(ANALYTICS),
                decisions: needs(PERSONALIZATION),
                // Most destinations are advertising's; another is named with what it needs.
                destinations: needs(ADVERTISING),
                named: BTreeMap::new(),
            },
            gpc_denies: vec![ADVERTISING.to_owned(), SALE_OR_SHARE.to_owned()],
            default: Rule::from(Regime::OptIn),
            unknown: Rule::from(Regime::OptIn),
            jurisdictions: BTreeMap::new(),
            categories: BTreeMap::new(),
            counting: None,
        }
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Value::deserialize(deserializer)?.to_string();
        Self::read(&document).map_err(|errors| {
            let told: Vec<String> = errors.iter().map(DocumentError::to_string).collect();
            de::Error::custom(told.join("; "))
        })
    }
}

/// A purpose is named that the space does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPurpose {
    /// The name as it was written.
    pub name: String,
    /// The names that exist.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownPurpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, known } = self;
        write!(
            formatter,
            "unknown consent purpose \"{name}\": this space has {}; a consent tool's own name is mapped to them under \"categories\" of the consent policy",
            known.join(", ")
        )
    }
}

impl std::error::Error for UnknownPurpose {}

impl Policy {
    /// The policy that allows nothing but what is necessary: what holds where one cannot be read.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            version: u32::MAX,
            uses: Uses::default(),
            ..Self::default()
        }
    }

    /// Whether the space has a purpose.
    #[must_use]
    pub fn has(&self, purpose: &str) -> bool {
        self.purposes.iter().any(|known| known.name == purpose)
    }

    /// The purposes that a browser needs before it collects: those of storing and of sending, each once.
    #[must_use]
    pub fn collect_purposes(&self) -> Vec<&str> {
        let mut needed: Vec<&str> = Vec::new();
        for purpose in self.uses.send.iter().chain(&self.uses.store) {
            if !needed.contains(&purpose.as_str()) {
                needed.push(purpose);
            }
        }
        needed
    }

    /// What is presumed of a purpose in a place; `None` is an unknown place.
    #[must_use]
    pub fn regime(&self, purpose: &str, jurisdiction: Option<&str>) -> Regime {
        let (_, rule) = self.rule(jurisdiction);
        rule.purposes.get(purpose).copied().unwrap_or(rule.regime)
    }

    /// What is presumed in a place of purposes without a regime of their own there.
    #[must_use]
    pub fn rule(&self, jurisdiction: Option<&str>) -> (Matched<'_>, &Rule) {
        let Some(place) = jurisdiction else {
            return (Matched::Unknown, &self.unknown);
        };
        let country = place::country_of(place);
        let named = self.jurisdictions.get_key_value(place);
        let named = named.or_else(|| self.jurisdictions.get_key_value(country));
        match named {
            Some((code, rule)) => (Matched::Place(code), rule),
            None if place::is_country(country) => (Matched::Default, &self.default),
            None => (Matched::Unknown, &self.unknown),
        }
    }

    /// What Global Privacy Control denies in a place.
    #[must_use]
    pub fn gpc_denies(&self, jurisdiction: Option<&str>) -> &[String] {
        let (_, rule) = self.rule(jurisdiction);
        rule.gpc_denies.as_ref().unwrap_or(&self.gpc_denies)
    }

    /// Reads a consent tool's own names as the purposes that they stand for, and gives back the choices
    /// as they were; `None` when nothing is mapped. Where several names stand for one purpose, all of
    /// them have to be granted.
    pub fn map(&self, choices: &mut Choices) -> Option<Choices> {
        if !choices
            .keys()
            .any(|name| self.categories.contains_key(name))
        {
            return None;
        }
        let sent = std::mem::take(choices);
        for (name, granted) in &sent {
            let own = std::slice::from_ref(name);
            let purposes = self.categories.get(name).map_or(own, Vec::as_slice);
            for purpose in purposes {
                let known = choices.entry(purpose.clone()).or_insert(true);
                *known &= *granted;
            }
        }
        Some(sent)
    }

    /// Whether every purpose that `choices` name exists: a typo is an error, never a looser policy.
    ///
    /// # Errors
    /// Names the first unknown purpose and the known ones.
    pub fn check_choices(&self, choices: &Choices) -> Result<(), UnknownPurpose> {
        match choices.keys().find(|name| !self.has(name)) {
            None => Ok(()),
            Some(name) => Err(UnknownPurpose {
                name: name.chars().take(64).collect(),
                known: self
                    .purposes
                    .iter()
                    .map(|known| known.name.clone())
                    .collect(),
            }),
        }
    }

    /// The verdict for one purpose. `gpc` is whether the request or the receipt carries Global
    /// Privacy Control.
    #[must_use]
    pub fn verdict(
        &self,
        purpose: &str,
        choices: &Choices,
        jurisdiction: Option<&str>,
        gpc: bool,
    ) -> Verdict {
        let evidence = Evidence::of_choices(choices, jurisdiction, gpc);
        self.ask_purpose(purpose, &evidence).verdict
    }

    /// Whether something may be done, and why: every purpose that the use needs has to be allowed, and
    /// the strictest answer is the answer.
    #[must_use]
    pub fn ask<'a>(&'a self, asked: Use<'a>, evidence: &Evidence<'a>) -> Why<'a> {
        let mut strictest: Option<Why<'a>> = None;
        for purpose in self.uses.of(asked) {
            let why = self.ask_purpose(purpose, evidence);
            if strictest.is_none_or(|known| known.verdict < why.verdict) {
                strictest = Some(why);
            }
        }
        let unmapped = || Why {
            verdict: Verdict::Deny,
            ground: Ground::Unmapped,
            ..self.ask_purpose("", evidence)
        };
        Why {
            asked: Some(asked),
            ..strictest.unwrap_or_else(unmapped)
        }
    }

    /// Whether one purpose is allowed, and why. What cannot be decided is not allowed.
    #[must_use]
    pub fn ask_purpose<'a>(&'a self, purpose: &'a str, evidence: &Evidence<'a>) -> Why<'a> {
        let (matched, rule) = self.rule(evidence.jurisdiction);
        let own = rule.purposes.get(purpose).copied();
        let regime = own.unwrap_or(rule.regime);
        let choice = evidence.choices.get(purpose).copied();
        let vetoes = rule.gpc_denies.as_ref().unwrap_or(&self.gpc_denies);
        let vetoed = evidence.gpc && vetoes.iter().any(|denied| denied == purpose);
        let declared = evidence.declared.is_some() && self.uses.within(purpose);
        let (ground, presumption) = if purpose == NECESSARY {
            (Ground::Necessary, Regime::OptOut)
        } else if !self.has(purpose) {
            (Ground::UnknownPurpose, Regime::OptIn)
        } else if vetoed {
            (Ground::GlobalPrivacyControl, regime)
        } else {
            match choice {
                Some(true) => (Ground::Agreed, regime),
                Some(false) => (Ground::Refused, regime),
                None if declared => (Ground::Declared, Regime::OptOut),
                None if regime == Regime::OptOut => (Ground::Presumed, regime),
                None => (Ground::Undecided, regime),
            }
        };
        let answer = match ground {
            Ground::Necessary => Verdict::Allow,
            // Nobody can have chosen about it, and no place presumes it.
            Ground::UnknownPurpose => verdict(choice.map(|_| false), Regime::OptIn, false),
            _ => verdict(choice, presumption, vetoed),
        };
        Why {
            verdict: answer,
            policy_version: self.version,
            asked: None,
            purpose,
            matched,
            regime,
            regime_of_purpose: own.is_some(),
            gpc_of_place: rule.gpc_denies.is_some(),
            ground,
            source: evidence.source,
            declared: evidence.declared,
        }
    }
}
