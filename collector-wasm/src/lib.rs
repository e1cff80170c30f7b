//! The engine of Headwater's browser SDK.
//!
//! [`collector`] is the state machine, and knows no browser; [`host`] is the seam to one. What a
//! page calls is exported here. Events stay text: the page writes each as JSON, the engine numbers
//! it, holds or queues it, completes it and sends it.

pub mod collector;
pub mod command;
pub mod consent;
pub mod host;
pub mod json;
pub mod queue;
pub mod retry;
pub mod session;
pub mod settings;
pub mod words;

#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "exported by wasm-bindgen, not by the crate")]
mod exports {
    use std::cell::RefCell;

    use wasm_bindgen::prelude::wasm_bindgen;
    use web_sys::{Navigator, Storage};

    use crate::collector::Collector;
    use crate::command::{Command, Moment};
    use crate::host::browser::{Browser, Page};
    use crate::settings::Settings;

    #[global_allocator]
    static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

    thread_local! {
        // A module instance is one page's engine; a class around it would cost 600 bytes.
        static ENGINE: RefCell<Option<(Collector, Browser)>> = const { RefCell::new(None) };
    }

    /// Starts the engine, once. `settings` is the text that [`Settings::read`] reads.
    #[wasm_bindgen]
    pub fn start(settings: &str, page: Page, site: Storage, tab: Storage, navigator: Navigator) {
        let collector = Collector::new(Settings::read(settings));
        let browser = Browser {
            page,
            site,
            tab,
            navigator,
        };
        // There was none before; dropping one would be code that no page runs.
        std::mem::forget(ENGINE.replace(Some((collector, browser))));
    }

    /// Handles a command; its parts are those of [`Command::read`]. Gives back how many events wait,
    /// times four; plus 1 while collecting, plus 2 while deciding.
    #[wasm_bindgen]
    pub fn run(
        now: f64,
        dice: f64,
        kind: u32,
        text: &str,
        number: u32,
        status: u32,
        wait: f64,
    ) -> u32 {
        ENGINE.with(|engine| {
            // The loader never calls back out of an effect; if it did, nothing would break.
            let Ok(mut engine) = engine.try_borrow_mut() else {
                return 0;
            };
            let Some((collector, browser)) = engine.as_mut() else {
                return 0;
            };
            if let Some(command) = Command::read(kind, text, number, status, wait) {
                collector.handle(Moment { now, dice }, command, browser);
            }
            let waiting = u32::try_from(collector.waiting()).unwrap_or(0);
            waiting * 4 + u32::from(collector.deciding()) * 2 + u32::from(collector.collecting())
        })
    }
}
