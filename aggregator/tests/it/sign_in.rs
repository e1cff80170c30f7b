//! Members come in through a provider, and nobody else does: not by another's answer, not by a forged token, not by an
//! address that was not verified.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::provider::{CLIENT, Provider, Signer};
use crate::harness::visitor::{PASSWORD, Visitor};
use crate::harness::{Answer, Data, Server};

const PUBLIC: &str = "http://cdp.test";
const SECRET: &str = "se+cr/et &";

fn now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a provider has a clock of its own"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs()
}

fn development() -> Server {
    Data::fresh().serve_with(&["--insecure-loopback", "--public-url", PUBLIC])
}

fn settings(provider: &Provider) -> Value {
    json!({"name": "Acme", "issuer": provider.base, "client_id": CLIENT, "client_secret": SECRET})
}

/// Puts settings, with some of them changed.
fn set(server: &Server, provider: &Provider, changes: &Value) -> Answer {
    let mut settings = settings(provider);
    settings
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    server.put("/api/v1/sign-in/settings", &settings)
}

/// A browser that has gone to the provider.
struct Away {
    cookie: String,
    query: Vec<(String, String)>,
}

impl Away {
    fn parameter(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap()
    }
}

#[track_caller]
fn begin(server: &Server) -> Away {
    let answer = server.enter("/api/v1/sign-in/begin", &json!({}));
    let url = answer.ok()["url"].as_str().unwrap().to_owned();
    let cookie = answer.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly; SameSite=Strict") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    let url = url::Url::parse(&url).unwrap();
    Away {
        cookie: cookie.split(';').next().unwrap().to_owned(),
        query: url.query_pairs().into_owned().collect(),
    }
}

fn back(server: &Server, cookie: &str, body: &Value) -> Answer {
    let headers = [("sec-fetch-site", "same-origin"), ("cookie", cookie)];
    let body = body.to_string();
    server.send("POST", "/api/v1/sign-in/finish", &headers, body.as_bytes())
}

/// Claims of an honest token for somebody.
fn claims(provider: &Provider, away: &Away, subject: &str, email: &str) -> Value {
    json!({
        "iss": provider.base, "sub": subject, "aud": CLIENT, "exp": now() + 300, "iat": now(), "nonce": away.parameter("nonce"),
        "email": email, "email_verified": true, "name": "Ada"
    })
}

fn honest(provider: &Provider, away: &Away) -> Value {
    json!({"code": "c", "state": away.parameter("state"), "iss": provider.base})
}

/// A whole sign-in with claims that were changed.
fn come(
    server: &Server,
    (provider, key): (&Provider, &Signer),
    (subject, email): (&str, &str),
    changes: &Value,
) -> Answer {
    let away = begin(server);
    let mut claims = claims(provider, &away, subject, email);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    provider.grants(&key.sign(&claims));
    back(server, &away.cookie, &honest(provider, &away))
}

#[track_caller]
fn refused(answer: &Answer, words: &str) {
    let (status, _) = answer.error();
    assert_eq!(status, 403, "{}", answer.text);
    assert!(answer.text.contains(words), "{words}: {}", answer.text);
    assert!(answer.header("set-cookie").is_none());
}

