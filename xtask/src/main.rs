//! The project's own commands. Everything a person or a machine has to do with the repository goes through here, so
//! that a laptop and a continuous integration runner do the same.

mod arguments;
mod bench;
mod codegen;
mod demo;
mod fingerprint;
mod interrupt;
mod process;
mod progress;
mod server;
mod setup;
mod test;
mod wasm;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::arguments::Arguments;
use crate::workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask <command>

  setup                     installs what building and testing need; safe to run again
  demo                      builds and starts the demo shop, the edge and the server
      --data-dir <folder>     where the server keeps its data (target/demo)
      --port <port>           first port to try for the server (8080)
  test                      formatting, lints, every test of the repository
      --only <part>           rust, wasm, js or e2e
  wasm                      builds the browser SDK and the edge worker
      --sdk | --edge          only one of them
  codegen                   writes the generated files that are committed
      --check                 compares instead, and fails when one is out of date
  bench [name]              measures and compares with the goals
      --json                  one JSON object a line instead of a table
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let mut arguments = Arguments::from_process();
    let Some(command) = arguments.positional() else {
        print!("{USAGE}");
        return Ok(());
    };
    let workspace = Workspace::locate()?;
    match command.as_str() {
        "setup" => {
            arguments.finish()?;
            setup::run(&workspace, setup::Scope::Everything)
        }
        "demo" => demo::run(&workspace, arguments),
        "test" => test::run(&workspace, arguments),
        "wasm" => wasm::run(&workspace, arguments),
        "codegen" => codegen::run(&workspace, arguments),
        "bench" => bench::run(&workspace, arguments),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{USAGE}"),
    }
}
