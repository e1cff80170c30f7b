//! What can be asked of reports, and the answers.

use std::borrow::Cow;
use std::sync::Arc;

use cdp_core::report::{
    self, Cohort, Counted, End, Interval, MOST_BUCKETS, Masks, OTHER, Paths, Select, bounds,
};
use cdp_core::time::{Span, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::columns::{Columns, Part};
use super::{breakdown, store};
use crate::app::App;
use crate::audience;
use crate::clock;
use crate::error::{Code, Error, Result};

/// Days that a report looks back when nobody says.
const USUAL_DAYS: u32 = 30;
/// Series of a trend, and steps of a funnel.
const MOST: usize = 10;
/// Periods of retention that are looked at when nobody says.
const USUAL_PERIODS: usize = 12;
/// Days within which a funnel's steps happen when nobody says.
const USUAL_WINDOW: f64 = 7.0;
/// Minutes without anything that end a visit when nobody says: as long as the SDK's own.
const USUAL_GAP: f64 = 30.0;
/// Names of each step that are shown when nobody says.
const USUAL_NAMES: usize = 8;

/// A refusal that says what to write instead.
pub(super) fn refused(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidRequest, message)
}

/// A question, and of which time and whom it is asked.
#[derive(Debug)]
pub(super) struct Asked<T> {
    scope: Scope,
    what: T,
}

impl<T: JsonSchema> JsonSchema for Asked<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut both = T::json_schema(generator);
        let scope = Scope::json_schema(generator);
        let members = both.get_mut("properties").and_then(Value::as_object_mut);
        let more = scope.get("properties").and_then(Value::as_object);
        if let (Some(members), Some(more)) = (members, more) {
            members.extend(more.clone());
        }
        both
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Asked<T> {
    /// Both stand in one object; a field that neither knows is an error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let known = ["since", "days", "until", "timezone", "audience"];
        let scope = known.iter().filter_map(|name| fields.remove_entry(*name));
        let scope = Value::Object(scope.collect());
        Ok(Self {
            scope: Scope::deserialize(scope).map_err(D::Error::custom)?,
            what: T::deserialize(Value::Object(fields)).map_err(D::Error::custom)?,
        })
    }
}

/// Which time a report looks at, and whom.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "ReportScope")]
pub(super) struct Scope {
    /// From then on; with `days` instead, that many days back from `until`.
    since: Option<Timestamp>,
    days: Option<u32>,
    /// Up to then; now without it.
    until: Option<Timestamp>,
    /// An IANA time zone, in which days begin; UTC without it.
    #[serde(default = "utc")]
    timezone: String,
    /// The id of an audience: only whoever belongs to it now.
    audience: Option<String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Scope {
    /// The moments between which events are looked at.
    pub(super) fn time(&self) -> Result<(Timestamp, Timestamp)> {
        let until = self.until.unwrap_or_else(clock::now);
        let since = match (self.since, self.days) {
            (Some(_), Some(_)) => {
                return Err(refused("give \"since\" or \"days\", not both"));
            }
            (Some(since), None) => since,
            (None, days) => {
                let days = days.unwrap_or(USUAL_DAYS);
                if !(1..=3_660).contains(&days) {
                    return Err(refused("\"days\" is a number from 1 to 3660"));
                }
                until.plus(Span::from_seconds(i64::from(days) * 86_400).negated())
            }
        };
        if since >= until {
            return Err(refused(
                "there is no time between since and until: since comes first",
            ));
        }
        Ok((since, until))
    }

    fn bounds(&self, interval: Interval) -> Result<Vec<i64>> {
        let (since, until) = self.time()?;
        bounds(since, until, interval, &self.timezone).map_err(|error| refused(error.to_string()))
    }

    /// The identifiers of whom is looked at; `None` is everybody.
    pub(super) async fn only(&self, app: &App, space_id: &str) -> Result<Option<Vec<String>>> {
        let Some(id) = &self.audience else {
            return Ok(None);
        };
        audience::must_exist(app, space_id, id).await?;
        let mut connection = app.database.reader().acquire().await?;
        store::identifiers_in(&mut connection, space_id, id)
            .await
            .map(Some)
    }
}

/// One event by its name; without a name whatever happens.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ReportEvent")]
pub(super) struct What {
    #[serde(default)]
    event: Option<String>,
}

impl What {
    pub(super) fn event(&self) -> Option<&str> {
        self.event.as_deref()
    }