#[test]
fn members_and_invited_come_in_and_stay_who_they_are() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    let owner = server.owner();
    let nothing = json!({"passwords": true, "provider": null});
    assert_eq!(
        server.send("GET", "/api/v1/sign-in", &[], b"").ok(),
        nothing
    );
    assert_eq!(
        server.enter("/api/v1/sign-in/begin", &json!({})).status,
        404
    );
    let made = set(&server, &provider, &json!({})).ok();
    assert_eq!(made["has_client_secret"], true);
    assert!(!made.to_string().contains(SECRET));
    let told = server.get("/api/v1/sign-in/settings").ok();
    assert_eq!(told["redirect_url"], format!("{PUBLIC}/sign-in/callback"));
    let ways = server.send("GET", "/api/v1/sign-in", &[], b"").ok();
    assert_eq!(ways["provider"]["name"], "Acme");
    let who = (&provider, &key);

    // What is asked of the provider.
    let away = begin(&server);
    assert_eq!(away.parameter("response_type"), "code");
    assert_eq!(away.parameter("client_id"), CLIENT);
    assert_eq!(away.parameter("code_challenge_method"), "S256");
    assert_eq!(
        away.parameter("redirect_uri"),
        format!("{PUBLIC}/sign-in/callback")
    );
    provider.grants(&key.sign(&claims(&provider, &away, "1", "Olga@Owner.test")));
    let answer = back(&server, &away.cookie, &honest(&provider, &away));
    assert_eq!(answer.ok()["member"]["role"], "owner");
    let asked = provider.asked("/token").pop().unwrap();
    let verifier = asked.split("code_verifier=").nth(1).unwrap();
    let verifier = verifier.split('&').next().unwrap();
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    assert_eq!(away.parameter("code_challenge"), challenge);
    let pair = STANDARD.encode(format!("{CLIENT}:se%2Bcr%2Fet+%26"));
    assert!(asked.contains(&format!("Basic {pair}")), "{asked}");
    let olga = Visitor::of(&server, &answer);
    assert_eq!(olga.get("/api/v1/session").ok()["member"]["name"], "Olga");

    // The same account comes in whatever its address is now, and nobody else by that address.
    let moved = come(
        &server,
        who,
        ("1", "olga@new.test"),
        &json!({"email_verified": false}),
    );
    assert_eq!(moved.ok()["member"]["email"], "olga@owner.test");
    let taken = come(&server, who, ("2", "olga@owner.test"), &json!({}));
    refused(&taken, "another account");

    // Nobody joins by themselves; somebody invited does, with the role, and without a password.
    refused(
        &come(&server, who, ("3", "mia@team.test"), &json!({})),
        "invited",
    );
    let invitation = json!({"email": "mia@team.test", "role": "marketer"});
    let invited = owner.post("/api/v1/invitations", &invitation).ok();
    for (changes, words) in [
        (json!({"email_verified": false}), "not verified"),
        (json!({"email_verified": null}), "not verified"),
        (json!({"email": null}), "address"),
    ] {
        provider.says("/me", &json!({"sub": "3"}));
        let answer = come(&server, who, ("3", "mia@team.test"), &changes);
        refused(&answer, words);
    }
    let joined = come(&server, who, ("3", "mia@team.test"), &json!({}));
    assert_eq!(joined.ok()["member"]["role"], "marketer");
    let mia = Visitor::of(&server, &joined);
    assert_eq!(mia.get("/api/v1/members").status, 403);
    let body = json!({"token": invited["token"], "name": "M", "password": PASSWORD});
    assert_eq!(server.enter("/api/v1/join", &body).status, 403, "used up");
    for guess in ["", "argon2id", PASSWORD] {
        assert_eq!(server.sign_in("mia@team.test", guess).status, 401);
    }
    // Removed, the account is nobody's.
    let members = owner.get("/api/v1/members").ok();
    let found = |email: &str| {
        let all = members["data"].as_array().unwrap().iter();
        let id = all.clone().find(|member| member["email"] == email).unwrap()["id"].clone();
        format!("/api/v1/members/{}", id.as_str().unwrap())
    };
    let gone = owner.send("DELETE", &found("mia@team.test"), &Value::Null);
    assert_eq!(gone.status, 204);
    refused(
        &come(&server, who, ("3", "mia@team.test"), &json!({})),
        "invited",
    );

    // An address that the token does not tell is asked for, of the same person.
    owner
        .post(
            "/api/v1/invitations",
            &json!({"email": "eve@team.test", "role": "agent"}),
        )
        .ok();
    let untold = json!({"email": null, "email_verified": null});
    let told = json!({"sub": "9", "email": "eve@team.test", "email_verified": true});
    provider.says("/me", &told);
    refused(
        &come(&server, who, ("4", ""), &untold),
        "two different people",
    );
    let answer = come(&server, who, ("9", ""), &untold);
    assert_eq!(answer.ok()["member"]["email"], "eve@team.test");

    // Who came is in the log.
    let log = server
        .get("/api/v1/audit?operation=POST%20/api/v1/sign-in/finish&limit=100")
        .ok();
    let log = log["data"].as_array().unwrap();
    assert!(
        log.iter()
            .any(|entry| entry["status"] == 200 && entry["actor"]["name"] == "Olga")
    );
    assert!(
        log.iter()
            .any(|entry| entry["status"] == 403 && entry["actor"]["kind"] == "nobody")
    );
}

