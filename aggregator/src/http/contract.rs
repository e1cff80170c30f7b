//! What an operation takes and what it answers, read off the signature of its handler: the description cannot say
//! anything else than the code does.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::future::Future;
use std::marker::PhantomData;

use axum::extract::{FromRequest, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::sse::Sse;
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::context::{Reader, Shared, Writer};
use super::json::{Accepted, Created, Json, Text};
use crate::access::Caller;
use crate::error::{Code, Error, Result};

/// Where the shapes of named types are in the description.
const COMPONENTS: &str = "/components/schemas";

/// The shapes of all types that operations name.
#[derive(Debug)]
pub(crate) struct Shapes {
    /// Of what is answered.
    written: SchemaGenerator,
    /// Of what is taken.
    read: SchemaGenerator,
}

impl Default for Shapes {
    fn default() -> Self {
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = COMPONENTS.into();
                settings.meta_schema = None;
            })
        };
        Self {
            written: settings().for_serialize().into_generator(),
            read: settings().for_deserialize().into_generator(),
        }
    }
}

impl Shapes {
    /// The named types of what is answered and of what is taken.
    pub(super) fn take(&mut self) -> (Map<String, Value>, Map<String, Value>) {
        (
            self.written.take_definitions(true),
            self.read.take_definitions(true),
        )
    }
}

/// One parameter.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    /// `path`, `query` or `header`.
    pub(crate) place: &'static str,
    pub(crate) description: String,
    pub(crate) required: bool,
    pub(crate) schema: Value,
}

/// One way in which an operation answers when all is well.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    /// The content types with their shapes; none of an answer without a body.
    pub(crate) content: Vec<(&'static str, Value)>,
    /// A header of the answer, and what it says.
    pub(crate) header: Option<(&'static str, &'static str)>,
}

/// What is known of one operation.
#[derive(Debug)]
pub(crate) struct Description<'a> {
    shapes: &'a mut Shapes,
    pub(crate) parameters: Vec<Parameter>,
    /// The shape of the body.
    pub(crate) body: Option<Value>,
    pub(crate) answers: Vec<Answered>,
    /// How it can fail.
    pub(crate) codes: BTreeSet<Code>,
}

impl<'a> Description<'a> {
    /// What a handler's signature says.
    pub(crate) fn of(shapes: &'a mut Shapes, describe: fn(&mut Description<'_>)) -> Self {
        let common = [
            Code::Unauthenticated,
            Code::Forbidden,
            Code::Internal,
            Code::StorageFull,
            Code::Unavailable,
        ];
        let mut description = Self {
            shapes,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            codes: common.into_iter().collect(),
        };
        describe(&mut description);
        description
    }

    fn body<T: JsonSchema>(&mut self) {
        self.body = Some(self.shapes.read.subschema_for::<T>().into());
        self.codes.extend([
            Code::InvalidRequest,
            Code::PayloadTooLarge,
            Code::TooSlow,
            Code::Overloaded,
        ]);
    }

    /// A parameter that may be left away.
    pub(super) fn optional(
        &mut self,
        place: &'static str,
        name: &str,
        description: &str,
        schema: Value,
    ) {
        self.parameters.push(Parameter {
            name: name.to_owned(),
            place,
            description: description.to_owned(),
            required: false,
            schema,
        });
    }

    /// The members of `T` as parameters of the query.
    fn query<T: JsonSchema>(&mut self) {
        let shape = Value::from(T::json_schema(&mut self.shapes.read));
        let required = shape["required"].as_array().cloned().unwrap_or_default();
        for (name, schema) in shape["properties"].as_object().into_iter().flatten() {
            let mut schema = given(schema);
            let description = schema
                .as_object_mut()
                .and_then(|schema| schema.remove("description"));
            self.parameters.push(Parameter {
                name: name.clone(),
                place: "query",
                description: description
                    .and_then(|text| text.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                required: required.contains(&json!(name)),
                schema,
            });
        }
        self.codes.insert(Code::InvalidRequest);
    }

    /// An answer of `T` in JSON.
    pub(crate) fn answer<T: JsonSchema>(&mut self, status: u16) {
        let shape = Value::from(self.shapes.written.subschema_for::<T>());
        self.answers.push(Answered {
            status,
            content: vec![("application/json", shape)],
            header: None,
        });
    }
}

/// The shape of what is there when it is there: a query has no null, nor has a member that is left away instead.
pub(super) fn given(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let is_null = |schema: &Value| schema["type"] == "null";
    if let Some(types) = schema["type"].as_array().cloned() {
        let types: Vec<Value> = types.into_iter().filter(|word| *word != "null").collect();
        schema["type"] = match types.as_slice() {
            [one] => one.clone(),
            _ => Value::from(types),
        };
    }
    if let Some(choices) = schema["anyOf"].as_array().cloned() {
        let choices: Vec<Value> = choices.into_iter().filter(|one| !is_null(one)).collect();
        if let ([one], Some(members)) = (choices.as_slice(), schema.as_object_mut()) {
            members.remove("anyOf");
            members.extend(one.as_object().cloned().unwrap_or_default());
        }
    }
    if let Some(members) = schema.as_object_mut() {
        members.retain(|name, value| !(name == "default" && value.is_null()));
    }
    schema
}

