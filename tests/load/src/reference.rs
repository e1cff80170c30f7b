//! The reference: the least a server can do with the same requests.

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;

use anyhow::Result;
use tokio::net::TcpListener;

/// Serves until it is killed; the first line it prints is its address, as headwater's is.
#[expect(
    clippy::print_stdout,
    reason = "the parent process reads the address there"
)]
pub(crate) async fn serve() -> Result<()> {
    let constant = Bytes::from(format!("{{\"decisions\":\"{}\"}}", "x".repeat(2_030)));
    let routes = Router::new()
        .route("/v1/batch", post(parse))
        .route("/v1/decide", post(move |_: Bytes| async move { constant }))
        .layer(DefaultBodyLimit::max(8 * 1024 * 1024));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("reference listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, routes).await?)
}

/// Reads the body, parses it as JSON and forgets it.
async fn parse(body: Bytes) -> StatusCode {
    match serde_json::from_slice::<Value>(&body) {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}
