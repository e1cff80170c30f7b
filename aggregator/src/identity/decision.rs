//! What people decide of who is who: to part what was joined, to join by hand, and to keep apart; and to take that back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{Constraint, Decision, Group, Rules};
use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};
use tokio::sync::MutexGuard;

use super::again::Search;
use super::resolve::Scene;
use super::store;
use crate::app::App;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::{clock, id, profile};

/// How long a caller waits until what was decided has taken effect.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of a reason.
const LONGEST_REASON: usize = 500;

/// What is decided.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
#[schemars(rename = "IdentityWish")]
pub(super) enum Wish {
    /// These identifiers are not the profile's.
    Unmerge {
        profile: String,
        identifiers: Vec<Identifier>,
        #[serde(default)]
        reason: String,
    },
    /// These identifiers are one person.
    Merge {
        identifiers: [Identifier; 2],
        #[serde(default)]
        reason: String,
    },
    /// These identifiers are two people.
    KeepApart {
        identifiers: [Identifier; 2],
        #[serde(default)]
        reason: String,
    },
}

/// A decision as callers see it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "DecidedIdentity")]
pub(crate) struct Decided {
    pub(super) id: String,
    kind: String,
    reason: String,
    /// Whether matching decided it, and not a person.
    automatic: bool,
    pub(super) pairs: Vec<Constraint>,
    decided_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_at: Option<Timestamp>,
}

impl Decided {
    /// What a wish comes to, which may concern `most` identifiers where that is bounded. What it says is written down already, so that the
    /// transaction has to be rolled back where this fails.
    pub(super) async fn of(
        connection: &mut AnyConnection,
        app: &App,
        space_id: &str,
        wish: Wish,
        most: Option<usize>,
    ) -> Result<Self> {
        let now = clock::now();
        let decision_id = id::dated("idd", now)?;
        let mut trial = Trial {
            connection,
            space_id,
            decision_id: &decision_id,
            rules: app.sources.identity(space_id),
            most,
        };
        let (kind, pairs, reason) = match wish {
            Wish::Unmerge {
                profile,
                identifiers,
                reason,
            } => {
                let id = profile::find(app, space_id, &profile).await?;
                ("unmerge", trial.unmerge(&id, identifiers).await?, reason)
            }
            Wish::Merge {
                identifiers,
                reason,
            } => {
                let pair = trial.pair(identifiers, Decision::MustLink).await?;
                trial.merge(&pair).await?;
                ("merge", vec![pair], reason)
            }
            Wish::KeepApart {
                identifiers,
                reason,
            } => {
                let pair = trial.pair(identifiers, Decision::CannotLink).await?;
                ("keep_apart", vec![pair], reason)
            }
        };
        if reason.chars().count() > LONGEST_REASON {
            let say = format!("\"reason\" has at most {LONGEST_REASON} characters");
            return Err(Error::new(Code::InvalidRequest, say));
        }
        Ok(Self {
            id: decision_id,
            kind: kind.to_owned(),
            reason,
            automatic: false,
            pairs,
            decided_at: now,
            undone_at: None,
        })
    }

    /// The identifiers that it is about.
    pub(super) fn ends(&self) -> BTreeSet<Identifier> {
        let ends = self.pairs.iter().flat_map(|pair| [&pair.a, &pair.b]);
        ends.cloned().collect()
    }

    /// Writes it down, and has those whom it concerns resolved again.
    pub(super) async fn write(&self, connection: &mut AnyConnection, space_id: &str) -> Result<()> {
        let sql = "INSERT INTO identity_decision (id, space_id, kind, pairs, reason, decided_at, undone_at, automatic) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)";
        sqlx::query(sql)
            .bind(&self.id)
            .bind(space_id)
            .bind(&self.kind)
            .bind(serde_json::to_string(&self.pairs)?)
            .bind(&self.reason)
            .bind(self.decided_at.as_micros())
            .bind(i64::from(self.automatic))
            .execute(&mut *connection)
            .await?;
        store::put_constraints(connection, space_id, &self.id, &self.pairs).await?;
        store::put_again(connection, space_id, self.ends().iter()).await
    }
}

