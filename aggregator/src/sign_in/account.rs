//! Which member somebody is whom the provider knows, or becomes.

use super::settings::Settings;
use super::store;
use super::token::Identity;
use crate::app::App;
use crate::clock;
use crate::error::{Code, Error, Result};
use crate::member::{Member, account, store as members};
use crate::session::{self, NewSession, Origin};

fn refuse<T>(words: impl Into<String>) -> Result<T> {
    Err(Error::new(Code::Forbidden, words))
}

/// Begins a session for somebody whom the provider knows.
///
/// # Errors
/// Where they may not come in, and whom to ask.
pub(super) async fn enter(
    app: &App,
    settings: &Settings,
    identity: &Identity,
    origin: &Origin,
) -> Result<(Member, NewSession)> {
    // Nobody joins, changes or leaves meanwhile, and nobody changes whom the provider lets in.
    let _turn = app.members.lock().await;
    let now = store::settings(&app.database).await?;
    let is_same =
        |now: &Settings| (&now.issuer, &now.client_id) == (&settings.issuer, &settings.client_id);
    let Some(settings) = now.as_ref().filter(|now| is_same(now)) else {
        return refuse("the provider was changed meanwhile: begin again");
    };
    let issuer = settings.issuer.as_str();
    let who = (issuer, identity.subject.as_str());
    if let Some(member) = store::member_of(&app.database, who.0, who.1).await? {
        return begin(app, Coming::Known(member), who, origin).await;
    }
    let email = verified_email(settings, identity)?;
    if let Some((member, _)) = members::of_email(&app.database, &email).await? {
        if store::has_account(&app.database, issuer, &member.id).await? {
            return refuse(format!(
                "the member with this address signs in with another account of {}: use that one, or ask an owner to remove and invite you anew",
                settings.name
            ));
        }
        return begin(app, Coming::Matched(member), who, origin).await;
    }
    let name = identity.person.name.as_deref().unwrap_or_default();
    let name = account::name_of(name).unwrap_or_else(|_| email.clone());
    if let Some((link_id, role)) =
        members::invitation_of(&app.database, &email, clock::now()).await?
    {
        let member = account::fresh(&email, name, role)?;
        let link = Some(link_id);
        return begin(app, Coming::New { member, link }, who, origin).await;
    }
    match settings.join_role {
        Some(role) => {
            let member = account::fresh(&email, name, role)?;
            begin(app, Coming::New { member, link: None }, who, origin).await
        }
        None => refuse(
            "nobody has invited this address: ask an admin of this workspace for an invitation, then sign in again",
        ),
    }
}

/// The address by which somebody is matched.
fn verified_email(settings: &Settings, identity: &Identity) -> Result<String> {
    let Some(email) = &identity.person.email else {
        return refuse(format!(
            "{} does not tell your address: an owner has to let it tell \"email\" to this client",
            settings.name
        ));
    };
    if identity.person.email_verified != Some(true) {
        return refuse(format!(
            "{} has not verified your address (\"email_verified\"): verify it there, then sign in again",
            settings.name
        ));
    }
    let email = account::email_of(email)?;
    let host = email.rsplit('@').next().unwrap_or_default();
    if !settings.domains.is_empty() && !settings.domains.iter().any(|domain| domain == host) {
        return refuse(format!(
            "addresses of {host} may not come in here: sign in with one of {}",
            settings.domains.join(", ")
        ));
    }
    Ok(email)
}

/// In what way somebody comes.
enum Coming {
    /// By an account that is theirs already.
    Known(Member),
    /// A member, with this account for the first time.
    Matched(Member),
    /// Nobody yet; by an invitation, or by themselves.
    New {
        member: Member,
        link: Option<String>,
    },
}

async fn begin(
    app: &App,
    coming: Coming,
    (issuer, subject): (&str, &str),
    origin: &Origin,
) -> Result<(Member, NewSession)> {
    let (Coming::Known(member) | Coming::Matched(member) | Coming::New { member, .. }) = &coming;
    let member = member.clone();
    let session = NewSession::of(Some(&member.id), None, origin)?;
    let now = session.created_at;
    let mut transaction = app.database.begin().await?;
    if let Coming::New { link, .. } = &coming {
        if let Some(link) = link
            && !members::use_link(&mut transaction, link).await?
        {
            return Err(crate::member::link::gone());
        }
        // No password opens it.
        members::insert(&mut transaction, &member, "", now).await?;
    }
    if !matches!(coming, Coming::Known(_)) {
        store::tie(&mut transaction, (issuer, subject), &member.id, now).await?;
    }
    session::store::insert(&mut transaction, &session).await?;
    members::seen(&mut transaction, &member.id, now).await?;
    transaction.commit().await?;
    Ok((member, session))
}
