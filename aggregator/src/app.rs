//! Everything a running headwater has, opened and closed in the right order.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::database::Database;
use crate::error::Result;
use crate::http::body::Room;
use crate::http::internal::Nonces;
use crate::ingest::Log;
use crate::live::Live;
use crate::pipeline::Pipeline;
use crate::source::Directory;
use crate::{clock, workspace};

/// The parts that requests and commands work with.
pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) sources: Directory,
    pub(crate) log: Log,
    pub(crate) pipeline: Pipeline,
    pub(crate) live: Live,
    pub(crate) nonces: Nonces,
    pub(crate) edge_secret: String,
    pub(crate) idempotency: crate::http::idempotency::Running,
    /// For the bodies of requests.
    pub(crate) room: Room,
}

/// The tasks behind an [`App`].
pub(crate) struct Tasks {
    writer: JoinHandle<()>,
    pipeline: JoinHandle<()>,
}

impl App {
    /// Starts the writer and the pipeline on a database that has a workspace. `edge_secret`
    /// replaces the one that was made with the workspace.
    pub(crate) async fn open(
        database: Database,
        edge_secret: Option<String>,
    ) -> Result<(Arc<Self>, Tasks)> {
        let edge_secret = match edge_secret {
            Some(secret) => secret,
            None => workspace::edge_secret(&database).await?,
        };
        let live = Live::new();
        let sources = Directory::load(&database).await?;
        let (log, writer) = Log::start(database.clone(), live.clone()).await?;
        let (pipeline, task) = Pipeline::start(database.clone(), log.end(), live.clone()).await?;
        let nonces = Nonces::since(clock::now());
        let idempotency = crate::http::idempotency::Running::default();
        let app = Arc::new(Self {
            database,
            sources,
            log,
            pipeline,
            live,
            nonces,
            edge_secret,
            idempotency,
            room: Room::default(),
        });
        Ok((
            app,
            Tasks {
                writer,
                pipeline: task,
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
        self.database.close().await;
    }
}
