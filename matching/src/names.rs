//! Names in one text taken apart: a first name and a surname tell more than both together, since the one differs within a
//! household and the other does not.

use crate::nickname;
use crate::normalise;
use crate::table::float;

/// The share of a column's texts that have to look like a person's names.
const MOST: f64 = 0.8;
/// The share of known given names where the first names are, and how many times more they are there than on the other side.
/// The list knows few of them outside of English.
const SOME_GIVEN: f64 = 0.1;
const MORE_GIVEN: f64 = 2.0;
/// The share of texts that may have a word of companies.
const FEW_COMPANIES: f64 = 0.05;
/// Words of companies and places, hardly of people.
const OF_COMPANIES: &[&str] = &[
    "inc",
    "ltd",
    "llc",
    "llp",
    "plc",
    "corp",
    "corporation",
    "company",
    "co",
    "group",
    "holding",
    "holdings",
    "gmbh",
    "ag",
    "kg",
    "ohg",
    "ev",
    "sa",
    "sas",
    "sarl",
    "srl",
    "spa",
    "bv",
    "nv",
    "ab",
    "oy",
    "as",
    "ооо",
    "оао",
    "зао",
    "and",
    "und",
    "et",
    "of",
    "the",
    "sons",
    "bank",
    "school",
    "university",
    "hospital",
    "restaurant",
    "cafe",
    "hotel",
    "club",
    "church",
    "shop",
];
/// Words that begin a surname of several words.
const PARTICLES: &[&str] = &[
    "de", "del", "della", "di", "da", "dos", "das", "do", "du", "la", "le", "van", "von", "der",
    "den", "ten", "ter", "zu", "zum", "zur", "al", "el", "bin", "ibn", "ben", "mac", "mc", "st",
    "saint", "san",
];

/// Which half is written first where no comma says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    FirstName,
    Surname,
}

/// First names and surnames out of a column of names as they were written; empty where unknown. `None` if the texts are not
/// people's names, or nothing says which half is which.
pub(crate) fn split<'a>(raw: impl Iterator<Item = &'a str>) -> Option<[Vec<String>; 2]> {
    let texts: Vec<Halves> = raw.map(Halves::new).collect();
    let order = order(&texts)?;
    let [mut first_names, mut surnames] = [Vec::new(), Vec::new()];
    for text in &texts {
        let (first_name, surname) = text.split(order);
        first_names.push(first_name.join(" "));
        surnames.push(surname.join(" "));
    }
    Some([first_names, surnames])
}

/// The words of a text, those before a comma apart.
struct Halves {
    before: Vec<String>,
    after: Vec<String>,
}

impl Halves {
    fn new(raw: &str) -> Self {
        let text = normalise::text(raw);
        let words = |part: &str| -> Vec<String> {
            let name = normalise::value(crate::kind::Kind::FullName, part);
            name.split(' ')
                .filter(|word| !word.is_empty() && normalise::suffix(word).is_none())
                .map(str::to_owned)
                .collect()
        };
        let (before, after) = text.split_once(',').unwrap_or((&text, ""));
        let (before, after) = (words(before), words(after));
        // "Miller, Jr"
        if before.is_empty() {
            return Self {
                before: after,
                after: before,
            };
        }
        Self { before, after }
    }

    fn is_known(&self) -> bool {
        !self.before.is_empty()
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.before.iter().chain(&self.after).map(String::as_str)
    }

    fn split(&self, order: Order) -> (&[String], &[String]) {
        let words = self.before.as_slice();
        if !self.after.is_empty() {
            return (&self.after, words);
        }
        match (words, order) {
            ([], _) => (&[], &[]),
            ([word], _) if nickname::is_given_name(word) => (words, &[]),
            ([_], _) => (&[], words),
            (_, Order::FirstName) => words.split_at(first_names(words)),
            // What is written first is the surname, of one word but for its particles.
            (_, Order::Surname) => {
                let particles = words
                    .iter()
                    .take(words.len() - 2)
                    .take_while(|word| PARTICLES.contains(&word.as_str()))
                    .count();
                let (surname, first_name) = words.split_at(particles + 1);
                (first_name, surname)
            }
        }
    }
}

