//! The edge's side of the buffer: which Durable Object, and what is said to it.

use cdp_core::forward::Forward;
use cdp_core::source::SourceConfig;
use cdp_core::time::Timestamp;
use js_sys::Uint8Array;
use serde::{Deserialize, Serialize};
use worker::{Env, Headers, Method, ObjectNamespace, RequestInit, Stub};

use super::aggregator::{UNREACHABLE, messages};
use crate::error::Unavailable;
use crate::outage::{line, shard, shards, snapshot_key};
use crate::snapshots::{self, Place};

/// Binding of the Durable Objects; a deployment without it has no buffer.
const BINDING: &str = "EDGE_BUFFER";
/// The object that keeps the sources' settings.
const SETTINGS: &str = "settings";

/// Where a batch goes in its object.
pub(super) const BATCH_PATH: &str = "/batch";
/// Where a source's settings are in their object; the write key follows.
pub(super) const SOURCE_PATH: &str = "/source/";
/// Where what is known of somebody is in its object; the key follows.
pub(super) const SNAPSHOT_PATH: &str = "/snapshot/";
/// Where all of that is of one profile; its id follows.
pub(super) const PROFILE_PATH: &str = "/profile/";
/// The line in which a batch waits.
pub(super) const LINE_HEADER: &str = "x-headwater-line";
/// How many messages a batch has.
pub(super) const MESSAGES_HEADER: &str = "x-headwater-messages";
/// The object holds as much as it may.
pub(super) const FULL: u16 = 507;

/// The object holds as much as it may: the client keeps its events.
const BUFFER_FULL: Unavailable = Unavailable {
    retry_after: 30,
    code: "edge_buffer_full",
};

/// A source's settings, and when the aggregator said them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Heard {
    pub(super) at: Timestamp,
    pub(super) source: SourceConfig,
}

/// The durable buffer of this deployment.
#[derive(Clone)]
pub(super) struct Buffer(ObjectNamespace);

impl Buffer {
    /// The buffer, if the deployment has one.
    pub(super) fn of(env: &Env) -> Option<Self> {
        env.durable_object(BINDING).ok().map(Self)
    }

    /// Keeps a batch. Once this answers, the batch is on disk and will be delivered.
    pub(super) async fn keep(&self, batch: &Forward) -> Result<(), Unavailable> {
        let body = batch.text().map_err(|_| UNREACHABLE)?;
        match self
            .hand_over(body.as_bytes(), line(batch), messages(batch))
            .await
        {
            Ok(204) => Ok(()),
            Ok(FULL) => Err(BUFFER_FULL),
            Ok(status) => {
                worker::console_error!("the edge's buffer answered {status}: see its log");
                Err(UNREACHABLE)
            }
            Err(error) => {
                worker::console_error!("the edge's buffer does not answer: {error}");
                Err(UNREACHABLE)
            }
        }
    }

    async fn hand_over(&self, body: &[u8], line: u64, messages: usize) -> worker::Result<u16> {
        let headers = Headers::new();
        headers.set(LINE_HEADER, &format!("{line:016x}"))?;
        headers.set(MESSAGES_HEADER, &messages.to_string())?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_body(Some(Uint8Array::from(body).into()));
        let shard = self.0.get_by_name(&format!("shard-{}", shard(line)))?;
        let answer = ask(&shard, BATCH_PATH, &init).await?;
        Ok(answer.status_code())
    }

    /// What any isolate last heard of a source.
    pub(super) async fn source(&self, write_key: &str) -> worker::Result<Option<Heard>> {
        let settings = self.0.get_by_name(SETTINGS)?;
        let path = format!("{SOURCE_PATH}{write_key}");
        let mut answer = ask(&settings, &path, &RequestInit::new()).await?;
        if answer.status_code() != 200 {
            return Ok(None);
        }
        Ok(serde_json::from_slice(&answer.bytes().await?).ok())
    }

    /// Keeps what was heard of a source.
    pub(super) async fn remember(&self, write_key: &str, heard: &Heard) -> worker::Result<()> {
        let body = serde_json::to_vec(heard)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Put)
            .with_body(Some(Uint8Array::from(body.as_slice()).into()));
        self.tell_settings(write_key, &init).await
    }

    /// Forgets a source that is no more.
    pub(super) async fn forget(&self, write_key: &str) -> worker::Result<()> {
        let mut init = RequestInit::new();
        init.with_method(Method::Delete);
        self.tell_settings(write_key, &init).await
    }

    /// What any isolate last heard of somebody.
    pub(super) async fn snapshot(&self, place: &Place) -> worker::Result<Option<snapshots::Heard>> {
        let (shard, key) = snapshot_key(place);
        let path = format!("{SNAPSHOT_PATH}{key}");
        let mut answer = ask(&self.snapshots(shard)?, &path, &RequestInit::new()).await?;
        if answer.status_code() != 200 {
            return Ok(None);
        }
        Ok(serde_json::from_slice(&answer.bytes().await?).ok())
    }

    /// Keeps what was heard of somebody.
    pub(super) async fn keep_snapshot(
        &self,
        place: &Place,
        heard: &snapshots::Heard,
    ) -> worker::Result<()> {
        let (shard, key) = snapshot_key(place);
        let body = serde_json::to_vec(heard)?;
        let mut init = RequestInit::new();
        init.with_method(Method::Put)
            .with_body(Some(Uint8Array::from(body.as_slice()).into()));
        let path = format!("{SNAPSHOT_PATH}{key}");
        is_done(&ask(&self.snapshots(shard)?, &path, &init).await?)
    }

    /// Deletes what is kept of somebody, and of every other device of the profile, which the caller
    /// gives where it knows it.
    pub(super) async fn forget_snapshot(
        &self,
        place: &Place,
        profile: Option<String>,
    ) -> worker::Result<()> {
        let (shard, key) = snapshot_key(place);
        let profile = match profile {
            Some(profile) => Some(profile),
            None => self
                .snapshot(place)
                .await?
                .and_then(|heard| heard.snapshot.profile_id),
        };
        let mut init = RequestInit::new();
        init.with_method(Method::Delete);
        let path = format!("{SNAPSHOT_PATH}{key}");
        is_done(&ask(&self.snapshots(shard)?, &path, &init).await?)?;
        for shard in shards().filter(|_| profile.is_some()) {
            let path = format!("{PROFILE_PATH}{}", profile.as_deref().unwrap_or_default());
            is_done(&ask(&self.snapshots(shard)?, &path, &init).await?)?;
        }
        Ok(())
    }

    fn snapshots(&self, shard: u64) -> worker::Result<Stub> {
        self.0.get_by_name(&format!("snapshots-{shard}"))
    }

    async fn tell_settings(&self, write_key: &str, init: &RequestInit) -> worker::Result<()> {
        let settings = self.0.get_by_name(SETTINGS)?;
        let answer = ask(&settings, &format!("{SOURCE_PATH}{write_key}"), init).await?;
        is_done(&answer)
    }
}

fn is_done(answer: &worker::Response) -> worker::Result<()> {
    match answer.status_code() {
        204 => Ok(()),
        status => Err(worker::Error::from(format!("it answered {status}"))),
    }
}

async fn ask(object: &Stub, path: &str, init: &RequestInit) -> worker::Result<worker::Response> {
    // An object takes any host name.
    let request = worker::Request::new_with_init(&format!("http://buffer{path}"), init)?;
    object.fetch_with_request(request).await
}
