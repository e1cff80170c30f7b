//! The command line, read by hand: an argument parser would take longer to compile than the rest of this crate.

use std::collections::VecDeque;

use anyhow::{Context, Result, bail};

/// What is left of the command line; each reader takes its own part and [`Arguments::finish`] refuses the rest.
pub(crate) struct Arguments {
    left: VecDeque<String>,
}

impl Arguments {
    pub(crate) fn from_process() -> Self {
        Self {
            left: std::env::args().skip(1).collect(),
        }
    }

    /// Takes the next argument when it is not an option.
    pub(crate) fn positional(&mut self) -> Option<String> {
        if self.left.front()?.starts_with("--") {
            return None;
        }
        self.left.pop_front()
    }

    /// Takes `name` wherever it stands.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.left.len();
        self.left.retain(|argument| argument != name);
        self.left.len() < before
    }

    /// Takes `name value` or `name=value` wherever it stands.
    pub(crate) fn option(&mut self, name: &str) -> Result<Option<String>> {
        let assigned = format!("{name}=");
        let Some(position) = self
            .left
            .iter()
            .position(|argument| argument == name || argument.starts_with(&assigned))
        else {
            return Ok(None);
        };
        let argument = self.left.remove(position).unwrap_or_default();
        if let Some(value) = argument.strip_prefix(&assigned) {
            return Ok(Some(value.to_owned()));
        }
        let value = self
            .left
            .remove(position)
            .with_context(|| format!("{name} needs a value"))?;
        Ok(Some(value))
    }

    /// Refuses whatever nobody has taken.
    pub(crate) fn finish(self) -> Result<()> {
        match self.left.front() {
            None => Ok(()),
            Some(argument) => bail!("`{argument}` is not understood here; see cargo xtask help"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(of: &[&str]) -> Arguments {
        Arguments {
            left: of.iter().map(|&argument| argument.to_owned()).collect(),
        }
    }

    #[test]
    fn options_are_taken_in_either_form_and_the_rest_is_refused() {
        let mut read = arguments(&[
            "ingest",
            "--port",
            "9000",
            "--data-dir=here",
            "--json",
            "--typo",
        ]);
        assert_eq!(read.positional().as_deref(), Some("ingest"));
        assert_eq!(read.option("--port").unwrap().as_deref(), Some("9000"));
        assert_eq!(read.option("--data-dir").unwrap().as_deref(), Some("here"));
        assert_eq!(read.option("--absent").unwrap(), None);
        assert!(read.flag("--json"));
        assert!(read.finish().unwrap_err().to_string().contains("--typo"));
    }

    #[test]
    fn an_option_without_its_value_is_an_error() {
        assert!(arguments(&["--port"]).option("--port").is_err());
    }
}
