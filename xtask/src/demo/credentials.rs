//! What `headwater init` prints, kept beside the data so that the demo can be started again.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

/// The demo's keys.
pub(super) struct Credentials {
    pub(super) write_key: String,
    pub(super) token: String,
    pub(super) edge_secret: String,
}

impl Credentials {
    /// Makes the first workspace, or reads what was printed when it was made.
    pub(super) fn load_or_create(server: &Path, data: &Path) -> Result<Self> {
        let kept = data.join("demo.json");
        if kept.is_file() {
            let text = std::fs::read_to_string(&kept)
                .with_context(|| format!("cannot read {}", kept.display()))?;
            return Self::parse(&text).with_context(|| format!("{} is damaged", kept.display()));
        }
        if std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
            bail!(
                "{} was not made by the demo, which therefore has no keys for it: take another --data-dir, or remove \
                 the folder",
                data.display()
            );
        }
        let mut init = Command::new(server);
        init.args(["init", "--json", "--data-dir"]).arg(data);
        let text = process::capture(&mut init)?;
        let credentials =
            Self::parse(&text).context("headwater init printed something unexpected")?;
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&kept)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", kept.display()))?;
        Ok(credentials)
    }

    fn parse(text: &str) -> Result<Self> {
        let printed: Value = serde_json::from_str(text)?;
        let take = |name: &str| {
            printed[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("{name} is missing"))
        };
        Ok(Self {
            write_key: take("write_key")?,
            token: take("token")?,
            edge_secret: take("edge_secret")?,
        })
    }
}
