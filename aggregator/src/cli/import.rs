//! `headwater import`

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Storage};
use crate::app::App;
use crate::error::Error;
use crate::import::{self, Form, Mapping, Summary};
use crate::{source, workspace};

/// What `import` takes.
#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(flatten)]
    storage: Storage,
    /// The file: .ndjson of events or .csv with --mapping; gzip is fine; - is standard input.
    file: PathBuf,
    /// How the columns of a CSV file become events, a JSON file (docs/import.md).
    #[arg(long)]
    mapping: Option<PathBuf>,
    /// Import into the source with this write key, instead of an import source.
    #[arg(long, conflicts_with = "source")]
    write_key: Option<String>,
    /// Name of the import source; it is made when there is none.
    #[arg(long, default_value = "import")]
    source: String,
    /// On what the data rests, kept in each receipt of an import source that is made now.
    #[arg(long, default_value = "contract")]
    basis: String,
    /// Print the summary as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: Options) -> Result<(), Failure> {
    let form = form(&options)?;
    let cannot_read = |error| {
        Failure(format!(
            "{} cannot be read: {error}",
            options.file.display()
        ))
    };
    let input = import::open(&options.file).map_err(cannot_read)?;
    let opened = options.storage.open().await?;
    if let Some(keys) = workspace::make_first(&opened.database).await? {
        super::init::print(&keys);
    }
    let (app, tasks) = App::open(opened.database.clone(), options.storage.settings()).await?;
    let source_id = source_id(&app, &options).await;
    let imported = match source_id {
        Ok(source_id) => import::import(&app, &source_id, form, input, tell)
            .await
            .map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    app.close(tasks).await;
    print(&imported?, options.json)
}

fn form(options: &Options) -> Result<Form, Failure> {
    let Some(path) = &options.mapping else {
        let name = options.file.to_string_lossy();
        if name.ends_with(".csv") || name.ends_with(".csv.gz") {
            return Err(Failure("a CSV file needs --mapping FILE.json, which says what its columns mean (docs/import.md)".to_owned()));
        }
        return Ok(Form::Ndjson);
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure(format!(
            "the mapping {} cannot be read: {error}",
            path.display()
        ))
    })?;
    let mapping = Mapping::read(&text)
        .map_err(|message| Failure(format!("{}: {message}", path.display())))?;
    Ok(Form::Csv(Box::new(mapping)))
}

async fn source_id(app: &App, options: &Options) -> Result<String, Failure> {
    if let Some(write_key) = &options.write_key {
        let config = app.sources.by_key(write_key);
        return config
            .map(|config| config.source_id.clone())
            .ok_or_else(|| Failure("no source has this write key".to_owned()));
    }
    let space_id = workspace::first_space(&app.database).await?;
    let id = source::for_import(&app.database, &space_id, &options.source, &options.basis).await?;
    app.sources.reload(&app.database).await?;
    Ok(id)
}

fn tell(summary: &Summary) {
    eprintln!(
        "{} messages so far: {}",
        summary.messages,
        outcomes(summary)
    );
}

fn outcomes(summary: &Summary) -> String {
    let each: Vec<String> = summary
        .outcomes
        .iter()
        .map(|(outcome, count)| format!("{count} {outcome}"))
        .collect();
    each.join(", ")
}

fn print(summary: &Summary, json: bool) -> Result<(), Failure> {
    if json {
        println!("{}", serde_json::to_string(summary).map_err(Error::from)?);
        return Ok(());
    }
    println!(
        "{} rows became {} messages in {:.1} s: {}",
        summary.rows,
        summary.messages,
        summary.seconds,
        outcomes(summary)
    );
    let aside = summary.outcomes.get("quarantined").copied().unwrap_or(0);
    if aside > 0 {
        println!(
            "{aside} messages are in quarantine, each with its reason: GET /api/v1/quarantine lists them"
        );
    }
    Ok(())
}
