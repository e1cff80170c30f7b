//! A host in memory: one source, a store of forwarded batches, a profile with one audience.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use cdp_core::audience::{Basis, Rules};
use cdp_core::collection::CollectionPolicy;
use cdp_core::consent::{Choices, Counts, Policy};
use cdp_core::decision::{Decision, Experience};
use cdp_core::forward::{Forward, Membership, Snapshot, SnapshotQuery, Subject};
use cdp_core::outcome::{MessageOutcome, Outcome};
use cdp_core::source::{ConsentBasis, SourceConfig, UserTokenKey};
use cdp_core::time::{Span, Timestamp};
use edge_worker::{Host, Known, RateLimiter, Request, Response, Taken, Unavailable};
use serde_json::{Value, json};

pub(crate) const KEY: &str = "wk_test";
pub(crate) const ORIGIN: &str = "https://shop.example";
pub(crate) const BROWSER: &str = "0b1f6c3e-55a1-4f0e-9d2a-3d0d6d1c7a10";

pub(crate) struct MemoryHost {
    pub(crate) forwarded: Mutex<Vec<Forward>>,
    pub(crate) counted: Mutex<Vec<Counts>>,
    pub(crate) down: bool,
    pub(crate) choices: Choices,
    pub(crate) origins: Vec<String>,
    pub(crate) collection: CollectionPolicy,
    pub(crate) enabled: bool,
    pub(crate) policy: Policy,
    pub(crate) basis: ConsentBasis,
    pub(crate) experiences: Vec<Experience>,
    pub(crate) user_token_keys: Vec<UserTokenKey>,
    pub(crate) audiences: Rules,
    pub(crate) basis_of_snapshot: Option<Basis>,
    /// Whether events go into a buffer, so that nobody has heard of them.
    pub(crate) buffers: bool,
    /// Whose snapshots were asked for, beside those that came with batches.
    pub(crate) asked: Mutex<Vec<Subject>>,
    pub(crate) forgotten: Mutex<Vec<Subject>>,
    /// How old what it knows is.
    pub(crate) age: Span,
    pub(crate) now: Mutex<Timestamp>,
    pub(crate) limiter: Mutex<RateLimiter>,
}

impl Default for MemoryHost {
    fn default() -> Self {
        Self {
            forwarded: Mutex::default(),
            counted: Mutex::default(),
            down: false,
            choices: Choices::new(),
            origins: vec![ORIGIN.to_owned()],
            collection: CollectionPolicy::default(),
            enabled: true,
            policy: Policy::default(),
            basis: ConsentBasis::EveryEvent,
            user_token_keys: Vec::new(),
            audiences: Rules::default(),
            basis_of_snapshot: None,
            buffers: false,
            asked: Mutex::default(),
            forgotten: Mutex::default(),
            age: Span::default(),
            experiences: vec![experience(json!({
                "id": "exp_1", "name": "Sneakers", "placement": "home-hero", "audience_id": "aud_1",
                "variants": [{"key": "sneakers", "value": {"title": "Fresh"}}]
            }))],
            now: Mutex::new(Timestamp::from_millis(1_769_853_600_000)),
            limiter: Mutex::new(RateLimiter::new(100)),
        }
    }
}

/// An experience from its JSON.
pub(crate) fn experience(written: Value) -> Experience {
    serde_json::from_value(written).unwrap()
}

impl MemoryHost {
    fn available(&self) -> Result<(), Unavailable> {
        if self.down {
            Err(Unavailable {
                retry_after: 7,
                code: "aggregator_unreachable",
            })
        } else {
            Ok(())
        }
    }

    fn known(&self) -> Known {
        let member = Membership {
            audience_id: "aud_1".to_owned(),
            name: "Sneaker fans".to_owned(),
            since: Some(Timestamp::from_millis(1_769_000_000_000)),
        };
        let snapshot = Snapshot {
            profile_id: Some("prf_1".to_owned()),
            audiences: vec![member],
            choices: self.choices.clone(),
            version: 1,
            basis: self.basis_of_snapshot.clone(),
            as_of: Some(*self.now.lock().unwrap()),
            ..Snapshot::default()
        };
        Known {
            snapshot,
            age: self.age,
        }
    }
}

