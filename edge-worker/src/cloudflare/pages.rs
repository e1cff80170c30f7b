//! Pages on their way through: asked of one site, filled with decisions, passed on as they come.
//!
//! `js/packages/collector/src/pages.worker.ts` is the half that works on the runtime's own requests, answers and
//! streaming parser. Off unless the deployment says where the site is.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use cdp_core::decision::Decision;
use cdp_core::time::Timestamp;
use futures_util::future::{Either, select};
use js_sys::futures::JsFuture;
use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use worker::worker_sys::web_sys;
use worker::{Delay, Env, Url};

use super::{Cloudflare, head, now, write};
use crate::error::EdgeError;
use crate::http::{Request, Response};
use crate::{decisions_for_page, said};

/// Variable with the site's origin, such as `https://site.example`.
const ORIGIN: &str = "HEADWATER_PAGES_ORIGIN";
/// Variable with the write key of the source whose placements the site has.
const WRITE_KEY: &str = "HEADWATER_PAGES_WRITE_KEY";
/// Service binding of the site; without it the origin is asked over the network.
const BINDING: &str = "PAGES";
/// A request that this edge has already passed on.
const LOOP: &str = "x-headwater-pages";

/// How long a page waits for its decisions, from when it was asked for; then the defaults stay, and the page's own
/// script asks.
const PATIENCE: Duration = Duration::from_millis(400);
/// How long the site may take to begin its answer.
const PATIENCE_WITH_SITE: Duration = Duration::from_secs(30);

#[wasm_bindgen(module = "#pages")]
extern "C" {
    fn ask(request: &web_sys::Request, origin: &str, way: &JsValue, filling: bool) -> Promise;

    #[wasm_bindgen(js_name = isPage)]
    fn is_page(answer: &web_sys::Response) -> bool;

    #[wasm_bindgen(catch)]
    fn fill(
        page: web_sys::Response,
        decisions: &str,
        base: &str,
    ) -> Result<web_sys::Response, JsValue>;
}

/// The site whose pages this deployment passes on.
pub(super) struct Pages {
    origin: String,
    write_key: String,
    way: JsValue,
}

impl Pages {
    /// The site, if the deployment has one; or what is wrong with how it is named.
    pub(super) fn of(env: &Env) -> Option<Result<Self, EdgeError>> {
        let variable = |name: &str| {
            let value = Reflect::get(env.as_ref(), &name.into()).ok()?.as_string();
            value.filter(|value| !value.is_empty())
        };
        let written = variable(ORIGIN)?;
        let wrong = |message: String| Some(Err(EdgeError::PagesNotSetUp(message)));
        let Some(write_key) = variable(WRITE_KEY) else {
            return wrong(format!(
                "{WRITE_KEY} is missing: it is the site's write key"
            ));
        };
        let Some(origin) = origin(&written) else {
            return wrong(format!(
                "{ORIGIN} has to be an origin such as https://site.example"
            ));
        };
        let way = Reflect::get(env.as_ref(), &BINDING.into());
        Some(Ok(Self {
            origin,
            write_key,
            way: way.unwrap_or(JsValue::UNDEFINED),
        }))
    }

    /// Answers with what the site has.
    pub(super) async fn answer(
        &self,
        host: &Cloudflare,
        request: &worker::Request,
    ) -> worker::Result<web_sys::Response> {
        match self.pass(host, request).await {
            Ok(answer) => Ok(answer),
            Err(error) => refuse(&error),
        }
    }

    async fn pass(
        &self,
        host: &Cloudflare,
        request: &worker::Request,
    ) -> Result<web_sys::Response, EdgeError> {
        let begun = now();
        let head = head(request).map_err(|error| EdgeError::BadRequest(error.to_string()))?;
        if head.header(LOOP).is_some() {
            let message = format!("{ORIGIN} leads back to this edge");
            return Err(EdgeError::PagesNotSetUp(message));
        }
        let filling = wants_page(&head) && said::from_cookie(&head).is_some();
        let asked = pin!(self.ask(request, filling));
        if !filling {
            return asked.await;
        }
        // Both at once: as a rule the decisions are there before the page is.
        let decided = pin!(decisions_for_page(host, &head, &self.write_key));
        let (answer, decisions) = match select(asked, decided).await {
            Either::Right((decisions, asked)) => (asked.await?, Some(decisions)),
            Either::Left((answer, decided)) => {
                let answer = answer?;
                if !is_page(&answer) {
                    return Ok(answer);
                }
                (answer, in_time(decided, begun).await)
            }
        };
        let decisions = decisions.filter(|decisions| !decisions.is_empty());
        let Some(decisions) = decisions.filter(|_| is_page(&answer)) else {
            return Ok(answer);
        };
        let decisions = serde_json::to_string(&decisions).unwrap_or_default();
        let base = request.inner().url();
        fill(answer, &decisions, &base).map_err(|error| {
            worker::console_error!("a page cannot be filled: {error:?}");
            EdgeError::NoPage { late: false }
        })
    }

    /// Asks the site, which has some time to begin its answer.
    async fn ask(
        &self,
        request: &worker::Request,
        filling: bool,
    ) -> Result<web_sys::Response, EdgeError> {
        let promise = ask(request.inner(), &self.origin, &self.way, filling);
        match select(JsFuture::from(promise), Delay::from(PATIENCE_WITH_SITE)).await {
            Either::Left((Ok(answer), _)) => Ok(answer.unchecked_into()),
            Either::Left((Err(error), _)) => {
                worker::console_error!("the site at {} does not answer: {error:?}", self.origin);
                Err(EdgeError::NoPage { late: false })
            }
            Either::Right(_) => Err(EdgeError::NoPage { late: true }),
        }
    }
}

/// What is decided within the time that is left of a page that was asked for at `begun`.
async fn in_time(
    decided: impl Future<Output = BTreeMap<String, Decision>> + Unpin,
    begun: Timestamp,
) -> Option<BTreeMap<String, Decision>> {
    let gone = u64::try_from(now().since(begun).as_micros()).unwrap_or_default();
    let left = PATIENCE.saturating_sub(Duration::from_micros(gone));
    match select(decided, Delay::from(left)).await {
        Either::Left((decisions, _)) => Some(decisions),
        Either::Right(_) => None,
    }
}

/// Whether somebody asks for a page to look at, and for all of it.
fn wants_page(request: &Request) -> bool {
    let html = |accepted: &str| accepted.contains("text/html");
    request.method == "GET"
        && request.header("accept").is_some_and(html)
        && request.header("range").is_none()
}

/// An origin as it is written, without anything behind it.
fn origin(written: &str) -> Option<String> {
    let url = Url::parse(written).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    plain.then(|| url.origin().ascii_serialization())
}

/// What a person reads who wanted a page.
pub(super) fn refuse(error: &EdgeError) -> worker::Result<web_sys::Response> {
    let (status, code, message) = error.parts();
    if status == 500 {
        worker::console_error!("pages: {message}");
    }
    let answer = Response {
        status,
        body: format!("{message}\n").into_bytes(),
        ..Response::default()
    };
    let answer = answer
        .with("content-type", "text/plain; charset=utf-8")
        .with("cache-control", "no-store")
        .with("x-headwater-error", code);
    write(error.with_headers(answer)).map(Into::into)
}