/// What a handler takes out of a request.
pub(crate) trait Takes {
    /// Says it.
    fn takes(description: &mut Description<'_>);
}

/// What a handler answers.
pub(crate) trait Answers {
    /// Says it.
    fn answers(description: &mut Description<'_>);
}

/// A handler whose signature says what it takes and answers. `T` is what axum makes of its arguments.
pub(crate) trait Described<T> {
    /// Says it.
    fn describe(description: &mut Description<'_>);
}

macro_rules! described {
    ($($argument:ident),*) => {
        impl<F, R, M, $($argument),*> Described<(M, $($argument,)*)> for F
        where
            F: FnOnce($($argument),*) -> R,
            R: Future,
            R::Output: Answers,
            $($argument: Takes),*
        {
            fn describe(description: &mut Description<'_>) {
                $($argument::takes(description);)*
                R::Output::answers(description);
            }
        }
    };
}

described!();
described!(A);
described!(A, B);
described!(A, B, C);
described!(A, B, C, D);
described!(A, B, C, D, E);
described!(A, B, C, D, E, G);

macro_rules! takes_nothing {
    ($($type:ty),*) => { $(
        impl Takes for $type {
            fn takes(_: &mut Description<'_>) {}
        }
    )* };
}

takes_nothing!(Reader, Writer, Caller, State<Shared>);

impl<T: JsonSchema> Takes for Json<T> {
    fn takes(description: &mut Description<'_>) {
        description.body::<T>();
    }
}

impl<T: JsonSchema> Takes for Text<T> {
    fn takes(description: &mut Description<'_>) {
        description.body::<T>();
        description.codes.insert(Code::InvalidDefinition);
    }
}

impl<T: JsonSchema> Takes for Query<T> {
    fn takes(description: &mut Description<'_>) {
        description.query::<T>();
    }
}

/// The parameters of a path are read off the path.
impl<T> Takes for Path<T> {
    fn takes(description: &mut Description<'_>) {
        description.codes.insert(Code::NotFound);
        description.codes.insert(Code::InvalidRequest);
    }
}

impl<T: Takes, E> Takes for Result<T, E> {
    fn takes(description: &mut Description<'_>) {
        T::takes(description);
    }
}

impl<T: Answers> Answers for Result<T> {
    fn answers(description: &mut Description<'_>) {
        T::answers(description);
    }
}

impl<T: JsonSchema> Answers for Json<T> {
    fn answers(description: &mut Description<'_>) {
        description.answer::<T>(200);
    }
}

impl<T: JsonSchema> Answers for Created<T> {
    fn answers(description: &mut Description<'_>) {
        description.answer::<T>(201);
    }
}

impl<T: JsonSchema> Answers for Accepted<T> {
    fn answers(description: &mut Description<'_>) {
        description.answer::<T>(202);
    }
}

/// Nothing more to say than that it is done.
impl Answers for StatusCode {
    fn answers(description: &mut Description<'_>) {
        description.answers.push(Answered {
            status: StatusCode::NO_CONTENT.as_u16(),
            content: Vec::new(),
            header: None,
        });
    }
}

impl<S> Answers for Sse<S> {
    fn answers(description: &mut Description<'_>) {
        description.answers.push(Answered {
            status: 200,
            content: vec![("text/event-stream", json!({"type": "string"}))],
            header: None,
        });
    }
}

/// A body of JSON that is kept as `V` for the domain to read field by field, so that it can tell every mistake with
/// its place; `T` is its shape.
#[derive(Debug)]
pub(crate) struct Unread<V, T>(pub(crate) V, pub(crate) PhantomData<fn() -> T>);

impl<V: serde::de::DeserializeOwned, T> FromRequest<Shared> for Unread<V, T> {
    type Rejection = Error;

    async fn from_request(request: Request, app: &Shared) -> Result<Self> {
        let Json(value) = Json::from_request(request, app).await?;
        Ok(Self(value, PhantomData))
    }
}

impl<V, T: JsonSchema> Takes for Unread<V, T> {
    fn takes(description: &mut Description<'_>) {
        description.body::<T>();
        description.codes.insert(Code::InvalidDefinition);
    }
}

/// The shape of a body that has nothing in it.
#[derive(Debug)]
pub(crate) struct Nothing;

impl JsonSchema for Nothing {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Nothing".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({"type": "object", "additionalProperties": false})
    }
}

/// The shape of a change of `T`, of which every member may be absent, and so within.
#[derive(Debug)]
pub(crate) struct Partly<T>(PhantomData<fn() -> T>);

impl<T: JsonSchema> JsonSchema for Partly<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Change", T::schema_name()).into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.meta_schema = None;
            settings.inline_subschemas = true;
        });
        let mut schema = settings
            .for_deserialize()
            .into_generator()
            .into_root_schema_for::<T>();
        let mut optional = RecursiveTransform(|schema: &mut Schema| {
            schema.remove("required");
            schema.remove("title");
        });
        optional.transform(&mut schema);
        schema
    }
}

/// The shape of `T` without some members, and perhaps with the version that a change was written from.
pub(crate) fn without<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    members: &[&str],
    with_version: bool,
) -> Schema {
    let mut schema = T::json_schema(generator);
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !members.contains(&name.as_str()));
        if with_version {
            let version = json!({"type": "integer", "description": "The one that was read."});
            properties.insert("version".to_owned(), version);
        }
    }
    schema.remove("required");
    if with_version {
        // What is absent stays.
        schema.insert("required".to_owned(), json!(["version"]));
    }
    schema
}
