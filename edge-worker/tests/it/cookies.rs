//! The first-party cookie: renewed for those who agreed, started for nobody.

use serde_json::json;

use crate::host::{BROWSER, MemoryHost, batch, header, post, serve, track, with};

#[test]
fn the_cookie_is_renewed_only_when_the_browser_sent_it_and_an_event_was_stored() {
    let cookie = format!("a=b; hw_aid={BROWSER}");
    let agreed = batch(&[track("m1")]).to_string();
    let renewed = serve(
        &MemoryHost::default(),
        with(post("/v1/batch", agreed.clone()), "cookie", &cookie),
    );
    let set = header(&renewed, "set-cookie").unwrap();
    assert!(
        set.starts_with(&format!(
            "hw_aid={BROWSER}; Path=/; Max-Age=34560000; SameSite=Lax"
        )),
        "{set}"
    );

    let started = serve(&MemoryHost::default(), post("/v1/batch", agreed));
    assert_eq!(header(&started, "set-cookie"), None);

    let mut refused = track("m1");
    refused["context"]["consent"]["categoryPreferences"] = json!({"analytics": false});
    let denied = serve(
        &MemoryHost::default(),
        with(
            post("/v1/batch", batch(&[refused]).to_string()),
            "cookie",
            &cookie,
        ),
    );
    assert_eq!(header(&denied, "set-cookie"), None);

    let forged = "hw_aid=short";
    let other = serve(
        &MemoryHost::default(),
        with(
            post("/v1/batch", batch(&[track("m1")]).to_string()),
            "cookie",
            forged,
        ),
    );
    assert_eq!(header(&other, "set-cookie"), None);
}
