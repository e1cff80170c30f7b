//! The edge on Cloudflare Workers; only this file and its folder know the `worker` crate.

mod aggregator;
mod buffer;
mod edge_buffer;
mod pages;
mod sources;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use cdp_core::consent::Counts;
use cdp_core::forward::{Forward, Snapshot, SnapshotQuery, Subject};
use cdp_core::source::SourceConfig;
use cdp_core::time::{Span, Timestamp};
use worker::url::Position;
use worker::worker_sys::web_sys;
use worker::{Context, Env, Headers, Method};

use crate::error::Unavailable;
use crate::host::{Host, Known, Taken};
use crate::http::{Request, Response};
use crate::outage::{self, Breaker};
use crate::rate_limit::RateLimiter;
use crate::snapshots::{self, Place, Snapshots};
use aggregator::{Aggregator, Failure, messages};
use buffer::{Buffer, Heard};
use pages::Pages;

/// Callers whose rate an isolate remembers, some 100 bytes each.
const MOST_CALLERS: usize = 20_000;
/// People whom an isolate remembers, about a kilobyte each.
const MOST_SNAPSHOTS: usize = 5_000;
/// The caller's address; Cloudflare writes it over whatever the client sent.
const CALLER: &str = "cf-connecting-ip";
/// How long the aggregator may take before the client is told to come back.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long it may take where a buffer can take the batch: longer than the aggregator itself waits
/// for a snapshot, shorter than clients wait.
const PATIENCE_WITH_BUFFER: Duration = Duration::from_secs(4);

thread_local! {
    /// What this isolate knows of the aggregator's health.
    static BREAKER: RefCell<Breaker> = const { RefCell::new(Breaker::new()) };
    /// What was heard of people lately.
    static SNAPSHOTS: RefCell<Snapshots> = RefCell::new(Snapshots::new(MOST_SNAPSHOTS));
    /// What was taken lately.
    static LIMITER: RefCell<RateLimiter> = RefCell::new(RateLimiter::new(MOST_CALLERS));
}

/// Entry of the worker.
#[worker::event(fetch)]
async fn fetch(
    request: worker::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let buffer = Buffer::of(&env);
    let patience = if buffer.is_some() {
        PATIENCE_WITH_BUFFER
    } else {
        PATIENCE
    };
    let host = Cloudflare {
        aggregator: Aggregator::of(&env, patience)?,
        buffer,
        context,
    };
    if !crate::is_public_path(request.url()?.path()) {
        match Pages::of(&env) {
            Some(Ok(pages)) => return pages.answer(&host, &request).await,
            Some(Err(error)) => return pages::refuse(&error),
            None => {}
        }
    }
    let response = crate::serve(&host, read(request).await?).await;
    write(response).map(Into::into)
}

/// The aggregator answered, so that nobody needs to wait any more.
fn answered() {
    BREAKER.with_borrow_mut(Breaker::answered);
}

fn now() -> Timestamp {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds since the epoch fit 53 bits"
    )]
    Timestamp::from_millis(js_sys::Date::now() as i64)
}

#[expect(
    clippy::expect_used,
    reason = "Workers always have crypto; going on with equal ids would lose events as duplicates"
)]
fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the runtime has crypto.getRandomValues");
    bytes
}

async fn read(mut request: worker::Request) -> worker::Result<Request> {
    let mut read = head(&request)?;
    if matches!(request.method(), Method::Post) {
        read.body = request.bytes().await?;
    }
    Ok(read)
}

