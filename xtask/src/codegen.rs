//! `cargo xtask codegen`: files that are generated from the code and committed, so that a change of theirs is seen in
//! review.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::arguments::Arguments;
use crate::workspace::Workspace;
use crate::{process, server};

mod bots;

/// One generated file and how its content is made.
struct Generated {
    path: &'static str,
    make: fn(&Workspace) -> Result<String>,
}

const FILES: &[Generated] = &[
    Generated {
        path: "core/src/bots/list.txt",
        make: bots::list,
    },
    Generated {
        path: "spec/openapi.json",
        make: openapi,
    },
    // After the description, from which it is made.
    Generated {
        path: "js/packages/api-client/operations.d.ts",
        make: operations,
    },
];

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, mut arguments: Arguments) -> Result<()> {
    let only_check = arguments.flag("--check");
    arguments.finish()?;
    if only_check {
        return check(workspace);
    }
    for file in FILES {
        let wanted = (file.make)(workspace)?;
        let path = workspace.path(file.path);
        if fs::read_to_string(&path).is_ok_and(|current| current == wanted) {
            println!("{} is up to date", file.path);
            continue;
        }
        fs::write(&path, wanted).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{} is written", file.path);
    }
    Ok(())
}

/// Compares all files and names every one that is out of date.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut stale = Vec::new();
    for file in FILES {
        let wanted = (file.make)(workspace)?;
        let current = fs::read_to_string(workspace.path(file.path)).unwrap_or_default();
        match first_difference(&current, &wanted) {
            None => println!("{} is up to date", file.path),
            Some(line) => stale.push(format!("{} from line {line}", file.path)),
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    bail!(
        "out of date: {}; run cargo xtask codegen and commit the result",
        stale.join(", ")
    );
}

/// The number of the first line that differs.
fn first_difference(current: &str, wanted: &str) -> Option<usize> {
    if current == wanted {
        return None;
    }
    let same = current
        .lines()
        .zip(wanted.lines())
        .take_while(|(current, wanted)| current == wanted)
        .count();
    Some(same + 1)
}

fn openapi(workspace: &Workspace) -> Result<String> {
    let server = server::build(workspace)?;
    Ok(process::capture(Command::new(server).arg("openapi"))? + "\n")
}

fn operations(workspace: &Workspace) -> Result<String> {
    let mut generate = Command::new("node");
    generate
        .arg(workspace.path("js/packages/api-client/generate.mjs"))
        .arg(workspace.path("spec/openapi.json"));
    Ok(process::capture(&mut generate)? + "\n")
}

#[cfg(test)]
mod tests {
    use super::first_difference;

    #[test]
    fn the_first_differing_line_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }
}
