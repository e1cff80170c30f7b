//! The rules' cases in WebAssembly: a module without imports, for any host.
//!
//! `cargo build -p cdp-core --example rules --target wasm32-unknown-unknown` makes it. A host gives it JSON, byte by
//! byte, and takes JSON: of `{"growthbook": corpus}` the report of `core/tests/growthbook/cases.rs`, of
//! `{"audiences": [fixture, …], "decisions": [fixture, …]}` how many cases hold. One that does not traps; its message is
//! what the same test says natively.
//!
//! ```js
//! const { put, run, take } = instance.exports;
//! for (const byte of bytes) put(byte);
//! const report = JSON.parse(new TextDecoder().decode(Uint8Array.from({ length: run() }, (_, at) => take(at))));
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a case that does not hold traps"
)]

use std::cell::RefCell;

use serde_json::{Value, json};

#[path = "../tests/growthbook/cases.rs"]
mod cases;
#[path = "../tests/spec/rules.rs"]
mod rules;

thread_local! {
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Takes one more byte.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn put(byte: u8) {
    BYTES.with_borrow_mut(|bytes| bytes.push(byte));
}

/// Runs the cases, and says how many bytes the report has. What is no JSON has none.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn run() -> usize {
    BYTES.with_borrow_mut(|bytes| {
        let asked = serde_json::from_slice(bytes).ok();
        *bytes = asked.map_or_else(Vec::new, |asked| report(&asked).to_string().into());
        bytes.len()
    })
}

/// A byte of the report; 0 beyond its end.
#[expect(unsafe_code, reason = "the host calls it by this name")]
#[unsafe(no_mangle)]
pub extern "C" fn take(at: usize) -> u8 {
    BYTES.with_borrow(|bytes| bytes.get(at).copied().unwrap_or(0))
}

fn report(asked: &Value) -> Value {
    if let Some(corpus) = asked.get("growthbook") {
        return cases::run(corpus);
    }
    let sum = |name: &str, check: fn(&Value, &str) -> usize| -> usize {
        let fixtures = asked[name].as_array().into_iter().flatten().enumerate();
        fixtures
            .map(|(number, fixture)| check(fixture, &format!("{name} {number}")))
            .sum()
    };
    json!({
        "audiences": sum("audiences", rules::audiences),
        "decisions": sum("decisions", rules::decisions),
    })
}
