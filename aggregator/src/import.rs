//! Importing files: NDJSON of events, or CSV with a mapping, through the same judgement and the same
//! log as everything else. Message ids follow from the content, so importing a file again changes
//! nothing and an import that was killed goes on by starting it again.

use std::io::Read;
use std::sync::Arc;

use crate::app::App;
use crate::error::{Code, Error, Result};

mod csv;
mod feed;
mod group;
mod mapping;
mod ndjson;
mod open;

pub(crate) use feed::Summary;
pub(crate) use mapping::Mapping;
pub(crate) use open::open;

/// What is imported.
pub(crate) enum Form {
    /// One JSON message a line.
    Ndjson,
    /// Rows, and how they become messages.
    Csv(Box<Mapping>),
}

/// A message of the file, or what could not become one.
pub(crate) enum Item {
    /// A message as clients send it.
    Message(serde_json::Value),
    /// Something that is kept as it is, with the reason.
    Refused {
        message_id: String,
        reason: String,
        message: serde_json::Value,
    },
}

/// Imports everything that `input` has into a source; `progress` is told the summary now and then.
pub(crate) async fn import(
    app: &Arc<App>,
    source_id: &str,
    form: Form,
    input: Box<dyn Read + Send>,
    progress: impl FnMut(&Summary),
) -> Result<Summary> {
    let (items, mut feed) = feed::Feed::start(app, source_id, progress)?;
    let source = source_id.to_owned();
    // Reading and parsing wait for the disk and use the processor: they have a thread of their own.
    let reading = tokio::task::spawn_blocking(move || match form {
        Form::Ndjson => ndjson::read(input, &source, &items),
        Form::Csv(mapping) => csv::read(input, &mapping, &source, &items),
    });
    feed.run().await?;
    let rows = reading
        .await
        .map_err(Error::internal)?
        .map_err(|message| Error::new(Code::InvalidRequest, message))?;
    feed.finish(rows).await
}