#[test]
fn people_of_a_domain_join_by_themselves_where_the_settings_say_so() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    let who = (&provider, &key);
    let open = json!({"join_role": "analyst"});
    assert_eq!(set(&server, &provider, &open).status, 422, "no domain");
    for (field, wrong) in [
        ("join_role", json!("owner")),
        ("join_role", json!("king")),
        ("domains", json!(["nodot"])),
        ("domains", json!(["10.0.0.1"])),
        ("name", json!("")),
        ("client_id", json!(" ")),
        ("issuer", json!("javascript:alert(1)")),
        ("issuer", json!(format!("{}?x", provider.base))),
        ("issuer", json!(format!("{}/", provider.base))),
    ] {
        let mut changes = json!({"domains": ["acme.test"], "join_role": "analyst"});
        changes[field] = wrong;
        let answer = set(&server, &provider, &changes);
        assert_eq!(answer.status, 422, "{changes}: {}", answer.text);
    }
    let open = json!({"join_role": "analyst", "domains": ["@Acme.test"]});
    set(&server, &provider, &open).ok();
    for email in [
        "a@evil.test",
        "a@sub.acme.test",
        "a@acme.test.evil.test",
        "acme.test@evil.test",
    ] {
        refused(
            &come(&server, who, ("1", email), &json!({})),
            "may not come in",
        );
    }
    refused(
        &come(
            &server,
            who,
            ("1", "a@acme.test"),
            &json!({"email_verified": false}),
        ),
        "not verified",
    );
    let answer = come(&server, who, ("1", "A@acme.test"), &json!({"name": " "}));
    assert_eq!(answer.ok()["member"]["role"], "analyst");
    assert_eq!(answer.ok()["member"]["name"], "a@acme.test");
}

#[test]
fn who_the_provider_is_an_owner_says_and_owners_are_never_locked_out() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    let owner = server.owner();
    let admin = owner.invites("adam@team.test", "admin");
    let path = "/api/v1/sign-in/settings";
    let answer = admin.send("PUT", path, &settings(&provider));
    refused(&answer, "ask an owner");
    owner.send("PUT", path, &settings(&provider)).ok();
    // Whom it lets in, an admin may say; the secret stays where none is given.
    let mut changed = settings(&provider);
    changed.as_object_mut().unwrap().remove("client_secret");
    changed["domains"] = json!(["team.test"]);
    changed["passwords"] = json!(false);
    let answer = admin.send("PUT", path, &changed).ok();
    assert_eq!(answer["has_client_secret"], true);
    for (name, value) in [
        ("client_id", "mine"),
        ("client_secret", ""),
        ("issuer", "https://example.com"),
    ] {
        let mut evil = changed.clone();
        evil[name] = value.into();
        refused(&admin.send("PUT", path, &evil), "ask an owner");
    }
    refused(&admin.send("DELETE", path, &Value::Null), "ownership");
    let marketer = owner.invites("olaf@owner.test", "owner");
    assert_eq!(
        marketer.get("/api/v1/session").ok()["member"]["role"],
        "owner"
    );
    // Without passwords, owners still come in by theirs, and others do not.
    let answer = server.sign_in("adam@team.test", PASSWORD);
    refused(&answer, "sign in with Acme");
    assert_eq!(server.sign_in("adam@team.test", "wrong").status, 401);
    assert_eq!(server.sign_in("olga@owner.test", PASSWORD).status, 200);
    let link = owner
        .post(
            "/api/v1/invitations",
            &json!({"email": "x@team.test", "role": "agent"}),
        )
        .ok();
    let body = json!({"token": link["token"], "name": "X", "password": PASSWORD});
    refused(&server.enter("/api/v1/join", &body), "sign in with Acme");
    // An owner without a password does not count as the one who stays.
    let who = (&provider, &key);
    owner
        .post(
            "/api/v1/invitations",
            &json!({"email": "nora@team.test", "role": "owner"}),
        )
        .ok();
    let nora = come(&server, who, ("77", "nora@team.test"), &json!({}));
    let nora = Visitor::of(&server, &nora);
    let members = owner.get("/api/v1/members").ok();
    let of = |email: &str| {
        let all = members["data"].as_array().unwrap();
        let member = all.iter().find(|member| member["email"] == email).unwrap();
        format!("/api/v1/members/{}", member["id"].as_str().unwrap())
    };
    assert_eq!(
        nora.send("DELETE", &of("olaf@owner.test"), &Value::Null)
            .status,
        204
    );
    let last = nora.send("DELETE", &of("olga@owner.test"), &Value::Null);
    assert_eq!(last.error(), (409, "conflict".to_owned()));
    // Taken away, passwords hold again.
    assert_eq!(owner.send("DELETE", path, &Value::Null).status, 204);
    assert_eq!(owner.send("DELETE", path, &Value::Null).status, 404);
    assert_eq!(server.sign_in("adam@team.test", PASSWORD).status, 200);
}

