//! Who watches: every event with its outcome, as it happens.

use cdp_core::wire::MAX_EVENT_BYTES;
use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};

use crate::audience::Change;
use crate::ingest::Quarantined;

/// Lines that a slow watcher may lag behind before it misses some.
pub(crate) const LAG: usize = 1_024;

/// One line for who watches a space.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Whose line.
    pub(crate) space_id: String,
    /// `{"event","outcome","reason","profile_id"}`; without an outcome what nobody has sent
    pub(crate) data: Value,
}

/// The live feed.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    lines: broadcast::Sender<Line>,
    closed: watch::Sender<bool>,
}

impl Live {
    /// A feed that nobody watches yet.
    pub(crate) fn new() -> Self {
        Self {
            lines: broadcast::channel(LAG).0,
            closed: watch::Sender::new(false),
        }
    }

    /// Watches from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Line> {
        self.lines.subscribe()
    }

    /// Ends every watcher's feed: the server is stopping.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Waits for [`Live::close`].
    pub(crate) async fn closed(&self) {
        // An error means that the sender is gone, which is an end too.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Whether it is worth making lines.
    pub(crate) fn is_watched(&self) -> bool {
        self.lines.receiver_count() > 0
    }

    /// Tells of an event that took effect.
    pub(crate) fn stored(&self, space_id: &str, event: &Value, profile_id: Option<&str>) {
        self.tell(
            space_id,
            json!({"event": event, "outcome": "ok", "reason": null, "profile_id": profile_id}),
        );
    }

    /// Tells of messages that were refused; of what is denied only its id, and of what is larger than an event.
    pub(crate) fn refused(&self, space_id: &str, messages: impl Iterator<Item = Quarantined>) {
        if !self.is_watched() {
            return;
        }
        for Quarantined { message, line } in messages {
            let shown = message
                .filter(|message| message.is_object() && message.text().len() <= MAX_EVENT_BYTES)
                .and_then(|message| {
                    serde_json::from_str::<Value>(message.with_id(&line.message_id).text()).ok()
                });
            let event = shown.unwrap_or_else(|| json!({"messageId": line.message_id}));
            self.tell(space_id, json!({"event": event, "outcome": line.outcome, "reason": line.reason, "profile_id": null}));
        }
    }

    /// Tells of who entered audiences and left them.
    pub(crate) fn changed(&self, changes: &[Change]) {
        if !self.is_watched() {
            return;
        }
        for change in changes {
            let data = json!({"event": change.event(), "outcome": null, "reason": null, "profile_id": change.profile_id()});
            self.tell(change.space_id(), data);
        }
    }

    fn tell(&self, space_id: &str, data: Value) {
        // An error means that nobody watches.
        let _ = self.lines.send(Line {
            space_id: space_id.to_owned(),
            data,
        });
    }
}