/// Has the decisions that hold concern what their identifiers are by other rules.
pub(super) async fn decide_anew(
    connection: &mut AnyConnection,
    space_id: &str,
    rules: &Rules,
) -> Result<()> {
    store::forget_constraints(connection, space_id).await?;
    let sql = "SELECT id, kind, pairs, reason, automatic, decided_at, undone_at FROM identity_decision WHERE space_id = $1 AND undone_at = 0";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        let decided = decided(row)?;
        let pairs = decided.pairs.into_iter().map(|one| read_by(rules, one));
        let pairs: Vec<Constraint> = pairs.filter(|one| one.a != one.b).collect();
        store::put_constraints(connection, space_id, &decided.id, &pairs).await?;
    }
    Ok(())
}

/// What was decided, of the identifiers as rules read them.
pub(super) fn read_by(rules: &Rules, constraint: Constraint) -> Constraint {
    let (a, b) = (rules.normal(constraint.a), rules.normal(constraint.b));
    let (a, b) = if a < b { (a, b) } else { (b, a) };
    Constraint { a, b, ..constraint }
}

/// Finds out what a decision has to say, by looking at what comes of it.
struct Trial<'t> {
    connection: &'t mut AnyConnection,
    space_id: &'t str,
    decision_id: &'t str,
    rules: Arc<Rules>,
    /// How many identifiers it may concern.
    most: Option<usize>,
}

