//! Who was erased and is not taken in again. Nothing of them is kept but a keyed hash of each identifier.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use cdp_core::event::Event;
use cdp_core::forward::Refused;
use cdp_core::hex::hex;
use cdp_core::identifier::Identifier;
use cdp_core::identity::Rules;
use cdp_core::kept_message::KeptMessage;
use cdp_core::outcome::Outcome;
use cdp_core::time::Timestamp;
use hmac::{Hmac, KeyInit as _, Mac as _};
use schemars::JsonSchema;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sqlx::{AnyConnection, Row as _};

use super::person::Person;
use crate::clock;
use crate::database::Database;
use crate::error::{Error, Result};
use crate::ingest::Entry;
use crate::source::Directory;
use crate::vault::Vault;

mod copy;
mod store;

pub(super) use store::page;

/// What is said of an event that is refused.
const REASON: &str = "the person was erased at their request: nothing of them is taken in any more. A privacy officer can lift this where they come back by their own wish";
/// Texts of a message that are looked at.
const MOST_TEXTS: usize = 500;

/// The suppressions of all spaces.
#[derive(Debug)]
pub(crate) struct Suppressions {
    key: String,
    /// Where the copy is.
    file: Option<PathBuf>,
    /// By space and hash: whether others use the identifier as well.
    spaces: RwLock<HashMap<String, HashMap<String, bool>>>,
    /// Refused events by space and hash, to be written down.
    refused: Mutex<HashMap<(String, String), i64>>,
}

/// A suppression as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Suppressed {
    space_id: String,
    hash: String,
    kind: String,
    shared: bool,
    request_id: String,
    created_at: i64,
}

/// A suppression as callers see it.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Suppression {
    /// HMAC-SHA256 of the identifier, in hexadecimal digits.
    pub(super) id: String,
    kind: String,
    /// Whether others use the identifier as well, so that only what names nobody else is refused.
    shared: bool,
    request_id: String,
    /// Events that were refused because of it.
    refused: i64,
    created_at: Timestamp,
}

/// Seals the key of the copy anew, where there is a copy.
///
/// # Errors
/// Where it does not open, or cannot be written.
pub(crate) fn seal_copy_anew(file: &Path, vault: &Vault) -> Result<()> {
    copy::seal_anew(file, vault)
}

impl Suppressions {
    /// Reads them, and makes the key if there is none. `file` has a copy that outlives a restore of the database: what is in it
    /// and not in the database is suppressed again.
    pub(crate) async fn load(database: &Database, file: Option<PathBuf>) -> Result<Self> {
        let vault = database.vault();
        let read = |file: &Path| copy::read(file, vault);
        let copy = file.as_deref().map(read).transpose()?.flatten();
        let key = copy.as_ref().map(|copy| copy.key.clone());
        let mut transaction = database.begin().await?;
        let key = store::key(&mut transaction, vault, key).await?;
        match copy {
            Some(copy) if copy.key == key => {
                store::put(&mut transaction, copy.suppressed).await?;
            }
            Some(_) => tracing::error!(
                "the copy of who was erased is of another database, and is not used: put the right data folder beside the database"
            ),
            None => {}
        }
        transaction.commit().await?;
        let suppressions = Self {
            key,
            file,
            spaces: RwLock::default(),
            refused: Mutex::default(),
        };
        suppressions.reload(database).await?;
        Ok(suppressions)
    }

    /// Reads them again, and renews the copy.
    pub(super) async fn reload(&self, database: &Database) -> Result<()> {
        let suppressed = store::all(database).await?;
        let mut spaces: HashMap<String, HashMap<String, bool>> = HashMap::new();
        for one in &suppressed {
            let space = spaces.entry(one.space_id.clone()).or_default();
            space.insert(one.hash.clone(), one.shared);
        }
        *self.spaces.write().unwrap_or_else(PoisonError::into_inner) = spaces;
        match &self.file {
            Some(file) => copy::write(file, database.vault(), &self.key, suppressed),
            None => Ok(()),
        }
    }

