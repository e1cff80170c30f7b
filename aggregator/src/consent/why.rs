//! Why something is there or not: the rule of the policy that decided over the evidence, in words.

use std::pin::pin;

use cdp_core::audience::Expr;
use cdp_core::computed_trait::Definition;
use cdp_core::consent::{Explained, Standing, Use, Verdict};
use cdp_core::identifier::Identifier;
use cdp_core::{gate, traits};
use futures_util::TryStreamExt as _;
use schemars::JsonSchema;
use serde::Serialize;
use sqlx::AnyConnection;

use super::rules::{Devices, Rules};
use crate::error::Result;
use crate::pipeline::{self, Logged};

/// What is asked about.
pub(super) enum About {
    /// Anything that may be done with the person's events.
    Anything,
    /// The trait of this name.
    Trait(String),
    /// A computed trait.
    Computed(Box<Definition>),
    /// A membership.
    Membership(Box<Expr>),
    /// What joins this identifier.
    Link(Identifier),
}

impl About {
    /// Whether it may rest on an event.
    fn concerns(&self, rules: &Rules, logged: &Logged) -> bool {
        let event = &logged.event;
        match self {
            Self::Anything => true,
            Self::Trait(name) => traits::of_event(event).iter().any(|(key, _)| key == name),
            Self::Computed(definition) => definition.matches(event),
            Self::Membership(rule) => {
                let counters = rule.counters();
                counters.is_empty() || counters.iter().any(|counter| counter.matches(event))
            }
            Self::Link(identifier) => rules
                .links_of(logged)
                .iter()
                .any(|(a, b)| a == identifier || b == identifier),
        }
    }
}

/// What consent says to some uses of the evidence, and of which message it says so.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConsentEvidence")]
pub(super) struct Answer {
    pub(super) allowed: bool,
    /// The event that decides: one that counts where there is one, the youngest of its kind.
    message_id: String,
    reasons: Vec<Explained>,
    #[serde(skip)]
    order: (bool, i64, i64),
}

impl Answer {
    /// What consent says to uses of one event.
    pub(super) fn of(
        rules: &Rules,
        logged: &Logged,
        standing: &Standing,
        devices: &Devices,
        uses: &[Use<'_>],
    ) -> Option<Self> {
        let basis = rules.basis(&logged.source_id)?;
        let explain = |standing| {
            let explain = |asked: &Use<'_>| {
                let (policy, event) = (rules.policy(), &logged.event);
                gate::explain(policy, basis, event, Some(standing), *asked).explained()
            };
            // That what was given is this person's is a link.
            let link = rules.is_given(logged).then_some(Use::Link);
            uses.iter()
                .chain(&link)
                .map(explain)
                .collect::<Vec<Explained>>()
        };
        let allows =
            |reasons: &Vec<Explained>| reasons.iter().all(|why| why.verdict == Verdict::Allow);
        let words = rules.words(logged, standing, devices).into_iter();
        let mut explained: Vec<_> = words.map(explain).collect();
        let refusal = explained.iter().position(|reasons| !allows(reasons));
        let reasons = explained.swap_remove(refusal.unwrap_or(0));
        let allowed = allows(&reasons);
        Some(Self {
            allowed,
            message_id: logged.event.message_id.clone(),
            reasons,
            order: (allowed, logged.event.ruled_at().as_micros(), logged.offset),
        })
    }
}

/// What consent says to uses of what these anchors' events tell of something; `None` where no event does.
pub(super) async fn answer(
    connection: &mut AnyConnection,
    rules: &Rules,
    anchors: &[String],
    standing: &Standing,
    about: &About,
    uses: &[Use<'_>],
) -> Result<Option<Answer>> {
    let devices = Devices::of_anchors(connection, rules, anchors.iter()).await?;
    let mut best: Option<Answer> = None;
    for anchor in anchors {
        let events = pipeline::events_of_anchor(connection, rules.space_id(), anchor);
        let mut events = pin!(events);
        while let Some(logged) = events.try_next().await? {
            if rules.grants(&logged).is_none() || !about.concerns(rules, &logged) {
                continue;
            }
            let found = Answer::of(rules, &logged, standing, &devices, uses);
            if let Some(found) = found
                && best.as_ref().is_none_or(|known| known.order < found.order)
            {
                best = Some(found);
            }
        }
    }
    Ok(best)
}
