//! Coming in and staying: setting up, joining, signing in, another password, and who the members are.

use std::net::IpAddr;

use sqlx::AnyConnection;

use super::link::{self, Kind, Made};
use super::{Member, password, store};
use crate::access::{Actor, Role, Scopes};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::session::{self, NewSession, Origin};
use crate::{clock, id, sign_in, token};

/// Characters of a name and of an email.
const LONGEST_NAME: usize = 100;
const LONGEST_EMAIL: usize = 254;

fn invalid(words: impl Into<String>) -> Error {
    Error::new(Code::InvalidDefinition, words)
}

/// A name as it is kept.
pub(crate) fn name_of(text: &str) -> Result<String> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= LONGEST_NAME;
    if !fits || name.chars().any(char::is_control) {
        return Err(invalid(format!(
            "\"name\" has 1 to {LONGEST_NAME} characters: how others call you"
        )));
    }
    Ok(name.to_owned())
}

/// An email as it is kept and compared.
pub(crate) fn email_of(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
    let parts = email.split_once('@');
    let whole = parts.is_some_and(|(before, host)| {
        !before.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    let plain = !email
        .chars()
        .any(|letter| letter.is_whitespace() || letter.is_control());
    if !whole || !plain || email.matches('@').count() != 1 || email.len() > LONGEST_EMAIL {
        return Err(invalid(
            "\"email\" is no address: write one such as ada@example.com",
        ));
    }
    Ok(email)
}

/// Reads a role and sees that a caller holds all of it: nobody makes somebody who may do more, and nobody changes one.
pub(crate) fn role_within(held: Scopes, word: &str) -> Result<Role> {
    let role = Role::from_word(word).ok_or_else(|| {
        let known = Role::ALL.map(Role::as_str).join(", ");
        invalid(format!("there is no role \"{word}\": take one of {known}"))
    })?;
    within(held, role)?;
    Ok(role)
}

fn within(held: Scopes, role: Role) -> Result<()> {
    if held.include(role.scopes()) {
        return Ok(());
    }
    let word = role.as_str();
    Err(Error::new(
        Code::Forbidden,
        format!("a member with the role {word} may do more than you: ask an owner"),
    ))
}

/// Makes the first owner, with the link of the first start.
pub(crate) async fn set_up(
    app: &App,
    secret: &str,
    (name, email, password): (&str, &str, &str),
    origin: &Origin,
) -> Result<(Member, NewSession)> {
    let (name, email) = (name_of(name)?, email_of(email)?);
    let link = link::find(&app.database, secret).await?;
    if link.kind != Kind::Setup.as_str() {
        return Err(link::gone());
    }
    password::check(password, &email)?;
    let kept = app.hasher.hash(password).await?;
    let _turn = app.members.lock().await;
    if store::count(&app.database).await? > 0 {
        return Err(link::gone());
    }
    let member = fresh(&email, name, Role::Owner)?;
    make(app, &member, &kept, &link.id, origin).await
}

/// Makes a member of an invitation, or gives the member of a reset link another password.
pub(crate) async fn join(
    app: &App,
    secret: &str,
    (name, password): (&str, &str),
    origin: &Origin,
) -> Result<(Member, NewSession)> {
    let link = link::find(&app.database, secret).await?;
    sign_in::passwords_for(app, link.role).await?;
    password::check(password, &link.email)?;
    if link.kind == Kind::Reset.as_str() {
        let kept = app.hasher.hash(password).await?;
        let _turn = app.members.lock().await;
        let (member, _) = store::of_email(&app.database, &link.email)
            .await?
            .ok_or_else(link::gone)?;
        let session = NewSession::of(Some(&member.id), None, origin)?;
        let mut transaction = app.database.begin().await?;
        if !store::use_link(&mut transaction, &link.id).await? {
            return Err(link::gone());
        }
        store::set_password(&mut transaction, &member.id, &kept).await?;
        session::store::end_of_member(&mut transaction, &member.id, "").await?;
        session::store::insert(&mut transaction, &session).await?;
        transaction.commit().await?;
        app.shown_out.tell();
        return Ok((member, session));
    }
    if link.kind != Kind::Invitation.as_str() {
        return Err(link::gone());
    }
    let name = name_of(name)?;
    let kept = app.hasher.hash(password).await?;
    let _turn = app.members.lock().await;
    let member = fresh(&link.email, name, link.role)?;
    make(app, &member, &kept, &link.id, origin).await
}

/// Somebody who is no member yet.
pub(crate) fn fresh(email: &str, name: String, role: Role) -> Result<Member> {
    Ok(Member {
        id: id::dated("mem", clock::now())?,
        email: email.to_owned(),
        name,
        role,
    })
}

/// Uses a link up and writes the member who comes by it.
async fn make(
    app: &App,
    member: &Member,
    kept: &str,
    link_id: &str,
    origin: &Origin,
) -> Result<(Member, NewSession)> {
    let session = NewSession::of(Some(&member.id), None, origin)?;
    let mut transaction = app.database.begin().await?;
    if !store::use_link(&mut transaction, link_id).await? {
        return Err(link::gone());
    }
    store::insert(&mut transaction, member, kept, session.created_at).await?;
    store::seen(&mut transaction, &member.id, session.created_at).await?;
    session::store::insert(&mut transaction, &session).await?;
    transaction.commit().await?;
    Ok((member.clone(), session))
}

/// Begins a session for an email and its password. Whatever is wrong, it says the same and takes as long.
pub(crate) async fn sign_in(
    app: &App,
    (email, password): (&str, &str),
    address: Option<IpAddr>,
    origin: &Origin,
) -> Result<(Member, NewSession)> {
    let email: String = email.trim().to_lowercase();
    app.throttle.attempt(address, &email, clock::now())?;
    let known = store::of_email(&app.database, &email).await?;
    let kept = known.as_ref().map(|(_, kept)| kept.as_str());
    let right = app.hasher.verify(password, kept).await?;
    let (Some((member, _)), true) = (known, right) else {
        return Err(Error::new(
            Code::Unauthenticated,
            "this email and password do not belong together here: check both, or ask an admin for a link to a new password",
        ));
    };
    app.throttle.succeeded(address, &email);
    sign_in::passwords_for(app, member.role).await?;
    let session = NewSession::of(Some(&member.id), None, origin)?;
    let mut transaction = app.database.begin().await?;
    session::store::insert(&mut transaction, &session).await?;
    store::seen(&mut transaction, &member.id, session.created_at).await?;
    transaction.commit().await?;
    Ok((member, session))
}

/// Begins a session that acts as a token.
pub(crate) async fn sign_in_as_token(
    app: &App,
    secret: &str,
    origin: &Origin,
) -> Result<(Actor, NewSession)> {
    let found = token::find(&app.database, secret.trim(), clock::now()).await?;
    let found = found.ok_or_else(|| {
        Error::new(
            Code::Unauthenticated,
            "this token is not known here, or has ended: check that it was copied whole, it starts with hwt_",
        )
    })?;
    let session = NewSession::of(None, Some(&found.id), origin)?;
    let mut transaction = app.database.begin().await?;
    session::store::insert(&mut transaction, &session).await?;
    transaction.commit().await?;
    Ok((Actor::token(&found.id, &found.name), session))
}

/// Gives a member another password, who knows the one before; the other sessions end, and this one has another secret.
pub(crate) async fn change_password(
    app: &App,
    member: &Member,
    (current, new): (&str, &str),
    (address, origin): (Option<IpAddr>, &Origin),
) -> Result<NewSession> {
    app.throttle.attempt(address, &member.email, clock::now())?;
    let known = store::of_email(&app.database, &member.email).await?;
    let kept = known.as_ref().map(|(_, kept)| kept.as_str());
    if !app.hasher.verify(current, kept).await? {
        return Err(Error::new(
            Code::Forbidden,
            "the current password is not right: nothing was changed",
        ));
    }
    app.throttle.succeeded(address, &member.email);
    password::check(new, &member.email)?;
    let kept = app.hasher.hash(new).await?;
    let session = NewSession::of(Some(&member.id), None, origin)?;
    let mut transaction = app.database.begin().await?;
    store::set_password(&mut transaction, &member.id, &kept).await?;
    store::end_links(&mut transaction, Kind::Reset.as_str(), &member.email).await?;
    session::store::end_of_member(&mut transaction, &member.id, "").await?;
    session::store::insert(&mut transaction, &session).await?;
    transaction.commit().await?;
    app.shown_out.tell();
    Ok(session)
}

/// Invites somebody who is no member yet.
pub(super) async fn invite(
    app: &App,
    (actor, held): (&Actor, Scopes),
    (email, role): (&str, &str),
) -> Result<Made> {
    let (email, role) = (email_of(email)?, role_within(held, role)?);
    if store::of_email(&app.database, &email).await?.is_some() {
        return Err(Error::new(
            Code::Conflict,
            "somebody with this email is a member already: change their role instead",
        ));
    }
    link::make(&app.database, Kind::Invitation, &email, role, &actor.id).await
}

/// Takes an invitation back.
pub(super) async fn uninvite(app: &App, held: Scopes, id: &str) -> Result<()> {
    let role = store::invited_role(&app.database, id).await?;
    within(held, role.ok_or_else(|| Error::not_found("invitation"))?)?;
    let mut transaction = app.database.begin().await?;
    store::use_link(&mut transaction, id).await?;
    Ok(transaction.commit().await?)
}

/// Makes a link by which a member takes a new password.
pub(super) async fn reset(app: &App, (actor, held): (&Actor, Scopes), id: &str) -> Result<Made> {
    let member = one(app, id).await?;
    within(held, member.role)?;
    let email = &member.email;
    link::make(&app.database, Kind::Reset, email, member.role, &actor.id).await
}

/// Gives a member another role; their sessions end.
pub(super) async fn change_role(app: &App, held: Scopes, id: &str, word: &str) -> Result<Member> {
    let role = role_within(held, word)?;
    let _turn = app.members.lock().await;
    let member = one(app, id).await?;
    within(held, member.role)?;
    let mut transaction = app.database.begin().await?;
    if role != Role::Owner {
        keep_an_owner(&mut transaction, &member).await?;
    }
    store::set_role(&mut transaction, id, role).await?;
    end(&mut transaction, &member).await?;
    transaction.commit().await?;
    app.shown_out.tell();
    Ok(Member { role, ..member })
}

/// Takes a member away; their sessions end at once.
pub(super) async fn remove(app: &App, held: Scopes, id: &str) -> Result<()> {
    let _turn = app.members.lock().await;
    let member = one(app, id).await?;
    within(held, member.role)?;
    let mut transaction = app.database.begin().await?;
    keep_an_owner(&mut transaction, &member).await?;
    store::delete(&mut transaction, id).await?;
    sign_in::forget(&mut transaction, id).await?;
    end(&mut transaction, &member).await?;
    transaction.commit().await?;
    app.shown_out.tell();
    Ok(())
}

/// Ends a member's sessions, and the links that would give them a new password.
async fn end(connection: &mut AnyConnection, member: &Member) -> Result<()> {
    session::store::end_of_member(connection, &member.id, "").await?;
    store::end_links(connection, Kind::Reset.as_str(), &member.email).await
}

async fn keep_an_owner(connection: &mut AnyConnection, member: &Member) -> Result<()> {
    if member.role == Role::Owner && !store::has_other_owner(connection, &member.id).await? {
        return Err(Error::new(
            Code::Conflict,
            "this is the last owner who can come in by password: make somebody else an owner first, who has one",
        ));
    }
    Ok(())
}

async fn one(app: &App, id: &str) -> Result<Member> {
    let found = store::of_id(&app.database, id).await?;
    found.ok_or_else(|| Error::new(Code::NotFound, "there is no such member"))
}
