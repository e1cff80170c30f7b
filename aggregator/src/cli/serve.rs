//! `headwater serve`

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Storage, init};
use crate::app::App;
use crate::{http, workspace};

/// How long open requests may take to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// What `serve` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    storage: Storage,
    /// Address and port; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The secret shared with edge workers, instead of the one made by init.
    #[arg(long)]
    edge_secret: Option<String>,
    /// How many connections may be open at a time; one more is answered 503.
    #[arg(long, default_value_t = 4096)]
    max_connections: usize,
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|error| cannot_listen(options.listen, &error))?;
    let opened = options.storage.open().await?;
    if let Some(keys) = workspace::make_first(&opened.database).await? {
        init::print(&keys);
    }
    let (app, tasks) = App::open(opened.database.clone(), options.edge_secret).await?;
    let address = listener.local_addr()?;
    println!("headwater listening on http://{address}");
    std::io::stdout().flush()?;
    tracing::info!(server.address = %address, "listening");

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let places = http::door::places(options.max_connections);
    let server = http::door::serve(listener, http::router(Arc::clone(&app)), places, async {
        // The sender lives as long as this function.
        let _ = stopped.await;
    });
    let mut server = tokio::spawn(server);
    tokio::select! {
        ended = &mut server => tracing::error!(?ended, "the server ended by itself"),
        () = asked_to_stop()? => {
            tracing::info!("stopping: open requests end, then what was acknowledged takes effect");
            app.live.close();
            drop(stop);
            if tokio::time::timeout(GRACE, &mut server).await.is_err() {
                tracing::warn!("some requests did not end in time");
                server.abort();
            }
        }
    }
    app.close(tasks).await;
    tracing::info!("stopped");
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
fn asked_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Failure {
    Failure(match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!(
                "{address} is in use: stop what listens there, or choose another port with --listen {}:0",
                address.ip()
            )
        }
        std::io::ErrorKind::PermissionDenied => {
            format!("this user may not listen on {address}: choose a port above 1023 with --listen")
        }
        _ => format!("cannot listen on {address}: {error}; choose another address with --listen"),
    })
}
