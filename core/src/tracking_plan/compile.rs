//! A plan that is ready for judging.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::Value;

use super::{Action, Plan, PlanError, PlannedEvent, label, name_of, part_of, schema, words};
use crate::event::{Event, EventKind};
use crate::violation::Violation;

/// Violations of one event that are told; more are only counted.
const MOST_VIOLATIONS: usize = 10;
/// Values in an event above which only the first violation is looked for: each one that is found
/// costs memory, and a large import full of mistakes must not cost much of it.
const LARGE: usize = 10_000;

/// A plan that is ready for judging. It is not changed: publishing makes another.
#[derive(Debug)]
pub struct Compiled {
    version: i64,
    unplanned: Action,
    /// The entries of the plan, in its order.
    rules: Vec<Rule>,
    /// Where the entries of each type are: by name, and the one without a name.
    places: BTreeMap<EventKind, Places>,
}

#[derive(Debug, Default)]
struct Places {
    named: BTreeMap<String, usize>,
    any: Option<usize>,
}

#[derive(Debug)]
struct Rule {
    on_violation: Action,
    /// Absent where the schema takes everything.
    validator: Option<Validator>,
    /// Names that the schema knows; any other name in a path may be anything a client thought of.
    names: BTreeSet<String>,
}

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is to happen to the event.
    pub action: Action,
    /// The event's type.
    pub kind: EventKind,
    /// The name by which the plan knows it, or would.
    pub name: Option<String>,
    /// What is wrong, the first ten.
    pub violations: Vec<Found>,
    /// How many more there are.
    pub more: usize,
}

/// A violation, and the place that it has in common with others of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The violation.
    pub violation: Violation,
    /// Its path without what differs from event to event: `properties.products[*].price`.
    pub place: String,
}

impl Compiled {
    /// Compiles a plan that [`Plan::read`] has checked.
    ///
    /// # Errors
    /// When a schema cannot be compiled; such a plan was never checked.
    pub fn new(plan: &Plan, version: i64) -> Result<Self, PlanError> {
        let mut places: BTreeMap<EventKind, Places> = BTreeMap::new();
        let mut rules = Vec::with_capacity(plan.events.len());
        for (index, event) in plan.events.iter().enumerate() {
            rules.push(rule(index, event)?);
            let of_kind = places.entry(event.kind).or_default();
            match &event.event {
                Some(name) => {
                    of_kind.named.insert(name.clone(), index);
                }
                None => of_kind.any = Some(index),
            }
        }
        Ok(Self {
            version,
            unplanned: plan.unplanned,
            rules,
            places,
        })
    }

    /// The version that is told in violations.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Whether no event can break this plan.
    #[must_use]
    pub fn minds_nothing(&self) -> bool {
        self.rules.is_empty() && self.unplanned == Action::Allow
    }

    /// The entry of the plan for an event: its place in the plan.
    #[must_use]
    pub fn entry_of(&self, kind: EventKind, name: Option<&str>) -> Option<usize> {
        let places = self.places.get(&kind)?;
        let named = name.and_then(|name| places.named.get(name));
        named.copied().or(places.any)
    }

    /// Compares an event with the plan; `None` when nothing is wrong with it.
    #[must_use]
    pub fn judge(&self, event: &mut Event) -> Option<Finding> {
        let part = match event.kind {
            EventKind::Identify | EventKind::Group => &mut event.traits,
            _ => &mut event.properties,
        };
        let mut body = std::mem::take(part);
        let finding = body.with_value(|body| self.judge_body(event.kind, name_of(event), body));
        match event.kind {
            EventKind::Identify | EventKind::Group => event.traits = body,
            _ => event.properties = body,
        }
        finding
    }

    /// Compares the properties (or traits) of an event with the plan; `None` when nothing is wrong.
    #[must_use]
    pub fn judge_body(&self, kind: EventKind, name: Option<&str>, body: &Value) -> Option<Finding> {
        let part = part_of(kind)?;
        let Some(rule) = self
            .entry_of(kind, name)
            .and_then(|entry| self.rules.get(entry))
        else {
            return self.not_planned(kind, name);
        };
        let validator = rule.validator.as_ref()?;
        if validator.is_valid(body) {
            return None;
        }
        let mut violations: Vec<Found> = Vec::new();
        let mut more = 0;
        let mut add = |found: Found| {
            if violations.len() < MOST_VIOLATIONS {
                violations.push(found);
            } else {
                more += 1;
            }
        };
        let wrong = |error: &jsonschema::ValidationError<'_>| {
            words::violations(error, part, &rule.names, self.version)
        };
        if is_large(body) {
            let first = validator.validate(body).err();
            first.iter().flat_map(wrong).for_each(&mut add);
        } else {
            for error in validator.iter_errors(body) {
                wrong(&error).into_iter().for_each(&mut add);
            }
        }
        Some(Finding {
            action: rule.on_violation,
            kind,
            name: name.map(str::to_owned),
            violations,
            more,
        })
    }

    fn not_planned(&self, kind: EventKind, name: Option<&str>) -> Option<Finding> {
        if kind != EventKind::Track && !self.places.contains_key(&kind) || self.minds_nothing() {
            return None;
        }
        let violation = Violation {
            plan_version: self.version,
            path: String::new(),
            rule: "unplanned".to_owned(),
            expected: "an event of the plan".to_owned(),
            found: "an event that is not in it".to_owned(),
        };
        Some(Finding {
            action: self.unplanned,
            kind,
            name: name.map(str::to_owned),
            violations: vec![Found {
                violation,
                place: String::new(),
            }],
            more: 0,
        })
    }
}

impl Finding {
    /// Why the event is flagged or refused, for a person.
    #[must_use]
    pub fn reason(&self) -> String {
        let event = label(self.kind, self.name.as_deref());
        let Some(Found { violation, .. }) = self.violations.first() else {
            return format!("the event {event} breaks the tracking plan");
        };
        let version = violation.plan_version;
        if violation.path.is_empty() {
            return format!(
                "the event {event} is not in the tracking plan (version {version}): send a planned event, or add this one to the plan"
            );
        }
        let others = match self.violations.len() - 1 + self.more {
            0 => String::new(),
            others => format!("; and {others} more"),
        };
        format!(
            "the event {event} breaks the tracking plan (version {version}) at {}: expected {}, found {}{others}",
            violation.path, violation.expected, violation.found
        )
    }

    /// The violations, as the stored event keeps them.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        let found = self.violations.iter();
        found.map(|found| found.violation.clone()).collect()
    }
}

fn rule(index: usize, event: &PlannedEvent) -> Result<Rule, PlanError> {
    let takes_everything = match &event.schema {
        Value::Bool(all) => *all,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    let validator = if takes_everything {
        None
    } else {
        let compiled = schema::compile(&event.schema).map_err(|mistake| PlanError {
            event: event.label(),
            path: format!("events[{index}].schema{}", mistake.path),
            message: mistake.message,
        })?;
        Some(compiled)
    };
    Ok(Rule {
        on_violation: event.on_violation,
        validator,
        names: schema::names(&event.schema),
    })
}

/// Whether a value has more parts than [`LARGE`].
fn is_large(value: &Value) -> bool {
    fn count(value: &Value, left: &mut usize) {
        *left = left.saturating_sub(1);
        match value {
            _ if *left == 0 => {}
            Value::Array(items) => items.iter().for_each(|item| count(item, left)),
            Value::Object(fields) => fields.values().for_each(|field| count(field, left)),
            _ => {}
        }
    }
    let mut left = LARGE;
    count(value, &mut left);
    left == 0
}
