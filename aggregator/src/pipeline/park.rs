//! What cannot take effect stops nobody behind it.

use super::{ONE, Runner, ids, read};
use crate::error::{Code, Error, Result};
use crate::identity;
use crate::ingest::{self, Entry};

impl Runner {
    /// Puts what cannot take effect into quarantine, so that it stops nobody else: the events of the
    /// next entry that fail when they are tried alone, or all of them if none does.
    pub(super) async fn park(&mut self) -> Result<()> {
        self.recover().await?;
        let position = *self.reached.borrow();
        let end = *self.log_end.borrow();
        let mut entries = self.entries(position, end, ONE).await?;
        let gone = self.take_out(&mut entries)?;
        self.seen.settle(gone.into_iter());
        let Some((id, entry)) = entries.pop() else {
            return Ok(());
        };
        let before = entry.with_only_events();
        let mut failed = Vec::new();
        for at in 0..entry.len() {
            match self.trial(&entry, at).await {
                Ok(()) => {}
                Err(error) if error.code == Code::Internal => failed.push((at, error.to_string())),
                Err(error) => return Err(error),
            }
        }
        let mut next = [(id, entry)];
        if failed.is_empty() {
            // Whatever the matter was may be over by now.
            match self.take(&read(&next)?, id).await {
                Err(error) if error.code == Code::Internal => {}
                other => return other,
            }
            self.recover().await?;
        }
        let [(_, entry)] = &mut next;
        if failed.is_empty() {
            let whole = "its batch cannot take effect, though each event alone can";
            failed = (0..entry.len()).map(|at| (at, whole.to_owned())).collect();
        }
        for (at, why) in failed.into_iter().rev() {
            tracing::error!(
                entry = id,
                why,
                "an event cannot take effect; it is in quarantine"
            );
            let text = entry.remove(at);
            entry.refused.push(ingest::parked(at, &text));
        }
        self.take(&read(&next)?, id).await?;
        self.seen.settle(ids(&self.seen, std::iter::once(&before)));
        Ok(())
    }

    /// Tries what an event would do, and undoes it.
    async fn trial(&mut self, entry: &Entry, at: usize) -> Result<()> {
        let alone = [(0, entry.with_only(at))];
        let alone = read(&alone)?;
        let mut transaction = self.database.begin().await?;
        let tried = self.effects(&mut transaction, &alone).await;
        self.identity = identity::Cache::default();
        transaction.rollback().await.map_err(Error::from)?;
        tried.map(drop)
    }
}
