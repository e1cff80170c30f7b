//! A person's timeline: what was collected of them, and which audiences they entered and left.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::store::{self, Place};
use crate::audience;
use crate::database::Database;
use crate::error::Result;
use crate::http::page::Order;

/// How far both have been read.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Position {
    /// The last event; none before the first.
    event: Option<Place>,
    /// The id of the last change of an audience; empty before the first.
    change: String,
}

/// Something in a timeline: an event as it was collected, or the change of an audience as an event of type `audience`.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(super) struct Entry(Value);

impl JsonSchema for Entry {
    fn schema_name() -> Cow<'static, str> {
        "TimelineEntry".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An event as it was collected, or the change of an audience as an event of type audience.",
            "type": "object",
            "required": ["type", "messageId", "timestamp"],
            "properties": {
                "type": {"type": "string"},
                "event": {"type": ["string", "null"]},
                "messageId": {"type": "string"},
                "timestamp": {"type": "string", "format": "date-time"},
                "properties": {"type": ["object", "null"]},
                "source_id": {"type": "string"}
            },
            "additionalProperties": true
        })
    }
}

/// What is wanted of a timeline.
#[derive(Clone, Copy, Debug)]
pub(super) struct What {
    /// Which end comes first.
    pub(super) order: Order,
    /// Whether the audiences that the profile entered and left are wanted, too: nobody has sent those.
    pub(super) audiences: bool,
}

/// A page of a profile's timeline, each entry with the position behind it. An event comes before the change of an
/// audience at the same moment, which it may have caused.
pub(super) async fn page(
    database: &Database,
    space_id: &str,
    profile_id: &str,
    What { order, audiences }: What,
    mut position: Position,
    limit: i64,
) -> Result<Vec<(Entry, Position)>> {
    let end = |time: i64| Place(time, String::new(), 0, 0);
    let event = position.event.clone();
    let events = match order {
        Order::Asc => {
            let after = event.unwrap_or(end(i64::MIN));
            store::timeline(database, space_id, profile_id, &after, limit).await?
        }
        Order::Desc => {
            let before = event.unwrap_or(end(i64::MAX));
            store::timeline_backwards(database, space_id, profile_id, &before, limit).await?
        }
    };
    let after = &position.change;
    let changes = if audiences {
        audience::changes_of_profile(database, space_id, profile_id, order, after, limit).await?
    } else {
        Vec::new()
    };
    let is_next = |event: i64, change: i64| match order {
        Order::Asc => event <= change,
        Order::Desc => event > change,
    };
    let (mut events, mut changes) = (events.into_iter().peekable(), changes.into_iter());
    let mut change = changes.next();
    let mut entries = Vec::new();
    while i64::try_from(entries.len()).is_ok_and(|read| read < limit) {
        let event = events.next_if(|event| {
            let moment = change.as_ref().map(|change| change.happened_at());
            moment.is_none_or(|moment| is_next(event.place.0, moment.as_micros()))
        });
        let value = match (event, change.take()) {
            (Some(event), waiting) => {
                change = waiting;
                position.event = Some(event.place);
                event.body
            }
            (None, Some(next)) => {
                change = changes.next();
                next.id().clone_into(&mut position.change);
                next.event()
            }
            (None, None) => break,
        };
        entries.push((Entry(value), position.clone()));
    }
    Ok(entries)
}