impl Trial<'_> {
    /// What the rules make of identifiers, with what the decision says so far.
    async fn scene(
        &mut self,
        identifiers: &BTreeSet<Identifier>,
        said: &[Constraint],
    ) -> Result<(Scene, Vec<Group>)> {
        store::put_constraints(self.connection, self.space_id, self.decision_id, said).await?;
        let mut search = Search::of(&self.rules).at_most(self.most);
        let (_, mut scene) = search
            .around(self.connection, self.space_id, identifiers.clone())
            .await?;
        let named = scene.before.keys();
        scene.constraints = store::constraints_of(self.connection, self.space_id, named).await?;
        let parts = scene.resolve(&self.rules);
        Ok((scene, parts.components.into_iter().flatten().collect()))
    }

    /// The evidence that has to be cut so that identifiers are not the profile's any more.
    async fn unmerge(
        &mut self,
        profile_id: &str,
        identifiers: Vec<Identifier>,
    ) -> Result<Vec<Constraint>> {
        let refused = |say: String| Error::new(Code::InvalidRequest, say);
        let out = identifiers.into_iter().map(|one| self.rules.normal(one));
        let out: BTreeSet<Identifier> = out.collect();
        let all = store::identifiers_of(self.connection, self.space_id, profile_id).await?;
        if let Some(stranger) = out.iter().find(|one| !all.contains(one)) {
            return Err(refused(format!(
                "{stranger} is not an identifier of this profile: name some that are"
            )));
        }
        if out.is_empty() || out.len() == all.len() {
            return Err(refused(
                "name at least one of the profile's identifiers, and not all of them".to_owned(),
            ));
        }
        let across = |a: &Identifier, b: &Identifier| {
            all.contains(a) && all.contains(b) && out.contains(a) != out.contains(b)
        };
        let (scene, _) = self.scene(&all, &[]).await?;
        let merged = |one: &&Constraint| one.decision == Decision::MustLink;
        if let Some(merge) = scene
            .constraints
            .iter()
            .filter(merged)
            .find(|one| across(&one.a, &one.b))
        {
            return Err(refused(format!(
                "a decision merged {} and {}: undo it instead (GET /api/v1/identity/decisions)",
                merge.a, merge.b
            )));
        }
        let mut cuts: BTreeSet<Constraint> = cuts(&scene, across).collect();
        // What is cut may make room for evidence that a limit had refused, and that leads back.
        loop {
            let said: Vec<Constraint> = cuts.iter().cloned().collect();
            let (scene, groups) = self.scene(&all, &said).await?;
            let stays = |one: &Identifier| all.contains(one) && !out.contains(one);
            let Some(group) = groups.iter().find(|group| {
                let mut members = group.members.iter();
                members.clone().any(stays) && members.any(|one| out.contains(one))
            }) else {
                return Ok(said);
            };
            let group: BTreeSet<&Identifier> = group.members.iter().collect();
            let merges = scene.constraints.iter().filter(merged);
            let merges: Vec<&Constraint> = merges.collect();
            let apart = joined_by_hand(&out, &merges, &group);
            let before = cuts.len();
            cuts.extend(self::cuts(&scene, |a, b| {
                group.contains(a) && group.contains(b) && apart.contains(a) != apart.contains(b)
            }));
            if apart.iter().any(|one| stays(one)) || cuts.len() == before {
                return Err(refused(
                    "decisions merged these identifiers with others of the profile: undo them instead (GET /api/v1/identity/decisions)".to_owned(),
                ));
            }
        }
    }

    /// Two identifiers that there are.
    async fn pair(
        &mut self,
        identifiers: [Identifier; 2],
        decision: Decision,
    ) -> Result<Constraint> {
        let [a, b] = identifiers.map(|one| self.rules.normal(one));
        if a == b {
            let say = "name two different identifiers";
            return Err(Error::new(Code::InvalidRequest, say));
        }
        let names = [a.to_string(), b.to_string()];
        let known = store::nodes(self.connection, self.space_id, names.into_iter()).await?;
        if known.len() < 2 {
            return Err(Error::not_found("identifier"));
        }
        let (a, b) = if a < b { (a, b) } else { (b, a) };
        Ok(Constraint { a, b, decision })
    }

    /// Refuses a merge of two that somebody keeps apart, themselves or others with whom they are one: nothing would come of it.
    async fn merge(&mut self, pair: &Constraint) -> Result<()> {
        let ends = BTreeSet::from([pair.a.clone(), pair.b.clone()]);
        let (scene, groups) = self.scene(&ends, std::slice::from_ref(pair)).await?;
        let of = |one: &Identifier| groups.iter().position(|group| group.members.contains(one));
        let (one, two) = (of(&pair.a), of(&pair.b));
        if one == two {
            return Ok(());
        }
        let between = |other: &&Constraint| {
            let ends = (of(&other.a), of(&other.b));
            other.decision == Decision::CannotLink && (ends == (one, two) || ends == (two, one))
        };
        let mut say = format!("a decision keeps {} and {} apart", pair.a, pair.b);
        if let Some(apart) = scene.constraints.iter().find(between) {
            let by = store::decisions_that_say(self.connection, self.space_id, apart).await?;
            say = format!(
                "the decision {} keeps {} and {} apart",
                by.join(", "),
                apart.a,
                apart.b
            );
        }
        let say = format!("{say}: undo it first (DELETE /api/v1/identity/decisions/{{id}})");
        Err(Error::new(Code::Conflict, say))
    }
}

/// The cuts of the evidence between two sides.
fn cuts(
    scene: &Scene,
    across: impl Fn(&Identifier, &Identifier) -> bool,
) -> impl Iterator<Item = Constraint> {
    let edges = scene.edges.iter();
    edges
        .filter(move |edge| across(&edge.a, &edge.b))
        .map(|edge| Constraint {
            a: edge.a.clone(),
            b: edge.b.clone(),
            decision: Decision::Cut,
        })
}

/// Those of a group that are some identifiers, or that merges by hand make one with them.
fn joined_by_hand<'g>(
    identifiers: &BTreeSet<Identifier>,
    merges: &[&Constraint],
    group: &BTreeSet<&'g Identifier>,
) -> BTreeSet<&'g Identifier> {
    let of_them = group.iter().copied();
    let mut joined: BTreeSet<&Identifier> =
        of_them.filter(|one| identifiers.contains(*one)).collect();
    loop {
        let beside = merges
            .iter()
            .flat_map(|merge| [(&merge.a, &merge.b), (&merge.b, &merge.a)])
            .filter(|(one, _)| joined.contains(one))
            .filter_map(|(_, other)| group.get(other).copied());
        let beside: Vec<&'g Identifier> = beside.collect();
        let before = joined.len();
        joined.extend(beside);
        if joined.len() == before {
            return joined;
        }
    }
}

