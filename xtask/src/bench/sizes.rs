//! The size of the browser SDK against its ceiling.

use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Figure, Goal};
use crate::wasm;
use crate::workspace::Workspace;

/// Where the SDK's build leaves its table.
const TABLE: &str = "js/packages/collector/dist/sizes.json";

pub(super) fn run(workspace: &Workspace) -> Result<Vec<Figure>> {
    wasm::build_sdk(workspace)?;
    let path = workspace.path(TABLE);
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    figures(&text).with_context(|| format!("{TABLE} is not what the SDK's build writes"))
}

/// Reads `{"ceiling": bytes, "total": {"brotli": bytes}, "files": {"name": {"brotli": bytes}}}`.
fn figures(text: &str) -> Result<Vec<Figure>> {
    let table: Value = serde_json::from_str(text)?;
    let bytes = |value: &Value| value.as_f64().context("a size is missing");
    let mut figures = vec![Figure {
        name: "first event".to_owned(),
        value: bytes(&table["total"]["brotli"])?,
        unit: "bytes".to_owned(),
        goal: Goal::AtMost(bytes(&table["ceiling"])?),
    }];
    for (name, sizes) in table["files"]
        .as_object()
        .context("the files are missing")?
    {
        figures.push(Figure {
            name: name.clone(),
            value: bytes(&sizes["brotli"])?,
            unit: "bytes".to_owned(),
            goal: Goal::None,
        });
    }
    Ok(figures)
}
