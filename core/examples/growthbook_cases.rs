//! The cases of GrowthBook's spec, in WebAssembly: a module without imports, for any host.
//!
//! `cargo build -p cdp-core --example growthbook_cases --target wasm32-unknown-unknown` makes it. A host gives it
//! the corpus as JSON, byte by byte, and takes the report of `core/tests/growthbook/cases.rs`:
//!
//! ```js
//! const { put, run, take } = instance.exports;
//! for (const byte of corpus) put(byte);
//! const report = JSON.parse(new TextDecoder().decode(Uint8Array.from({ length: run() }, (_, at) => take(at))));
//! ```

use std::cell::RefCell;

#[path = "../tests/growthbook/cases.rs"]
mod cases;

thread_local! {
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Takes one more byte of the corpus.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn put(byte: u8) {
    BYTES.with_borrow_mut(|bytes| bytes.push(byte));
}

/// Runs the cases, and says how many bytes the report has. A corpus that is no JSON has none.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn run() -> usize {
    BYTES.with_borrow_mut(|bytes| {
        let corpus = serde_json::from_slice(bytes).ok();
        *bytes = corpus.map_or_else(Vec::new, |corpus| cases::run(&corpus).to_string().into());
        bytes.len()
    })
}

/// A byte of the report; 0 beyond its end.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn take(at: usize) -> u8 {
    BYTES.with_borrow(|bytes| bytes.get(at).copied().unwrap_or(0))
}
