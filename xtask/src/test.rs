//! `cargo xtask test`: every check of the repository, in the order in which a mistake is found soonest.

pub(crate) mod postgres;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::interrupt::Interrupt;
use crate::setup::{self, Scope};
use crate::wasm::toolchain::{TARGET, WasmToolchain};
use crate::workspace::Workspace;
use crate::{codegen, process, server, wasm};
use postgres::{Commits, Postgres};

/// A part that can be run alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Rust,
    Wasm,
    Js,
    EndToEnd,
}

impl Part {
    fn parse(name: &str) -> Result<Self> {
        match name {
            "rust" => Ok(Self::Rust),
            "wasm" => Ok(Self::Wasm),
            "js" => Ok(Self::Js),
            "e2e" => Ok(Self::EndToEnd),
            other => bail!("`{other}` is no part of the tests: take rust, wasm, js or e2e"),
        }
    }
}

/// One check: its name, the part it belongs to, and what it does.
struct Check {
    name: &'static str,
    part: Part,
    run: fn(&Workspace) -> Result<()>,
}

const CHECKS: &[Check] = &[
    Check {
        name: "formatting",
        part: Part::Rust,
        run: formatting,
    },
    Check {
        name: "wasm builds and SDK size",
        part: Part::Wasm,
        run: wasm::build,
    },
    Check {
        name: "the core is pure",
        part: Part::Wasm,
        run: core_purity,
    },
    Check {
        name: "lints",
        part: Part::Rust,
        run: lints,
    },
    Check {
        name: "Rust tests on SQLite",
        part: Part::Rust,
        run: rust_tests,
    },
    Check {
        name: "Rust tests on PostgreSQL",
        part: Part::Rust,
        run: rust_tests_on_postgres,
    },
    Check {
        name: "generated files",
        part: Part::Rust,
        run: codegen::check,
    },
    Check {
        name: "JavaScript types",
        part: Part::Js,
        run: javascript_types,
    },
    Check {
        name: "JavaScript tests",
        part: Part::Js,
        run: javascript_tests,
    },
    Check {
        name: "end to end",
        part: Part::EndToEnd,
        run: end_to_end,
    },
];

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, mut arguments: Arguments) -> Result<()> {
    let only = arguments
        .option("--only")?
        .map(|name| Part::parse(&name))
        .transpose()?;
    arguments.finish()?;
    // A database is started on the way: it has to be stopped when somebody presses Ctrl-C.
    let interrupt = Interrupt::watch()?;
    setup::run(workspace, Scope::Everything)?;

    let mut passed: Vec<(&str, Duration)> = Vec::new();
    for check in CHECKS
        .iter()
        .filter(|check| only.is_none_or(|part| part == check.part))
    {
        println!("\n== {}", check.name);
        let started = Instant::now();
        let result = (check.run)(workspace);
        if interrupt.asked() {
            bail!("stopped");
        }
        if let Err(error) = result {
            summary(&passed);
            println!("  FAILED  {}", check.name);
            return Err(error).with_context(|| format!("{} failed", check.name));
        }
        passed.push((check.name, started.elapsed()));
    }
    summary(&passed);
    println!("\nall checks passed");
    Ok(())
}

fn summary(passed: &[(&str, Duration)]) {
    println!("\n== summary");
    for (name, took) in passed {
        println!("  passed  {name} ({:.1} s)", took.as_secs_f64());
    }
}

fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&workspace.root);
    cargo
}

fn formatting(workspace: &Workspace) -> Result<()> {
    process::stream(cargo(workspace).args(["fmt", "--all", "--", "--check", "-l"]))
        .context("these files are not formatted: run cargo fmt --all")
}

fn lints(workspace: &Workspace) -> Result<()> {
    process::stream(cargo(workspace).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

/// The core compiles for a target without clock, files, network and threads. What that target merely stubs out is
/// forbidden in `core/clippy.toml`, which the lints enforce.
fn core_purity(workspace: &Workspace) -> Result<()> {
    let mut build = WasmToolchain::locate(workspace)?.cargo();
    build
        .current_dir(&workspace.root)
        .args([
            "build",
            "--package",
            "cdp-core",
            "--lib",
            // As the SDK's build has compiled it a moment ago.
            "--profile",
            "wasm-sdk",
            "--target",
            TARGET,
        ])
        .arg("--target-dir")
        .arg(workspace.target.join("wasm"));
    process::stream(&mut build)
}

fn rust_tests(workspace: &Workspace) -> Result<()> {
    process::stream(
        cargo(workspace)
            .env_remove(postgres::VARIABLE)
            .args(["test", "--workspace"]),
    )
}

/// All of them again, though only the server knows a database: what is selected decides which features the shared
/// dependencies are compiled with, and compiling takes longer than testing.
fn rust_tests_on_postgres(workspace: &Workspace) -> Result<()> {
    let database = Postgres::start(Commits::Fast)?;
    process::stream(
        cargo(workspace)
            .env(postgres::VARIABLE, database.url())
            .args(["test", "--workspace"]),
    )
}

fn npm(workspace: &Workspace) -> Command {
    let mut npm = Command::new("npm");
    npm.current_dir(&workspace.root);
    npm
}

fn javascript_types(workspace: &Workspace) -> Result<()> {
    process::stream(npm(workspace).args(["run", "check", "--workspaces", "--if-present"]))
}

fn javascript_tests(workspace: &Workspace) -> Result<()> {
    process::stream(npm(workspace).args(["run", "test", "--workspaces", "--if-present"]))
}

/// Real Chromium, real workerd, the real server.
fn end_to_end(workspace: &Workspace) -> Result<()> {
    wasm::build(workspace)?;
    let rules = wasm::build_rules(workspace)?;
    let server = server::build(workspace)?;
    // The core's own answers, which browser and worker are compared with.
    process::stream(Command::new("cargo").current_dir(&workspace.root).args([
        "build",
        "--package",
        "cdp-core",
        "--example",
        "consent_cases",
    ]))?;
    let chromium = setup::chromium().context("no Chromium was found: run cargo xtask setup")?;
    let folder = Path::new("tests/e2e/");
    let files = test_files(&workspace.root.join(folder))?;
    process::stream(
        Command::new("node")
            .current_dir(&workspace.root)
            .env("HEADWATER_BIN", server)
            .env("WORKERD_BIN", workspace.workerd()?)
            .env("HEADWATER_RULES_WASM", rules)
            .env("CHROMIUM", chromium)
            .env("HEADWATER_PYTHON", setup::python(workspace))
            // Browsers, workerd and a server for each file at once would be more than two cores can do in time.
            .args(["--test", "--test-concurrency=1"])
            .args(files.iter().map(|name| folder.join(name))),
    )
}

/// The test files of a folder by name: Node 20 and 22 disagree on what a folder as an argument means.
fn test_files(folder: &Path) -> Result<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".test.mjs") || name.ends_with(".test.js"))
        .collect();
    if names.is_empty() {
        bail!("{} has no tests", folder.display());
    }
    names.sort();
    Ok(names)
}
