//! The workspace's provider, and whom it lets in.

use cdp_core::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::store;
use crate::access::{Action, Area, Role, Scope, Scopes};
use crate::app::App;
use crate::clock;
use crate::error::{Code, Error, Result};
use crate::member::account::role_within;

/// Characters of a name, of an address, of an id, and how many domains.
const LONGEST_NAME: usize = 60;
const LONGEST: usize = 500;
const MOST_DOMAINS: usize = 50;

/// The settings as the server works with them.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) domains: Vec<String>,
    pub(super) join_role: Option<Role>,
    pub(super) passwords: bool,
    pub(super) updated_at: Timestamp,
}

/// The settings as callers see them.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SignInProvider")]
pub(super) struct View {
    name: String,
    issuer: String,
    client_id: String,
    /// Whether there is a client secret; it is told to nobody.
    has_client_secret: bool,
    /// Of which addresses people are matched and join; none means all.
    domains: Vec<String>,
    /// The role with which people join who are not invited; `null` where they do not.
    join_role: Option<&'static str>,
    /// Whether members who are no owners may come in by password.
    passwords: bool,
    updated_at: Timestamp,
}

impl From<&Settings> for View {
    fn from(settings: &Settings) -> Self {
        Self {
            name: settings.name.clone(),
            issuer: settings.issuer.clone(),
            client_id: settings.client_id.clone(),
            has_client_secret: !settings.client_secret.is_empty(),
            domains: settings.domains.clone(),
            join_role: settings.join_role.map(Role::as_str),
            passwords: settings.passwords,
            updated_at: settings.updated_at,
        }
    }
}

/// Settings as they are asked for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewSignInProvider")]
pub(super) struct Wanted {
    /// What the button says.
    name: String,
    /// The issuer, exactly as the provider writes it.
    issuer: String,
    client_id: String,
    /// Absent: the one that is there stays. Empty: none.
    client_secret: Option<String>,
    #[serde(default)]
    domains: Vec<String>,
    join_role: Option<String>,
    #[serde(default = "yes")]
    passwords: bool,
}

const fn yes() -> bool {
    true
}

fn invalid(words: impl Into<String>) -> Error {
    Error::new(Code::InvalidDefinition, words)
}

/// A text that is there, plain and not too long.
fn text(name: &str, given: &str, longest: usize) -> Result<String> {
    let text = given.trim();
    let fits = !text.is_empty() && text.chars().count() <= longest;
    if !fits || text.chars().any(char::is_control) {
        return Err(invalid(format!("\"{name}\" has 1 to {longest} characters")));
    }
    Ok(text.to_owned())
}

fn domain(given: &str) -> Result<String> {
    let domain = given.trim().trim_start_matches('@').to_lowercase();
    let right = url::Host::parse(&domain).is_ok_and(|host| host.to_string() == domain)
        && domain.contains('.')
        && domain.parse::<std::net::IpAddr>().is_err();
    right.then_some(domain).ok_or_else(|| {
        invalid("\"domains\" are what stands behind the @ of addresses, such as example.com")
    })
}

fn demand_ownership(held: Scopes) -> Result<()> {
    let owner = Scope {
        area: Area::Ownership,
        action: Action::Write,
    };
    if held.contains(owner) {
        return Ok(());
    }
    Err(Error::new(
        Code::Forbidden,
        "who the provider is decides who may come in as an owner: ask an owner to change that",
    ))
}

/// Writes the settings, after seeing that the provider can be used.
///
/// # Errors
/// Where something of them cannot be, the provider does not answer, or the caller may not decide it.
pub(super) async fn write(app: &App, held: Scopes, wanted: Wanted) -> Result<View> {
    let before = store::settings(&app.database).await?;
    let issuer = text("issuer", &wanted.issuer, LONGEST)?;
    let url = Url::parse(&issuer).map_err(|_| {
        invalid(
            "\"issuer\" is an address such as https://login.example.com, as the provider writes it",
        )
    })?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("\"issuer\" has no query and no fragment"));
    }
    app.outbound
        .check(&url)
        .map_err(|error| invalid(format!("\"issuer\" cannot be used: {error}")))?;
    let client_id = text("client_id", &wanted.client_id, LONGEST)?;
    let known = before.as_ref().map(|before| before.client_secret.clone());
    let client_secret = match wanted.client_secret {
        Some(secret) if secret.len() <= LONGEST => secret.trim().to_owned(),
        Some(_) => {
            return Err(invalid(format!(
                "\"client_secret\" has at most {LONGEST} characters"
            )));
        }
        None => known.unwrap_or_default(),
    };
    if wanted.domains.len() > MOST_DOMAINS {
        return Err(invalid(format!("\"domains\" are at most {MOST_DOMAINS}")));
    }
    let domains: Result<Vec<String>> = wanted.domains.iter().map(|one| domain(one)).collect();
    let join_role = wanted.join_role.as_deref();
    let settings = Settings {
        name: text("name", &wanted.name, LONGEST_NAME)?,
        issuer,
        client_id,
        client_secret,
        domains: domains?,
        join_role: join_role.map(|word| role_within(held, word)).transpose()?,
        passwords: wanted.passwords,
        updated_at: clock::now(),
    };
    if settings.join_role == Some(Role::Owner) {
        return Err(invalid(
            "nobody becomes an owner by themselves: take another \"join_role\"",
        ));
    }
    if settings.join_role.is_some() && settings.domains.is_empty() {
        return Err(invalid(
            "with \"join_role\", name the \"domains\" whose people may join: otherwise everybody with an account of the provider could",
        ));
    }
    let same = before.as_ref().is_some_and(|before| {
        before.issuer == settings.issuer
            && before.client_id == settings.client_id
            && before.client_secret == settings.client_secret
    });
    if !same {
        demand_ownership(held)?;
    }
    let check = app.providers.check(&app.outbound, &settings.issuer).await;
    check.map_err(|why| invalid(format!("this provider cannot be used: {why}")))?;
    // The provider was asked meanwhile: what was decided on has to be there still.
    let _turn = app.members.lock().await;
    let now = store::settings(&app.database).await?;
    let decides = |settings: &Settings| {
        let Settings {
            issuer,
            client_id,
            client_secret,
            ..
        } = settings.clone();
        (issuer, client_id, client_secret)
    };
    if now.as_ref().map(decides) != before.as_ref().map(decides) {
        return Err(Error::new(
            Code::Conflict,
            "somebody changed the provider meanwhile: look at the settings again, then save",
        ));
    }
    store::write(&app.database, &settings).await?;
    Ok(View::from(&settings))
}

/// Takes the provider away. Members come in by password again.
///
/// # Errors
/// Where there is none.
pub(super) async fn remove(app: &App) -> Result<()> {
    let _turn = app.members.lock().await;
    if store::remove(&app.database).await? {
        return Ok(());
    }
    Err(Error::new(
        Code::NotFound,
        "there is no provider to take away",
    ))
}

/// Whether members of a role may come in by password. Owners always may, so that nobody is locked out.
///
/// # Errors
/// Where they may not; it says how else.
pub(crate) async fn passwords_for(app: &App, role: Role) -> Result<()> {
    if role == Role::Owner {
        return Ok(());
    }
    match store::settings(&app.database).await? {
        Some(settings) if !settings.passwords => Err(Error::new(
            Code::Forbidden,
            format!(
                "passwords are not taken here any more: sign in with {}",
                settings.name
            ),
        )),
        _ => Ok(()),
    }
}
