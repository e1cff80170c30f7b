//! The log's entries as they lie on disk: written once, in order, read once by the pipeline, and deleted.
//!
//! In a data folder they are files of their own, since nothing is cheaper to make durable than the end
//! of a file. On Postgres they are a table, so that whoever has the database has everything.

use std::path::Path;
use std::sync::Arc;

use sqlx::AnyPool;

use crate::error::Result;

mod segments;
mod table;

use segments::Segments;

/// An entry as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its number; the next one's is one more.
    pub(crate) id: i64,
    /// How many messages it is about.
    pub(crate) messages: u32,
    /// What it says.
    pub(crate) body: String,
}

/// What one reading may be worth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portion {
    /// Entries at most.
    pub(crate) entries: usize,
    /// Messages after which no further entry is taken.
    pub(crate) messages: usize,
    /// Bytes after which no further entry is taken.
    pub(crate) bytes: usize,
}

impl Portion {
    /// So many of them.
    pub(crate) const fn times(self, times: usize) -> Self {
        Self {
            entries: self.entries * times,
            messages: self.messages * times,
            bytes: self.bytes * times,
        }
    }

    /// Whether one more entry may be taken after these.
    fn has_room(self, taken: &[Record]) -> bool {
        let messages: usize = taken.iter().map(|record| record.messages as usize).sum();
        let bytes: usize = taken.iter().map(|record| record.body.len()).sum();
        taken.is_empty()
            || (taken.len() < self.entries && messages < self.messages && bytes < self.bytes)
    }
}

/// What of the log has not yet taken effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behind {
    /// The last entry's number.
    pub(crate) end: i64,
    pub(crate) messages: u64,
}

/// Entries that are looked at together.
const LOOKED_AT: Portion = Portion {
    entries: 1_024,
    messages: 100_000,
    bytes: 8 * 1024 * 1024,
};

/// Where entries are. Files are written and read on the thread that asks for it: whoever does so again and again has a
/// thread of its own (see [`crate::priority`]).
#[derive(Clone, Debug)]
pub(crate) enum Journal {
    /// Files of a data folder.
    Files(Arc<Segments>),
    /// A table of Postgres.
    Table(AnyPool),
}

impl Journal {
    /// The entries of a data folder, whose `log` folder is made if need be.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        Ok(Self::Files(Arc::new(Segments::open(folder)?)))
    }

    /// Settles what a crash has left. Only for whoever writes entries.
    pub(super) fn tidy(&self) -> std::io::Result<()> {
        match self {
            Self::Files(segments) => segments.tidy(),
            Self::Table(_) => Ok(()),
        }
    }

    /// The entries of a Postgres, whose table is made if need be.
    pub(super) async fn of_table(pool: AnyPool) -> sqlx::Result<Self> {
        table::make(&pool).await?;
        Ok(Self::Table(pool))
    }

    /// The youngest entry's number, 0 without any. Also settles what a write that failed has left.
    pub(crate) async fn last(&self) -> Result<i64> {
        match self {
            Self::Files(segments) => segments.last(),
            Self::Table(pool) => table::last(pool).await,
        }
    }

    /// Writes entries, all or none; durable when it returns.
    pub(crate) async fn append(&self, records: Vec<Record>) -> Result<()> {
        match self {
            Self::Files(segments) => segments.append(&records),
            Self::Table(pool) => table::append(pool, records).await,
        }
    }

    /// Lets go of the entries up to `position`.
    pub(crate) async fn forget(&self, position: i64) -> Result<()> {
        match self {
            Self::Files(segments) => segments.forget(position),
            Self::Table(pool) => table::forget(pool, position).await,
        }
    }

    /// Lets go of the entries up to `position` at once, whatever that costs, so that nothing of them can be read any more.
    pub(crate) async fn let_go(&self, position: i64) -> Result<()> {
        match self {
            Self::Files(segments) => segments.let_all_go(position),
            Self::Table(pool) => table::forget(pool, position).await,
        }
    }

    /// The next entries behind `position` and up to `end`, in order; at least one if there is one.
    pub(crate) async fn read_after(
        &self,
        position: i64,
        end: i64,
        portion: Portion,
    ) -> Result<Vec<Record>> {
        match self {
            Self::Files(segments) => segments.read_after(position, end, portion),
            Self::Table(pool) => table::read_after(pool, position, end, portion).await,
        }
    }

    /// What there is behind `position`; also for who does not write here.
    pub(crate) async fn behind(&self, position: i64) -> Result<Behind> {
        let mut behind = Behind {
            end: position,
            messages: 0,
        };
        loop {
            let records = self.read_after(behind.end, i64::MAX, LOOKED_AT).await?;
            let Some(last) = records.last() else {
                return Ok(behind);
            };
            behind.end = last.id;
            let messages = records.iter().map(|record| u64::from(record.messages));
            behind.messages += messages.sum::<u64>();
        }
    }
}
