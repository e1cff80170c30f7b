//! The real browser: the only file that knows `web_sys`. Storage and beacons are called from here;
//! what is asynchronous (requests, timers) or the page's own business (its cookie, its listeners)
//! is asked of the loader through [`Page`].

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{Navigator, Storage};

use super::Host;

#[wasm_bindgen]
extern "C" {
    /// The loader's side of the seam.
    pub type Page;

    #[wasm_bindgen(method)]
    fn send(this: &Page, ticket: u32, body: &str);
    #[wasm_bindgen(method)]
    fn wake(this: &Page, after: f64);
    #[wasm_bindgen(method)]
    fn begin(this: &Page) -> bool;
    #[wasm_bindgen(method)]
    fn purge(this: &Page);
    #[wasm_bindgen(method)]
    fn tell(this: &Page, state: &str);
    #[wasm_bindgen(method)]
    fn report(this: &Page, reason: &str, count: u32);
}

/// What a browser lends to the engine. Where a storage is refused the loader gives an object that
/// refuses too.
pub struct Browser {
    /// The loader.
    pub page: Page,
    /// `localStorage`.
    pub site: Storage,
    /// `sessionStorage`.
    pub tab: Storage,
    /// Where beacons start.
    pub navigator: Navigator,
}

// Whatever a browser refuses, the queue in memory has it still: errors are left alone.
impl Host for Browser {
    fn store(&mut self, key: &str, value: &str) {
        let _ = if value.is_empty() {
            self.site.remove_item(key)
        } else {
            self.site.set_item(key, value)
        };
    }

    fn session(&mut self, value: &str) {
        let _ = self.tab.set_item("hw:tab", value);
    }

    fn send(&mut self, ticket: u32, body: &str) {
        self.page.send(ticket, body);
    }

    fn beacon(&mut self, url: &str, body: &str) {
        let _ = self.navigator.send_beacon_with_opt_str(url, Some(body));
    }

    fn wake(&mut self, after: f64) {
        self.page.wake(after);
    }

    fn begin(&mut self) -> bool {
        self.page.begin()
    }

    fn purge(&mut self) {
        self.page.purge();
    }

    fn tell(&mut self, state: &str) {
        self.page.tell(state);
    }

    fn report(&mut self, reason: &str, count: u32) {
        self.page.report(reason, count);
    }
}
