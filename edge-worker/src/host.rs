//! What the edge needs from where it runs.

use std::future::Future;
use std::sync::Arc;

use cdp_core::forward::{Forward, Forwarded, Snapshot, SnapshotQuery};
use cdp_core::source::SourceConfig;
use cdp_core::time::Timestamp;

use crate::error::Unavailable;
use crate::rate_limit::RateLimiter;

/// Where the edge runs: Workers, or inside the `headwater` binary.
pub trait Host {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Random bytes, for ids.
    fn random(&self) -> [u8; 16];

    /// The rate limits' memory, which lives as long as the host does.
    fn limiter<T>(&self, run: impl FnOnce(&mut RateLimiter) -> T) -> T;

    /// The source with this write key, if there is one.
    fn source(
        &self,
        write_key: &str,
    ) -> impl Future<Output = Result<Option<Arc<SourceConfig>>, Unavailable>>;

    /// Hands a batch to the aggregator; the answer says what is durable.
    fn forward(&self, batch: Forward) -> impl Future<Output = Result<Forwarded, Unavailable>>;

    /// The snapshot of the profile that has this anonymous id.
    fn snapshot(&self, query: SnapshotQuery)
    -> impl Future<Output = Result<Snapshot, Unavailable>>;
}