#[test]
fn an_answer_counts_once_in_the_browser_that_asked_and_from_whom_it_asked() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    server.owner();
    set(&server, &provider, &json!({})).ok();
    let theirs = begin(&server);
    // Another's cookie, none, one that was made up, of another name, or changed; each state may be tried a few times only.
    let wrong: [fn(&str, &str) -> String; 5] = [
        |_, theirs| theirs.to_owned(),
        |_, _| String::new(),
        |_, _| "headwater-sign-in=sealed:00000000:AAAA".to_owned(),
        |mine, _| format!("__Host-{mine}"),
        |mine, _| format!("{}A", &mine[..mine.len() - 1]),
    ];
    for cookie in wrong {
        let away = begin(&server);
        let cookie = cookie(&away.cookie, &theirs.cookie);
        let answer = back(&server, &cookie, &honest(&provider, &away));
        refused(&answer, "not begun in this browser");
    }
    let mine = begin(&server);
    provider.grants(&key.sign(&claims(&provider, &mine, "1", "olga@owner.test")));
    let body = honest(&provider, &mine);
    let mut other = body.clone();
    other["state"] = theirs.parameter("state").into();
    refused(
        &back(&server, &mine.cookie, &other),
        "not begun in this browser",
    );
    // A page of another site cannot have it finished.
    let headers = [
        ("sec-fetch-site", "cross-site"),
        ("cookie", mine.cookie.as_str()),
    ];
    let text = body.to_string();
    let answer = server.send("POST", "/api/v1/sign-in/finish", &headers, text.as_bytes());
    assert_eq!(answer.status, 403);
    assert!(provider.asked("/token").is_empty(), "nobody asked yet");
    // It counts once.
    assert_eq!(back(&server, &mine.cookie, &body).status, 200);
    refused(&back(&server, &mine.cookie, &body), "finished already");
    assert_eq!(provider.asked("/token").len(), 1);
    // Whoever answers is named, and is whom we asked.
    for iss in [
        Value::Null,
        json!("https://other.test"),
        json!(format!("{}/", provider.base)),
    ] {
        let away = begin(&server);
        let mut body = honest(&provider, &away);
        body["iss"] = iss;
        refused(
            &back(&server, &away.cookie, &body),
            "does not come from the provider",
        );
    }
    // What the provider says instead of a code is told, but only a plain word of it.
    for (error, words) in [("access_denied", "access_denied"), ("<script>", "an error")] {
        let away = begin(&server);
        let body = json!({"state": away.parameter("state"), "error": error});
        refused(&back(&server, &away.cookie, &body), words);
    }
    // Who goes on guessing has to wait.
    let away = begin(&server);
    let body = json!({"code": "c", "state": "s"});
    let waits = (0..40).any(|_| back(&server, &away.cookie, &body).status == 429);
    assert!(waits);
}

#[test]
fn a_sign_in_ends_after_ten_minutes() {
    let key = Signer::fresh("k1");
    let provider = Provider::with(&[&key]);
    let mut server = Data::fresh().serve_with(&[
        "--insecure-loopback",
        "--public-url",
        PUBLIC,
        "--clock-at",
        "2026-03-01T00:00:00Z",
    ]);
    set(&server, &provider, &json!({})).ok();
    let away = begin(&server);
    server.move_clock("2026-03-01T00:10:01Z");
    let answer = back(&server, &away.cookie, &honest(&provider, &away));
    refused(&answer, "ten minutes");
}

