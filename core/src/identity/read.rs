//! Reading identity rules as a whole: every mistake is told, with its place and with what to write instead.

use std::collections::BTreeSet;

use super::rules::{Blocked, Form, Kind, Period, Rules, is_country};
use crate::document::{self, DocumentError, LONGEST_NAME, Mistakes, Node};

const FIELDS: [&str; 8] = [
    "version",
    "country",
    "kinds",
    "blocked",
    "conflict",
    "shared_devices",
    "sign_out_events",
    "blast_radius",
];
const KIND: [&str; 6] = ["kind", "form", "unique", "most", "period", "shared_above"];
/// Kinds that a space may have.
const MOST_KINDS: usize = 32;
/// Blocked values, patterns, and names of events that a space may have of each.
const MOST_VALUES: usize = 1_000;
/// Characters of such a value.
const LONGEST: usize = 200;
/// The largest figure of a limit.
const MOST: u32 = 1_000_000;

impl Rules {
    /// Reads and checks rules. What they do not say is as in the default rules.
    ///
    /// # Errors
    /// Every mistake that was found (the first 50), in the order of the document.
    pub fn read(document: &str) -> Result<Self, Vec<DocumentError>> {
        let root = document::read(document)?;
        let mut reader = Reader::default();
        let rules = reader.rules(root);
        reader.0.or_told(rules)
    }
}

#[derive(Default)]
struct Reader(Mistakes);

impl Reader {
    fn rules(&mut self, root: Node<'_>) -> Option<Rules> {
        let form = "write the rules as {\"kinds\":[{\"kind\":\"user_id\",\"unique\":true},…],…}";
        let fields = self.0.object(root, "", form)?;
        let mut rules = Rules::default();
        for field in &fields {
            let (name, node) = (field.name.as_ref(), field.value);
            // A mistake is noted where it is found; the others are looked for all the same.
            match name {
                "version" => {
                    let hint = "write a whole number, or nothing: publishing counts";
                    self.value(node, name, hint, &mut rules.version);
                }
                "country" => self.country(node, &mut rules.country),
                "kinds" => self.kinds(node, &mut rules.kinds),
                "blocked" => self.blocked(node, &mut rules.blocked),
                "conflict" => {
                    let hint = "write \"first_owner\", \"last_owner\" or \"detach\"";
                    self.value(node, name, hint, &mut rules.conflict);
                }
                "shared_devices" => {
                    let hint = "write \"owner\" or \"by_time\"";
                    self.value(node, name, hint, &mut rules.shared_devices);
                }
                "sign_out_events" => {
                    if let Some(names) = self.texts(node, name) {
                        rules.sign_out_events = names;
                    }
                }
                "blast_radius" => {
                    if let Some(radius) = self.figure(node, name, 2) {
                        rules.blast_radius = radius;
                    }
                }
                _ => self.0.unknown(field, name, "the rules", FIELDS.into_iter()),
            }
        }
        if !fields.iter().any(|field| field.name == "kinds") {
            self.0.missing::<()>(
                root,
                "kinds",
                "\"kinds\": [{\"kind\": \"user_id\", \"unique\": true}, {\"kind\": \"email\", \"form\": \"email\", \"most\": 5, \"shared_above\": 3}, {\"kind\": \"anonymous_id\"}]",
            );
        }
        Some(rules)
    }

    fn value<'d, T: serde::Deserialize<'d>>(
        &mut self,
        node: Node<'d>,
        path: &str,
        hint: &str,
        place: &mut T,
    ) {
        if let Some(value) = self.0.or_wrong(node.parse(), node, path, hint) {
            *place = value;
        }
    }

    fn figure(&mut self, node: Node<'_>, path: &str, least: u32) -> Option<u32> {
        let figure = node
            .parse()
            .filter(|figure| (least..=MOST).contains(figure));
        let hint = format!("write a whole number from {least} to {MOST}");
        self.0.or_wrong(figure, node, path, hint)
    }

    fn country(&mut self, node: Node<'_>, place: &mut String) {
        let country = node.text().map(|text| text.to_uppercase());
        let country = country.filter(|country| is_country(country));
        let hint = "write a country's two letters, such as \"FR\": numbers without a country's code are read as its";
        if let Some(country) = self.0.or_wrong(country, node, "country", hint) {
            *place = country;
        }
    }

