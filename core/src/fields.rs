//! JSON objects of an event that stay the text in which they were sent.
//!
//! Most of what arrives is written down, sent on and read back without anybody looking inside.
//! Building values of it costs several times what everything else on the way of an event does.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::event::Object;

/// A JSON object as it was sent, read once and only when somebody looks into it.
///
/// The text is JSON that can be kept: what builds one has seen to that (see `wire`).
#[derive(Clone, Default)]
pub struct Fields {
    /// `None` is the empty object.
    text: Option<Box<str>>,
    read: OnceLock<Object>,
}

impl Fields {
    /// From the text of a JSON object.
    pub(crate) fn of_text(text: String) -> Self {
        Self {
            text: Some(text.into()),
            read: OnceLock::new(),
        }
    }

    /// Whether there is nothing in it; does not read it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.as_ref().is_none_or(|text| {
            let inside = text.strip_prefix('{').unwrap_or_default();
            inside.trim_start().starts_with('}')
        })
    }

    /// The object's text.
    pub(crate) fn text(&self) -> &str {
        self.text.as_deref().unwrap_or("{}")
    }

    /// A member. The object is read only if it may have one of that name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Value> {
        let text = self.text.as_deref()?;
        // A name may be written with escapes.
        let possible = text.contains(name) || text.contains("\\u");
        possible.then(|| self.get(name)).flatten()
    }

    /// Lends the object as the value that it is, without copying it.
    pub fn with_value<T>(&mut self, look: impl FnOnce(&Value) -> T) -> T {
        // Reads it, if nobody has.
        let _: &Object = self;
        let value = Value::Object(self.read.take().unwrap_or_default());
        let seen = look(&value);
        if let Value::Object(object) = value {
            // It was taken out above.
            let _ = self.read.set(object);
        }
        seen
    }
}

impl Deref for Fields {
    type Target = Object;

    fn deref(&self) -> &Object {
        self.read.get_or_init(|| {
            let read = |text: &str| serde_json::from_str(text).ok();
            self.text.as_deref().and_then(read).unwrap_or_default()
        })
    }
}

impl From<Object> for Fields {
    fn from(object: Object) -> Self {
        if object.is_empty() {
            return Self::default();
        }
        let value = Value::Object(object);
        let text = value.to_string();
        let read = OnceLock::new();
        if let Value::Object(object) = value {
            // Nobody has read it yet.
            let _ = read.set(object);
        }
        Self {
            text: Some(text.into()),
            read,
        }
    }
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        if text.get().starts_with('{') {
            Ok(Self {
                text: Some(text.into()),
                read: OnceLock::new(),
            })
        } else {
            Err(D::Error::custom("not a JSON object"))
        }
    }
}
