//! Reading a policy as a whole: every mistake is told, with its place and with what to write instead.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ADVERTISING, CountedFrom, Counting, MOST_COUNTED, NECESSARY, Policy, Purpose, Regime, Rule,
    SMALLEST_GROUP, Use, Uses, place,
};
use crate::document::{self, DocumentError, LONGEST_NAME, Member, Mistakes, Node, meant, start};

/// Purposes that a space may have.
const MOST_PURPOSES: usize = 64;
/// Characters of a label or a description.
const LONGEST_TEXT: usize = 1_000;
/// Characters of a name that is counted.
const LONGEST_COUNTED: usize = 128;
/// What a policy can say.
const FIELDS: [&str; 9] = [
    "version",
    "purposes",
    "uses",
    "gpc_denies",
    "default",
    "unknown",
    "jurisdictions",
    "categories",
    "counting",
];
/// How policies said it before each use was named.
const OLDER_FIELDS: [&str; 3] = ["default_regime", "collect_purpose", "decide_purpose"];
/// The key of destinations that are not named.
const DESTINATIONS: &str = "destinations";

impl Policy {
    /// Reads and checks a policy, as it is written or as it was stored by any version.
    ///
    /// # Errors
    /// Every mistake that was found (the first 50), in the order of the document.
    pub fn read(document: &str) -> Result<Self, Vec<DocumentError>> {
        let root = document::read(document)?;
        let mut reader = Reader::default();
        let policy = reader.policy(root);
        reader.mistakes.or_told(policy)
    }
}

/// What was found on the way.
#[derive(Default)]
struct Reader {
    mistakes: Mistakes,
    /// The names of the purposes, once they are read.
    purposes: Vec<String>,
    /// Whether it says what is counted.
    counts: bool,
}

impl Reader {
    fn policy(&mut self, root: Node<'_>) -> Option<Policy> {
        let fields = self.mistakes.object(
            root,
            "",
            "write the policy as {\"purposes\":[…],\"uses\":{…},…}",
        )?;
        for field in &fields {
            let known = FIELDS.iter().chain(&OLDER_FIELDS).copied();
            if !known.clone().any(|known| known == field.name) {
                self.mistakes
                    .unknown(field, &field.name, "a policy", FIELDS.into_iter());
            }
        }
        let get = |name: &str| {
            fields
                .iter()
                .find(|field| field.name == name)
                .map(|field| field.value)
        };
        let version = get("version").map_or(Some(0), |node| self.version(node));
        let purposes = match get("purposes") {
            Some(node) => self.all_purposes(node),
            None => self.mistakes.missing(
                root,
                "purposes",
                "\"purposes\": [\"necessary\", \"analytics\"]",
            ),
        }
        .unwrap_or_default();
        self.purposes = purposes
            .iter()
            .map(|purpose| purpose.name.clone())
            .collect();
        let older = [get("collect_purpose"), get("decide_purpose")];
        let uses = match (get("uses"), older) {
            (Some(node), [None, None]) => self.uses(node),
            (None, [Some(collect), Some(decide)]) => self.older_uses(collect, decide),
            (Some(_), [Some(node), _] | [None, Some(node)]) => {
                self.mistakes.wrong_name(
                    node,
                    "collect_purpose",
                    "\"uses\" says it already: remove this field",
                );
                None
            }
            (None, [None, None]) => self.mistakes.missing(
                root,
                "uses",
                "\"uses\": {\"store\": [\"analytics\"], \"send\": [\"analytics\"], …}",
            ),
            (None, _) => self.mistakes.missing(
                root,
                "uses",
                "\"uses\" instead of collect_purpose and decide_purpose",
            ),
        };
        let gpc_denies = match get("gpc_denies") {
            Some(node) => self.denied_by_gpc(node, "gpc_denies"),
            None => self.mistakes.missing(
                root,
                "gpc_denies",
                "\"gpc_denies\": [\"advertising\", \"sale_or_share\"], or [] where it is not honoured",
            ),
        };
        let counting = get("counting").map(|node| self.counting(node));
        self.counts = counting.is_some();
        let (default, unknown) = match (get("default"), get("default_regime")) {
            (Some(node), None) => (self.rule(node, "default"), Some(Rule::default())),
            (None, Some(node)) => {
                let regime = self.regime(node, "default_regime").map(Rule::from);
                (regime.clone(), regime)
            }
            (Some(_), Some(node)) => {
                self.mistakes.wrong_name(
                    node,
                    "default_regime",
                    "\"default\" says it already: remove this field",
                );
                (None, None)
            }
            (None, None) => (
                self.mistakes
                    .missing(root, "default", "\"default\": \"opt_in\""),
                None,
            ),
        };
        let unknown = get("unknown").map_or(unknown, |node| self.rule(node, "unknown"));
        let jurisdictions =
            get("jurisdictions").map_or(Some(BTreeMap::new()), |node| self.jurisdictions(node));
        let categories =
            get("categories").map_or(Some(BTreeMap::new()), |node| self.categories(node));
        Some(Policy {
            version: version?,
            purposes,
            uses: uses?,
            gpc_denies: gpc_denies?,
            default: default?,
            unknown: unknown?,
            jurisdictions: jurisdictions?,
            categories: categories?,
            counting: match counting {
                Some(counting) => Some(counting?),
                None => None,
            },
        })
    }