impl Host for MemoryHost {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn limiter<T>(&self, run: impl FnOnce(&mut RateLimiter) -> T) -> T {
        run(&mut self.limiter.lock().unwrap())
    }

    fn random(&self) -> [u8; 16] {
        [7; 16]
    }

    async fn source(&self, write_key: &str) -> Result<Option<Arc<SourceConfig>>, Unavailable> {
        self.available()?;
        let config = SourceConfig {
            source_id: "src_1".to_owned(),
            space_id: "spc_1".to_owned(),
            write_key: KEY.to_owned(),
            consent_basis: self.basis.clone(),
            allowed_origins: self.origins.clone(),
            collection: self.collection,
            enabled: self.enabled,
            policy: self.policy.clone(),
            experiences: self.experiences.clone(),
            user_token_keys: self.user_token_keys.clone(),
            audiences: self.audiences.clone(),
            defaults: BTreeMap::from([("footer".to_owned(), json!({"title": "Ours"}))]),
            holdout: 0.0,
        };
        Ok((write_key == KEY).then(|| Arc::new(config)))
    }

    async fn forward(&self, batch: Forward) -> Result<Taken, Unavailable> {
        self.available()?;
        let admitted = batch.admitted.iter().map(|admitted| MessageOutcome {
            index: admitted.index,
            message_id: admitted.event.message_id.clone(),
            outcome: Outcome::Ok,
            reason: None,
        });
        let refused = batch.refused.iter().map(|refused| MessageOutcome {
            index: refused.index,
            message_id: refused.message_id.clone(),
            outcome: refused.outcome,
            reason: Some(refused.reason.clone()),
        });
        let mut outcomes: Vec<MessageOutcome> = admitted.chain(refused).collect();
        outcomes.sort_by_key(|line| line.index);
        let known = batch.snapshot_of.is_some().then(|| self.known());
        let unheard = if self.buffers {
            batch.admitted.clone()
        } else {
            Vec::new()
        };
        self.forwarded.lock().unwrap().push(batch);
        Ok(Taken {
            outcomes,
            known,
            unheard,
        })
    }

    async fn snapshot(&self, query: SnapshotQuery) -> Result<Known, Unavailable> {
        self.available()?;
        self.asked.lock().unwrap().push(query.of);
        Ok(self.known())
    }

    async fn forget(&self, _space_id: &str, whom: Vec<Subject>) {
        self.forgotten.lock().unwrap().extend(whom);
    }

    async fn count(&self, counts: Counts) -> Result<(), Unavailable> {
        self.available()?;
        self.counted.lock().unwrap().push(counts);
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

pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Request {
    let origin = ("origin".to_owned(), ORIGIN.to_owned());
    Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        headers: vec![origin],
        body: body.into(),
        ..Request::default()
    }
}

pub(crate) fn with(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.retain(|(known, _)| known != name);
    request.headers.push((name.to_owned(), value.to_owned()));
    request
}

pub(crate) fn serve(host: &MemoryHost, request: Request) -> Response {
    finish(edge_worker::serve(host, request))
}

pub(crate) fn decisions_for_page(
    host: &MemoryHost,
    request: &Request,
    write_key: &str,
) -> BTreeMap<String, Decision> {
    finish(edge_worker::decisions_for_page(host, request, write_key))
}

pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

pub(crate) fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap()
}

/// A track message of a browser that agreed to everything.
pub(crate) fn track(message_id: &str) -> Value {
    json!({
        "type": "track", "event": "Product Viewed", "messageId": message_id, "anonymousId": BROWSER,
        "context": {"consent": {"categoryPreferences": {"analytics": true, "personalization": true}}},
    })
}

pub(crate) fn batch(messages: &[Value]) -> Value {
    json!({"writeKey": KEY, "batch": messages})
}

/// The first message of the first batch that was refused, as it is kept.
pub(crate) fn kept(host: &MemoryHost) -> Value {
    let forwarded = host.forwarded.lock().unwrap();
    let kept = forwarded[0].refused[0].message.as_ref().unwrap();
    serde_json::from_str(kept.text()).unwrap()
}