    fn select(&self, columns: &Columns) -> Select {
        match &self.event {
            None => Select::Any,
            Some(name) => Select::Name(columns.number_of_name(name)),
        }
    }
}

fn masks(columns: &Columns, wanted: &[What]) -> Masks {
    let selected: Vec<Select> = wanted.iter().map(|what| what.select(columns)).collect();
    Masks::new(columns.names(), &selected)
}

/// On what an answer rests.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReportBasis")]
pub(super) struct Basis {
    /// When it was reckoned.
    as_of: Timestamp,
    /// Events that reports of this space know.
    events_known: usize,
    /// The oldest of them.
    known_since: Option<Timestamp>,
    /// Whether these are all that are stored; otherwise they are the youngest.
    complete: bool,
}

impl Basis {
    pub(super) fn of(columns: &Columns) -> Self {
        Self {
            as_of: clock::now(),
            events_known: columns.len(),
            known_since: columns.known_since(),
            complete: !columns.cut,
        }
    }
}

/// A trend: how often, and to how many people, in each bucket of time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrendsAsked {
    /// What is counted; everything together without it.
    #[serde(default)]
    series: Vec<What>,
    #[serde(default)]
    interval: Interval,
    /// A property of the only series by whose values it is divided, as a path such as `properties.plan`.
    #[serde(default)]
    breakdown: Option<String>,
}

/// One line of a trend.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TrendSeries")]
pub(super) struct Series {
    /// The event; null is whatever happened.
    pub(super) event: Option<String>,
    /// Of a breakdown: the property's value; null is all other values, or none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-nullable" = true))]
    pub(super) value: Option<Option<String>>,
    /// In each bucket.
    events: Vec<u64>,
    people: Vec<u64>,
    total_events: u64,
    total_people: u64,
}

impl Series {
    pub(super) fn of(event: Option<&str>, value: Option<Option<String>>, counted: Counted) -> Self {
        Self {
            event: event.map(str::to_owned),
            value,
            total_events: counted.events.iter().sum(),
            events: counted.events,
            people: counted.people,
            total_people: counted.people_in_all,
        }
    }
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Trends {
    #[serde(flatten)]
    pub(super) basis: Basis,
    /// When each bucket begins.
    pub(super) buckets: Vec<Timestamp>,
    pub(super) series: Vec<Series>,
    /// Of a breakdown: whether all events of the time were read; otherwise only those received since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) broken_down_since: Option<Timestamp>,
    /// Of a breakdown for somebody who may not see people: how many have to share a value at least, so that it has a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) values_shared_by: Option<usize>,
}

/// The beginnings of buckets.
pub(super) fn beginnings(bounds: &[i64]) -> Vec<Timestamp> {
    let beginnings = bounds.iter().take(bounds.len().saturating_sub(1));
    beginnings
        .map(|bound| Timestamp::from_millis(*bound))
        .collect()
}

impl Asked<TrendsAsked> {
    /// Counts. Who may not see single people sees no value of a breakdown that only few of them have.
    pub(super) async fn answer(
        mut self,
        app: &Arc<App>,
        space_id: &str,
        sees_people: bool,
    ) -> Result<Trends> {
        if self.what.series.is_empty() {
            self.what.series.push(What::default());
        }
        if self.what.series.len() > MOST {
            return Err(refused(format!("a trend has at most {MOST} series")));
        }
        let (since, until) = self.scope.time()?;
        let bounds = self.scope.bounds(self.what.interval)?;
        let only = self.scope.only(app, space_id).await?;
        if let Some(path) = &self.what.breakdown {
            let [What { event: Some(event) }] = self.what.series.as_slice() else {
                return Err(refused(
                    "a breakdown divides one event: give one series with its name",
                ));
            };
            let wanted = breakdown::Wanted {
                event: event.clone(),
                path: path.clone(),
                time: (since, until),
                bounds,
                only,
                shared_by: if sees_people { 1 } else { breakdown::SHARED_BY },
            };
            return wanted.answer(app, space_id).await;
        }
        let series = self.what.series;
        let time = (since.as_millis(), until.as_millis());
        let counted = move |columns: &Columns| {
            let only = only.map(|only| columns.looked_at(&only));
            let masks = masks(columns, &series);
            let count = |part: &Part, only: Option<&[bool]>| {
                report::trends(
                    part.rows(time, only),
                    &bounds,
                    &masks,
                    series.len(),
                    part.people(),
                )
            };
            let counted = columns.ask(only.as_deref(), count, |all, part| {
                for (all, part) in all.iter_mut().zip(&part) {
                    all.merge(part);
                }
            });
            let of_series =
                |(what, counted): (&What, Counted)| Series::of(what.event(), None, counted);
            Trends {
                basis: Basis::of(columns),
                buckets: beginnings(&bounds),
                series: series
                    .iter()
                    .zip(counted.unwrap_or_default())
                    .map(of_series)
                    .collect(),
                broken_down_since: None,
                values_shared_by: None,
            }
        };
        app.reports.ask(app, space_id, counted).await
    }
}

/// A funnel: how many people do one thing after the other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FunnelAsked {
    steps: Vec<What>,
    /// Within how many days from the first step.
    window_days: Option<f64>,
}

