//! The description of the server API, made from the same list as the router.

use serde_json::{Map, Value, json};

use super::api::{Access, Operation};
use super::json::Json;
use crate::error::Code;

/// `GET /api/openapi.json`.
pub(super) async fn serve() -> Json<Value> {
    Json(document())
}

/// The OpenAPI 3.1 document.
pub(crate) fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in super::operations().operations {
        let path = paths
            .entry(format!("/api/v1{}", operation.path))
            .or_insert_with(|| json!({}));
        path[operation.method] = describe(&operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Headwater server API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Everything that the dashboard does. Lists answer {data, next_cursor}; POST takes an Idempotency-Key.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        },
        "paths": paths,
        "security": [{"token": []}, {"session": []}],
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "hwt_…"},
                "session": {"type": "apiKey", "in": "cookie", "name": "headwater", "description": "A member's session; __Host-headwater over https"}
            },
            "responses": {"Error": {"description": "What went wrong and what to do", "content": {"application/json": {"schema": error_schema()}}}},
            "schemas": {"Error": error_schema()}
        }
    })
}

fn error_schema() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "type": "object",
        "required": ["error"],
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {"code": {"type": "string", "enum": codes}, "message": {"type": "string"}, "details": {"type": "object"}}
        }}
    })
}

fn describe(operation: &Operation) -> Value {
    let id = format!(
        "{}{}",
        operation.method,
        operation
            .path
            .replace(['/', '{', '}'], "_")
            .replace("__", "_")
    );
    let ok = json!({"description": "The answer", "content": {"application/json": {"schema": {"type": "object"}}}});
    let mut described = json!({
        "operationId": id.trim_end_matches('_'),
        "summary": operation.summary,
        "security": security(operation.access),
        "parameters": parameters(operation.path),
        "responses": {"2XX": ok, "default": {"$ref": "#/components/responses/Error"}}
    });
    if let Some(example) = &operation.example {
        described["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": {"type": "object"}, "example": example}}});
    }
    described
}

/// What a caller has to hold.
fn security(access: Access) -> Value {
    match access {
        Access::Scope(scope) => {
            let scope = scope.to_string();
            json!([{"token": [scope]}, {"session": [scope]}])
        }
        Access::SignedIn => json!([{"token": []}, {"session": []}]),
        Access::Everybody => json!([]),
    }
}

fn parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})).collect()
}
