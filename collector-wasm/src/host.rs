//! The seam to a browser: who carries out what the engine asks for.

#[cfg(target_arch = "wasm32")]
pub mod browser;

/// The effects of a command. None of them may call the engine back before the command is through.
pub trait Host {
    /// Write to the site's storage; an empty value removes. What a browser refuses here is still in memory.
    fn store(&mut self, key: &str, value: &str);
    /// Write the tab's line into the tab's own storage.
    fn session(&mut self, value: &str);
    /// POST, and answer with [`crate::command::Command::Replied`].
    fn send(&mut self, ticket: u32, body: &str);
    /// POST without an answer.
    fn beacon(&mut self, url: &str, body: &str);
    /// Set the one timer.
    fn wake(&mut self, after: f64);
    /// Collecting begins: keep the anonymous id. False where this device cannot.
    fn begin(&mut self) -> bool;
    /// Remove everything that was ever written to this device, and stop requests.
    fn purge(&mut self);
    /// The consent state as JSON members, for a page that asked.
    fn tell(&mut self, state: &str);
    /// So many events were dropped for a reason, or held (no reason).
    fn report(&mut self, reason: &str, count: u32);
}
