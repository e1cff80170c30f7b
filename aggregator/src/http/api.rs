//! The server API's operations: each is told once, and both the router and the description know it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use serde_json::Value;

use super::context::Shared;
use crate::access::{Action, Area, Scope};

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever holds the scope.
    Scope(Scope),
    /// Whoever is signed in, for themselves.
    SignedIn,
    /// Everybody: the ways in.
    Everybody,
}

/// Whom the operations that are added next are for.
#[derive(Clone, Copy, Debug)]
enum For {
    Area(Area),
    SignedIn,
    Everybody,
}

/// One operation as the description shows it.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    pub(crate) action: Action,
    /// An example of the body.
    pub(crate) example: Option<Value>,
    /// Whether what is asked or answered holds a secret that must not be kept.
    pub(crate) secret: bool,
}

/// Operations as they are added.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) router: Router<Shared>,
    pub(crate) operations: Vec<Operation>,
    next: For,
}

impl Api {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self {
            router: Router::new(),
            operations: Vec::new(),
            // Until something else is said, operations are for owners.
            next: For::Area(Area::Ownership),
        }
    }

    /// What is added next is of this area.
    pub(crate) fn within(self, area: Area) -> Self {
        Self {
            next: For::Area(area),
            ..self
        }
    }

    /// What is added next is for whoever is signed in, and about themselves.
    pub(crate) fn for_signed_in(self) -> Self {
        Self {
            next: For::SignedIn,
            ..self
        }
    }

    /// What is added next is a way in.
    pub(crate) fn for_everybody(self) -> Self {
        Self {
            next: For::Everybody,
            ..self
        }
    }

    /// The last operation asks for a secret or tells one: nothing of it is kept for a repeat.
    pub(crate) fn secret(mut self) -> Self {
        if let Some(last) = self.operations.last_mut() {
            last.secret = true;
        }
        self
    }

    /// An operation that reads.
    pub(crate) fn get<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::GET,
            Action::Read,
            (path, summary),
            None,
            handler,
        )
    }

    /// An operation that makes or changes something.
    pub(crate) fn post<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::POST,
            Action::Write,
            (path, summary),
            Some(example),
            handler,
        )
    }

    /// An operation that changes some of what is there.
    pub(crate) fn patch<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::PATCH,
            Action::Write,
            (path, summary),
            Some(example),
            handler,
        )
    }

    /// An operation that writes a thing whole, whether it is there or not.
    pub(crate) fn put<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::PUT,
            Action::Write,
            (path, summary),
            Some(example),
            handler,
        )
    }

    /// An operation that takes something away.
    pub(crate) fn delete<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::DELETE,
            Action::Write,
            (path, summary),
            None,
            handler,
        )
    }

    /// A question that needs a body, and changes nothing.
    pub(crate) fn post_to_read<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        self.add(
            MethodFilter::POST,
            Action::Read,
            (path, summary),
            Some(example),
            handler,
        )
    }

    fn add<H: Handler<T, Shared>, T: 'static>(
        mut self,
        method: MethodFilter,
        action: Action,
        (path, summary): (&'static str, &'static str),
        example: Option<Value>,
        handler: H,
    ) -> Self {
        self.router = self.router.route(path, on(method, handler));
        self.operations.push(Operation {
            method: word(method),
            path,
            summary,
            access: match self.next {
                For::Area(area) => Access::Scope(Scope { area, action }),
                For::SignedIn => Access::SignedIn,
                For::Everybody => Access::Everybody,
            },
            action,
            example,
            secret: false,
        });
        self
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
