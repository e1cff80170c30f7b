//! Reading what people write down field by field, so that every mistake is told with its place.

use cdp_core::decision::Mistake;
use cdp_core::event::Object;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{Code, Error, Result};

/// A field of an object; its default when it is absent. One that cannot be read is a mistake.
pub(crate) fn take<T: DeserializeOwned + Default>(
    object: &mut Object,
    path: &str,
    mistakes: &mut Vec<Mistake>,
) -> T {
    let name = path.rsplit('.').next().unwrap_or(path);
    let Some(value) = object.remove(name) else {
        return T::default();
    };
    serde_json::from_value(value).unwrap_or_else(|error| {
        mistakes.push(Mistake::at(path, error.to_string()));
        T::default()
    })
}

/// Fields that do not exist: a typo is never passed over.
pub(crate) fn unknown(object: &Object, known: &[&str], path: &str) -> Vec<Mistake> {
    let names = object.keys().filter(|name| !known.contains(&name.as_str()));
    names
        .map(|name| {
            let message = match known {
                [] => "there is nothing to write here".to_owned(),
                known => format!("there is no such field: write one of {}", known.join(", ")),
            };
            Mistake::at(format!("{path}{name}"), message)
        })
        .collect()
}

/// Adds mistakes at places of which nothing is said yet.
pub(crate) fn add_new(mistakes: &mut Vec<Mistake>, found: Vec<Mistake>) {
    let is_new = |mistake: &Mistake| !mistakes.iter().any(|known| known.path == mistake.path);
    let new: Vec<Mistake> = found.into_iter().filter(is_new).collect();
    mistakes.extend(new);
}

/// An error when there are mistakes.
pub(crate) fn none(mistakes: &[Mistake]) -> Result<()> {
    if mistakes.is_empty() {
        Ok(())
    } else {
        Err(refuse(mistakes))
    }
}

/// The error for mistakes: each with its path.
pub(crate) fn refuse(mistakes: &[Mistake]) -> Error {
    let words: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    Error::new(Code::InvalidDefinition, words.join("; ")).with("mistakes", json!(mistakes))
}

/// Takes the version out of a change, and refuses it unless it is the one that is there.
pub(crate) fn check_version(body: &mut Object, known: i64) -> Result<()> {
    match body.remove("version").map(|version| version.as_i64()) {
        Some(Some(version)) if version == known => Ok(()),
        Some(Some(_)) => Err(conflict(known)),
        _ => Err(refuse(&[Mistake::at(
            "version",
            "write the number that reading it gave, so that nobody's change is lost",
        )])),
    }
}

/// Somebody else was first.
pub(crate) fn conflict(known: i64) -> Error {
    let message = format!(
        "somebody has changed it since it was read (it has version {known} or later): read it again"
    );
    Error::new(Code::Conflict, message).with("version", known)
}

/// Something as an object, with some of its fields said anew; a null takes a field away.
pub(crate) fn overlaid<T: Serialize>(known: &T, said: Object) -> Result<Object> {
    let Value::Object(mut fields) = serde_json::to_value(known)? else {
        return Ok(said);
    };
    for (name, value) in said {
        if value.is_null() {
            fields.remove(&name);
        } else {
            fields.insert(name, value);
        }
    }
    Ok(fields)
}