/// A step of a funnel.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "FunnelStep")]
struct StepAnswer {
    event: Option<String>,
    /// People who came so far.
    people: u64,
    /// As a share of those of the first step, and of the step before; 1 of the first.
    share_of_first: f64,
    share_of_previous: f64,
    /// Half of them took at most so long from the first step.
    median_seconds: Option<f64>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Funnel {
    #[serde(flatten)]
    basis: Basis,
    steps: Vec<StepAnswer>,
}

/// A span of milliseconds out of days or minutes.
fn span(number: f64, unit: f64, most: f64, what: &str) -> Result<i64> {
    if !(number > 0.0 && number <= most) {
        return Err(refused(format!(
            "\"{what}\" is a number above 0 and up to {most}"
        )));
    }
    #[expect(clippy::cast_possible_truncation, reason = "it was bounded just above")]
    Ok((number * unit) as i64)
}

fn share(some: u64, all: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of people fit a double")]
    let share = some as f64 / all.max(1) as f64;
    share
}

impl Asked<FunnelAsked> {
    /// Looks who comes how far.
    pub(super) async fn answer(self, app: &Arc<App>, space_id: &str) -> Result<Funnel> {
        if !(2..=MOST).contains(&self.what.steps.len()) {
            return Err(refused(format!("a funnel has 2 to {MOST} steps")));
        }
        let window = self.what.window_days.unwrap_or(USUAL_WINDOW);
        let window = span(window, 86_400_000.0, 366.0, "window_days")?;
        let (since, until) = self.scope.time()?;
        let only = self.scope.only(app, space_id).await?;
        let steps = self.what.steps;
        let time = (since.as_millis(), until.as_millis());
        let reckon = move |columns: &Columns| {
            let only = only.map(|only| columns.looked_at(&only));
            let masks = masks(columns, &steps);
            let follow = |part: &Part, only: Option<&[bool]>| {
                report::funnel(
                    part.rows(time, only),
                    &masks,
                    steps.len(),
                    window,
                    part.people(),
                )
            };
            let found = columns.ask(only.as_deref(), follow, report::Funnel::merge);
            let found = found.unwrap_or_default().steps();
            let people: Vec<u64> = found.iter().map(|step| step.people).collect();
            let first = people.first().copied().unwrap_or(0);
            let before = |at: usize| at.checked_sub(1).and_then(|at| people.get(at)).copied();
            let of_step = |(at, (what, step)): (usize, (&What, report::Step))| StepAnswer {
                event: what.event.clone(),
                people: step.people,
                share_of_first: share(step.people, first),
                share_of_previous: share(step.people, before(at).unwrap_or(first)),
                #[expect(clippy::cast_precision_loss, reason = "spans of a year fit a double")]
                median_seconds: step.median.map(|median| median as f64 / 1000.0),
            };
            Funnel {
                basis: Basis::of(columns),
                steps: steps.iter().zip(found).enumerate().map(of_step).collect(),
            }
        };
        app.reports.ask(app, space_id, reckon).await
    }
}

/// Retention: of those who began in a bucket, how many were back in each later one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetentionAsked {
    /// What says that somebody begins: the first time that it happens.
    #[serde(default)]
    start: What,
    /// What says that they are back.
    #[serde(default, rename = "return")]
    back: What,
    #[serde(default)]
    interval: Interval,
    /// Later buckets that are looked at.
    periods: Option<usize>,
}