#[test]
fn a_token_counts_only_if_it_is_the_providers_answer_to_this_sign_in() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    server.owner();
    set(&server, &provider, &json!({})).ok();
    let who = (&provider, &key);
    for (changes, words) in [
        (json!({"iss": "https://other.test"}), "another issuer"),
        (json!({"aud": "other"}), "another client"),
        (json!({"aud": ["headwater", "other"]}), "another client"),
        (json!({"azp": "other"}), "another client"),
        (json!({"exp": now() - 120}), "ended"),
        (json!({"iat": now() - 7200}), "not made just now"),
        (json!({"iat": now() + 600}), "not made just now"),
        (json!({"nonce": "other"}), "another sign-in"),
        (json!({"nonce": null}), "another sign-in"),
        (json!({"sub": ""}), "names nobody"),
        (json!({"sub": null}), "lacks"),
    ] {
        refused(
            &come(&server, who, ("1", "olga@owner.test"), &changes),
            words,
        );
    }
}

/// A sign-in whose token somebody makes.
fn forge(server: &Server, provider: &Provider, token: &dyn Fn(&Value) -> String) -> Answer {
    let away = begin(server);
    let claims = claims(provider, &away, "1", "olga@owner.test");
    provider.grants(&token(&claims));
    back(server, &away.cookie, &honest(provider, &away))
}

#[test]
fn a_token_that_is_not_signed_with_a_public_keys_algorithm_is_refused() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    server.owner();
    set(&server, &provider, &json!({})).ok();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for alg in ["none", "None", "HS256", "HS512", "ES256K", ""] {
        let header = json!({"alg": alg, "kid": "k1"});
        let unsigned = |claims: &Value| format!("{}.{}.", part(&header), part(claims));
        let answer = forge(&server, &provider, &unsigned);
        refused(&answer, "in a way that can be trusted");
        let signed = |claims: &Value| key.sign_as(&header, claims);
        let answer = forge(&server, &provider, &signed);
        refused(&answer, "in a way that can be trusted");
    }
}

#[test]
fn a_token_counts_only_with_a_signature_of_a_key_that_is_published_now() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    server.owner();
    set(&server, &provider, &json!({})).ok();
    let (stranger, unknown) = (Signer::fresh("k1"), Signer::fresh("k2"));
    let forged = |token: &dyn Fn(&Value) -> String| forge(&server, &provider, token);
    refused(
        &forged(&|claims| stranger.sign(claims)),
        "signature is wrong",
    );
    refused(&forged(&|claims| unknown.sign(claims)), "does not publish");
    // A key counts for algorithms of its kind only, and a token names no key of its own.
    for header in [
        json!({"alg": "RS256", "kid": "k1"}),
        json!({"alg": "ES384", "kid": "k1"}),
        json!({"alg": "EdDSA", "kid": "k1"}),
    ] {
        let answer = forged(&|claims| key.sign_as(&header, claims));
        refused(&answer, "signature is wrong");
    }
    let own = json!({"alg": "ES256", "jwk": stranger.public()});
    let answer = forged(&|claims| stranger.sign_as(&own, claims));
    refused(&answer, "signature is wrong");
    let critical = json!({"alg": "ES256", "kid": "k1", "crit": ["exp"]});
    let answer = forged(&|claims| key.sign_as(&critical, claims));
    refused(&answer, "cannot be read");
    let answer = forged(&|claims| format!("{}.x", key.sign(claims)));
    refused(&answer, "cannot be read");
    let swapped = |claims: &Value| {
        let mut other = claims.clone();
        other["sub"] = "2".into();
        let (real, fake) = (key.sign(claims), key.sign(&other));
        let (front, _) = fake.rsplit_once('.').unwrap();
        let (_, signature) = real.rsplit_once('.').unwrap();
        format!("{front}.{signature}")
    };
    refused(&forged(&swapped), "signature is wrong");
    // A new key is read when a token names it; the old ones count no more.
    provider.publishes(&[&unknown]);
    let answer = forged(&|claims| unknown.sign(claims));
    assert_eq!(answer.status, 200, "{}", answer.text);
    refused(&forged(&|claims| key.sign(claims)), "does not publish");
}