/// Decides. It has taken effect when this returns, unless the pipeline is far behind.
pub(super) async fn decide(app: &App, space_id: &str, wish: Wish) -> Result<Decided> {
    let turn = match &wish {
        Wish::Unmerge { profile, .. } => after_others(app, space_id, profile).await?,
        // A turn that has read the decisions before this one must not write its people after it.
        Wish::Merge { .. } | Wish::KeepApart { .. } => app.pipeline.between_turns().await,
    };
    let mut transaction = app.database.begin().await?;
    let decided = Decided::of(&mut transaction, app, space_id, wish, None).await?;
    decided.write(&mut transaction, space_id).await?;
    transaction.commit().await?;
    drop(turn);
    in_effect(app, space_id, &decided.ends()).await?;
    Ok(decided)
}

/// Between two turns, when what was decided of a profile before has taken effect: whoever parts the same at the same moment
/// gets to know that it is done. Where the pipeline is far behind, that is not waited for.
async fn after_others<'a>(
    app: &'a App,
    space_id: &str,
    profile: &str,
) -> Result<MutexGuard<'a, ()>> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let turn = app.pipeline.between_turns().await;
        let profile_id = profile::find(app, space_id, profile).await?;
        let mut connection = app.database.reader().acquire().await?;
        let all = store::identifiers_of(&mut connection, space_id, &profile_id).await?;
        drop(connection);
        let waits = store::is_waiting_for(&app.database, space_id, &all).await?;
        if !waits || tokio::time::Instant::now() >= deadline {
            return Ok(turn);
        }
        drop(turn);
        in_effect(app, space_id, &all).await?;
    }
}

/// Decides of two identifiers that they are one person, or two.
pub(crate) async fn decide_pair(
    app: &App,
    space_id: &str,
    identifiers: [Identifier; 2],
    decision: Decision,
    reason: String,
) -> Result<Decided> {
    let wish = if decision == Decision::MustLink {
        Wish::Merge {
            identifiers,
            reason,
        }
    } else {
        Wish::KeepApart {
            identifiers,
            reason,
        }
    };
    decide(app, space_id, wish).await
}

/// Takes a decision back.
pub(super) async fn undo(app: &App, space_id: &str, id: &str) -> Result<Decided> {
    let turn = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let mut decided = one(&mut transaction, space_id, id).await?;
    let mut ends = BTreeSet::new();
    if decided.undone_at.is_none() {
        let now = clock::now();
        sqlx::query("UPDATE identity_decision SET undone_at = $3 WHERE space_id = $1 AND id = $2")
            .bind(space_id)
            .bind(id)
            .bind(now.as_micros())
            .execute(&mut *transaction)
            .await?;
        ends = store::take_constraints(&mut transaction, space_id, id).await?;
        store::put_again(&mut transaction, space_id, ends.iter()).await?;
        transaction.commit().await?;
        decided.undone_at = Some(now);
    }
    drop(turn);
    in_effect(app, space_id, &ends).await?;
    Ok(decided)
}

/// Merges two identifiers because matching is sure enough of them.
pub(crate) async fn merge_automatically(
    connection: &mut AnyConnection,
    space_id: &str,
    [a, b]: [Identifier; 2],
    reason: String,
) -> Result<()> {
    let now = clock::now();
    let decided = Decided {
        id: id::dated("idd", now)?,
        kind: "merge".to_owned(),
        reason,
        automatic: true,
        pairs: vec![Constraint {
            a,
            b,
            decision: Decision::MustLink,
        }],
        decided_at: now,
        undone_at: None,
    };
    decided.write(connection, space_id).await
}