/// A request without its body.
fn head(request: &worker::Request) -> worker::Result<Request> {
    let url = request.url()?;
    let jurisdiction = request.cf().and_then(|place| {
        let country = place.country()?;
        Some(
            place
                .region_code()
                .map_or_else(|| country.clone(), |region| format!("{country}-{region}")),
        )
    });
    let mut headers: Vec<(String, String)> = request
        .headers()
        .entries()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .filter(|(name, _)| name != "host")
        .collect();
    // The address that was asked, which the runtime knows with certainty.
    let authority = &url[Position::BeforeHost..Position::AfterPort];
    headers.push(("host".to_owned(), authority.to_owned()));
    let address = request
        .headers()
        .get(CALLER)?
        .and_then(|text| cdp_core::address::read(&text));
    Ok(Request {
        method: request.method().to_string(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        headers,
        body: Vec::new(),
        jurisdiction,
        secure: url.scheme() == "https",
        address,
    })
}

fn write(response: Response) -> worker::Result<worker::Response> {
    let headers = Headers::new();
    for (name, value) in &response.headers {
        headers.append(name, value)?;
    }
    let empty = matches!(response.status, 204 | 304);
    let answer = if empty {
        worker::Response::empty()?
    } else {
        worker::Response::from_bytes(response.body)?
    };
    Ok(answer.with_status(response.status).with_headers(headers))
}

struct Cloudflare {
    aggregator: Aggregator,
    buffer: Option<Buffer>,
    context: Context,
}

impl Cloudflare {
    /// Asks the aggregator, unless it has just failed to answer somebody else.
    async fn ask(&self, method: Method, path: &str, body: &[u8]) -> Result<Vec<u8>, Failure> {
        self.may_ask()?;
        self.noted(self.aggregator.ask(method, path, body).await)
    }

    fn may_ask(&self) -> Result<(), Failure> {
        let asks =
            self.buffer.is_none() || BREAKER.with_borrow_mut(|breaker| breaker.may_ask(now()));
        asks.then_some(()).ok_or(Failure::Unreachable)
    }

    /// Remembers for the next request how this one went.
    fn noted<T>(&self, answer: Result<T, Failure>) -> Result<T, Failure> {
        match &answer {
            Err(failure) if failure.is_outage() => {
                let news = BREAKER.with_borrow_mut(|breaker| breaker.failed(now()));
                if news && self.buffer.is_some() {
                    worker::console_error!(
                        "the aggregator does not take events ({failure:?}): they go into the edge's buffer until it does"
                    );
                }
            }
            _ => answered(),
        }
        answer
    }

    /// The source when the aggregator cannot be asked: as this isolate, or another, last heard of it.
    async fn source_in_outage(&self, write_key: &str) -> Option<Arc<SourceConfig>> {
        if let Some(source) = sources::usable(write_key, now()) {
            return Some(source);
        }
        let heard = match self.buffer.as_ref()?.source(write_key).await {
            Ok(heard) => heard.filter(|heard| sources::is_usable(heard.at, now()))?,
            Err(error) => {
                worker::console_error!("the edge's copy of settings cannot be read: {error}");
                return None;
            }
        };
        let source = Arc::new(heard.source);
        sources::remember(write_key, heard.at, Some(&source));
        Some(source)
    }

    /// Remembers what was heard of a write key, for other isolates too.
    fn remember(&self, write_key: &str, source: Option<&Arc<SourceConfig>>) {
        let at = now();
        let news = sources::remember(write_key, at, source);
        let Some(buffer) = self.buffer.clone().filter(|_| news) else {
            return;
        };
        let (write_key, source) = (write_key.to_owned(), source.cloned());
        self.context.wait_until(async move {
            let written = match source {
                Some(source) => {
                    let source = SourceConfig::clone(&source);
                    buffer.remember(&write_key, &Heard { at, source }).await
                }
                None => buffer.forget(&write_key).await,
            };
            if let Err(error) = written {
                worker::console_error!("the edge's copy of settings was not written: {error}");
            }
        });
    }

    /// Remembers what the aggregator said of somebody, for other isolates too.
    fn keep(&self, place: &Place, heard: snapshots::Heard) {
        let news = SNAPSHOTS.with_borrow_mut(|kept| kept.remember(place, heard.clone()));
        if let Some(buffer) = self.buffer.clone().filter(|_| news) {
            let place = place.clone();
            self.context.wait_until(async move {
                if let Err(error) = buffer.keep_snapshot(&place, &heard).await {
                    worker::console_error!(
                        "the edge's copy of a snapshot was not written: {error}"
                    );
                }
            });
        }
    }

    /// What this isolate, or else any other, last heard of somebody.
    async fn last(&self, place: &Place) -> Option<Known> {
        let mut last = SNAPSHOTS.with_borrow_mut(|kept| kept.last(place).cloned());
        if last.is_none() {
            last = match self.buffer.as_ref()?.snapshot(place).await {
                Ok(heard) => heard,
                Err(error) => {
                    worker::console_error!("the edge's copy of a snapshot cannot be read: {error}");
                    None
                }
            };
            if let Some(heard) = &last {
                SNAPSHOTS.with_borrow_mut(|kept| kept.remember(place, heard.clone()));
            }
        }
        let now = now();
        let heard = last.filter(|heard| heard.is_usable(now))?;
        // So old that it is told, even if it was heard in this very moment.
        let age = now.since(heard.at).max(Span::from_micros(1));
        Some(Known {
            snapshot: heard.snapshot,
            age,
        })
    }

    /// Whoever is alone in a batch and is known here: what the batch changes has to be heard.
    fn remembered(batch: &Forward) -> Option<Subject> {
        let subject = Subject::AnonymousId(outage::whose(batch)?.to_owned());
        let place = (batch.space_id.clone(), subject.clone());
        let known = SNAPSHOTS.with_borrow_mut(|kept| kept.last(&place).is_some());
        known.then_some(subject)
    }
}

impl Host for Cloudflare {
    fn now(&self) -> Timestamp {
        now()
    }

    fn random(&self) -> [u8; 16] {
        random()
    }

    fn limiter<T>(&self, run: impl FnOnce(&mut RateLimiter) -> T) -> T {
        LIMITER.with_borrow_mut(run)
    }

    async fn source(&self, write_key: &str) -> Result<Option<Arc<SourceConfig>>, Unavailable> {
        if let Some(source) = sources::fresh(write_key, now()) {
            return Ok(source);
        }
        let harmless = write_key.len() <= 128
            && write_key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !harmless {
            return Ok(None);
        }
        let path = format!("/internal/v1/sources/{write_key}");
        let answer = self.ask(Method::Get, &path, &[]).await;
        let heard = answer.and_then(|body| {
            serde_json::from_slice::<SourceConfig>(&body).map_err(|_| Failure::Broken)
        });
        let source = match heard {
            Ok(source) => Some(Arc::new(source)),
            Err(Failure::Refused(404)) => None,
            Err(failure) => {
                let known = self.source_in_outage(write_key).await;
                return known.map(Some).ok_or_else(|| failure.unavailable());
            }
        };
        self.remember(write_key, source.as_ref());
        Ok(source)
    }

    async fn forward(&self, mut batch: Forward) -> Result<Taken, Unavailable> {
        if batch.snapshot_of.is_none() {
            batch.snapshot_of = Self::remembered(&batch);
        }
        let subject = batch.snapshot_of.clone();
        let place = subject.map(|subject| (batch.space_id.clone(), subject));
        if let Some(place) = &place {
            SNAPSHOTS.with_borrow_mut(|kept| kept.doubt(place));
        }
        let at = now();
        let body = batch.text().map_err(|_| aggregator::UNREACHABLE)?;
        let answer = match self.may_ask() {
            Ok(()) => self.noted(
                self.aggregator
                    .ingest(body.as_bytes(), messages(&batch))
                    .await,
            ),
            Err(failure) => Err(failure),
        };
        let failure = match answer {
            Ok(forwarded) => {
                if let (Some(place), Some(snapshot)) = (place, forwarded.snapshot.clone()) {
                    self.keep(&place, snapshots::Heard { at, snapshot });
                }
                return Ok(forwarded.into());
            }
            Err(failure) => failure,
        };
        match &self.buffer {
            // What will never be taken must not be promised.
            Some(buffer) if !matches!(failure, Failure::Refused(_)) => {
                // Nobody will be waiting for it when the batch is delivered.
                batch.snapshot_of = None;
                buffer.keep(&batch).await?;
                Ok(Taken {
                    outcomes: outage::outcomes(&batch),
                    known: match &place {
                        Some(place) => self.last(place).await,
                        None => None,
                    },
                    unheard: batch.admitted,
                })
            }
            _ => Err(failure.unavailable()),
        }
    }

    async fn snapshot(&self, mut query: SnapshotQuery) -> Result<Known, Unavailable> {
        let place = (query.space_id.clone(), query.of.clone());
        let at = now();
        if let Some(snapshot) = SNAPSHOTS.with_borrow_mut(|kept| kept.fresh(&place, at)) {
            return Ok(Known::now(snapshot));
        }
        let last = |kept: &mut Snapshots| kept.last(&place).map(|heard| heard.snapshot.version);
        query.known = SNAPSHOTS.with_borrow_mut(last);
        let body = serde_json::to_vec(&query).map_err(|_| aggregator::UNREACHABLE)?;
        let answer = self.ask(Method::Post, "/internal/v1/snapshot", &body).await;
        let said = answer.and_then(|body| {
            serde_json::from_slice::<Option<Snapshot>>(&body).map_err(|_| Failure::Broken)
        });
        let failure = match said {
            Ok(Some(snapshot)) => {
                let heard = snapshots::Heard {
                    at,
                    snapshot: snapshot.clone(),
                };
                self.keep(&place, heard);
                return Ok(Known::now(snapshot));
            }
            Ok(None) => match SNAPSHOTS.with_borrow_mut(|kept| kept.confirm(&place, at)) {
                Some(snapshot) => return Ok(Known::now(snapshot)),
                // Forgotten while it was asked for.
                None => Failure::Broken,
            },
            Err(failure) => failure,
        };
        self.last(&place).await.ok_or_else(|| failure.unavailable())
    }

    async fn forget(&self, space_id: &str, whom: Vec<Subject>) {
        for subject in whom {
            let place = (space_id.to_owned(), subject);
            let profile = SNAPSHOTS.with_borrow_mut(|kept| {
                let profile = kept.forget(&place)?;
                kept.forget_profile(&profile, now());
                Some(profile)
            });
            let Some(buffer) = &self.buffer else { continue };
            if let Err(error) = buffer.forget_snapshot(&place, profile).await {
                worker::console_error!("the edge's copy of a snapshot was not deleted: {error}");
            }
        }
    }

    /// Never buffered: nothing of a count says that it was taken already.
    async fn count(&self, counts: Counts) -> Result<(), Unavailable> {
        let body = serde_json::to_vec(&counts).map_err(|_| aggregator::UNREACHABLE)?;
        let answer = self.ask(Method::Post, "/internal/v1/counts", &body).await;
        answer.map(|_| ()).map_err(Failure::unavailable)
    }
}
