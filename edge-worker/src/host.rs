//! What the edge needs from where it runs.

use std::future::Future;
use std::sync::Arc;

use cdp_core::consent::Counts;
use cdp_core::forward::{Admitted, Forward, Forwarded, Snapshot, SnapshotQuery, Subject};
use cdp_core::outcome::MessageOutcome;
use cdp_core::source::SourceConfig;
use cdp_core::time::{Span, Timestamp};

use crate::error::Unavailable;
use crate::rate_limit::RateLimiter;

/// Memory that a host keeps for a request.
pub type Room = Box<dyn Send>;

/// What is known of somebody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// What the aggregator said.
    pub snapshot: Snapshot,
    /// How long ago, where it cannot be asked now.
    pub age: Span,
}

impl Known {
    /// What was said just now.
    #[must_use]
    pub fn now(snapshot: Snapshot) -> Self {
        Self {
            snapshot,
            age: Span::default(),
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// One line a message, in the batch's order.
    pub outcomes: Vec<MessageOutcome>,
    /// What was asked for with the batch.
    pub known: Option<Known>,
    /// Events of the batch that `known` does not know.
    pub unheard: Vec<Admitted>,
}

impl From<Forwarded> for Taken {
    fn from(forwarded: Forwarded) -> Self {
        Self {
            outcomes: forwarded.outcomes,
            known: forwarded.snapshot.map(Known::now),
            unheard: Vec::new(),
        }
    }
}

/// Where the edge runs: Workers, or inside the `headwater` binary.
pub trait Host {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Random bytes, for ids.
    fn random(&self) -> [u8; 16];

    /// The rate limits' memory, which lives as long as the host does.
    fn limiter<T>(&self, run: impl FnOnce(&mut RateLimiter) -> T) -> T;

    /// Makes room for a body that grew to so many bytes when it was decompressed; the room is given
    /// back when what is returned is dropped. A host whose memory is bounded for it needs none.
    ///
    /// # Errors
    /// When too many bodies are being read at once.
    fn room(&self, bytes: usize) -> Result<Option<Room>, Unavailable> {
        let _ = bytes;
        Ok(None)
    }

    /// The source with this write key, if there is one.
    fn source(
        &self,
        write_key: &str,
    ) -> impl Future<Output = Result<Option<Arc<SourceConfig>>, Unavailable>>;

    /// Hands a batch to the aggregator; the answer says what is durable.
    fn forward(&self, batch: Forward) -> impl Future<Output = Result<Taken, Unavailable>>;

    /// The snapshot of the profile that has this id: as it is now or, where nobody can say, as it was
    /// when it was last heard of.
    fn snapshot(&self, query: SnapshotQuery) -> impl Future<Output = Result<Known, Unavailable>>;

    /// Forgets what it keeps of these people, and of whoever else is one person with them.
    fn forget(&self, space_id: &str, whom: Vec<Subject>) -> impl Future<Output = ()> {
        let _ = (space_id, whom);
        std::future::ready(())
    }

    /// Adds to the counts of people who did not agree.
    fn count(&self, counts: Counts) -> impl Future<Output = Result<(), Unavailable>>;
}
