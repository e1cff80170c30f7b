//! Keys of user tokens: with them a customer's server says whose browser is asking for decisions.

pub(crate) mod routes;
mod store;

pub(crate) use store::of_spaces;
