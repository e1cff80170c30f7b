//! Bodies like those of real Segment clients: about 680 bytes an event, 20 events a batch.

/// Events a batch.
pub(crate) const EVENTS: usize = 20;

/// A batch of events of one browser, each with a message id that was never used before. Written as
/// text, so that making the load costs little beside serving it.
pub(crate) fn batch(write_key: &str, run: &str, connection: usize, count: usize) -> Vec<u8> {
    let browser = browser(connection, count);
    let mut body = format!(
        "{{\"writeKey\":\"{write_key}\",\"sentAt\":\"2026-01-31T10:00:01.000Z\",\"batch\":["
    );
    for number in 0..EVENTS {
        if number > 0 {
            body.push(',');
        }
        body.push_str("{\"messageId\":\"");
        for part in [
            run,
            "-",
            &connection.to_string(),
            "-",
            &count.to_string(),
            "-",
            &number.to_string(),
        ] {
            body.push_str(part);
        }
        body.push_str("\",\"anonymousId\":\"");
        body.push_str(&browser);
        body.push_str(REST);
    }
    body.push_str("]}");
    body.into_bytes()
}

/// An event behind its ids.
const REST: &str = r#"","type":"track","event":"Product Viewed","originalTimestamp":"2026-01-31T10:00:00.000Z","properties":{"product_id":"507f1f77bcf86cd799439011","sku":"G-32","category":"sneakers","name":"Court low, white","brand":"Fjordwalk","price":89.95,"quantity":1,"currency":"EUR","position":3,"url":"https://shop.example/product/court-low-white"},"context":{"page":{"path":"/product/court-low-white","url":"https://shop.example/product/court-low-white","title":"Court low"},"locale":"en-GB","library":{"name":"analytics.js","version":"1.84.3"},"consent":{"categoryPreferences":{"analytics":true,"personalization":true}}}}"#;

/// A browser's anonymous id: a visitor stays for five batches.
pub(crate) fn browser(connection: usize, count: usize) -> String {
    format!("0b1f6c3e-55a1-4f0e-{connection:04x}-{:012x}", count / 5)
}
