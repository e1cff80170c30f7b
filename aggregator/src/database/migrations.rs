//! The steps that make the tables, one file each under `aggregator/migrations`.
//!
//! They are listed by hand because sqlx's macro would have the database drivers compiled a second
//! time, for the compiler's own use.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// One step: its version, what it is about, and its SQL.
macro_rules! step {
    ($version:literal, $name:literal) => {
        (
            $version,
            $name,
            include_str!(concat!("../../migrations/", $version, "_", $name, ".sql")),
        )
    };
}

const STEPS: &[(&str, &str, &str)] = &[
    step!("0001", "workspace"),
    step!("0002", "log"),
    step!("0003", "identity"),
    step!("0004", "facts"),
    step!("0005", "audience"),
    step!("0006", "experience"),
    step!("0007", "tracking_plan"),
    step!("0008", "collection_policy"),
    step!("0009", "consent_policy"),
    step!("0010", "consent_ledger"),
    step!("0011", "purpose_scope"),
    step!("0012", "counting"),
    step!("0013", "quarantine_place"),
    step!("0014", "identity_rules"),
    step!("0015", "identity_suggestion"),
    step!("0016", "user_token_key"),
    step!("0017", "exposure"),
    step!("0018", "reading_and_automatic_merges"),
    step!("0019", "audience_versions"),
    step!("0020", "audience_progress"),
    step!("0021", "definition_version"),
    step!("0022", "states_by_anchor"),
    step!("0023", "shared_device"),
    step!("0024", "members"),
    step!("0025", "privacy"),
    step!("0026", "sign_in"),
    step!("0028", "kept_counts"),
    step!("0029", "clustered"),
    step!("0030", "divided_people"),
    step!("0031", "wide_rows"),
];

/// Steps that only SQLite takes: how it lays out what both have.
const OF_SQLITE: &[&str] = &["0029", "0031"];
/// What another database does in their place.
const NOTHING: &str = "SELECT 1";

/// All steps, in order.
pub(super) fn all(is_sqlite: bool) -> Migrator {
    Migrator::with_migrations(steps(is_sqlite).collect())
}

/// The steps up to a version; `None` where there is no such step.
pub(super) fn until(version: i64, is_sqlite: bool) -> Option<Migrator> {
    let steps = steps(is_sqlite);
    let until: Vec<Migration> = steps.filter(|step| step.version <= version).collect();
    let is_known = until.last().is_some_and(|step| step.version == version);
    is_known.then(|| Migrator::with_migrations(until))
}

fn steps(is_sqlite: bool) -> impl Iterator<Item = Migration> {
    let number = |text: &str| {
        text.bytes()
            .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
    };
    STEPS.iter().map(move |(version, name, sql)| {
        let is_passed_over = !is_sqlite && OF_SQLITE.contains(version);
        let sql = if is_passed_over { NOTHING } else { sql };
        Migration::new(
            number(version),
            Cow::Borrowed(name),
            MigrationType::Simple,
            SqlStr::from_static(sql),
            false,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed_under_its_own_version() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<String> = STEPS
            .iter()
            .map(|(version, name, _)| format!("{version}_{name}.sql"))
            .collect();
        assert_eq!(files, listed);
        let numbers: Vec<i64> = STEPS.iter().map(|step| step.0.parse().unwrap()).collect();
        let versions: Vec<i64> = all(true).iter().map(|step| step.version).collect();
        assert_eq!(numbers, versions);
    }
}
