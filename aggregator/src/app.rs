//! Everything a running headwater has, opened and closed in the right order.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use cdp_core::time::Span;
use edge_worker::RateLimiter;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::access::{ShownOut, Used};
use crate::audit::Audit;
use crate::consent::Refusals;
use crate::counting::Counting;
use crate::database::Database;
use crate::error::Result;
use crate::http::body::Room;
use crate::http::internal::Nonces;
use crate::ingest::Log;
use crate::ledger::NewTabs;
use crate::live::Live;
use crate::member::password::Hasher;
use crate::member::throttle::Throttle;
use crate::outbound::Outbound;
use crate::pipeline::Pipeline;
use crate::privacy::Suppressions;
use crate::report::Reports;
use crate::sign_in::{Providers, PublicUrl};
use crate::snapshot::Snapshots;
use crate::source::Directory;
use crate::tracking_plan::{Counts, Plans};
use crate::{audience, clock, matching, pipeline, privacy, workspace};

/// How many message ids are remembered unless the operator says otherwise: 26 MB when full.
pub(crate) const DEDUPE_WINDOW: usize = 20_000_000;

/// Days for which it is kept who entered audiences and who left them, unless the operator says otherwise.
pub(crate) const AUDIENCE_CHANGES_DAYS: u16 = 90;

/// Callers whose rate is remembered, some 100 bytes each.
const MOST_CALLERS: usize = 200_000;

/// The parts that requests and commands work with.
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) sources: Arc<Directory>,
    pub(crate) refusals: Arc<Refusals>,
    /// Who was erased and is not taken in again.
    pub(crate) suppressions: Arc<Suppressions>,
    pub(crate) plans: Plans,
    pub(crate) violations: Arc<Counts>,
    pub(crate) counting: Arc<Counting>,
    pub(crate) log: Log,
    pub(crate) pipeline: Pipeline,
    pub(crate) live: Live,
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) reports: Arc<Reports>,
    pub(crate) nonces: Nonces,
    pub(crate) edge_secret: String,
    pub(crate) idempotency: crate::http::idempotency::Running,
    /// Spaces that are being matched.
    pub(crate) matching: matching::Running,
    /// Tabs that the ledger knows of late.
    pub(crate) tabs: Mutex<NewTabs>,
    /// What the edge in this process took lately.
    pub(crate) limiter: Mutex<RateLimiter>,
    /// For the bodies of requests.
    pub(crate) room: Room,
    pub(crate) audit: Audit,
    /// When tokens and sessions were last used.
    pub(crate) used: Used,
    /// Who may no longer come in.
    pub(crate) shown_out: ShownOut,
    /// Digests of passwords.
    pub(crate) hasher: Hasher,
    /// Who tries to sign in.
    pub(crate) throttle: Throttle,
    /// Asks other servers.
    pub(crate) outbound: Outbound,
    /// The provider of identities.
    pub(crate) providers: Providers,
    /// Sign-ins that came back from it.
    pub(crate) sign_ins: crate::sign_in::Used,
    /// Where browsers find this server.
    pub(crate) public_url: Option<PublicUrl>,
    /// Held while members change, so that the last owner stays.
    pub(crate) members: tokio::sync::Mutex<()>,
}

/// What an operator can say about an [`App`].
pub(crate) struct Settings {
    /// Replaces the secret shared with edges that was made with the workspace.
    pub(crate) edge_secret: Option<String>,
    /// How many message ids are remembered to name duplicates.
    pub(crate) dedupe_window: usize,
    /// For how many days it is kept who entered audiences and who left them.
    pub(crate) audience_changes_days: u16,
    /// Where a copy of who was erased is kept, beside the database and not within it.
    pub(crate) suppressions: Option<PathBuf>,
    /// Where the keys of backups are, of which an erasure destroys some.
    pub(crate) backup_keys: Option<PathBuf>,
    /// Asks other servers, as far as the operator allows.
    pub(crate) outbound: Outbound,
    /// Where browsers find this server.
    pub(crate) public_url: Option<PublicUrl>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            edge_secret: None,
            dedupe_window: DEDUPE_WINDOW,
            audience_changes_days: AUDIENCE_CHANGES_DAYS,
            suppressions: None,
            backup_keys: None,
            outbound: Outbound::default(),
            public_url: None,
        }
    }
}