    fn version(&mut self, node: Node<'_>) -> Option<u32> {
        let version = node.parse();
        self.mistakes.or_wrong(
            version,
            node,
            "version",
            "write a whole number, or nothing: publishing counts",
        )
    }

    fn all_purposes(&mut self, node: Node<'_>) -> Option<Vec<Purpose>> {
        let items = node.items();
        let items = self
            .mistakes
            .or_wrong(items, node, "purposes", "write a list of purposes")?;
        if items.len() > MOST_PURPOSES {
            let most = format!("a space may have {MOST_PURPOSES} purposes");
            return self.mistakes.wrong(node, "purposes", most);
        }
        let mut purposes: Vec<Purpose> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("purposes[{index}]");
            let Some(purpose) = self.purpose(item, &path) else {
                continue;
            };
            if purposes.iter().any(|known| known.name == purpose.name) {
                let twice = format!("\"{}\" is there twice: remove one", purpose.name);
                self.mistakes.wrong::<()>(item, &path, twice);
                continue;
            }
            purposes.push(purpose);
        }
        if !purposes.iter().any(|purpose| purpose.name == NECESSARY) {
            let necessary = Policy::default().purposes.into_iter().next();
            purposes.splice(0..0, necessary);
        }
        Some(purposes)
    }

    fn purpose(&mut self, node: Node<'_>, path: &str) -> Option<Purpose> {
        if let Some(name) = node.text() {
            let name = self.name(node, path, name)?;
            return Some(Purpose {
                name,
                ..Purpose::default()
            });
        }
        let form = "write a name, or {\"name\":\"analytics\",\"label\":\"Analytics\",\"description\":\"…\"}";
        let fields = self.mistakes.object(node, path, form)?;
        let mut purpose = Purpose::default();
        for field in &fields {
            let place = format!("{path}.{}", field.name);
            let text = match field.name.as_ref() {
                "name" | "label" | "description" => {
                    let text = field
                        .value
                        .text()
                        .filter(|text| text.chars().count() <= LONGEST_TEXT);
                    let most = format!("write a text of at most {LONGEST_TEXT} characters");
                    self.mistakes.or_wrong(text, field.value, &place, most)?
                }
                _ => {
                    let known = ["name", "label", "description"];
                    self.mistakes
                        .unknown(field, &place, "a purpose", known.into_iter());
                    continue;
                }
            };
            match field.name.as_ref() {
                "name" => purpose.name = self.name(field.value, &place, text)?,
                "label" => purpose.label = text,
                _ => purpose.description = text,
            }
        }
        if purpose.name.is_empty() {
            return self.mistakes.wrong(node, path, form);
        }
        Some(purpose)
    }

    /// A name that stands as it is in the browser's settings and in receipts.
    fn name(&mut self, node: Node<'_>, path: &str, name: String) -> Option<String> {
        let plain =
            |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-' | b'.');
        let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(plain);
        let hint = format!(
            "a purpose's name has 1 to {LONGEST_NAME} letters, digits, \"_\", \"-\" and \".\""
        );
        self.mistakes
            .or_wrong(fits.then_some(name), node, path, hint)
    }

    fn uses(&mut self, node: Node<'_>) -> Option<Uses> {
        let members = self.mistakes.object(
            node,
            "uses",
            "write {\"store\":[\"analytics\"],\"send\":[…],…}",
        )?;
        let mut uses = Uses::default();
        let mut said = BTreeSet::new();
        for member in &members {
            let path = format!("uses.{}", member.name);
            let (place, named) = match (Use::from_word(&member.name), member.name.as_ref()) {
                (_, DESTINATIONS) => (&mut uses.destinations, DESTINATIONS.to_owned()),
                (Some(Use::Destination(id)), _) if is_destination(id) => {
                    (uses.named.entry(id.to_owned()).or_default(), String::new())
                }
                (Some(each), _) if !matches!(each, Use::Destination(_)) => {
                    (place_of(&mut uses, each), each.to_string())
                }
                _ => {
                    let known = Use::ALL.map(|each| each.to_string());
                    let known = known.iter().map(String::as_str);
                    self.mistakes.unknown(
                        member,
                        &path,
                        "\"uses\"",
                        known.chain([DESTINATIONS, "destination:<its id>"]),
                    );
                    continue;
                }
            };
            said.insert(named);
            if let Some(purposes) = self.needed(member.value, &path) {
                *place = purposes;
            }
        }
        let every = Use::ALL.map(|each| each.to_string());
        for word in every.iter().map(String::as_str).chain([DESTINATIONS]) {
            if !said.contains(word) {
                let missing = format!(
                    "\"{word}\" is missing: write the purposes that it needs, such as \"{word}\": [\"{}\"]",
                    self.purposes.get(1).map_or(NECESSARY, String::as_str)
                );
                self.mistakes.wrong::<()>(node, "uses", missing);
            }
        }
        Some(uses)
    }

    /// The uses of a policy that knew two purposes only.
    fn older_uses(&mut self, collect: Node<'_>, decide: Node<'_>) -> Option<Uses> {
        let mut one = |node: Node<'_>, path: &str| {
            let name = node.text();
            let name = self
                .mistakes
                .or_wrong(name, node, path, "write a purpose's name")?;
            self.known(node, path, &name).then(|| vec![name])
        };
        let (collect, decide) = (
            one(collect, "collect_purpose"),
            one(decide, "decide_purpose"),
        );
        let (collect, decide) = (collect?, decide?);
        let others = || {
            self.purposes
                .iter()
                .filter(|name| *name != NECESSARY)
                .cloned()
        };
        let advertising: Vec<String> = others().filter(|name| name == ADVERTISING).collect();
        Some(Uses {
            store: collect.clone(),
            send: collect.clone(),
            link: collect.clone(),
            traits: collect.clone(),
            audiences: collect,
            decisions: decide,
            destinations: match advertising.is_empty() {
                true => others().collect(),
                false => advertising,
            },
            named: BTreeMap::new(),
        })
    }

    /// The purposes of a use: at least one.
    fn needed(&mut self, node: Node<'_>, path: &str) -> Option<Vec<String>> {
        let purposes = self.purposes_of(node, path)?;
        if node.items().is_some_and(|items| items.is_empty()) {
            let hint = "an empty list would allow nothing: write the purposes that it needs, or [\"necessary\"] where it needs no agreement";
            return self.mistakes.wrong(node, path, hint);
        }
        Some(purposes)
    }

    /// A list of purposes that exist.
    fn purposes_of(&mut self, node: Node<'_>, path: &str) -> Option<Vec<String>> {
        let items = node.items();
        let items = self.mistakes.or_wrong(
            items,
            node,
            path,
            "write a list of purposes, such as [\"analytics\"]",
        )?;
        let mut purposes: Vec<String> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let name = item.text();
            let Some(name) = self
                .mistakes
                .or_wrong(name, item, &path, "write a purpose's name")
            else {
                continue;
            };
            if !self.known(item, &path, &name) {
                continue;
            }
            if purposes.contains(&name) {
                self.mistakes.wrong::<()>(
                    item,
                    &path,
                    format!("\"{name}\" is there twice: remove one"),
                );
                continue;
            }
            purposes.push(name);
        }
        Some(purposes)
    }

    fn denied_by_gpc(&mut self, node: Node<'_>, path: &str) -> Option<Vec<String>> {
        let purposes = self.purposes_of(node, path)?;
        if purposes.iter().any(|purpose| purpose == NECESSARY) {
            return self.mistakes.wrong(
                node,
                path,
                "\"necessary\" is always allowed: remove it here",
            );
        }
        Some(purposes)
    }

    fn regime(&mut self, node: Node<'_>, path: &str) -> Option<Regime> {
        let regime = node.parse();
        self.mistakes
            .or_wrong(regime, node, path, "write \"opt_in\" or \"opt_out\"")
    }

    /// A place's rule: a regime, or an object with one.
    fn rule(&mut self, node: Node<'_>, path: &str) -> Option<Rule> {
        if node.text().is_some() {
            return self.regime(node, path).map(Rule::from);
        }
        let form = "write \"opt_in\", \"opt_out\", or {\"regime\":\"opt_out\",\"purposes\":{\"advertising\":\"opt_in\"},\"gpc_denies\":[…]}";
        let fields = self.mistakes.object(node, path, form)?;
        let mut rule = Rule::default();
        let mut regime = None;
        for field in &fields {
            let place = format!("{path}.{}", field.name);
            match field.name.as_ref() {
                "regime" => regime = Some(self.regime(field.value, &place)?),
                "purposes" => rule.purposes = self.regimes(field.value, &place)?,
                "gpc_denies" => rule.gpc_denies = Some(self.denied_by_gpc(field.value, &place)?),
                "counting" => rule.counting = Some(self.counted_from(field.value, &place)?),
                _ => {
                    let known = ["regime", "purposes", "gpc_denies", "counting"];
                    self.mistakes
                        .unknown(field, &place, "a place's rule", known.into_iter());
                }
            }
        }
        match regime {
            Some(regime) => Some(Rule { regime, ..rule }),
            None => self.mistakes.wrong(
                node,
                path,
                "\"regime\" is missing: write \"opt_in\" or \"opt_out\"",
            ),
        }
    }

    fn regimes(&mut self, node: Node<'_>, path: &str) -> Option<BTreeMap<String, Regime>> {
        let members = self
            .mistakes
            .object(node, path, "write {\"advertising\":\"opt_in\"}")?;
        let mut regimes = BTreeMap::new();
        for member in &members {
            let place = format!("{path}.{}", member.name);
            let known = self.known_name(member, &place);
            if known && member.name == NECESSARY {
                self.mistakes.wrong_name(
                    member.value,
                    &place,
                    "\"necessary\" is always allowed: remove it here",
                );
            }
            if let Some(regime) = self.regime(member.value, &place) {
                regimes.insert(member.name.to_string(), regime);
            }
        }
        Some(regimes)
    }

    fn jurisdictions(&mut self, node: Node<'_>) -> Option<BTreeMap<String, Rule>> {
        let form = "write {\"DE\":\"opt_in\",\"US-CA\":{\"regime\":\"opt_out\"}}";
        let members = self.mistakes.object(node, "jurisdictions", form)?;
        let mut rules = BTreeMap::new();
        for member in &members {
            let path = format!("jurisdictions.{}", member.name);
            if let Err(wrong) = place::check(&member.name) {
                let wrong = format!("\"{}\": {wrong}", start(&member.name));
                self.mistakes.wrong_name(member.value, &path, wrong);
            }
            if let Some(rule) = self.rule(member.value, &path) {
                rules.insert(member.name.to_string(), rule);
            }
        }
        Some(rules)
    }

    fn categories(&mut self, node: Node<'_>) -> Option<BTreeMap<String, Vec<String>>> {
        let form = "write {\"C0002\":[\"analytics\"],\"Marketing\":[\"advertising\"]}";
        let members = self.mistakes.object(node, "categories", form)?;
        let mut categories = BTreeMap::new();
        for member in &members {
            let path = format!("categories.{}", member.name);
            let length = member.name.chars().count();
            if !(1..=LONGEST_NAME).contains(&length) {
                let hint = format!("a category's name has 1 to {LONGEST_NAME} characters");
                self.mistakes.wrong_name(member.value, &path, hint);
            }
            if self.purposes.iter().any(|purpose| *purpose == member.name) {
                let hint = "a purpose has this name and stands for itself: remove the category";
                self.mistakes.wrong_name(member.value, &path, hint);
            }
            if let Some(purposes) = self.needed(member.value, &path) {
                categories.insert(member.name.to_string(), purposes);
            }
        }
        Some(categories)
    }

    fn counted_from(&mut self, node: Node<'_>, path: &str) -> Option<CountedFrom> {
        if !self.counts {
            let hint = "the policy does not say what is counted: write \"counting\": {\"minimum_group\": 20, \"events\": […], \"pages\": […]} beside \"jurisdictions\"";
            self.mistakes.wrong_name(node, path, hint);
        }
        let from = node.parse();
        let hint = "write \"refusal\" to count who refused, or \"start\" to count who has not chosen, too; leave it away to count nobody";
        self.mistakes.or_wrong(from, node, path, hint)
    }

    /// What is counted of people who did not agree.
    fn counting(&mut self, node: Node<'_>) -> Option<Counting> {
        let form =
            "write {\"minimum_group\":20,\"events\":[\"Order Completed\"],\"pages\":[\"/\"]}";
        let fields = self.mistakes.object(node, "counting", form)?;
        let mut counting = Counting::default();
        for field in &fields {
            let path = format!("counting.{}", field.name);
            match field.name.as_ref() {
                "minimum_group" => {
                    let smallest = field.value.parse().filter(|least| *least >= SMALLEST_GROUP);
                    let hint = format!("write a whole number of at least {SMALLEST_GROUP}");
                    counting.minimum_group =
                        self.mistakes.or_wrong(smallest, field.value, &path, hint)?;
                }
                "events" => counting.events = self.counted(field.value, &path, false)?,
                "pages" => counting.pages = self.counted(field.value, &path, true)?,
                _ => {
                    let known = ["minimum_group", "events", "pages"];
                    self.mistakes
                        .unknown(field, &path, "\"counting\"", known.into_iter());
                }
            }
        }
        if counting.minimum_group == 0 {
            return self.mistakes.wrong(
                node,
                "counting",
                "\"minimum_group\" is missing: write the smallest number that may be shown, such as 20",
            );
        }
        if counting.events.is_empty() && counting.pages.is_empty() {
            return self.mistakes.wrong(
                node,
                "counting",
                "nothing is named: write \"events\", \"pages\" or both",
            );
        }
        Some(counting)
    }

    /// Names that are counted as they are: no patterns, because a path may have somebody's name in it.
    fn counted(&mut self, node: Node<'_>, path: &str, paths: bool) -> Option<Vec<String>> {
        let items = node.items();
        let items = self
            .mistakes
            .or_wrong(items, node, path, "write a list of names")?;
        if items.len() > MOST_COUNTED {
            let most = format!("at most {MOST_COUNTED} can be counted");
            return self.mistakes.wrong(node, path, most);
        }
        let mut names: Vec<String> = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let fits = |name: &String| {
                let length = name.chars().count();
                (1..=LONGEST_COUNTED).contains(&length)
                    && !name.contains(char::is_control)
                    && (!paths || name.starts_with('/') && !name.contains(['?', '#', '*']))
            };
            let hint = if paths {
                format!(
                    "write a page's whole path such as \"/prices\", without query and patterns, of at most {LONGEST_COUNTED} characters"
                )
            } else {
                format!(
                    "write an event's name such as \"Order Completed\", of at most {LONGEST_COUNTED} characters"
                )
            };
            let Some(name) = self
                .mistakes
                .or_wrong(item.text().filter(fits), item, &path, hint)
            else {
                continue;
            };
            if names.contains(&name) {
                let twice = format!("\"{}\" is there twice: remove one", start(&name));
                self.mistakes.wrong::<()>(item, &path, twice);
                continue;
            }
            names.push(name);
        }
        Some(names)
    }

    fn known(&mut self, node: Node<'_>, path: &str, name: &str) -> bool {
        let known = self.purposes.iter().any(|purpose| purpose == name);
        if !known {
            let hint = self.no_such_purpose(name);
            self.mistakes.wrong::<()>(node, path, hint);
        }
        known
    }

    fn known_name(&mut self, member: &Member<'_>, path: &str) -> bool {
        let known = self.purposes.iter().any(|purpose| *purpose == member.name);
        if !known {
            let hint = self.no_such_purpose(&member.name);
            self.mistakes.wrong_name(member.value, path, hint);
        }
        known
    }

    fn no_such_purpose(&self, name: &str) -> String {
        let known = self.purposes.iter().map(String::as_str);
        format!(
            "there is no purpose \"{}\"{}: the policy has {}",
            start(name),
            meant(name, known),
            self.purposes.join(", ")
        )
    }
}

fn place_of<'u>(uses: &'u mut Uses, each: Use<'_>) -> &'u mut Vec<String> {
    match each {
        Use::Store => &mut uses.store,
        Use::Send => &mut uses.send,
        Use::Link => &mut uses.link,
        Use::Traits => &mut uses.traits,
        Use::Audiences => &mut uses.audiences,
        Use::Decisions => &mut uses.decisions,
        Use::Destination(_) => &mut uses.destinations,
    }
}

fn is_destination(id: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'_' | b'-');
    (1..=LONGEST_NAME).contains(&id.len()) && id.bytes().all(plain)
}
