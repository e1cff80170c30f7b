//! Making tokens and taking them away. Nobody gives away more than they hold.

use cdp_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::store::{self, NewToken};
use crate::access::{Actor, Scopes};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::{clock, id, session};

/// Characters of a name.
const LONGEST: usize = 100;
/// Days after which a token ends at the latest, where it is to end.
const MOST_DAYS: i64 = 3650;

/// A token that is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    name: String,
    /// Such as `people:read`; `read` and `write` stand for every area.
    scopes: Vec<String>,
    /// After how many days it ends; without it, when it is taken away.
    ends_in_days: Option<i64>,
}

/// A token as it is told once.
#[derive(Debug, Serialize)]
pub(super) struct Made {
    id: String,
    name: String,
    token: String,
    scopes: Scopes,
    created_at: Timestamp,
    ends_at: Option<Timestamp>,
}

/// Makes a token of a space for somebody who holds `held`.
pub(super) async fn make(
    app: &App,
    space_id: &str,
    (actor, held): (&Actor, Scopes),
    wanted: Wanted,
) -> Result<Made> {
    let invalid = |words: String| Error::new(Code::InvalidDefinition, words);
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST {
        return Err(invalid(format!(
            "\"name\" has 1 to {LONGEST} characters: say what the token is for"
        )));
    }
    let scopes = Scopes::asked(&wanted.scopes).map_err(invalid)?;
    if scopes == Scopes::default() {
        return Err(invalid(
            "\"scopes\" names at least one, such as \"people:read\"".to_owned(),
        ));
    }
    within(held, scopes)?;
    let days = wanted.ends_in_days;
    if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        return Err(invalid(format!(
            "\"ends_in_days\" is a number from 1 to {MOST_DAYS}"
        )));
    }
    let now = clock::now();
    let made = Made {
        id: id::dated("tok", now)?,
        name: name.to_owned(),
        token: id::secret("hwt_")?,
        scopes,
        created_at: now,
        ends_at: days.map(|days| now.plus(Span::from_seconds(days * 86_400))),
    };
    let token = NewToken {
        id: &made.id,
        space_id,
        name: &made.name,
        secret: &made.token,
        scopes,
        created_by: Some(&actor.name),
        ends_at: made.ends_at,
    };
    let mut transaction = app.database.begin().await?;
    store::insert(&mut transaction, &token, now).await?;
    transaction.commit().await?;
    Ok(made)
}

/// Takes a token of a space away, and the sessions that act as it.
pub(super) async fn revoke(app: &App, space_id: &str, held: Scopes, id: &str) -> Result<()> {
    let scopes = store::scopes(&app.database, space_id, id).await?;
    within(held, scopes.ok_or_else(|| Error::not_found("token"))?)?;
    let mut transaction = app.database.begin().await?;
    store::delete(&mut transaction, space_id, id).await?;
    session::store::end_of_token(&mut transaction, id).await?;
    transaction.commit().await?;
    app.shown_out.tell();
    Ok(())
}

fn within(held: Scopes, scopes: Scopes) -> Result<()> {
    if held.include(scopes) {
        return Ok(());
    }
    let lacking: Vec<String> = scopes
        .list()
        .filter(|scope| !held.contains(*scope))
        .map(|scope| scope.to_string())
        .collect();
    let words = format!(
        "you do not hold {} yourself: nobody can give or take more than they hold",
        lacking.join(", ")
    );
    Err(Error::new(Code::Forbidden, words))
}
