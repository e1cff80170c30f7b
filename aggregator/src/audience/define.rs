//! Making an audience, changing it, taking it away.

use std::collections::BTreeSet;
use std::time::Duration;

use cdp_core::audience::{Expr, ExprError, Reads, Text, TextError};
use serde_json::Value;
use sqlx::AnyConnection;

use super::plan::{counted, is_counted};
use super::store::{self, Audience};
use crate::app::App;
use crate::computed_trait::{self, count_for_audience, forget_unused};
use crate::consent::Rules;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::{clock, experience, id};

/// How long the answer waits until everybody was looked at.
const WAIT: Duration = Duration::from_secs(3);

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Code::InvalidDefinition, message.into())
}

/// Reads a definition, a tree or its text form, or says where it is wrong. What it names has to be there.
pub(super) async fn read(app: &App, space_id: &str, definition: &Value) -> Result<Expr> {
    match definition {
        Value::String(text) => {
            let text = Text::parse(text).map_err(|error| wrong_text(&error))?;
            let Err(error) = check(app, space_id, &text.rule).await? else {
                return Ok(text.rule);
            };
            Err(wrong_text(&text.error(error)))
        }
        tree => {
            let rule = Expr::parse(tree).map_err(wrong_tree)?;
            let checked = check(app, space_id, &rule).await?;
            checked.map_err(wrong_tree)?;
            Ok(rule)
        }
    }
}

fn wrong_text(error: &TextError) -> Error {
    invalid(error.to_string())
        .with("line", error.line.to_string())
        .with("column", error.column.to_string())
}

fn wrong_tree(error: ExprError) -> Error {
    invalid(error.to_string()).with("path", error.path)
}

/// Whether what a definition names is there; otherwise which of its rules names what is not.
async fn check(app: &App, space_id: &str, rule: &Expr) -> Result<Result<(), ExprError>> {
    let reads = rule.reads();
    let wrong = |message: String, names: &dyn Fn(&Reads) -> bool| {
        let path = rule.find(&|rule| names(&rule.reads())).unwrap_or_default();
        Ok(Err(ExprError { path, message }))
    };
    for audience in &reads.audiences {
        match must_exist(app, space_id, audience).await {
            Err(error) if error.code == Code::InvalidDefinition => {
                return wrong(error.message, &|reads| reads.audiences.contains(audience));
            }
            there => there?,
        }
    }
    let known = computed_trait::keys(app, space_id).await?;
    // A name with dots stands for the whole name, or for its first part.
    let has = |name: &str| {
        known.contains(name)
            || name
                .split_once('.')
                .is_some_and(|(first, _)| known.contains(first))
    };
    if let Some(key) = reads.computed_traits.iter().find(|key| !has(key)) {
        let message = format!(
            "there is no computed trait \"{key}\" in this space: make it first with POST /api/v1/computed_traits"
        );
        return wrong(message, &|reads| reads.computed_traits.contains(key));
    }
    let rules = Rules::of(&app.sources, space_id);
    for purpose in &reads.purposes {
        let choice = std::iter::once((purpose.clone(), true)).collect();
        if let Err(unknown) = rules.policy().check_choices(&choice) {
            return wrong(unknown.to_string(), &|reads| {
                reads.purposes.contains(purpose)
            });
        }
    }
    for kind in &reads.kinds {
        if rules.identity().place(kind).is_none() {
            let message =
                format!("there is no kind of identifier \"{kind}\" in this space's identity rules");
            return wrong(message, &|reads| reads.kinds.contains(kind));
        }
    }
    Ok(Ok(()))
}

/// Reads the name of an audience.
fn name(name: &str) -> Result<&str> {
    match name.trim() {
        "" => Err(invalid("an audience needs a \"name\"")),
        name => Ok(name),
    }
}

/// Makes an audience: events from now on are looked at as they come, everybody else in the background.
pub(super) async fn define(
    app: &App,
    space_id: &str,
    named: &str,
    definition: &Value,
) -> Result<Audience> {
    let name = name(named)?;
    let rule = read(app, space_id, definition).await?;
    let (new, now) = (id::dated("aud", clock::now())?, clock::now());
    {
        let _guard = app.pipeline.between_turns().await;
        count_for_audience(&app.database, space_id, &rule.counters()).await?;
        store::insert(&app.database, space_id, &new, name, &rule, now).await?;
    }
    app.pipeline.wake();
    wait_until_built(app, space_id, &new).await
}

/// Changes an audience. A new definition looks at everybody in the background; until then the old one serves.
pub(super) async fn change(
    app: &App,
    space_id: &str,
    id: &str,
    named: Option<&str>,
    definition: Option<&Value>,
) -> Result<Audience> {
    let audience = store::one(&app.database, space_id, id).await?;
    let named = named.map(name).transpose()?;
    let read = match definition {
        Some(definition) => Some((definition, read(app, space_id, definition).await?)),
        None => None,
    };
    {
        let _guard = app.pipeline.between_turns().await;
        if let Some(name) = named {
            store::rename(&app.database, space_id, id, name, clock::now()).await?;
            // Edges tell audiences by name.
            app.sources.reload(&app.database).await?;
            app.snapshots.clear();
        }
        if let Some((definition, rule)) = read.filter(|(_, rule)| *rule != *audience.rule) {
            if let Some(circle) = circle(app, space_id, id, &rule).await? {
                return Err(at_its_place(definition, circle));
            }
            count_for_audience(&app.database, space_id, &rule.counters()).await?;
            let (new, now) = (id::dated("aud", clock::now())?, clock::now());
            let audience = store::one(&app.database, space_id, id).await?;
            store::insert_next(&app.database, space_id, &audience, &new, &rule, now).await?;
            forget_unused(&app.database, space_id).await?;
        }
    }
    app.pipeline.wake();
    wait_until_built(app, space_id, id).await
}

