//! Benches that drive the shipped binary with `tests/load`, in release.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Figure, Goal};
use crate::test::postgres::{Commits, Postgres};
use crate::wasm;
use crate::workspace::Workspace;

/// Events a second.
pub(super) fn ingest(workspace: &Workspace) -> Result<Vec<Figure>> {
    run(workspace, &["ingest"])
}

/// The same on Postgres.
pub(super) fn postgres(workspace: &Workspace) -> Result<Vec<Figure>> {
    let database = Postgres::start(Commits::Durable)?;
    run(workspace, &["postgres", "--database-url", &database.url()])
}

/// Ten million events.
pub(super) fn soak(workspace: &Workspace) -> Result<Vec<Figure>> {
    run(workspace, &["soak"])
}

/// Ten million events through the identity graph in memory, and a million in SQLite.
pub(super) fn identity(workspace: &Workspace) -> Result<Vec<Figure>> {
    let mut figures = run(workspace, &["identity"])?;
    figures.extend(run(workspace, &["identity-in-sqlite", "1000000"])?);
    Ok(figures)
}

/// The edge worker's processor time, on workerd.
pub(super) fn edge(workspace: &Workspace) -> Result<Vec<Figure>> {
    wasm::build_edge(workspace)?;
    let output = Command::new("node")
        .arg("tests/load/edge/measure.mjs")
        .current_dir(&workspace.root)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the load ended with an error");
    figures(output.stdout)
}

/// Latency of a decision.
pub(super) fn path(workspace: &Workspace) -> Result<Vec<Figure>> {
    run(workspace, &["path"])
}

/// Audiences over many people.
pub(super) fn realtime(workspace: &Workspace) -> Result<Vec<Figure>> {
    run(workspace, &["realtime"])
}

/// How long a withdrawal takes.
pub(super) fn consent(workspace: &Workspace) -> Result<Vec<Figure>> {
    run(workspace, &["consent"])
}

/// Builds headwater and its load in release; the folder with both.
pub(super) fn build(workspace: &Workspace) -> Result<PathBuf> {
    let built = Command::new("cargo")
        .args([
            "build",
            "--quiet",
            "--release",
            // The whole workspace, so that features are those of every other build.
            "--workspace",
            "--bin",
            "headwater",
            "--bin",
            "headwater-load",
        ])
        .current_dir(&workspace.root)
        .status()?;
    ensure!(
        built.success(),
        "headwater and headwater-load do not build in release"
    );
    Ok(workspace.target.join("release"))
}

fn run(workspace: &Workspace, arguments: &[&str]) -> Result<Vec<Figure>> {
    let folder = build(workspace)?;
    let output = Command::new(folder.join("headwater-load"))
        .args(arguments)
        .arg("--headwater")
        .arg(folder.join("headwater"))
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the load ended with an error");
    figures(output.stdout)
}

fn figures(lines: Vec<u8>) -> Result<Vec<Figure>> {
    String::from_utf8(lines)?.lines().map(figure).collect()
}

/// Reads `{"name","value","unit","at_most"|"at_least"}`.
fn figure(line: &str) -> Result<Figure> {
    let figure: Value =
        serde_json::from_str(line).with_context(|| format!("not a figure: {line}"))?;
    let text = |name: &str| {
        figure[name]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("no {name}: {line}"))
    };
    let goal = match (figure["at_most"].as_f64(), figure["at_least"].as_f64()) {
        (Some(limit), _) => Goal::AtMost(limit),
        (None, Some(limit)) => Goal::AtLeast(limit),
        (None, None) => Goal::None,
    };
    let value = figure["value"]
        .as_f64()
        .with_context(|| format!("no value: {line}"))?;
    Ok(Figure {
        name: text("name")?,
        value,
        unit: text("unit")?,
        goal,
    })
}