/// The tasks behind an [`App`].
pub(crate) struct Tasks {
    writer: oneshot::Receiver<()>,
    pipeline: oneshot::Receiver<()>,
    violations: JoinHandle<()>,
    counting: JoinHandle<()>,
    audit: JoinHandle<()>,
}

impl App {
    /// Starts the writer and the pipeline on a database that has a workspace.
    pub(crate) async fn open(database: Database, settings: Settings) -> Result<(Arc<Self>, Tasks)> {
        let edge_secret = match settings.edge_secret {
            Some(secret) => secret,
            None => workspace::edge_secret(&database).await?,
        };
        let live = Live::new();
        let sources = Arc::new(Directory::load(&database).await?);
        let refusals = Arc::new(Refusals::new(Arc::clone(&sources)));
        tokio::spawn(fill(Arc::clone(&refusals), database.clone()));
        let suppressions = Arc::new(Suppressions::load(&database, settings.suppressions).await?);
        let plans = Plans::load(&database).await?;
        let (violations, violations_task) = Counts::start(database.clone()).await?;
        let (counting, counting_task) = Counting::start(database.clone(), Arc::clone(&sources));
        let (reached, position) = watch::channel(pipeline::position(&database).await?);
        let (log, writer) = Log::start(
            database.clone(),
            live.clone(),
            position,
            settings.dedupe_window,
        )
        .await?;
        audience::prepare(&database).await?;
        tokio::spawn(database.clone().keep_in_shape());
        let snapshots = Arc::new(Snapshots::default());
        let reports = Arc::new(Reports::default());
        let parts = pipeline::Parts {
            database: database.for_pipeline(),
            live: live.clone(),
            snapshots: Arc::clone(&snapshots),
            reports: Arc::clone(&reports),
            refusals: Arc::clone(&refusals),
            suppressions: Arc::clone(&suppressions),
            backup_keys: settings.backup_keys,
            sources: Arc::clone(&sources),
            changes_kept: Span::from_seconds(i64::from(settings.audience_changes_days) * 86_400),
        };
        let (pipeline, task) = Pipeline::start(parts, &log, reached).await?;
        tokio::spawn(privacy::erase_again(
            Arc::clone(&suppressions),
            database.clone(),
        ));
        let (audit, audit_task) = Audit::start(database.clone());
        let nonces = Nonces::since(clock::now());
        let idempotency = crate::http::idempotency::Running::default();
        let app = Arc::new(Self {
            database,
            sources,
            refusals,
            suppressions,
            plans,
            violations,
            counting,
            log,
            pipeline,
            live,
            snapshots,
            reports,
            nonces,
            edge_secret,
            idempotency,
            matching: matching::Running::default(),
            tabs: Mutex::new(NewTabs::new()),
            limiter: Mutex::new(RateLimiter::new(MOST_CALLERS)),
            room: Room::default(),
            audit,
            used: Used::default(),
            shown_out: ShownOut::default(),
            hasher: Hasher::default(),
            throttle: Throttle::default(),
            outbound: settings.outbound,
            providers: Providers::default(),
            sign_ins: crate::sign_in::Used::default(),
            public_url: settings.public_url,
            members: tokio::sync::Mutex::default(),
        });
        Ok((
            app,
            Tasks {
                writer,
                pipeline: task,
                violations: violations_task,
                counting: counting_task,
                audit: audit_task,
            },
        ))
    }

    /// Finishes what was acknowledged: the writer's queue, then the pipeline up to the log's end.
    pub(crate) async fn close(&self, tasks: Tasks) {
        self.log.stop().await;
        if let Err(error) = tasks.writer.await {
            tracing::error!(%error, "the log's writer did not end well");
        }
        self.pipeline.stop();
        if let Err(error) = tasks.pipeline.await {
            tracing::error!(%error, "the pipeline did not end well");
        }
        self.violations.stop();
        if let Err(error) = tasks.violations.await {
            tracing::error!(%error, "the counting of violations did not end well");
        }
        self.counting.stop();
        if let Err(error) = tasks.counting.await {
            tracing::error!(%error, "the counting of people who did not agree did not end well");
        }
        self.audit.stop();
        if let Err(error) = tasks.audit.await {
            tracing::error!(%error, "the audit log did not end well");
        }
        self.database.close().await;
    }
}

/// Reads who has refused; until that is done, the database is asked about everybody.
async fn fill(refusals: Arc<Refusals>, database: Database) {
    if let Err(error) = refusals.fill(&database).await {
        tracing::error!(%error, "who has refused could not be read; everybody is looked up instead");
    }
}
