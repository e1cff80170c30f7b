//! The shapes of what is read and written by hand, for the description of the server API. All others are derived.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::audience::Expr;
use crate::condition::{Condition, Operators};
use crate::consent::Uses;
#[cfg(not(target_arch = "wasm32"))]
use crate::experiment::Unready;
use crate::identifier::Identifier;
use crate::time::{Span, Timestamp};

/// Something that is always written as `T`, and may be read from the shorter `S`, too.
#[derive(Debug)]
pub struct OrShort<T, S>(PhantomData<(T, S)>);

impl<T: JsonSchema, S: JsonSchema> JsonSchema for OrShort<T, S> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("{}_or_{}", T::schema_name(), S::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let whole = generator.subschema_for::<T>();
        if generator.contract().is_serialize() {
            return whole;
        }
        let short = generator.subschema_for::<S>();
        json_schema!({"anyOf": [short, whole]})
    }
}

/// An audience's rule in every form in which it may be written: as a tree, or as its text.
pub type WrittenRule = OrShort<OrShort<Expr, ShortRule>, String>;

/// A rule on one trait, with its name beside it.
#[derive(JsonSchema)]
#[serde(untagged)]
pub enum ShortRule {
    /// On a trait.
    Trait {
        /// Its name.
        r#trait: String,
        /// What its value has to be.
        is: Operators,
    },
    /// On a computed trait.
    ComputedTrait {
        /// Its key.
        computed_trait: String,
        /// What its value has to be.
        is: Operators,
    },
}

macro_rules! shape {
    ($type:ty, $name:literal, $shape:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($shape)
            }
        }
    };
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            return json_schema!({
                "description": "A moment, in UTC.", "type": "string", "format": "date-time",
                "examples": ["2026-02-01T09:30:00Z"]
            });
        }
        json_schema!({
            "description": "A moment: in the words of RFC 3339, or as a number of seconds or milliseconds since 1970.",
            "type": ["string", "number"], "examples": ["2026-02-01T09:30:00Z"]
        })
    }
}

shape!(Span, "Span", {
    "description": "A length of time: a number with its unit, s, m, h, d or w.",
    "type": "string", "examples": ["30d"]
});
shape!(Identifier, "Identifier", {
    "description": "An identifier: its kind and its value.",
    "type": "string", "pattern": "^[^:]+:", "examples": ["email:ada@example.com"]
});
shape!(Condition, "Condition", {
    "description": "What has to hold: names with what their values have to be, or $and, $or, $nor and $not; the language of GrowthBook's conditions.",
    "type": "object", "examples": [{"category": {"$eq": "sneakers"}}]
});

impl JsonSchema for Operators {
    fn schema_name() -> Cow<'static, str> {
        "Operators".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = Schema::default();
        schema.insert(
            "description".to_owned(),
            Value::from(
                "What a value has to be: the value itself, or operators, such as {\"$gte\": 3}.",
            ),
        );
        schema
    }
}

impl JsonSchema for Uses {
    fn schema_name() -> Cow<'static, str> {
        "Uses".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Which purposes each use needs: store, send, link, traits, audiences, decisions, destinations, and destination:<id> for a single one.",
            "type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}
        })
    }
}

#[cfg(not(target_arch = "wasm32"))]
shape!(Unready, "Unready", {"description": "Why there is no difference to show.", "type": "string"});
