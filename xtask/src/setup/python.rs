//! The Python clients that the end-to-end tests run, in an environment of their own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::fingerprint::Fingerprint;
use crate::process;
use crate::progress::Outcome;
use crate::workspace::Workspace;

/// What is installed, each with its version.
const REQUIREMENTS: &str = "tests/clients/requirements.txt";

/// The Python that has the clients, whether or not it is there yet.
pub(crate) fn program(workspace: &Workspace) -> PathBuf {
    environment(workspace).join("bin/python3")
}

fn environment(workspace: &Workspace) -> PathBuf {
    workspace.cache.join("tools/python-clients")
}

/// Whether the system's Python can make environments; Debian has that in a package of its own.
pub(super) fn has_venv() -> bool {
    process::capture(Command::new("python3").args(["-c", "import ensurepip, venv"])).is_ok()
}

/// Makes the environment anew when what it has to hold has changed, or the Python it rests on is gone.
pub(super) fn install(workspace: &Workspace) -> Result<Outcome> {
    let folder = environment(workspace);
    let stamp = folder.join(".headwater-requirements");
    let wanted = Fingerprint::new().path(&workspace.path(REQUIREMENTS))?;
    let python = program(workspace);
    let works =
        || process::capture(Command::new(&python).args(["-c", "import segment.analytics"])).is_ok();
    if wanted.matches(&stamp) && works() {
        return Ok(Outcome::AlreadyThere);
    }
    let logs = workspace.cache.join("logs");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    process::logged(&mut make, &logs.join("python-venv.log"))?;
    let mut fill = Command::new(&python);
    fill.current_dir(&workspace.root)
        .args(["-m", "pip", "install", "--disable-pip-version-check"])
        // The list names everything; what it leaves out must not come in another version each day.
        .args(["--no-input", "--no-deps", "--requirement", REQUIREMENTS]);
    process::logged(&mut fill, &logs.join("python-clients.log"))?;
    wanted.write(&stamp)?;
    Ok(Outcome::Done)
}
