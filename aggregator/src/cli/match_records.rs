//! `headwater match`

use std::io::{self, Write};
use std::path::PathBuf;

use cdp_matching::{Column, Kind, Matching, Quality, Settings, Taught, quality};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Failure;
use crate::labelled::{self, Labelled};
use crate::{import, usage};

/// What `match` can do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Match the records of a CSV file without looking at its labels, then say how well that went.
    Evaluate(Evaluate),
}

/// What `match evaluate` takes.
#[derive(Debug, Args)]
pub(super) struct Evaluate {
    /// The labelled records, a CSV file with a header; gzip is fine; - is standard input.
    #[arg(long)]
    labels: PathBuf,
    /// The column that says who is who. Matching does not see it.
    #[arg(long)]
    truth: String,
    /// What columns hold, such as `plz=postcode,chef=full_name`; the others are inferred. `ignored` leaves one out.
    #[arg(long, value_delimiter = ',', value_parser = column)]
    columns: Vec<(String, Kind)>,
    /// The least probability at which records are joined.
    #[arg(long, default_value_t = Settings::default().threshold)]
    threshold: f64,
    /// Print the figures as one JSON object.
    #[arg(long)]
    json: bool,
}

fn column(text: &str) -> Result<(String, Kind), String> {
    let (name, kind) = text
        .rsplit_once('=')
        .ok_or_else(|| format!("`{text}` is not NAME=KIND"))?;
    Ok((name.to_owned(), kind.parse()?))
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Evaluate(options) => evaluate(&options),
    }
}

fn evaluate(options: &Evaluate) -> Result<(), Failure> {
    let of_file =
        |error: &dyn std::fmt::Display| Failure(format!("{}: {error}", options.labels.display()));
    let input = import::open(&options.labels).map_err(|error| of_file(&error))?;
    let Labelled { unlabelled, truth } =
        labelled::read(input, &options.truth).map_err(|error| of_file(&error))?;
    let columns = unlabelled.columns(&options.columns).map_err(Failure)?;
    if !options.json {
        let columns = table_of_columns(&columns);
        until_closed(writeln!(io::stdout().lock(), "columns:{columns}"))?;
    }
    let records = unlabelled.into_records(&columns);
    let settings = Settings {
        threshold: options.threshold,
        ..Settings::default()
    };
    let matching =
        Matching::new(&columns, &records, &settings).map_err(|refusal| of_file(&refusal))?;
    let quality = quality(matching.clusters(), &truth);
    let out = &mut io::stdout().lock();
    until_closed(if options.json {
        writeln!(
            out,
            "{}",
            json!({
                "pairs": quality.pairs,
                "bcubed": quality.bcubed,
                "cpu_seconds": usage::cpu_seconds(),
                "peak_rss_mb": usage::peak_memory().map(|bytes| bytes / 1_000_000.0),
            })
        )
    } else {
        describe(out, &matching).and_then(|()| print(out, &quality, records.len(), &matching))
    })
}

/// Whoever closes the pipe early has read enough.
fn until_closed(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn table_of_columns(columns: &[Column]) -> String {
    columns
        .iter()
        .map(|column| format!("\n  {:24} {}", column.name, column.kind))
        .collect()
}

/// How the matching came about.
fn describe(out: &mut impl Write, matching: &Matching) -> io::Result<()> {
    let (largest, left_out) = matching.block_limits();
    writeln!(
        out,
        "\nblocking: {} pairs compared, blocks of up to {largest} records, {left_out} larger groups left out",
        matching.compared()
    )?;
    for rule in matching
        .blocking()
        .iter()
        .filter(|rule| rule.pairs > 0)
        .take(20)
    {
        writeln!(
            out,
            "  {:10} pairs in {:8} blocks  {}",
            rule.pairs, rule.blocks, rule.name
        )?;
    }
    writeln!(out, "\nstrong evidence that m is learned on:")?;
    for anchor in matching.anchors() {
        writeln!(
            out,
            "  {:10.0} pairs ({:.1} by chance)  {}",
            anchor.pairs, anchor.by_chance, anchor.name
        )?;
    }
    let model = matching.model();
    writeln!(
        out,
        "\nmodel: lambda {:.3e}, start {:.2} bits",
        model.lambda,
        model.start()
    )?;
    if let Some(start) = matching.household_start() {
        writeln!(
            out,
            "  {start:.2} bits against two people of one household, which what differs within one has to make up for"
        )?;
    }
    for (comparison, taught) in model.comparisons.iter().zip(matching.taught()) {
        let taught = match taught {
            Taught::Anchors => "learned on strong evidence",
            Taught::Expectation => "learned by expectation-maximisation",
            Taught::Labels => "learned on decided pairs",
            Taught::LeftOut => "left out: it tells nothing",
            Taught::Nothing => "presumed: too few pairs know it",
            Taught::Presumed => "presumed: what could be learned was not of one person's records",
        };
        writeln!(out, "  {} ({taught})", comparison.field)?;
        for level in &comparison.levels {
            writeln!(
                out,
                "    m {:.5}  u {:.7}  {:+7.2} bits  {}",
                level.m,
                level.u,
                (level.m / level.u).log2(),
                level.label
            )?;
        }
    }
    writeln!(out, "\nvetoes:")?;
    for veto in matching.vetoes() {
        let known = veto.conflicts.map_or_else(
            || "not known how often one person is in conflict".to_owned(),
            |share| {
                format!(
                    "one person is in conflict in {:.1} %; {:.0} pairs in conflict look like one person, which explains {:.0}",
                    share * 100.0,
                    veto.alike,
                    veto.explained
                )
            },
        );
        writeln!(
            out,
            "  {:3} {}: {known}",
            if veto.active { "on" } else { "off" },
            veto.field
        )?;
    }
    writeln!(out, "\ngates:")?;
    for gate in matching.gates() {
        writeln!(
            out,
            "  {} {}",
            if gate.holds { "met" } else { "FAILED" },
            gate.text
        )?;
    }
    let once: Vec<&str> = matching.sources_without_duplicates().collect();
    if !once.is_empty() {
        writeln!(
            out,
            "\nsources without duplicates of their own: {}",
            once.join(", ")
        )?;
    }
    Ok(())
}

fn print(
    out: &mut impl Write,
    quality: &Quality,
    records: usize,
    matching: &Matching,
) -> io::Result<()> {
    let clusters = matching.clusters().iter().max().map_or(0, |last| last + 1);
    let related = matching
        .pairs()
        .iter()
        .filter(|pair| pair.relationship.is_some())
        .count();
    writeln!(
        out,
        "\n{records} records in {clusters} clusters; {related} pairs of one household, which are no match"
    )?;
    writeln!(out, "            precision  recall     F1")?;
    for (name, score) in [("pairs", quality.pairs), ("B-cubed", quality.bcubed)] {
        writeln!(
            out,
            "  {name:9} {:.4}     {:.4}     {:.4}",
            score.precision, score.recall, score.f1
        )?;
    }
    writeln!(
        out,
        "  {:.2} CPU seconds, {} MB at most",
        usage::cpu_seconds(),
        usage::peak_memory().map_or_else(
            || "unknown".to_owned(),
            |bytes| format!("{:.0}", bytes / 1_000_000.0)
        )
    )?;
    Ok(())
}
