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

/// What may stand between the values of a line; of two that are there as often the first is taken.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Reads a CSV file with a header: UTF-8, UTF-16 or Windows-1252, with commas, semicolons, tabs or bars between the values.
pub(crate) fn read(mut input: impl Read, truth: &str) -> Result<Labelled, String> {
    let mut bytes = Vec::new();
    input
        .read_to_end(&mut bytes)
        .map_err(|error| format!("the file cannot be read: {error}"))?;
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut names: Vec<String> = reader
        .headers()
        .map_err(|error| format!("the first line cannot be read as CSV: {error}"))?
        .iter()
        .map(|name| name.trim().to_owned())
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

/// What is most often between the names of the columns, quoted ones left out.
fn delimiter(text: &str) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted => {
                for (count, delimiter) in counts.iter_mut().zip(DELIMITERS) {
                    *count += usize::from(byte == delimiter);
                }
            }
            _ => {}
        }
    }
    let mut best = (DELIMITERS[0], counts[0]);
    for (delimiter, count) in DELIMITERS.into_iter().zip(counts) {
        if count > best.1 {
            best = (delimiter, count);
        }
    }
    best.0
}

/// The text of a file without its byte order mark, from the encodings that spreadsheets and databases write.
fn decode(mut bytes: Vec<u8>) -> Result<String, String> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        // Without a mark: the first letter of a header is of ASCII in nearly all of them.
        [first, 0, ..] if *first != 0 => return utf16(&bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => return utf16(&bytes, u16::from_be_bytes),
        _ => {}
    }
    let marked = bytes.starts_with(&[0xef, 0xbb, 0xbf]);
    if marked {
        bytes.drain(..3);
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok(text),
        Err(error) => error.into_bytes(),
    };
    // A file of UTF-8 with a broken letter is not taken for another encoding, which would spoil all the sound ones.
    let (mut sound, mut broken, mut line) = (0_usize, 0_usize, 1_usize);
    for chunk in bytes.utf8_chunks() {
        if broken == 0 {
            line += chunk.valid().matches('\n').count();
        }
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if marked || sound > broken {
        return Err(format!(
            "line {line} is not UTF-8, though the others are: save the file again as UTF-8"
        ));
    }
    bytes
        .iter()
        .map(|byte| windows_1252(*byte))
        .collect::<Option<String>>()
        .ok_or_else(|| {
            "the file is neither UTF-8 nor UTF-16 nor Windows-1252: save it again as UTF-8"
                .to_owned()
        })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Option<String> = char::decode_utf16(units).map(Result::ok).collect();
    text.filter(|_| rest.is_empty())
        .ok_or_else(|| "the file begins as UTF-16 and is not: save it again as UTF-8".to_owned())
}

/// A letter of Windows-1252, which is Latin-1 with letters where that has control characters; five bytes mean nothing.
fn windows_1252(byte: u8) -> Option<char> {
    const FROM_80: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0',
        '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => Some(FROM_80[usize::from(byte - 0x80)]).filter(|letter| *letter != '\0'),
        _ => Some(char::from(byte)),
    }
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
    use cdp_matching::Kind;

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

    /// Names of columns, and the first row, of a file.
    fn first_row(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
        let read = read(bytes, "who").unwrap().unlabelled;
        (read.names, read.rows[0].clone())
    }

    #[test]
    fn delimiters_and_encodings_are_seen() {
        let wanted = (
            vec!["id".to_owned(), "Straße".to_owned()],
            vec!["1".to_owned(), "Müllerstr. 1, Hof – links".to_owned()],
        );
        for delimiter in [",", ";", "\t", "|"] {
            let text = format!(
                "id{delimiter}who{delimiter}Straße\r\n1{delimiter}a{delimiter}\"Müllerstr. 1, Hof – links\"\r\n"
            );
            assert_eq!(first_row(text.as_bytes()), wanted, "{delimiter:?}");
            assert_eq!(first_row(format!("\u{feff}{text}").as_bytes()), wanted);
            let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
            for text in [text.clone(), format!("\u{feff}{text}")] {
                let (little, big): (Vec<[u8; 2]>, Vec<[u8; 2]>) = units(&text)
                    .into_iter()
                    .map(|unit| (unit.to_le_bytes(), unit.to_be_bytes()))
                    .unzip();
                assert_eq!(first_row(little.as_flattened()), wanted);
                assert_eq!(first_row(big.as_flattened()), wanted);
            }
            let windows: Vec<u8> = text
                .chars()
                .map(|letter| match letter {
                    '–' => 0x96,
                    letter => u8::try_from(u32::from(letter)).unwrap(),
                })
                .collect();
            assert_eq!(first_row(&windows), wanted);
        }
        // A delimiter in the quoted name of a column is none.
        let (names, _) = first_row(b"id;who;\"a,b,c,d\"\n1;a;x\n");
        assert_eq!(names, ["id", "a,b,c,d"]);
    }

    #[test]
    fn other_encodings_say_what_to_do() {
        let error = |bytes: &[u8]| read(bytes, "who").err().unwrap();
        assert!(
            error(
                "id,who\nü,ä\nö,a\n\u{e4}"
                    .as_bytes()
                    .split_last()
                    .unwrap()
                    .1
            )
            .contains("line 4")
        );
        assert!(error(b"id,who\n1,\x81\n").contains("save it again as UTF-8"));
        assert!(error(b"\xff\xfei\0d\0,").contains("begins as UTF-16"));
    }

    #[test]
    fn kinds_that_are_given_leave_the_others_to_the_rest() {
        let text = "id,who,born,signup\n1,a,1980-02-13,1981-03-04\n2,b,1975-11-30,1999-01-02\n";
        let kinds = |given: &[(String, Kind)]| -> Vec<Kind> {
            let unlabelled = read(text.as_bytes(), "who").unwrap().unlabelled;
            let columns = unlabelled.columns(given).unwrap();
            columns.iter().skip(1).map(|column| column.kind).collect()
        };
        let given = |name: &str, kind| (name.to_owned(), kind);
        assert_eq!(
            kinds(&[given("born", Kind::BirthDate)]),
            [Kind::BirthDate, Kind::Ignored]
        );
        assert_eq!(
            kinds(&[
                given("born", Kind::Ignored),
                given("signup", Kind::BirthDate)
            ]),
            [Kind::Ignored, Kind::BirthDate]
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
