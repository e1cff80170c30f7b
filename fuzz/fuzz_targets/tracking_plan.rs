//! A plan and a message, with a zero byte between them: whatever they are, there is an answer, and no
//! finding says a value of the message.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (plan, message) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let _ = cdp_core::tracking_plan::verdict(plan, message);
});
