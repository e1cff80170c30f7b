//! `headwater serve`

use std::io::{IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use cdp_core::time::Timestamp;
use clap::Args;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Storage, init};
use crate::app::{AUDIENCE_CHANGES_DAYS, App, DEDUPE_WINDOW, Settings};
use crate::http::caller::{self, TrustedProxies};
use crate::outbound::{Allowed, Outbound};
use crate::sign_in::PublicUrl;
use crate::{clock, http, member, outbound, sign_in, workspace};

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
    /// How many of the latest message ids are remembered, so that the reply to a repeated one says
    /// "duplicate"; a million take 1.3 MB of memory. An older one is still stored only once.
    #[arg(long, default_value_t = DEDUPE_WINDOW)]
    dedupe_window: usize,
    /// A proxy in front of this server, by address or network, whose X-Forwarded-For is believed; may
    /// be given several times.
    #[arg(long, value_parser = caller::network)]
    trusted_proxy: Vec<IpNet>,
    /// The address at which browsers open the dashboard, such as https://cdp.example.com: needed to sign in through a
    /// provider.
    #[arg(long, value_name = "URL", value_parser = sign_in::public_url)]
    public_url: Option<PublicUrl>,
    /// A host that the server may ask though its address is no public one, such as a provider of identities in your
    /// network; may be given several times.
    #[arg(long, value_name = "HOST[:PORT]", value_parser = outbound::host)]
    allow_outbound: Vec<Allowed>,
    /// For development: the server may ask this machine itself, and without TLS.
    #[arg(long)]
    insecure_loopback: bool,
    /// How many connections may be open at a time; one more is answered 503.
    #[arg(long, default_value_t = 4096)]
    max_connections: usize,
    /// For how many days it is kept who entered audiences and who left them.
    #[arg(long, value_name = "DAYS", default_value_t = AUDIENCE_CHANGES_DAYS, value_parser = clap::value_parser!(u16).range(1..))]
    keep_audience_changes: u16,
    /// For tests: the clock stands at this time, such as 2026-01-31T09:30:00Z, and moves only to the times that
    /// lines of standard input give.
    #[arg(long, value_name = "TIME")]
    clock_at: Option<Timestamp>,
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    if let Some(time) = options.clock_at {
        clock::stand_at(time).map_err(|error| Failure(error.to_string()))?;
        tracing::warn!(%time, "the clock stands still and is moved by hand: this server is for tests");
    }
    if options.insecure_loopback {
        tracing::warn!(
            "this machine itself may be asked, without TLS: this server is for development"
        );
    }
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|error| cannot_listen(options.listen, &error))?;
    let opened = options.storage.open().await?;
    if let Some(keys) = workspace::make_first(&opened.database).await? {
        init::print(&keys);
    }
    let settings = Settings {
        edge_secret: options.edge_secret,
        dedupe_window: options.dedupe_window,
        audience_changes_days: options.keep_audience_changes,
        outbound: Outbound::new(options.allow_outbound, options.insecure_loopback),
        public_url: options.public_url,
        ..options.storage.settings()
    };
    let (app, tasks) = App::open(opened.database.clone(), settings).await?;
    let ahead = Arc::clone(&app);
    tokio::spawn(async move { ahead.reports.read_ahead(&ahead).await });
    if options.clock_at.is_some() {
        super::clock::obey(Arc::clone(&app))?;
    }
    let address = listener.local_addr()?;
    // Before the address is told: whoever reads it may stop us at once.
    let asked_to_stop = asked_to_stop()?;
    println!("headwater listening on http://{address}");
    std::io::stdout().flush()?;
    tracing::info!(server.address = %address, "listening");
    if let Some(path) = member::setup::link(&opened.database).await? {
        print_setup_link(&format!("http://{address}{path}"));
    }

    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let router =
        http::router(Arc::clone(&app)).layer(Extension(TrustedProxies::new(options.trusted_proxy)));
    let places = http::door::places(options.max_connections);
    let server = http::door::serve(listener, router, places, async {
        // The sender lives as long as this function.
        let _ = stopped.await;
    });
    let mut server = tokio::spawn(server);
    let mut lost = None;
    tokio::select! {
        error = opened.database.hold() => {
            tracing::error!(%error, "stopping");
            server.abort();
            lost = Some(error);
        }
        ended = &mut server => tracing::error!(?ended, "the server ended by itself"),
        () = asked_to_stop => {
            tracing::info!("stopping: open requests end, then what was acknowledged takes effect");
            app.live.close();
            drop(stop);
            if tokio::time::timeout(GRACE, &mut server).await.is_err() {
                tracing::warn!("some requests did not end in time");
                server.abort();
            }
        }
    }
    if let Some(error) = lost {
        // What waits is somebody else's to write now.
        return Err(error.into());
    }
    app.close(tasks).await;
    tracing::info!("stopped");
    Ok(())
}

/// Shows the link by which the first owner is made, beside the log and in its manner. Standard output has the address
/// alone, which programs read.
fn print_setup_link(link: &str) {
    let words = "nobody is a member yet: open this link within 30 minutes to make the first owner";
    if std::io::stderr().is_terminal() {
        eprintln!("\n  {words}\n\n    {link}\n");
    } else {
        eprintln!(
            "{}",
            serde_json::json!({"message": words, "setup_link": link})
        );
    }
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
