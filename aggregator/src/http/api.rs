//! The server API's operations: each is told once, and both the router and the description know it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};
use serde_json::Value;

use super::context::Shared;
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
}

/// Operations as they are added.
#[derive(Debug, Default)]
pub(crate) struct Api {
    pub(crate) router: Router<Shared>,
    pub(crate) operations: Vec<Operation>,
}

impl Api {
    /// An operation that reads.
    pub(crate) fn get<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self {
        let operation = Operation {
            method: "get",
            path,
            summary,
            scope: Scope::Read,
            example: None,
        };
        self.add(MethodFilter::GET, operation, handler)
    }

    /// An operation that makes or changes something.
    pub(crate) fn post<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        let operation = Operation {
            method: "post",
            path,
            summary,
            scope: Scope::Write,
            example: Some(example),
        };
        self.add(MethodFilter::POST, operation, handler)
    }

    /// An operation that changes some of what is there.
    pub(crate) fn patch<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        let operation = Operation {
            method: "patch",
            path,
            summary,
            scope: Scope::Write,
            example: Some(example),
        };
        self.add(MethodFilter::PATCH, operation, handler)
    }

    /// An operation that writes a thing whole, whether it is there or not.
    pub(crate) fn put<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        let operation = Operation {
            method: "put",
            path,
            summary,
            scope: Scope::Write,
            example: Some(example),
        };
        self.add(MethodFilter::PUT, operation, handler)
    }

    /// An operation that takes something away.
    pub(crate) fn delete<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self {
        let operation = Operation {
            method: "delete",
            path,
            summary,
            scope: Scope::Write,
            example: None,
        };
        self.add(MethodFilter::DELETE, operation, handler)
    }

    /// A question that needs a body, and changes nothing.
    pub(crate) fn post_to_read<H: Handler<T, Shared>, T: 'static>(
        self,
        path: &'static str,
        summary: &'static str,
        example: Value,
        handler: H,
    ) -> Self {
        let operation = Operation {
            method: "post",
            path,
            summary,
            scope: Scope::Read,
            example: Some(example),
        };
        self.add(MethodFilter::POST, operation, handler)
    }

    fn add<H: Handler<T, Shared>, T: 'static>(
        mut self,
        filter: MethodFilter,
        operation: Operation,
        handler: H,
    ) -> Self {
        self.router = self.router.route(operation.path, on(filter, handler));
        self.operations.push(operation);
        self
    }
}