/// Takes an audience away that nothing else needs.
pub(super) async fn remove(app: &App, space_id: &str, id: &str) -> Result<()> {
    let _guard = app.pipeline.between_turns().await;
    store::one(&app.database, space_id, id).await?;
    let mut connection = app.database.reader().acquire().await?;
    let others = store::all(&mut connection, space_id).await?;
    drop(connection);
    if let Some(other) = others
        .iter()
        .find(|other| other.rule.reads().audiences.contains(id))
    {
        let message = format!("\"{}\" looks at this audience: change it first", other.name);
        return Err(Error::new(Code::Conflict, message));
    }
    let experiences = experience::unarchived(&app.database, space_id).await?;
    if let Some(other) = experiences
        .iter()
        .find(|experience| experience.audiences().any(|(_, other)| other == id))
    {
        let message = format!(
            "the experience \"{}\" is for this audience: change it first",
            other.name
        );
        return Err(Error::new(Code::Conflict, message));
    }
    store::remove(&app.database, space_id, id).await?;
    forget_unused(&app.database, space_id).await?;
    app.snapshots.clear();
    Ok(())
}

/// Where a rule of a definition that was read is wrong, in the words of how it was written.
fn at_its_place(definition: &Value, error: ExprError) -> Error {
    match definition {
        Value::String(text) => match Text::parse(text) {
            Ok(text) => wrong_text(&text.error(error)),
            Err(error) => wrong_text(&error),
        },
        _ => wrong_tree(error),
    }
}

/// Where a rule would have the audience look at itself, by whatever way, which must not be.
async fn circle(app: &App, space_id: &str, id: &str, rule: &Expr) -> Result<Option<ExprError>> {
    let mut connection = app.database.reader().acquire().await?;
    let all = store::all(&mut connection, space_id).await?;
    for named in rule.reads().audiences {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut next = vec![named.clone()];
        while let Some(looked_at) = next.pop() {
            if looked_at == id {
                let names = |rule: &Expr| rule.reads().audiences.contains(&named);
                return Ok(Some(ExprError {
                    path: rule.find(&names).unwrap_or_default(),
                    message: "an audience cannot look at itself, not even through others"
                        .to_owned(),
                }));
            }
            if seen.insert(looked_at.clone()) {
                let there = all
                    .iter()
                    .filter(|other| other.id == looked_at || other.replaces == looked_at);
                next.extend(there.flat_map(|other| other.rule.reads().audiences));
            }
        }
    }
    Ok(None)
}

async fn wait_until_built(app: &App, space_id: &str, id: &str) -> Result<Audience> {
    let deadline = tokio::time::Instant::now() + WAIT;
    loop {
        let audience = store::one(&app.database, space_id, id).await?;
        let next = store::next(&app.database, space_id, id).await?;
        let built = audience.is_ready() && next.is_none();
        if built || tokio::time::Instant::now() > deadline {
            return Ok(audience);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sees to it that what the audiences count is counted: an earlier version may have counted otherwise.
/// Those that have to wait for it look at everybody again. To be called before the pipeline starts.
pub(crate) async fn prepare(database: &Database) -> Result<()> {
    let audiences = store::of_all_spaces(database).await?;
    for (space_id, audience) in &audiences {
        count_for_audience(database, space_id, &audience.rule.counters()).await?;
    }
    let mut transaction = database.begin().await?;
    for (space_id, audience) in &audiences {
        let definitions = computed_trait::all(&mut transaction, space_id).await?;
        if !is_counted(&audience.rule, &counted(&definitions)) {
            store::look_again(&mut transaction, space_id, &audience.id, clock::now()).await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// The name of an audience that looks at a computed trait, if there is one.
pub(crate) async fn that_reads(app: &App, space_id: &str, key: &str) -> Result<Option<String>> {
    let mut connection = app.database.reader().acquire().await?;
    let all = store::all(&mut connection, space_id).await?;
    let reads = |audience: &Audience| audience.rule.reads().computed_traits.contains(key);
    Ok(all.into_iter().find(reads).map(|audience| audience.name))
}

/// Has the audiences that look at a computed trait look at everybody again.
pub(crate) async fn look_again_at(
    connection: &mut AnyConnection,
    space_id: &str,
    key: &str,
) -> Result<()> {
    for audience in store::all(connection, space_id).await? {
        if audience.rule.reads().computed_traits.contains(key) {
            store::look_again(connection, space_id, &audience.id, clock::now()).await?;
        }
    }
    Ok(())
}

/// The keys of all that the space's audiences count.
pub(crate) async fn counters(database: &Database, space_id: &str) -> Result<BTreeSet<String>> {
    let mut connection = database.reader().acquire().await?;
    let all = store::all(&mut connection, space_id).await?;
    let keys = all
        .iter()
        .flat_map(|audience| audience.rule.reads().counters);
    Ok(keys.collect())
}

/// The rule of an audience.
pub(crate) async fn rule(app: &App, space_id: &str, id: &str) -> Result<Expr> {
    Ok(Expr::clone(
        &store::one(&app.database, space_id, id).await?.rule,
    ))
}

/// Refuses a definition that names an audience which is not there.
pub(crate) async fn must_exist(app: &App, space_id: &str, id: &str) -> Result<()> {
    match store::one(&app.database, space_id, id).await {
        Ok(_) => Ok(()),
        Err(error) if error.code == Code::NotFound => Err(invalid(format!(
            "there is no audience {id} in this space: make it first with POST /api/v1/audiences"
        ))),
        Err(error) => Err(error),
    }
}
