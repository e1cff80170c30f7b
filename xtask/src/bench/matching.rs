//! Probabilistic matching of labelled sets: how good the clusters are, and what they cost.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Figure, Goal, load};
use crate::workspace::Workspace;

/// A set with the F1 of its clusters' pairs and the processor seconds that Splink 5.0 was measured with (for households,
/// F1 with rules that Splink does not have by itself).
const SETS: &[(&str, f64, f64)] = &[
    ("febrl3", 0.997, 4.3),
    ("febrl4", 0.999, 7.4),
    ("fake_1000", 0.917, 2.9),
    ("pseudopeople_census_w2", 0.92, 87.0),
];

pub(super) fn run(workspace: &Workspace) -> Result<Vec<Figure>> {
    let folder = folder(workspace);
    let present: Vec<_> = SETS
        .iter()
        .map(|set| (set, folder.join(format!("{}.csv", set.0))))
        .filter(|(_, file)| file.exists())
        .collect();
    if present.is_empty() {
        eprintln!(
            "SKIPPED: no labelled records in {}: set HEADWATER_LABELLED_RECORDS to their folder (docs/matching.md)",
            folder.display()
        );
        return Ok(Vec::new());
    }
    let headwater = load::build(workspace)?.join("headwater");
    let mut figures = Vec::new();
    for ((name, f1, seconds), file) in present {
        figures.extend(measure(&headwater, name, &file, *f1, *seconds)?);
    }
    Ok(figures)
}

fn folder(workspace: &Workspace) -> PathBuf {
    crate::workspace::environment("HEADWATER_LABELLED_RECORDS")
        .map_or_else(|| workspace.path("../shared/data/identity"), PathBuf::from)
}

fn measure(
    headwater: &Path,
    name: &str,
    file: &Path,
    f1: f64,
    seconds: f64,
) -> Result<Vec<Figure>> {
    let output = Command::new(headwater)
        .args([
            "match",
            "evaluate",
            "--truth",
            "cluster_id",
            "--json",
            "--labels",
        ])
        .arg(file)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(
        output.status.success(),
        "matching {name} ended with an error"
    );
    let found: Value = serde_json::from_slice(&output.stdout)?;
    let figure = |what: &str, value: &Value, unit: &str, goal: Goal| -> Result<Figure> {
        Ok(Figure {
            name: format!("{name}, {what}"),
            value: value
                .as_f64()
                .with_context(|| format!("{what} of {name} is missing"))?,
            unit: unit.to_owned(),
            goal,
        })
    };
    Ok(vec![
        figure("pairs F1", &found["pairs"]["f1"], "", Goal::AtLeast(f1))?,
        figure("B-cubed F1", &found["bcubed"]["f1"], "", Goal::None)?,
        figure(
            "processor time",
            &found["cpu_seconds"],
            "s",
            Goal::AtMost(seconds),
        )?,
        figure("memory", &found["peak_rss_mb"], "MB", Goal::None)?,
    ])
}
