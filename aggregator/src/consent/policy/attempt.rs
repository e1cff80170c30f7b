//! Trying a policy against what has arrived, before it is published.

use std::collections::{BTreeMap, HashSet};

use cdp_core::consent::{Evidence, Policy, Use, Verdict};
use cdp_core::event::Event;
use cdp_core::gate::{Finding, Gate, examine, gate_event};
use cdp_core::outcome::Outcome;
use cdp_core::source::ConsentBasis;
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{read, store};
use crate::app::App;
use crate::consent::Rules;
use crate::error::Result;
use crate::history::{self, Reading};
use crate::{pipeline, quarantine, withdrawal};

/// Messages in quarantine that one try reads at most.
const MOST_QUARANTINED: usize = 2_000;
/// Events that are named for each change.
const SAMPLES: usize = 5;
/// Rules that are told one by one; the rest is told together.
const MOST_RULES: usize = 200;

/// What would change. Events are judged by their own receipts, people by all that is kept of them; what
/// is denied today was not kept and cannot be tried.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrial")]
pub(super) struct Attempt {
    /// The version that the policy is compared with.
    version: i64,
    /// Stored events that were tried.
    stored: Reading,
    /// What would have become of them, by outcome.
    outcomes: BTreeMap<&'static str, usize>,
    /// Those that would not have been stored, by the rule that decides.
    refused: BTreeMap<String, Refusal>,
    /// For each use, of how many events it may be made, now and then.
    uses: BTreeMap<String, Shift>,
    /// Messages in quarantine.
    quarantined: Quarantined,
    /// What publishing would make of the people who had events.
    people: withdrawal::Trial,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialRefusal")]
struct Refusal {
    events: usize,
    samples: Vec<Sample>,
}

/// How a use changes.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialUse")]
struct Shift {
    allowed_now: usize,
    allowed_then: usize,
    gained: Change,
    lost: Change,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialChange")]
struct Change {
    events: usize,
    samples: Vec<Sample>,
}

/// An event, and what the policy that is tried says of it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialSample")]
struct Sample {
    message_id: String,
    reason: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ConsentTrialQuarantined")]
struct Quarantined {
    /// Messages that were read.
    events: usize,
    /// Whether these are all; otherwise they are the youngest.
    complete: bool,
    /// Those that edge and consent would let through.
    ok: usize,
}

/// Compares the policy with the one in force, over the events that were received since a time.
pub(super) async fn attempt(
    app: &App,
    space_id: &str,
    draft: Policy,
    since: Timestamp,
) -> Result<Attempt> {
    let current = store::current(&app.database, space_id).await?;
    let now = read(&current.policy.to_string())?;
    let draft = Policy {
        version: now.version.saturating_add(1),
        ..draft
    };
    let mut trial = Trial::new(&now, &draft);
    let end = pipeline::last_offset(&app.database).await?;
    let identity = app.sources.identity(space_id);
    let mut anchors = Vec::new();
    let mut seen = HashSet::new();
    let stored = history::read(&app.database, space_id, end, since, |source_id, event| {
        let anchor = identity.identifiers_of(&event).into_iter().next();
        if let Some(anchor) = anchor.map(|anchor| anchor.to_string())
            && seen.insert(anchor.clone())
        {
            anchors.push(anchor);
        }
        let source = app.sources.by_id(source_id);
        // Nobody declares anything for a source that is gone.
        let basis = source.map_or(ConsentBasis::EveryEvent, |source| {
            source.consent_basis.clone()
        });
        trial.judge(&basis, &event);
    })
    .await?;
    let rules = Rules::under(draft.clone(), &app.sources, space_id);
    let mut people = withdrawal::would_change(app, &rules, &anchors).await?;
    people.limit(stored.complete);
    let kept = quarantine::since(app, space_id, since, MOST_QUARANTINED, Some(&draft)).await?;
    Ok(Attempt {
        version: current.version,
        stored,
        outcomes: trial.outcomes,
        refused: trial.refused,
        uses: trial.uses,
        quarantined: Quarantined {
            events: kept.messages,
            complete: kept.complete,
            ok: kept.events.len(),
        },
        people,
    })
}

struct Trial<'a> {
    now: &'a Policy,
    draft: &'a Policy,
    asked: Vec<(Use<'a>, String)>,
    outcomes: BTreeMap<&'static str, usize>,
    refused: BTreeMap<String, Refusal>,
    uses: BTreeMap<String, Shift>,
}

impl<'a> Trial<'a> {
    fn new(now: &'a Policy, draft: &'a Policy) -> Self {
        let named = now.uses.named.keys().chain(draft.uses.named.keys());
        let mut asked: Vec<(Use<'a>, String)> = Use::ALL
            .into_iter()
            .chain(named.map(|id| Use::Destination(id)))
            .map(|each| (each, each.to_string()))
            .collect();
        // Of every destination that neither names: no id has such a letter.
        asked.push((Use::Destination("*"), "destinations".to_owned()));
        Self {
            now,
            draft,
            asked,
            outcomes: BTreeMap::new(),
            refused: BTreeMap::new(),
            uses: BTreeMap::new(),
        }
    }

    fn judge(&mut self, basis: &ConsentBasis, event: &Event) {
        let then = Event {
            receipt: event.receipt.read_by(self.draft),
            ..event.clone()
        };
        let outcome = match gate_event(self.draft, basis, &then, None) {
            Gate::Admit => Outcome::Ok,
            Gate::Deny(reason) => {
                self.refuse(basis, &then, reason);
                Outcome::Denied
            }
            Gate::Quarantine(reason) => {
                self.refuse(basis, &then, reason);
                Outcome::Quarantined
            }
        };
        *self.outcomes.entry(outcome.as_str()).or_default() += 1;
        let links = event.anonymous_id.is_some() && event.user_id.is_some();
        let before = Evidence::of_receipt(&event.receipt, basis.declared());
        let after = Evidence::of_receipt(&then.receipt, basis.declared());
        for (asked, word) in &self.asked {
            if *asked == Use::Link && !links {
                continue;
            }
            let why = self.draft.ask(*asked, &after);
            let is = self.now.ask(*asked, &before).verdict == Verdict::Allow;
            // What is not stored is used for nothing.
            let will = outcome == Outcome::Ok && why.verdict == Verdict::Allow;
            let shift = self.uses.entry(word.clone()).or_default();
            shift.allowed_now += usize::from(is);
            shift.allowed_then += usize::from(will);
            let change = match (is, will) {
                (true, false) => &mut shift.lost,
                (false, true) => &mut shift.gained,
                _ => continue,
            };
            change.events += 1;
            note(&mut change.samples, &event.message_id, || why.to_string());
        }
    }

    /// By the rule that decides, not by the sentence, which names what differs from event to event.
    fn refuse(&mut self, basis: &ConsentBasis, event: &Event, reason: String) {
        let mut rule = match examine(self.draft, basis, event, None) {
            Finding::Ruled(why) => why.rule(),
            Finding::Forged(_) => "receipt".to_owned(),
        };
        if self.refused.len() >= MOST_RULES && !self.refused.contains_key(&rule) {
            "others".clone_into(&mut rule);
        }
        let refusal = self.refused.entry(rule).or_default();
        refusal.events += 1;
        note(&mut refusal.samples, &event.message_id, || reason);
    }
}

fn note(samples: &mut Vec<Sample>, message_id: &str, reason: impl FnOnce() -> String) {
    if samples.len() < SAMPLES {
        samples.push(Sample {
            message_id: message_id.to_owned(),
            reason: reason(),
        });
    }
}
