//! Holds every answer that a test receives against the description of the server API.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{Answer, BINARY};

/// The description, as the binary under test prints it.
pub(crate) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let output = Command::new(BINARY).arg("openapi").output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
});

/// Compiled schemas, by their JSON Pointer into the description.
static SCHEMAS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> =
    LazyLock::new(|| Mutex::new(HashMap::new()));

/// An operation with the pointer to it.
pub(crate) struct Operation<'a> {
    pub(crate) pointer: String,
    pub(crate) described: &'a Value,
}

/// The operation that a request is for; `None` of a path or method that is not described.
pub(crate) fn operation(method: &str, path: &str) -> Option<Operation<'static>> {
    let path = path.split('?').next().unwrap_or_default();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let fits = |template: &&String| {
        let parts = (template.split('/'), path.split('/'));
        template.split('/').count() == path.split('/').count()
            && parts.0.zip(parts.1).all(|(wanted, given)| {
                wanted == given || (wanted.starts_with('{') && !given.is_empty())
            })
    };
    let mut found: Vec<&String> = paths.keys().filter(fits).collect();
    // A path in full goes before one with parameters.
    found.sort_by_key(|template| template.matches('{').count());
    let template = found.first()?;
    let method = method.to_lowercase();
    let described = paths[*template].get(&method)?;
    let pointer = format!("/paths/{}/{method}", escaped(template));
    Some(Operation { pointer, described })
}

/// A member's name within a JSON Pointer.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What is wrong with a value by the schema at a pointer.
pub(crate) fn mistakes(pointer: &str, value: &Value) -> Vec<String> {
    let known = || SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    let compiled = known().get(pointer).cloned();
    let validator = compiled.unwrap_or_else(|| {
        let mut schema = DOCUMENT.pointer(pointer).unwrap().clone();
        schema["components"] = DOCUMENT["components"].clone();
        let validator = Arc::new(jsonschema::draft202012::new(&schema).unwrap());
        known().insert(pointer.to_owned(), Arc::clone(&validator));
        validator
    });
    validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Fails when an answer is not as it is described: its status, its body, or a body that was taken.
#[track_caller]
pub(super) fn check(method: &str, path: &str, body: &[u8], answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        return;
    };
    let status = answer.status.to_string();
    let described = &operation.described["responses"][&status];
    assert!(
        described.is_object(),
        "{method} {path} answers {status}, which is not described: {}",
        answer.text
    );
    let pointer = match described["$ref"].as_str() {
        Some(name) => name.trim_start_matches('#').to_owned(),
        None => format!("{}/responses/{status}", operation.pointer),
    };
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let content = DOCUMENT.pointer(&format!("{pointer}/content"));
    match content.and_then(|content| content.get(kind)) {
        None => assert!(
            content.is_none() && answer.text.is_empty(),
            "{method} {path} answers {status} in {kind:?}, which is not described"
        ),
        Some(_) if kind == "application/json" => {
            let at = format!("{pointer}/content/{}/schema", escaped(kind));
            let wrong = mistakes(&at, &answer.json());
            assert!(
                wrong.is_empty(),
                "{method} {path} answers {status} otherwise than it is described: {wrong:#?}\n{}",
                answer.text
            );
        }
        Some(_) => {}
    }
    let taken = format!(
        "{}/requestBody/content/application~1json/schema",
        operation.pointer
    );
    if !answer.text.is_empty() && answer.status < 300 && DOCUMENT.pointer(&taken).is_some() {
        let sent = serde_json::from_slice(body).unwrap_or(json!(null));
        let wrong = mistakes(&taken, &sent);
        assert!(
            wrong.is_empty(),
            "{method} {path} takes what is not described: {wrong:#?}\n{sent}"
        );
    }
}