/// How many automatic merges hold.
pub(crate) async fn count_automatic(connection: &mut AnyConnection, space_id: &str) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS many FROM identity_decision WHERE space_id = $1 AND automatic = 1 AND undone_at = 0";
    let row = sqlx::query(sql)
        .bind(space_id)
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("many")?)
}

/// The pairs that were merged automatically, and taken back.
pub(crate) async fn automatic_taken_back(
    connection: &mut AnyConnection,
    space_id: &str,
) -> Result<BTreeSet<[Identifier; 2]>> {
    let sql = "SELECT id, kind, pairs, reason, automatic, decided_at, undone_at FROM identity_decision \
               WHERE space_id = $1 AND automatic = 1 AND undone_at <> 0";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .fetch_all(connection)
        .await?;
    let mut found = BTreeSet::new();
    for row in &rows {
        let pairs = decided(row)?.pairs.into_iter();
        found.extend(pairs.map(|pair| [pair.a, pair.b]));
    }
    Ok(found)
}

/// Takes all automatic merges back at once, and says how many.
pub(crate) async fn undo_automatic(app: &App, space_id: &str) -> Result<usize> {
    let turn = app.pipeline.between_turns().await;
    let mut transaction = app.database.begin().await?;
    let ends = store::take_automatic(&mut transaction, space_id).await?;
    let sql = "UPDATE identity_decision SET undone_at = $2 WHERE space_id = $1 AND automatic = 1 AND undone_at = 0";
    let undone = sqlx::query(sql)
        .bind(space_id)
        .bind(clock::now().as_micros())
        .execute(&mut *transaction)
        .await?;
    store::put_again(&mut transaction, space_id, ends.iter()).await?;
    transaction.commit().await?;
    drop(turn);
    in_effect(app, space_id, &ends).await?;
    Ok(usize::try_from(undone.rows_affected()).unwrap_or(usize::MAX))
}

/// Waits until these identifiers have been resolved again.
async fn in_effect(app: &App, space_id: &str, ends: &BTreeSet<Identifier>) -> Result<()> {
    let mut resolved = app.pipeline.resolved();
    let waited = async {
        loop {
            resolved.borrow_and_update();
            app.pipeline.wake();
            if !store::is_waiting_for(&app.database, space_id, ends).await? {
                return Ok(());
            }
            if resolved.changed().await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::time::timeout(PATIENCE, waited)
        .await
        .unwrap_or(Ok(()))
}

/// A page of the decisions, the youngest first.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    before: &str,
    automatic: Option<bool>,
    limit: i64,
) -> Result<Vec<Decided>> {
    let sql = "SELECT id, kind, pairs, reason, automatic, decided_at, undone_at FROM identity_decision \
               WHERE space_id = $1 AND ($2 = '' OR id < $2) AND ($4 < 0 OR automatic = $4) ORDER BY id DESC LIMIT $3";
    let rows = sqlx::query(sql)
        .bind(space_id)
        .bind(before)
        .bind(limit)
        .bind(automatic.map_or(-1, i64::from))
        .fetch_all(database.reader())
        .await?;
    rows.iter().map(decided).collect()
}

async fn one(connection: &mut AnyConnection, space_id: &str, id: &str) -> Result<Decided> {
    let sql = "SELECT id, kind, pairs, reason, automatic, decided_at, undone_at FROM identity_decision WHERE space_id = $1 AND id = $2";
    let row = sqlx::query(sql)
        .bind(space_id)
        .bind(id)
        .fetch_optional(connection)
        .await?;
    decided(&row.ok_or_else(|| Error::not_found("decision"))?)
}

fn decided(row: &AnyRow) -> Result<Decided> {
    let undone_at: i64 = row.try_get("undone_at")?;
    Ok(Decided {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        reason: row.try_get("reason")?,
        automatic: row.try_get::<i64, _>("automatic")? != 0,
        pairs: serde_json::from_str(&row.try_get::<String, _>("pairs")?)?,
        decided_at: Timestamp::from_micros(row.try_get("decided_at")?),
        undone_at: (undone_at != 0).then(|| Timestamp::from_micros(undone_at)),
    })
}