#[test]
fn a_provider_that_is_away_or_answers_nonsense_is_told_clearly() {
    let (server, key) = (development(), Signer::fresh("k1"));
    let provider = Provider::with(&[&key]);
    server.owner();
    set(&server, &provider, &json!({})).ok();
    let failing = |said: (u16, &str)| {
        let away = begin(&server);
        provider.answers("/token", (said.0, String::new(), said.1.to_owned()));
        back(&server, &away.cookie, &honest(&provider, &away))
    };
    refused(
        &failing((400, r#"{"error":"invalid_grant"}"#)),
        "invalid_grant",
    );
    refused(&failing((401, "<b>no</b>")), "no reason");
    refused(&failing((200, "{}")), "no token");
    for said in [(500, ""), (302, ""), (0, "")] {
        let answer = failing(said);
        assert_eq!(
            answer.error(),
            (503, "unavailable".to_owned()),
            "{}",
            answer.text
        );
        assert!(
            answer.text.contains("owners can come in by password"),
            "{}",
            answer.text
        );
    }
    // Nobody listens there: settings are not taken, with the reason.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let gone = json!({"issuer": format!("http://{address}")});
    let answer = set(&server, &provider, &gone);
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("cannot be reached"), "{}", answer.text);
    let document = json!({
        "issuer": provider.base, "authorization_endpoint": "javascript:alert(1)", "token_endpoint": format!("{}/token", provider.base),
        "jwks_uri": format!("{}/keys", provider.base)
    });
    provider.says("/.well-known/openid-configuration", &document);
    let answer = set(&server, &provider, &json!({}));
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("not https"), "{}", answer.text);
    // No log has what is secret.
    let log = std::fs::read_to_string(server.data().log()).unwrap();
    for secret in [SECRET, "olga@owner.test", "code_verifier"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn nobody_is_led_to_where_only_this_machine_reaches() {
    let provider = Provider::with(&[]);
    let port = provider.base.rsplit_once(':').unwrap().1.to_owned();
    let server = Data::fresh().serve();
    let put = |server: &Server, issuer: &str| set(server, &provider, &json!({"issuer": issuer}));
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "localhost",
        "LOCALHOST",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.0.1",
    ] {
        for scheme in ["https", "http"] {
            let answer = put(&server, &format!("{scheme}://{host}:{port}"));
            assert_eq!(answer.status, 422, "{host}: {}", answer.text);
            let told =
                answer.text.contains("no public address") || answer.text.contains("not https");
            assert!(told, "{host}: {}", answer.text);
        }
    }
    for issuer in [
        "https://a:b@example.com",
        "ftp://example.com",
        "file:///etc/passwd",
        "gopher://127.0.0.1",
    ] {
        assert_eq!(put(&server, issuer).status, 422, "{issuer}");
    }
    assert!(
        provider
            .asked("/.well-known/openid-configuration")
            .is_empty()
    );

    // A host that is allowed is asked, by TLS; its metadata are not.
    let allowing = Data::fresh().serve_with(&[
        "--allow-outbound",
        "localhost",
        "--allow-outbound",
        "169.254.169.254",
    ]);
    let answer = put(&allowing, &format!("https://localhost:{port}"));
    assert!(answer.text.contains("secure connection"), "{}", answer.text);
    assert!(
        put(&allowing, &format!("http://localhost:{port}"))
            .text
            .contains("not https")
    );
    let answer = put(&allowing, "https://169.254.169.254");
    assert!(answer.text.contains("no public address"), "{}", answer.text);

    // Nor does a provider lead there by what it says.
    let server = development();
    let metadata = "http://169.254.169.254/latest/meta-data";
    provider.answers(
        "/.well-known/openid-configuration",
        (302, format!("location: {metadata}\r\n"), String::new()),
    );
    let answer = put(&server, &provider.base);
    assert!(
        answer.text.contains("redirects are not followed"),
        "{}",
        answer.text
    );
    provider.answers(
        "/.well-known/openid-configuration",
        (0, String::new(), String::new()),
    );
    let answer = put(&server, &provider.base);
    assert!(answer.text.contains("more than"), "{}", answer.text);
    for field in ["authorization_endpoint", "jwks_uri"] {
        let provider = Provider::with(&[]);
        let mut document = json!({
            "issuer": provider.base, "authorization_endpoint": format!("{}/authorize", provider.base),
            "token_endpoint": format!("{}/token", provider.base), "jwks_uri": format!("{}/keys", provider.base)
        });
        document[field] = "https://169.254.169.254/".into();
        provider.says("/.well-known/openid-configuration", &document);
        let answer = put(&server, &provider.base);
        assert!(
            answer.text.contains("no public address"),
            "{field}: {}",
            answer.text
        );
    }
}
