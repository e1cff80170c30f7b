//! Labelled records: a CSV file with a column that says who is who. That column is taken out while the file is read, so
//! that nothing that matches can see it.

use std::io::Read;

use cdp_matching::{Column, Kind, Record, infer};

/// Records, and apart from them whose they are.
pub(crate) struct Labelled {
    /// What can be matched.
    pub(crate) unlabelled: Unlabelled,
    /// For each record the name of its person.
    pub(crate) truth: Vec<String>,
}

/// Records without the truth.
pub(crate) struct Unlabelled {
    names: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Reads a CSV file with a header.
pub(crate) fn read(input: impl Read, truth: &str) -> Result<Labelled, String> {
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let mut names: Vec<String> = reader
        .headers()
        .map_err(|error| format!("the first line cannot be read as CSV: {error}"))?
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    if let Some(twice) = names
        .iter()
        .enumerate()
        .find(|(at, name)| names[..*at].contains(name))
    {
        return Err(format!("two columns are called `{}`: rename one", twice.1));
    }
    let Some(label) = names.iter().position(|name| name == truth) else {
        return Err(format!(
            "there is no column `{truth}` to compare with: name one of {} with --truth",
            names.join(", ")
        ));
    };
    names.remove(label);
    let mut rows = Vec::new();
    let mut labels = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| format!("the file cannot be read as CSV: {error}"))?;
        let line = row.position().map_or(0, csv::Position::line);
        let mut values: Vec<String> = row.iter().map(str::to_owned).collect();
        let person = values.remove(label);
        if person.trim().is_empty() {
            return Err(format!(
                "line {line} has no `{truth}`: each record needs one; give a record that belongs to no other a value of its own"
            ));
        }
        labels.push(person);
        rows.push(values);
    }
    Ok(Labelled {
        unlabelled: Unlabelled { names, rows },
        truth: labels,
    })
}

impl Unlabelled {
    /// The columns with their kinds: those that are `given`, the others inferred.
    pub(crate) fn columns(&self, given: &[(String, Kind)]) -> Result<Vec<Column>, String> {
        if let Some((name, _)) = given.iter().find(|(name, _)| !self.names.contains(name)) {
            return Err(format!(
                "--columns names `{name}`, which is no column: there are {}",
                self.names.join(", ")
            ));
        }
        Ok(infer(&self.names, &self.rows, given))
    }

    /// The records, by the columns' kinds.
    pub(crate) fn into_records(self, columns: &[Column]) -> Vec<Record> {
        let of = |kind: Kind| columns.iter().position(|column| column.kind == kind);
        let (id, source) = (of(Kind::RecordId), of(Kind::Source));
        self.rows
            .into_iter()
            .enumerate()
            .map(|(at, values)| Record {
                id: id.map_or_else(|| at.to_string(), |id| values[id].clone()),
                source: source
                    .map(|source| values[source].clone())
                    .unwrap_or_default(),
                values,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_truth_is_not_among_what_is_matched() {
        let labelled = read(
            "id,who,name\n1,anna-7,Anna\n2,bob-9,Bob\n".as_bytes(),
            "who",
        )
        .unwrap();
        assert_eq!(labelled.truth, ["anna-7", "bob-9"]);
        assert_eq!(labelled.unlabelled.names, ["id", "name"]);
        assert!(
            labelled
                .unlabelled
                .rows
                .iter()
                .flatten()
                .all(|value| !value.contains('-'))
        );
    }

    #[test]
    fn files_that_cannot_be_judged_say_why() {
        let error = |text: &str| read(text.as_bytes(), "who").err().unwrap();
        assert!(error("id,name\n1,a\n").contains("name one of id, name with --truth"));
        assert!(error("who,who\n1,a\n").contains("rename one"));
        assert!(error("id,who\n1,a\n2\n").contains("line: 3"));
        assert!(error("id,who\n1,a\n2,\n").contains("line 3 has no `who`"));
    }
}