/// Those who began in one bucket.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RetentionCohort")]
struct CohortAnswer {
    start: Timestamp,
    people: u64,
    /// How many were back in the next bucket, in the one after it, and so on.
    returned: Vec<u64>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Retention {
    #[serde(flatten)]
    basis: Basis,
    cohorts: Vec<CohortAnswer>,
}

impl Asked<RetentionAsked> {
    /// Looks who came back.
    pub(super) async fn answer(self, app: &Arc<App>, space_id: &str) -> Result<Retention> {
        let periods = self.what.periods.unwrap_or(USUAL_PERIODS);
        if !(1..=60).contains(&periods) {
            return Err(refused("\"periods\" is a number from 1 to 60"));
        }
        let (_, until) = self.scope.time()?;
        let bounds = self.scope.bounds(self.what.interval)?;
        let only = self.scope.only(app, space_id).await?;
        let wanted = [self.what.start, self.what.back];
        let reckon = move |columns: &Columns| {
            let only = only.map(|only| columns.looked_at(&only));
            // From the very first, as only then it is known who began earlier.
            let time = (i64::MIN, until.as_millis());
            let masks = masks(columns, &wanted);
            let follow = |part: &Part, only: Option<&[bool]>| {
                report::retention(
                    part.rows(time, only),
                    &bounds,
                    &masks,
                    periods,
                    part.people(),
                )
            };
            let found = columns.ask(only.as_deref(), follow, |all, part| {
                for (all, part) in all.iter_mut().zip(&part) {
                    all.merge(part);
                }
            });
            let of_cohort = |(start, cohort): (Timestamp, Cohort)| CohortAnswer {
                start,
                people: cohort.people,
                returned: cohort.returned,
            };
            let found = found.unwrap_or_default();
            let cohorts = beginnings(&bounds).into_iter().zip(found).map(of_cohort);
            Retention {
                basis: Basis::of(columns),
                cohorts: cohorts.collect(),
            }
        };
        app.reports.ask(app, space_id, reckon).await
    }
}

/// Paths: what people do next, or did before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PathsAsked {
    /// From the first time in a visit that this happens.
    from: Option<String>,
    /// Up to each time that this happens. Without both, from the beginning of each visit.
    to: Option<String>,
    steps: Option<usize>,
    /// Minutes without anything that end a visit.
    visit_gap_minutes: Option<f64>,
    /// Names of each step that are shown; the rest is told together.
    most_names: Option<usize>,
}

/// What happens at a step.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PathNode")]
struct NodeAnswer {
    /// Counted from the end that is looked at, which is 0.
    step: usize,
    /// The event; null is all that are too rare to be shown.
    event: Option<String>,
    ways: u64,
}

