//! Trying a plan against what has arrived, before it is published.

use std::collections::BTreeMap;

use cdp_core::event::{Event, EventKind};
use cdp_core::time::Timestamp;
use cdp_core::tracking_plan::{Action, Compiled, name_of};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::history::{self, Reading};
use crate::{pipeline, quarantine};

/// Messages in quarantine that one try reads at most.
const MOST_QUARANTINED: usize = 2_000;
/// Events that are told one by one; the rest is told together.
const MOST_EVENTS: usize = 1_000;
/// Kinds of violation that are told of one event.
const MOST_VIOLATIONS: usize = 50;
/// Events that are named for each kind of violation.
const SAMPLES: usize = 5;

/// What would have happened.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrackingPlanTrial")]
pub(super) struct Attempt {
    /// Stored events that were compared.
    stored: Reading,
    /// Messages in quarantine that were compared.
    quarantined: Quarantined,
    /// By event, those with the most trouble first.
    events: Vec<Tried>,
}

/// What would become of what is in quarantine.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "TrackingPlanTrialQuarantined")]
struct Quarantined {
    /// Messages that were read.
    events: usize,
    /// Whether these are all; otherwise they are the youngest.
    complete: bool,
    /// Messages that are read at most.
    limit: usize,
    /// Messages that stay refused whatever the plan says.
    refused_otherwise: usize,
}

/// How many events would have had which end.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "TrackingPlanEnds")]
struct Ends {
    pass: usize,
    allow: usize,
    flag: usize,
    quarantine: usize,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TriedEvent")]
struct Tried {
    #[serde(rename = "type")]
    kind: EventKind,
    event: Option<String>,
    planned: bool,
    stored: Ends,
    quarantined: Ends,
    violations: Vec<Broken>,
}

/// A kind of violation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TriedViolation")]
struct Broken {
    path: String,
    rule: String,
    expected: String,
    count: usize,
    samples: Vec<Sample>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TriedSample")]
struct Sample {
    message_id: String,
    path: String,
    found: String,
}

/// Compares the plan with the stored events and the quarantine since a time.
pub(super) async fn attempt(
    app: &App,
    space_id: &str,
    plan: &Compiled,
    since: Timestamp,
) -> Result<Attempt> {
    let end = pipeline::last_offset(&app.database).await?;
    let mut trial = Trial::new(plan);
    let stored = history::read(&app.database, space_id, end, since, |_, event| {
        trial.judge(event, false);
    })
    .await?;
    let refused = quarantine::since(app, space_id, since, MOST_QUARANTINED, None).await?;
    let quarantined = Quarantined {
        events: refused.messages,
        complete: refused.complete,
        limit: MOST_QUARANTINED,
        refused_otherwise: refused.messages - refused.events.len(),
    };
    for event in refused.events {
        trial.judge(event, true);
    }
    Ok(Attempt {
        stored,
        quarantined,
        events: trial.told(),
    })
}

struct Trial<'a> {
    plan: &'a Compiled,
    events: BTreeMap<(EventKind, Option<String>), Tried>,
}

impl<'a> Trial<'a> {
    fn new(plan: &'a Compiled) -> Self {
        Self {
            plan,
            events: BTreeMap::new(),
        }
    }

    fn judge(&mut self, mut event: Event, from_quarantine: bool) {
        let finding = self.plan.judge(&mut event);
        let name = name_of(&event).map(str::to_owned);
        let mut key = (event.kind, name);
        if self.events.len() >= MOST_EVENTS && !self.events.contains_key(&key) {
            key.1 = None;
        }
        let planned = self.plan.entry_of(key.0, key.1.as_deref()).is_some();
        let tried = self
            .events
            .entry(key)
            .or_insert_with_key(|(kind, event)| Tried {
                kind: *kind,
                event: event.clone(),
                planned,
                stored: Ends::default(),
                quarantined: Ends::default(),
                violations: Vec::new(),
            });
        let ends = if from_quarantine {
            &mut tried.quarantined
        } else {
            &mut tried.stored
        };
        let Some(finding) = finding else {
            ends.pass += 1;
            return;
        };
        match finding.action {
            Action::Allow => ends.allow += 1,
            Action::Flag => ends.flag += 1,
            Action::Quarantine => ends.quarantine += 1,
        }
        let mut last: Option<(String, String)> = None;
        for found in finding.violations {
            // An event counts once for a kind, however many of its items break the rule.
            let kind = (found.place.clone(), found.violation.rule.clone());
            if last.as_ref() == Some(&kind) {
                continue;
            }
            last = Some(kind);
            tried.add(&event.message_id, found);
        }
    }

    fn told(self) -> Vec<Tried> {
        let mut events: Vec<Tried> = self.events.into_values().collect();
        for event in &mut events {
            event
                .violations
                .sort_by_key(|kind| std::cmp::Reverse(kind.count));
        }
        events.sort_by_key(|event| {
            let Ends {
                allow,
                flag,
                quarantine,
                ..
            } = event.stored;
            std::cmp::Reverse((quarantine, flag, allow))
        });
        events
    }
}

impl Tried {
    fn add(&mut self, message_id: &str, found: cdp_core::tracking_plan::Found) {
        let violation = found.violation;
        let known = self
            .violations
            .iter()
            .position(|kind| kind.path == found.place && kind.rule == violation.rule);
        let at = match known {
            Some(at) => at,
            None if self.violations.len() < MOST_VIOLATIONS => {
                self.violations.push(Broken {
                    path: found.place,
                    rule: violation.rule,
                    expected: violation.expected,
                    count: 0,
                    samples: Vec::new(),
                });
                self.violations.len() - 1
            }
            None => return,
        };
        let Some(kind) = self.violations.get_mut(at) else {
            return;
        };
        kind.count += 1;
        if kind.samples.len() < SAMPLES {
            kind.samples.push(Sample {
                message_id: message_id.to_owned(),
                path: violation.path,
                found: violation.found,
            });
        }
    }
}
