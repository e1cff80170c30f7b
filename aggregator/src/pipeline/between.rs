//! Jobs between two turns: they write what is derived, too, so they belong to the one task that does.

use cdp_core::time::{Span, Timestamp};

use super::turn::Turn;
use super::{Runner, follow};
use crate::consent::Rules;
use crate::error::{Error, Result};
use crate::report::Gone;
use crate::{audience, clock, identity, privacy, withdrawal};

/// How often what is kept for a while is looked through for what is over.
const TRIM: Span = Span::from_seconds(3_600);

impl Runner {
    /// Takes away some of what has been kept for long enough; false when nothing of it is left, until some time has
    /// passed.
    pub(super) async fn trim(&mut self, now: Timestamp) -> Result<bool> {
        if now < self.trim_at {
            return Ok(false);
        }
        let began = privacy::begin_daily(&self.database, now).await?;
        let more = audience::trim(&self.database, now.plus(self.changes_kept.negated())).await?;
        let more = more || began;
        if !more {
            self.trim_at = now.plus(TRIM);
        }
        Ok(more)
    }

    /// Resolves some people again whom a decision or new rules concern; false when there are none.
    pub(super) async fn resolve_again(&mut self) -> Result<bool> {
        if !identity::RESOLVE.any(&self.database).await? {
            return Ok(false);
        }
        let mut transaction = self.database.begin().await?;
        let Some((space_id, tasks)) = identity::RESOLVE.next(&mut transaction).await? else {
            return Ok(false);
        };
        let rules = Rules::of(&self.sources, &space_id);
        let mut turn = Turn::over(&rules, &[]);
        identity::resolve_again(&mut transaction, &mut turn, &mut self.identity, tasks).await?;
        follow(
            &mut transaction,
            &mut turn,
            &mut self.identity,
            &self.refusals,
        )
        .await?;
        transaction.commit().await.map_err(Error::from)?;
        if !turn.moved.is_empty() {
            self.reports.forget(&space_id);
        }
        self.live.changed(&turn.changes);
        self.identity.settle();
        self.resolved.send_modify(|count| *count += 1);
        Ok(true)
    }

    /// Folds some people again whom a new policy concerns; false when there are none.
    pub(super) async fn refold(&mut self) -> Result<bool> {
        if !identity::REFOLD.any(&self.database).await? {
            return Ok(false);
        }
        let mut transaction = self.database.begin().await?;
        let next = withdrawal::next(&mut transaction, &self.sources).await?;
        let Some((rules, people)) = next else {
            return Ok(false);
        };
        let mut turn = Turn::over(&rules, &[]);
        let cache = &mut self.identity;
        withdrawal::refold(&mut transaction, &mut turn, people, cache, clock::now()).await?;
        transaction.commit().await.map_err(Error::from)?;
        self.live.changed(&turn.changes);
        self.identity.settle();
        Ok(true)
    }

    /// Clears away what is kept of identifiers that nobody names any more; false when there are none.
    pub(super) async fn clear_gone(&mut self) -> Result<bool> {
        if !identity::any_gone(&self.database).await? {
            return Ok(false);
        }
        let mut transaction = self.database.begin().await?;
        let Some(gone) = identity::next_gone(&mut transaction).await? else {
            return Ok(false);
        };
        let rules = Rules::of(&self.sources, &gone.space_id);
        let mut turn = Turn::over(&rules, &[]);
        gone.tell(&mut turn);
        follow(
            &mut transaction,
            &mut turn,
            &mut self.identity,
            &self.refusals,
        )
        .await?;
        transaction.commit().await.map_err(Error::from)?;
        self.live.changed(&turn.changes);
        self.identity.settle();
        Ok(true)
    }

    /// Reads stored events again by identity rules that are to come into force; false when there are none.
    pub(super) async fn read_again(&mut self, log_goes_on: bool) -> Result<bool> {
        let step = identity::read_again(&self.database, &self.sources, log_goes_on).await?;
        let Some(step) = step else {
            return Ok(false);
        };
        if step == identity::Step::InForce {
            self.identity = identity::Cache::default();
            self.reports.forget_all();
            self.sources.reload(&self.database).await?;
            self.resolved.send_modify(|count| *count += 1);
        }
        Ok(true)
    }

    /// Takes a step of erasing whoever asked for it; false when there is none.
    pub(super) async fn erase(&mut self) -> Result<bool> {
        let around = privacy::Around {
            database: &self.database,
            sources: &self.sources,
            suppressions: &self.suppressions,
            backup_keys: self.backup_keys.as_deref(),
            position: *self.reached.borrow(),
            log_end: *self.log_end.borrow(),
        };
        match privacy::work(&around).await? {
            privacy::Work::Nothing => return Ok(false),
            privacy::Work::Erased => {}
            privacy::Work::Events { space_id, anchors } => {
                self.reports.without(&space_id, Gone::Anchors(anchors));
            }
        }
        self.identity = identity::Cache::default();
        Ok(true)
    }

    /// Deletes some events that have been kept for long enough; false when none are being looked for.
    pub(super) async fn let_go(&mut self) -> Result<bool> {
        let Some((space_id, events)) = privacy::trim(&self.database).await? else {
            return Ok(false);
        };
        if !events.is_empty() {
            self.reports.without(&space_id, Gone::Events(events));
        }
        Ok(true)
    }
}
