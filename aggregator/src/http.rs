//! HTTP: the server API, the public endpoints of the edge, the edge's own door, and the dashboard.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::routing::{any, get};

use crate::app::App;
use crate::{
    audience, computed_trait, consent, counting, experience, identity, ledger, matching, placement,
    profile, quarantine, source, tracking_plan, user_token, withdrawal,
};

pub(crate) mod api;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod context;
pub(crate) mod contract;
mod dashboard;
pub(crate) mod door;
mod error;
pub(crate) mod idempotency;
pub(crate) mod internal;
pub(crate) mod json;
pub(crate) mod lines;
mod live;
pub(crate) mod openapi;
pub(crate) mod page;
mod public;
pub(crate) mod version;

use api::Api;
use context::Shared;

/// Every operation of the server API.
fn operations() -> Api {
    let api = identity::routes::routes(profile::routes::routes(Api::default()));
    let api = audience::routes::routes(matching::routes::routes(api));
    let api = computed_trait::routes::routes(api);
    let api = experience::routes::routes(placement::routes::routes(api));
    let api = user_token::routes::routes(api);
    let api = ledger::routes::routes(api);
    let api = quarantine::routes::routes(api);
    let api = tracking_plan::routes::routes(api);
    let api = consent::policy::routes::routes(api);
    let api = withdrawal::routes::routes(consent::routes::routes(api));
    let api = counting::routes::routes(api);
    live::routes(source::routes::routes(api))
}

/// Everything that listens at one address.
pub(crate) fn router(app: Arc<App>) -> Router {
    let Api { router, .. } = operations();
    let api = router
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            idempotency::remember,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            context::see_what_was_acknowledged,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            context::authenticate,
        ))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed);
    Router::<Shared>::new()
        .nest("/api/v1", api)
        .route("/api/openapi.json", get(openapi::serve))
        .route("/api/docs", get(dashboard::api_docs))
        .route("/api/{*path}", any(error::not_found))
        .route("/internal/{*path}", any(error::not_found))
        .merge(internal::routes())
        .merge(
            profile::segment::routes().layer(middleware::from_fn_with_state(
                Arc::clone(&app),
                context::see_what_was_acknowledged,
            )),
        )
        .fallback(public::or_dashboard)
        .layer(middleware::map_response(error::in_envelope))
        .layer(middleware::map_response(harden))
        .with_state(app)
}

/// What every answer says to browsers.
async fn harden(mut response: axum::response::Response) -> axum::response::Response {
    let headers = response.headers_mut();
    headers
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(HeaderValue::from_static("nosniff"));
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("no-referrer"));
    response
}