    /// The keyed hash of an identifier in normal form, in hexadecimal digits.
    pub(super) fn hash(&self, identifier: &Identifier) -> String {
        self.hash_text(&identifier.to_string())
    }

    fn hash_text(&self, identifier: &str) -> String {
        // A key of any length is one.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()) else {
            return String::new();
        };
        mac.update(identifier.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    fn has_any(&self, space_id: &str) -> bool {
        let spaces = self.spaces.read().unwrap_or_else(PoisonError::into_inner);
        spaces.contains_key(space_id)
    }

    /// Whether others use the identifier as well; `None` where it is not suppressed.
    fn is_shared(&self, space_id: &str, hash: &str) -> Option<bool> {
        let spaces = self.spaces.read().unwrap_or_else(PoisonError::into_inner);
        spaces.get(space_id)?.get(hash).copied()
    }

    /// Why an event that names these is refused, if it is: because one of them was erased, or because all of them were.
    pub(crate) fn refusal(
        &self,
        space_id: &str,
        identifiers: &[Identifier],
    ) -> Option<&'static str> {
        if !self.has_any(space_id) {
            return None;
        }
        let hashes: Vec<String> = identifiers.iter().map(|one| self.hash(one)).collect();
        let found: Vec<Option<bool>> = hashes
            .iter()
            .map(|hash| self.is_shared(space_id, hash))
            .collect();
        let at = found.iter().position(|shared| *shared == Some(false));
        let at =
            at.or_else(|| (!found.is_empty() && found.iter().all(Option::is_some)).then_some(0))?;
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        *refused
            .entry((space_id.to_owned(), hashes.get(at)?.clone()))
            .or_default() += 1;
        Some(REASON)
    }

    /// Takes from what the edge refused the messages that name somebody who was erased: they are kept nowhere.
    pub(crate) fn strip(&self, space_id: &str, rules: &Rules, refused: &mut [Refused]) {
        if !self.has_any(space_id) {
            return;
        }
        for one in refused {
            let message = one.message.as_ref();
            if message.is_some_and(|message| self.is_named_in(space_id, rules, message)) {
                one.message = None;
                one.jurisdiction = None;
                one.outcome = Outcome::Denied;
                REASON.clone_into(&mut one.reason);
            }
        }
    }

    /// Whether some text of a message is an identifier that was erased.
    fn is_named_in(&self, space_id: &str, rules: &Rules, message: &KeptMessage) -> bool {
        let mut texts = Vec::new();
        let mut json = serde_json::Deserializer::from_str(message.text());
        // It is JSON; the texts up to a mistake are looked at all the same.
        let _ = Texts(&mut texts).deserialize(&mut json);
        let mut read = texts.iter().flat_map(|text| {
            let kinds = rules.kinds.iter();
            kinds.filter_map(|kind| rules.identifier(&kind.kind, text).ok())
        });
        read.any(|identifier| self.is_shared(space_id, &self.hash(&identifier)) == Some(false))
    }

    /// Takes out of an entry of the log what was judged before its person was erased; whether that is any event.
    pub(crate) fn take_out(&self, entry: &mut Entry, sources: &Directory) -> Result<bool> {
        let space_id = entry.space_id.clone();
        if !self.has_any(&space_id) {
            return Ok(false);
        }
        let rules = sources.identity(&space_id);
        let mut any = false;
        for (at, event) in entry.events()?.iter().enumerate().rev() {
            let event: &Event = event;
            if let Some(reason) = self.refusal(&space_id, &rules.identifiers_of(event)) {
                entry.remove(at);
                any = true;
                entry.refused.push(Refused {
                    index: at,
                    message_id: event.message_id.clone(),
                    outcome: Outcome::Denied,
                    reason: reason.to_owned(),
                    message: None,
                    jurisdiction: None,
                    gpc: false,
                    ledger: event.ledger.clone(),
                });
            }
        }
        let mut refused = std::mem::take(&mut entry.refused);
        self.strip(&space_id, &rules, &mut refused);
        entry.refused = refused;
        Ok(any)
    }