/// How many of the words are first names: one, and what after it is an initial or a given name, but for the last word.
fn first_names(words: &[String]) -> usize {
    let middle = &words[1..words.len() - 1];
    1 + middle
        .iter()
        .take_while(|word| {
            let initial = word.chars().nth(1).is_none();
            initial || (nickname::is_given_name(word) && !PARTICLES.contains(&word.as_str()))
        })
        .count()
}

/// Which half comes first: a comma says it where it is written, otherwise the side on which the given names are.
fn order(texts: &[Halves]) -> Option<Order> {
    let known: Vec<&Halves> = texts.iter().filter(|text| text.is_known()).collect();
    let share = |is: &dyn Fn(&Halves) -> bool| {
        float(known.iter().filter(|text| is(text)).count()) / float(known.len().max(1))
    };
    let company = |text: &Halves| text.words().any(|word| OF_COMPANIES.contains(&word));
    let person = |text: &Halves| {
        let letters = |word: &str| !word.chars().any(|letter| letter.is_ascii_digit());
        (2..=5).contains(&text.words().count()) && text.words().all(letters)
    };
    if share(&company) > FEW_COMPANIES || share(&person) < MOST {
        return None;
    }
    let comma = share(&|text| !text.after.is_empty());
    let given = |word: Option<&String>| word.is_some_and(|word| nickname::is_given_name(word));
    let plain = |text: &Halves| text.after.is_empty() && text.before.len() > 1;
    let first = share(&|text| plain(text) && given(text.before.first()));
    let last = share(&|text| plain(text) && given(text.before.last()));
    let plain = share(&plain).max(f64::MIN_POSITIVE);
    if first >= SOME_GIVEN * plain && first >= MORE_GIVEN * last {
        Some(Order::FirstName)
    } else if last >= SOME_GIVEN * plain && last >= MORE_GIVEN * first {
        Some(Order::Surname)
    } else {
        // Nearly all have a comma; for the rest the surname is taken to be first as well.
        (comma >= MOST).then_some(Order::Surname)
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    fn halves(texts: &[&str]) -> Option<Vec<(String, String)>> {
        let [first, last] = split(texts.iter().copied())?;
        Some(first.into_iter().zip(last).collect())
    }

    fn pairs(of: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(
            of.iter()
                .map(|(one, other)| ((*one).to_owned(), (*other).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_comma_or_the_given_names_tell_the_order() {
        assert_eq!(
            halves(&[
                "Ann Miller",
                "MARY ANN O'Brien Jr.",
                "Robert T. de la Cruz",
                "N/A",
                "Jones, Susan",
                "Helen"
            ]),
            pairs(&[
                ("ann", "miller"),
                ("mary ann", "obrien"),
                ("robert t", "de la cruz"),
                ("", ""),
                ("susan", "jones"),
                ("helen", "")
            ])
        );
        assert_eq!(
            halves(&["Miller Ann", "van Dyke Susan", "Stone Robert"]),
            pairs(&[
                ("ann", "miller"),
                ("susan", "van dyke"),
                ("robert", "stone")
            ])
        );
        assert_eq!(
            halves(&["Świątek, Iga", "Nowak, Zofia Ewa"]),
            pairs(&[("iga", "świątek"), ("zofia ewa", "nowak")])
        );
    }

    #[test]
    fn companies_and_what_nothing_tells_stay_as_they_are() {
        assert_eq!(
            halves(&["Garner, Fisher and Cook Corp.", "Lewis Health Inc"]),
            None
        );
        assert_eq!(halves(&["arts delicatessen", "spago", "cafe bizou"]), None);
        assert_eq!(halves(&["Zofia Nowak", "Iga Świątek"]), None);
    }
}