    fn kinds(&mut self, node: Node<'_>, place: &mut Vec<Kind>) {
        let hint = format!("write a list of 1 to {MOST_KINDS} kinds, the strongest first");
        let items = node
            .items()
            .filter(|items| (1..=MOST_KINDS).contains(&items.len()));
        let Some(items) = self.0.or_wrong(items, node, "kinds", hint) else {
            return;
        };
        let mut kinds: Vec<Kind> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("kinds[{index}]");
            let Some(kind) = self.kind(item, &path) else {
                continue;
            };
            if kinds.iter().any(|known| known.kind == kind.kind) {
                let twice = format!("\"{}\" is there twice: remove one", kind.kind);
                self.0.wrong::<()>(item, &path, twice);
                continue;
            }
            kinds.push(kind);
        }
        *place = kinds;
    }

    fn kind(&mut self, node: Node<'_>, path: &str) -> Option<Kind> {
        let form = "write {\"kind\":\"email\",\"form\":\"email\",\"most\":5,\"shared_above\":3}";
        let fields = self.0.object(node, path, form)?;
        // What is known of a kind by its name alone.
        let mut kind = Kind::default();
        let mut form_said = false;
        for field in &fields {
            let place = format!("{path}.{}", field.name);
            let node = field.value;
            match field.name.as_ref() {
                "kind" => kind.kind = self.name(node, &place)?,
                "form" => {
                    form_said = true;
                    self.value(
                        node,
                        &place,
                        "write \"text\", \"email\" or \"phone\"",
                        &mut kind.form,
                    );
                }
                "unique" => self.value(node, &place, "write true or false", &mut kind.unique),
                "most" => kind.most = self.figure(node, &place, 1),
                "shared_above" => kind.shared_above = self.figure(node, &place, 1),
                "period" => kind.period = self.period(node, &place),
                _ => self.0.unknown(field, &place, "a kind", KIND.into_iter()),
            }
        }
        if kind.kind.is_empty() {
            return self
                .0
                .wrong(node, path, format!("\"kind\" is missing: {form}"));
        }
        if kind.unique && kind.most.is_some() {
            let twice = "a unique kind has at most one value: remove \"most\" or \"unique\"";
            self.0.wrong::<()>(node, path, twice);
        }
        if !form_said {
            let usual = Rules::default()
                .kinds
                .into_iter()
                .find(|usual| usual.kind == kind.kind);
            kind.form = usual.map_or(Form::Text, |usual| usual.form);
        }
        Some(kind)
    }

    /// A name that stands before the colon of `kind:value`.
    fn name(&mut self, node: Node<'_>, path: &str) -> Option<String> {
        let plain =
            |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-' | b'.');
        let fits = |name: &String| {
            (1..=LONGEST_NAME).contains(&name.len())
                && name.bytes().all(plain)
                && !name.starts_with("prf_")
        };
        let hint = format!(
            "a kind's name has 1 to {LONGEST_NAME} letters, digits, \"_\", \"-\" and \".\", and does not begin as a profile's id does"
        );
        self.0.or_wrong(node.text().filter(fits), node, path, hint)
    }

    fn period(&mut self, node: Node<'_>, path: &str) -> Option<Period> {
        let form = "write {\"most\":5,\"days\":7}";
        let fields = self.0.object(node, path, form)?;
        let (mut most, mut days) = (None, None);
        for field in &fields {
            let place = format!("{path}.{}", field.name);
            match field.name.as_ref() {
                "most" => most = Some(self.figure(field.value, &place, 1)?),
                "days" => days = Some(self.figure(field.value, &place, 1)?),
                _ => self
                    .0
                    .unknown(field, &place, "a period", ["most", "days"].into_iter()),
            }
        }
        let period = most.zip(days).map(|(most, days)| Period { most, days });
        self.0.or_wrong(period, node, path, form)
    }

    fn blocked(&mut self, node: Node<'_>, place: &mut Blocked) {
        let form =
            "write {\"defaults\":true,\"values\":[\"kiosk\"],\"patterns\":[\"*@shop.example\"]}";
        let Some(fields) = self.0.object(node, "blocked", form) else {
            return;
        };
        for field in &fields {
            let path = format!("blocked.{}", field.name);
            match field.name.as_ref() {
                "defaults" => self.value(
                    field.value,
                    &path,
                    "write true or false",
                    &mut place.defaults,
                ),
                "values" => {
                    if let Some(values) = self.texts(field.value, &path) {
                        place.values = values;
                    }
                }
                "patterns" => {
                    let patterns = self.texts(field.value, &path).unwrap_or_default();
                    if patterns
                        .iter()
                        .any(|pattern| pattern.trim_matches('*').is_empty())
                    {
                        let hint = "a pattern of nothing but \"*\" would block everything: say what is to be blocked";
                        self.0.wrong::<()>(field.value, &path, hint);
                    }
                    place.patterns = patterns;
                }
                _ => {
                    let known = ["defaults", "values", "patterns"];
                    self.0
                        .unknown(field, &path, "\"blocked\"", known.into_iter());
                }
            }
        }
    }

    fn texts(&mut self, node: Node<'_>, path: &str) -> Option<Vec<String>> {
        let hint = format!("write a list of at most {MOST_VALUES} texts");
        let items = node.items().filter(|items| items.len() <= MOST_VALUES);
        let items = self.0.or_wrong(items, node, path, hint)?;
        let mut texts = BTreeSet::new();
        for (index, item) in items.into_iter().enumerate() {
            let place = format!("{path}[{index}]");
            let text = item.text().map(|text| text.trim().to_owned());
            let text = text.filter(|text| (1..=LONGEST).contains(&text.chars().count()));
            let hint = format!("write a text of 1 to {LONGEST} characters");
            texts.extend(self.0.or_wrong(text, item, &place, hint));
        }
        Some(texts.into_iter().collect())
    }
}