/// What follows on what.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PathLink")]
struct LinkAnswer {
    /// The earlier of both, in time.
    from: Option<String>,
    to: Option<String>,
    /// The step of the one that is nearer to the end that is looked at.
    step: usize,
    ways: u64,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Paths")]
pub(super) struct PathsAnswer {
    #[serde(flatten)]
    basis: Basis,
    /// How many ways there are: visits, or times that the last step happened.
    ways: u64,
    nodes: Vec<NodeAnswer>,
    links: Vec<LinkAnswer>,
}

impl Asked<PathsAsked> {
    /// Follows everybody.
    pub(super) async fn answer(self, app: &Arc<App>, space_id: &str) -> Result<PathsAnswer> {
        if self.what.from.is_some() && self.what.to.is_some() {
            return Err(refused("give \"from\" or \"to\", not both"));
        }
        let steps = self.what.steps.unwrap_or(5);
        if !(2..=MOST).contains(&steps) {
            return Err(refused(format!("\"steps\" is a number from 2 to {MOST}")));
        }
        let most = self.what.most_names.unwrap_or(USUAL_NAMES);
        if !(1..=50).contains(&most) {
            return Err(refused("\"most_names\" is a number from 1 to 50"));
        }
        let gap = self.what.visit_gap_minutes.unwrap_or(USUAL_GAP);
        let gap = span(gap, 60_000.0, 1_440.0, "visit_gap_minutes")?;
        let (since, until) = self.scope.time()?;
        let only = self.scope.only(app, space_id).await?;
        let (from, to) = (self.what.from, self.what.to);
        let time = (since.as_millis(), until.as_millis());
        let reckon = move |columns: &Columns| {
            let only = only.map(|only| columns.looked_at(&only));
            let number = |name: &String| columns.number_of_name(name);
            let end = match (&from, &to) {
                (Some(from), _) => End::From(number(from)),
                (None, Some(to)) => End::To(number(to)),
                (None, None) => End::Visit,
            };
            let follow = |part: &Part, only: Option<&[bool]>| {
                report::paths(part.rows(time, only), end, (steps, gap), part.people())
            };
            let found = columns.ask(only.as_deref(), follow, report::Ways::merge);
            told(columns, found.unwrap_or_default().fold(most), to.is_some())
        };
        app.reports.ask(app, space_id, reckon).await
    }
}

fn told(columns: &Columns, found: Paths, backwards: bool) -> PathsAnswer {
    let name = |number: u16| match number {
        OTHER => None,
        number => columns.name_at(number).map(str::to_owned),
    };
    let nodes = found.nodes.into_iter().map(|node| NodeAnswer {
        step: node.step,
        event: name(node.name),
        ways: node.ways,
    });
    let links = found.links.into_iter().map(|link| {
        let (near, far) = (name(link.near), name(link.far));
        let (from, to) = if backwards { (far, near) } else { (near, far) };
        LinkAnswer {
            from,
            to,
            step: link.step,
            ways: link.ways,
        }
    });
    PathsAnswer {
        basis: Basis::of(columns),
        ways: found.ways,
        nodes: nodes.collect(),
        links: links.collect(),
    }
}

/// An event that reports know.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "KnownEvent")]
pub(super) struct Known {
    /// The name.
    pub(super) event: String,
    /// How often it happened.
    events: u64,
    /// When it happened last.
    last_at: Timestamp,
}

/// The events that reports of a space know, the commonest first.
pub(super) async fn known(app: &Arc<App>, space_id: &str) -> Result<Vec<Known>> {
    let count = |columns: &Columns| {
        let count = |part: &Part, _: Option<&[bool]>| {
            let mut found: Vec<(u64, i64)> = vec![(0, 0); columns.names()];
            for row in part.rows((i64::MIN, i64::MAX), None) {
                if let Some((events, last)) = found.get_mut(usize::from(row.name)) {
                    *events += 1;
                    *last = row.at;
                }
            }
            found
        };
        let found = columns.ask(None, count, |all, part| {
            for ((events, last), (more, later)) in all.iter_mut().zip(part) {
                *events += more;
                *last = later.max(*last);
            }
        });
        let numbered = found.unwrap_or_default().into_iter().zip(0_u16..);
        let counted = numbered.filter_map(|((events, last), number)| {
            let event = columns.name_at(number).filter(|_| events > 0)?;
            Some(Known {
                event: event.to_owned(),
                events,
                last_at: Timestamp::from_millis(last),
            })
        });
        let mut known: Vec<Known> = counted.collect();
        known.sort_by(|one, other| (other.events, &one.event).cmp(&(one.events, &other.event)));
        known
    };
    app.reports.ask(app, space_id, count).await
}

const _: () = assert!(MOST <= report::MOST_SELECTED && MOST_BUCKETS <= 1_000);
