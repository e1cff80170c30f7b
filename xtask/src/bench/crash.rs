//! The crash test, long: kills at random moments while a million events are sent, on both databases.

use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};

use super::{Figure, Goal};
use crate::test::postgres::{Commits, Postgres, VARIABLE};
use crate::workspace::{Workspace, environment};

/// Events of each run; `HEADWATER_CRASH_EVENTS` says otherwise.
const EVENTS: &str = "1000000";
/// Kills of each run; `HEADWATER_CRASH_KILLS` says otherwise.
const KILLS: &str = "100";

pub(super) fn run(workspace: &Workspace) -> Result<Vec<Figure>> {
    let mut figures = vec![on(workspace, "SQLite", None)?];
    let database = Postgres::start(Commits::Fast)?;
    figures.push(on(workspace, "PostgreSQL", Some(database.url()))?);
    Ok(figures)
}

fn on(workspace: &Workspace, name: &str, url: Option<String>) -> Result<Figure> {
    let mut test = Command::new("cargo");
    test.current_dir(&workspace.root)
        .args([
            "test",
            "--release",
            "--package",
            "headwater",
            "--test",
            "it",
        ])
        .args(["crash", "--", "--nocapture"])
        .env_remove(VARIABLE);
    for (variable, default) in [
        ("HEADWATER_CRASH_EVENTS", EVENTS),
        ("HEADWATER_CRASH_KILLS", KILLS),
    ] {
        if environment(variable).is_none() {
            test.env(variable, default);
        }
    }
    test.envs(url.map(|url| (VARIABLE, url)));
    let started = Instant::now();
    ensure!(
        test.status()?.success(),
        "events were lost or doubled on {name}"
    );
    Ok(Figure {
        name: format!("{name}: nothing lost, nothing doubled, with and without kills"),
        value: started.elapsed().as_secs_f64(),
        unit: "s".to_owned(),
        goal: Goal::None,
    })
}
