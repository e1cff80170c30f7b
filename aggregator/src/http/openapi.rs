//! The description of the server API: OpenAPI 3.1, made from the same list as the router and from the handlers'
//! own types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::api::{Access, Operation};
use super::contract::{Answered, Description, Parameter, Shapes};
use super::json::Json;
use crate::error::Code;

mod shapes;

/// `GET /api/openapi.json`.
pub(super) async fn serve() -> Json<Value> {
    Json(document())
}

/// The OpenAPI 3.1 document.
pub(crate) fn document() -> Value {
    let mut shapes = Shapes::default();
    let mut paths: Map<String, Value> = Map::new();
    let mut failures: BTreeMap<String, Value> = BTreeMap::new();
    let mut slices = BTreeSet::new();
    for operation in super::operations().operations {
        slices.insert(operation.slice);
        let path = paths
            .entry(format!("/api/v1{}", operation.path))
            .or_insert_with(|| json!({}));
        path[operation.method] = describe(&operation, &mut shapes, &mut failures);
    }
    let (written, read) = shapes.take();
    let mut paths = Value::Object(paths);
    let mut schemas = shapes::joined(&mut paths, written, read);
    schemas.insert("Error".to_owned(), error_schema());
    let tags: Vec<Value> = slices.iter().map(|slice| json!({"name": slice})).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Headwater server API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Everything that the dashboard does. Lists answer {data, next_cursor}; POST takes an Idempotency-Key.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": tags,
        "paths": paths,
        "security": [{"token": []}, {"session": []}],
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "hwt_…"},
                "session": {"type": "apiKey", "in": "cookie", "name": "headwater", "description": "A member's session; __Host-headwater over https"}
            },
            "responses": failures,
            "schemas": schemas
        }
    })
}

fn error_schema() -> Value {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    json!({
        "description": "What went wrong and what to do.",
        "type": "object",
        "required": ["error"],
        "additionalProperties": false,
        "properties": {"error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "additionalProperties": false,
            "properties": {
                "code": {"type": "string", "enum": codes},
                "message": {"type": "string", "description": "For a person: what is wrong and what to do."},
                "details": {"type": "object", "description": "For a program."}
            }
        }}
    })
}

/// The operation's name: its method and its path.
fn id(operation: &Operation) -> String {
    let path = operation
        .path
        .replace(['/', '{', '}', '-'], "_")
        .replace("__", "_");
    let path = path.trim_end_matches('_');
    format!("{}{path}", operation.method)
}

fn describe(
    operation: &Operation,
    shapes: &mut Shapes,
    failures: &mut BTreeMap<String, Value>,
) -> Value {
    let mut description = Description::of(shapes, operation.describe);
    description.codes.extend(operation.fails);
    if operation.access != Access::Everybody {
        description.optional(
            "header",
            "Headwater-Space",
            "The space in which to work, of a member who may work in several.",
            json!({"type": "string"}),
        );
        description.codes.insert(Code::NotFound);
    }
    if operation.method == "post" {
        let key = json!({"type": "string", "minLength": 1, "maxLength": 255});
        description.optional(
            "header",
            "Idempotency-Key",
            "Names the request, so that it happens once however often it is sent.",
            key,
        );
        description
            .codes
            .extend([Code::InvalidRequest, Code::IdempotencyConflict]);
    }
    let mut responses: Map<String, Value> = description
        .answers
        .iter()
        .map(|answered| (answered.status.to_string(), answer(answered)))
        .collect();
    responses.extend(refusals(&description.codes, failures));
    let mut parameters: Vec<Value> = in_path(operation.path).collect();
    parameters.extend(description.parameters.iter().map(parameter));
    let mut described = json!({
        "operationId": id(operation),
        "tags": [operation.slice],
        "summary": operation.summary,
        "security": security(operation.access),
        "parameters": parameters,
        "responses": responses
    });
    if let Some(schema) = description.body {
        let mut content = json!({"schema": schema});
        if let Some(example) = &operation.example {
            content["example"] = example.clone();
        }
        described["requestBody"] =
            json!({"required": true, "content": {"application/json": content}});
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

fn answer(answered: &Answered) -> Value {
    let mut described = json!({"description": match answered.status {
        201 => "What was made",
        202 => "What was begun",
        204 => "Done",
        _ => "The answer",
    }});
    for (kind, schema) in &answered.content {
        described["content"][*kind] = json!({"schema": schema});
    }
    if let Some((name, says)) = answered.header {
        described["headers"][name] = json!({"description": says, "schema": {"type": "string"}});
    }
    described
}

/// The answers of failures, by status; each is told once among the components.
fn refusals(
    codes: &BTreeSet<Code>,
    failures: &mut BTreeMap<String, Value>,
) -> Vec<(String, Value)> {
    let mut by_status: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for code in codes {
        by_status
            .entry(code.status())
            .or_default()
            .push(code.as_str());
    }
    let refusal = |(status, codes): (u16, Vec<&'static str>)| {
        let name = codes
            .iter()
            .map(|code| shapes::pascal(code))
            .collect::<Vec<_>>()
            .join("Or");
        let response = failures.entry(name.clone()).or_insert_with(|| {
            json!({
                "description": codes.join(" or "),
                "content": {"application/json": {"schema": {"allOf": [
                    {"$ref": "#/components/schemas/Error"},
                    {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
                ]}}}
            })
        });
        let waits = codes.iter().any(|word| {
            Code::ALL
                .iter()
                .any(|code| code.as_str() == *word && code.retry_after().is_some())
        });
        if waits {
            response["headers"]["Retry-After"] = json!({"description": "Seconds after which it is worth trying again.", "schema": {"type": "integer"}});
        }
        (
            status.to_string(),
            json!({"$ref": format!("#/components/responses/{name}")}),
        )
    };
    by_status.into_iter().map(refusal).collect()
}

fn parameter(parameter: &Parameter) -> Value {
    let mut described = json!({
        "name": parameter.name, "in": parameter.place, "required": parameter.required, "schema": parameter.schema
    });
    if !parameter.description.is_empty() {
        described["description"] = parameter.description.as_str().into();
    }
    described
}

fn in_path(path: &str) -> impl Iterator<Item = Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let mut described =
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
        if name == "reference" {
            described["description"] =
                "A profile: one of its identifiers, kind:value, or its id.".into();
            described["example"] = "email:ada@example.com".into();
        }
        described
    })
}
