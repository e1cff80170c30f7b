//! Word that somebody may no longer come in: answers that go on, such as the live stream, end then, and whoever still may
//! asks again.

use tokio::sync::watch;

/// Tells it, and waits for it.
#[derive(Clone, Debug)]
pub(crate) struct ShownOut(watch::Sender<()>);

impl Default for ShownOut {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl ShownOut {
    /// A session or a token has ended, or may less.
    pub(crate) fn tell(&self) {
        self.0.send_replace(());
    }

    /// From now on.
    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