    /// Writes down how many events were refused since it was done last.
    pub(super) async fn write_down(&self, database: &Database) -> Result<()> {
        let refused =
            std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner));
        if refused.is_empty() {
            return Ok(());
        }
        let mut transaction = database.begin().await?;
        for ((space_id, hash), count) in refused {
            sqlx::query("UPDATE privacy_suppression SET refused = refused + $3 WHERE space_id = $1 AND hash = $2")
                .bind(space_id)
                .bind(hash)
                .bind(count)
                .execute(&mut *transaction)
                .await?;
        }
        Ok(transaction.commit().await?)
    }

    /// Suppresses a person's identifiers. Of those that others use as well only what is no device's: on a shared browser
    /// somebody else goes on.
    pub(super) async fn add(
        &self,
        connection: &mut AnyConnection,
        space_id: &str,
        request_id: &str,
        person: &Person,
    ) -> Result<u64> {
        let now = clock::now().as_micros();
        let own = person.identifiers.iter().map(|one| (one, false));
        let is_device = |one: &&String| {
            one.parse()
                .is_ok_and(|one| cdp_core::identity::is_device(&one))
        };
        let shared = person.shared.iter().filter(|one| !is_device(one));
        let all = own.chain(shared.map(|one| (one, true)));
        let suppressed = all.map(|(one, shared)| Suppressed {
            space_id: space_id.to_owned(),
            hash: self.hash_text(one),
            kind: one.split_once(':').map_or("", |(kind, _)| kind).to_owned(),
            shared,
            request_id: request_id.to_owned(),
            created_at: now,
        });
        store::put(connection, suppressed.collect()).await
    }

    /// Lifts a suppression.
    pub(super) async fn lift(&self, database: &Database, space_id: &str, hash: &str) -> Result<()> {
        let mut transaction = database.begin().await?;
        let gone = sqlx::query("DELETE FROM privacy_suppression WHERE space_id = $1 AND hash = $2")
            .bind(space_id)
            .bind(hash)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        if gone.rows_affected() == 0 {
            return Err(Error::not_found("suppression"));
        }
        self.reload(database).await
    }

    /// Identifiers that were erased and are there again, as in a database that was restored from before: one of each space.
    pub(super) async fn returned(&self, database: &Database) -> Result<Vec<(String, String)>> {
        let spaces: Vec<String> = {
            let spaces = self.spaces.read().unwrap_or_else(PoisonError::into_inner);
            spaces.keys().cloned().collect()
        };
        let mut returned = Vec::new();
        for space_id in spaces {
            let mut after = String::new();
            loop {
                let rows = sqlx::query("SELECT identifier FROM identity_node WHERE space_id = $1 AND identifier > $2 ORDER BY identifier LIMIT 2000")
                    .bind(&space_id)
                    .bind(&after)
                    .fetch_all(database.reader())
                    .await?;
                let Some(last) = rows.last() else { break };
                after = last.try_get("identifier")?;
                for row in &rows {
                    let identifier: String = row.try_get("identifier")?;
                    if self.is_shared(&space_id, &self.hash_text(&identifier)) == Some(false) {
                        returned.push((space_id.clone(), identifier));
                    }
                }
            }
        }
        Ok(returned)
    }
}

/// Collects the texts of JSON without building anything else of it.
struct Texts<'t>(&'t mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Texts<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Texts<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.0.len() < MOST_TEXTS {
            self.0.push(text.to_owned());
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Texts(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while object.next_key::<IgnoredAny>()?.is_some() {
            object.next_value_seed(Texts(self.0))?;
        }
        Ok(())
    }
}
