//! `cargo xtask bench`: measures, and says whether each figure holds against its goal.

mod crash;
mod load;
mod matching;
mod sizes;

use anyhow::{Result, bail};
use serde_json::json;

use crate::arguments::Arguments;
use crate::workspace::Workspace;

/// What a figure has to be.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// Not more than this.
    AtMost(f64),
    /// Not less than this.
    AtLeast(f64),
    /// Shown for comparison only.
    None,
}

/// One measured number.
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    pub(crate) goal: Goal,
}

impl Figure {
    fn holds(&self) -> bool {
        match self.goal {
            Goal::AtMost(limit) => self.value <= limit,
            Goal::AtLeast(limit) => self.value >= limit,
            Goal::None => true,
        }
    }

    fn goal_text(&self) -> String {
        match self.goal {
            Goal::AtMost(limit) => format!("<= {}", number(limit)),
            Goal::AtLeast(limit) => format!(">= {}", number(limit)),
            Goal::None => "-".to_owned(),
        }
    }
}

/// A bench: its name, what it measures, and the measuring. One file in `bench/` each.
struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Workspace) -> Result<Vec<Figure>>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "sizes",
        about: "what a page downloads to send its first event, brotli -q 11",
        run: sizes::run,
    },
    Bench {
        name: "ingest",
        about: "events a second, durable before answered and taken effect, beside the limit of a log",
        run: load::ingest,
    },
    Bench {
        name: "postgres",
        about: "events a second, durable before answered on Postgres, beside COPY of the same events",
        run: load::postgres,
    },
    Bench {
        name: "path",
        about: "latency of a decision, beside axum answering a constant 2 KB",
        run: load::path,
    },
    Bench {
        name: "consent",
        about: "a withdrawal of somebody with 10,000 events, until the edge decides without them",
        run: load::consent,
    },
    Bench {
        name: "realtime",
        about: "audiences over a million people: an event's evaluation, a reply with its decision, a new audience",
        run: load::realtime,
    },
    Bench {
        name: "edge",
        about: "the edge worker's processor time for a batch, beside a JavaScript worker's",
        run: load::edge,
    },
    Bench {
        name: "matching",
        about: "clusters of labelled records without labels, and their processor time, beside Splink's",
        run: matching::run,
    },
    Bench {
        name: "identity",
        about: "the identity graph in memory, ten million events of a million people, beside everything at once; and a million events in SQLite",
        run: load::identity,
    },
    Bench {
        name: "soak",
        about: "ten million events: as fast at the end as at the beginning, in the same memory",
        run: load::soak,
    },
    Bench {
        name: "crash",
        about: "killed a hundred times while a million events are sent, on both databases",
        run: crash::run,
    },
];

/// These run for many minutes, so they have to be asked for by name.
const LONG: [&str; 2] = ["soak", "crash"];

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, mut arguments: Arguments) -> Result<()> {
    let as_json = arguments.flag("--json");
    let wanted = arguments.positional();
    arguments.finish()?;
    if let Some(name) = &wanted
        && !BENCHES.iter().any(|bench| bench.name == name)
    {
        let names: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("there is no bench `{name}`: take {}", names.join(", "));
    }
    let mut missed = Vec::new();
    for bench in BENCHES.iter().filter(|bench| match wanted.as_deref() {
        Some(name) => name == bench.name,
        None => !LONG.contains(&bench.name),
    }) {
        let figures = (bench.run)(workspace)?;
        if as_json {
            print_lines(bench, &figures);
        } else {
            print_table(bench, &figures);
        }
        missed.extend(
            figures
                .iter()
                .filter(|figure| !figure.holds())
                .map(|figure| format!("{} {}", bench.name, figure.name)),
        );
    }
    if missed.is_empty() {
        return Ok(());
    }
    bail!("goals missed: {}", missed.join(", "));
}

fn print_lines(bench: &Bench, figures: &[Figure]) {
    for figure in figures {
        let line = json!({
            "bench": bench.name,
            "figure": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "goal": figure.goal_text(),
            "holds": figure.holds(),
        });
        println!("{line}");
    }
}

fn print_table(bench: &Bench, figures: &[Figure]) {
    println!("\n{}: {}", bench.name, bench.about);
    let width = figures
        .iter()
        .map(|figure| figure.name.chars().count())
        .max()
        .unwrap_or(0);
    for figure in figures {
        let verdict = match (figure.goal, figure.holds()) {
            (Goal::None, _) => "",
            (_, true) => "holds",
            (_, false) => "MISSED",
        };
        println!(
            "  {:width$}  {:>12} {:<10} goal {:<12} {verdict}",
            figure.name,
            number(figure.value),
            figure.unit,
            figure.goal_text(),
        );
    }
}

/// As many digits as somebody reads.
fn number(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}
