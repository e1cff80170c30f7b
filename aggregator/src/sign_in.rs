//! Coming in through the workspace's provider of identities (OpenID Connect): the authorization code flow with PKCE, state
//! and nonce. It ends in the same session as a password does.
//!
//! The provider says who somebody is; whether they may come in is for us: somebody invited, a member, or, where the settings
//! say so, anybody whose address is of a domain. The first sign-in ties the provider's account to the member.

mod account;
mod attempt;
mod jws;
mod origin;
mod provider;
pub(crate) mod routes;
mod settings;
mod store;
mod token;

pub(crate) use attempt::Used;
pub(crate) use origin::{PublicUrl, public_url};
pub(crate) use provider::Providers;
pub(crate) use settings::passwords_for;
pub(crate) use store::forget;
