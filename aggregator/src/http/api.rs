//! The server API's operations: each is told once, and both the router and the description know it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use serde_json::Value;

use super::context::Shared;
use super::contract::{Described, Description};
use crate::error::Code;
use crate::token::Scope;

/// One operation as the description shows it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) scope: Scope,
    /// An example of the body.
    pub(crate) example: Option<Value>,
    /// The part of the server that it belongs to.
    pub(crate) slice: &'static str,
    /// What its handler takes and answers.
    pub(crate) describe: fn(&mut Description<'_>),
    /// How it can fail beyond what every operation of its form can.
    pub(crate) fails: &'static [Code],
}

/// Operations as they are added.
#[derive(Debug, Default)]
pub(crate) struct Api {
    pub(crate) router: Router<Shared>,
    pub(crate) operations: Vec<Operation>,
}

impl Api {
    /// An operation that reads.
    pub(crate) fn get<H: Handler<T, Shared> + Described<T>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::GET,
            Scope::Read,
            (path, summary),
            None,
            handler,
        )
    }

    /// An operation that makes or changes something.
    pub(crate) fn post<H: Handler<T, Shared> + Described<T>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::POST,
            Scope::Write,
            (path, summary),
            Some(example),
            handler,
        )
    }

    /// An operation that changes some of what is there.
    pub(crate) fn patch<H: Handler<T, Shared> + Described<T>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::PATCH,
            Scope::Write,
            (path, summary),
            Some(example),
            handler,
        )
    }

    /// An operation that writes a thing whole, whether it is there or not.
    pub(crate) fn put<H: Handler<T, Shared> + Described<T>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::PUT,
            Scope::Write,
            (path, summary),
            Some(example),
            handler,
        )
    }

    /// An operation that takes something away.
    pub(crate) fn delete<H: Handler<T, Shared> + Described<T>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::DELETE,
            Scope::Write,
            (path, summary),
            None,
            handler,
        )
    }

    /// A question that needs a body, and changes nothing.
    pub(crate) fn post_to_read<H: Handler<T, Shared> + Described<T>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::POST,
            Scope::Read,
            (path, summary),
            Some(example),
            handler,
        )
    }

    fn add<H: Handler<T, Shared> + Described<T>, T: 'static>(
        mut self,
        method: MethodFilter,
        scope: Scope,
        (path, summary): (&'static str, &'static str),
        example: Option<Value>,
        handler: H,
    ) -> Self {
        self.router = self.router.route(path, on(method, handler));
        self.operations.push(Operation {
            method: word(method),
            path,
            summary,
            scope,
            example,
            slice: slice_of::<H>(),
            describe: H::describe,
            fails: &[],
        });
        self
    }

    /// How the operation that was added last can fail, beyond what every operation of its form can.
    pub(crate) fn fails(mut self, codes: &'static [Code]) -> Self {
        if let Some(operation) = self.operations.last_mut() {
            operation.fails = codes;
        }
        self
    }
}

/// The part of the server in which a handler is written: the module below the crate's.
fn slice_of<H>() -> &'static str {
    let mut modules = std::any::type_name::<H>().split("::").skip(1);
    match modules.next() {
        Some("http") => modules.next().unwrap_or_default(),
        slice => slice.unwrap_or_default(),
    }
}

/// A method as the description writes it.
fn word(method: MethodFilter) -> &'static str {
    match method {
        MethodFilter::GET => "get",
        MethodFilter::PATCH => "patch",
        MethodFilter::PUT => "put",
        MethodFilter::DELETE => "delete",
        _ => "post",
    }
}
