//! HTTP: the server API, the public endpoints of the edge, the edge's own door, and the dashboard.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware;
use axum::routing::{any, get};

use crate::access::Area;
use crate::app::App;
use crate::{
    audience, audit, computed_trait, consent, counting, experience, identity, ledger, matching,
    member, placement, privacy, profile, quarantine, report, session, sign_in, source, token,
    tracking_plan, user_token, withdrawal, workspace,
};

pub(crate) mod api;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod context;
pub(crate) mod contract;
mod dashboard;
pub(crate) mod door;
pub(crate) mod error;
pub(crate) mod idempotency;
pub(crate) mod internal;
pub(crate) mod json;
pub(crate) mod lines;
mod live;
pub(crate) mod openapi;
pub(crate) mod page;
mod public;
pub(crate) mod version;
pub(crate) mod zip;

use api::Api;
use context::{Operations, Shared};

/// A slice's way to add its operations.
type Slice = fn(Api) -> Api;

/// Every slice with the area that its operations are of, unless it says otherwise of one.
const SLICES: [(Area, Slice); 23] = [
    (Area::People, profile::routes::routes),
    (Area::Identity, identity::routes::routes),
    (Area::Identity, matching::routes::routes),
    (Area::Audiences, audience::routes::routes),
    (Area::Audiences, computed_trait::routes::routes),
    (Area::Experiences, placement::routes::routes),
    (Area::Experiences, experience::routes::routes),
    (Area::Settings, user_token::routes::routes),
    (Area::Events, ledger::routes::routes),
    (Area::Events, quarantine::routes::routes),
    (Area::Events, tracking_plan::routes::routes),
    (Area::Events, live::routes),
    (Area::Consent, consent::policy::routes::routes),
    (Area::Consent, counting::routes::routes),
    (Area::People, consent::routes::routes),
    (Area::People, withdrawal::routes::routes),
    (Area::Reports, report::routes::routes),
    (Area::Privacy, privacy::routes::routes),
    (Area::Sources, source::routes::routes),
    (Area::Members, member::routes::routes),
    (Area::Members, sign_in::routes::routes),
    (Area::Tokens, token::routes::routes),
    (Area::Audit, audit::routes::routes),
];

/// Every operation of the server API.
fn operations() -> Api {
    let add = |api: Api, (area, slice): &(Area, Slice)| slice(api.within(*area));
    let api = SLICES.iter().fold(Api::new(), add);
    let api = workspace::routes::routes(api.within(Area::Settings));
    session::routes::routes(api)
}

/// Everything that listens at one address.
pub(crate) fn router(app: Arc<App>) -> Router {
    let Api {
        router, operations, ..
    } = operations();
    let operations = Arc::new(Operations::new(operations));
    let api = router
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            idempotency::remember,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            audit::record,
        ))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            context::see_what_was_acknowledged,
        ))
        .layer(middleware::from_fn_with_state(
            (Arc::clone(&app), operations),
            context::let_in,
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
