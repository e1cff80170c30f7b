//! When tokens and sessions were last used, to the minute: writing it with every call would cost more than the call.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cdp_core::time::{Span, Timestamp};

use crate::database::Database;
use crate::error::Result;
use crate::session::{self, Session};
use crate::{clock, member, token};

/// Between two times that are written.
const MINUTE: Span = Span::from_seconds(60);
/// Ids that are remembered before those of earlier minutes are forgotten.
const MOST: usize = 4096;

/// What was written lately, by id.
#[derive(Debug, Default)]
pub(crate) struct Used(Mutex<HashMap<String, Timestamp>>);

impl Used {
    /// A token is used; nobody waits for that to be written.
    pub(crate) fn token(&self, database: &Database, id: &str, before: Option<Timestamp>) {
        let Some(now) = self.due(id, before) else {
            return;
        };
        let (database, id) = (database.clone(), id.to_owned());
        tokio::spawn(async move {
            let written = async {
                let mut transaction = database.begin().await?;
                token::used(&mut transaction, &id, now).await?;
                Ok(transaction.commit().await?)
            };
            told(written.await);
        });
    }

    /// A session is used, and its member is there.
    pub(crate) fn session(&self, database: &Database, session: &Session) {
        let Some(now) = self.due(&session.id, Some(session.seen_at)) else {
            return;
        };
        let (database, session) = (database.clone(), session.clone());
        tokio::spawn(async move {
            let written = async {
                let mut transaction = database.begin().await?;
                session::store::seen(&mut transaction, &session.id, now).await?;
                if let Some(member_id) = &session.member_id {
                    member::store::seen(&mut transaction, member_id, now).await?;
                }
                Ok(transaction.commit().await?)
            };
            told(written.await);
        });
    }

    /// Now, if the last time that was written is long enough ago.
    fn due(&self, id: &str, before: Option<Timestamp>) -> Option<Timestamp> {
        let now = clock::now();
        let old = |time: Timestamp| now.since(time) >= MINUTE;
        if before.is_some_and(|before| !old(before)) {
            return None;
        }
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if written.get(id).is_some_and(|time| !old(*time)) {
            return None;
        }
        if written.len() >= MOST {
            written.retain(|_, time| !old(*time));
        }
        written.insert(id.to_owned(), now);
        Some(now)
    }
}

/// It is told for convenience only, so a failure stops nobody.
fn told(written: Result<()>) {
    if let Err(error) = written {
        tracing::debug!(%error, "when something was last used could not be written");
    }
}
