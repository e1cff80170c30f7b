//! Requests in every coding, through the whole edge: the first byte names the coding, the rest is the
//! body. Nothing fails, and what comes out is bounded.

#![no_main]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use cdp_core::collection::CollectionPolicy;
use cdp_core::consent::{Counts, Policy};
use cdp_core::forward::{Forward, SnapshotQuery};
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::Timestamp;
use cdp_core::wire::MAX_BATCH_BYTES;
use edge_worker::{Host, Known, RateLimiter, Request, Room, Taken, Unavailable};
use libfuzzer_sys::fuzz_target;

const CODINGS: [&str; 5] = ["", "gzip", "deflate", "br", "zstd"];

/// One source, and a log that forgets.
struct Nowhere;

impl Host for Nowhere {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_769_853_600_000)
    }

    fn random(&self) -> [u8; 16] {
        [7; 16]
    }

    fn limiter<T>(&self, run: impl FnOnce(&mut RateLimiter) -> T) -> T {
        run(&mut RateLimiter::new(1))
    }

    fn room(&self, bytes: usize) -> Result<Option<Room>, Unavailable> {
        assert!(bytes <= MAX_BATCH_BYTES, "grew to {bytes} bytes");
        Ok(None)
    }

    async fn source(&self, write_key: &str) -> Result<Option<Arc<SourceConfig>>, Unavailable> {
        Ok(Some(Arc::new(SourceConfig {
            source_id: "src_1".to_owned(),
            space_id: "spc_1".to_owned(),
            write_key: write_key.to_owned(),
            consent_basis: ConsentBasis::EveryEvent,
            allowed_origins: Vec::new(),
            collection: CollectionPolicy::default(),
            enabled: true,
            policy: Policy::default(),
            experiences: Vec::new(),
            user_token_keys: Vec::new(),
            audiences: cdp_core::audience::Rules::default(),
            defaults: std::collections::BTreeMap::new(),
            holdout: 0.0,
        })))
    }

    async fn forward(&self, _: Forward) -> Result<Taken, Unavailable> {
        Ok(Taken::default())
    }

    async fn snapshot(&self, _: SnapshotQuery) -> Result<Known, Unavailable> {
        Ok(Known::default())
    }

    async fn count(&self, _: Counts) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// Runs a future that never waits for anything.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((coding, body)) = data.split_first() else {
        return;
    };
    let coding = CODINGS[usize::from(*coding) % CODINGS.len()];
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        method: "POST".to_owned(),
        path: "/v1/batch".to_owned(),
        headers: vec![
            header("content-encoding", coding),
            header("x-write-key", "wk"),
        ],
        body: body.to_vec(),
        ..Request::default()
    };
    let response = finish(edge_worker::serve(&Nowhere, request));
    assert!(
        matches!(response.status, 200 | 400 | 413),
        "{}",
        response.status
    );
});
