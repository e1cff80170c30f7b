//! How rows become messages. Described for people in `docs/import.md`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A mapping as it is written in JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    /// Part of every message id: change it to import the same rows as something else.
    pub(crate) name: String,
    /// Which call the messages are.
    #[serde(rename = "type", default)]
    pub(super) kind: Kind,
    /// Of a track: its name; the first that fits.
    #[serde(default)]
    pub(super) event: Vec<EventName>,
    /// Rows with the same text in this column become one message. Without it each row is one.
    pub(super) group_by: Option<String>,
    /// The customer's own id of the person.
    pub(super) user_id: Option<Column>,
    /// The browser's id of the person.
    pub(super) anonymous_id: Option<Column>,
    /// The person's e-mail address, put into the message's traits.
    pub(super) email: Option<Column>,
    /// When it happened. `2010-12-01 08:26:00` is taken as UTC.
    pub(super) timestamp: Option<Column>,
    /// Properties of a track.
    #[serde(default)]
    pub(super) properties: BTreeMap<String, Column>,
    /// Traits of an identify.
    #[serde(default)]
    pub(super) traits: BTreeMap<String, Column>,
    /// The rows of a group as a list in the properties.
    pub(super) items: Option<Items>,
    /// Exact decimal sums over the rows of a group, put into the properties.
    #[serde(default)]
    pub(super) sums: BTreeMap<String, Sum>,
}

/// Calls that a file can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// Something happened.
    #[default]
    Track,
    /// Who somebody is.
    Identify,
}

/// A name, perhaps for some rows only.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventName {
    pub(super) name: String,
    #[serde(default)]
    pub(super) when: Option<When>,
}

/// What a row must be like.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    pub(super) column: String,
    pub(super) starts_with: String,
}

/// A value of a row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Column {
    pub(super) column: String,
    /// How the text is read.
    #[serde(rename = "type", default)]
    pub(super) kind: ColumnKind,
    /// Taken away from the end, such as the `.0` that a spreadsheet put behind an id.
    #[serde(default)]
    pub(super) remove_suffix: Option<String>,
}

/// How a text is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ColumnKind {
    /// As it is.
    #[default]
    Text,
    /// As a number.
    Number,
    /// `true` or `false`, `1` or `0`, `yes` or `no`.
    Boolean,
}

/// A list with one object a row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Items {
    pub(super) property: String,
    pub(super) fields: BTreeMap<String, Column>,
}

/// The sum over rows of the product of these columns.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sum {
    pub(super) multiply: Vec<String>,
}

impl Mapping {
    /// Reads a mapping and checks that it hangs together.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let mapping: Self = serde_json::from_str(text)
            .map_err(|error| format!("the mapping cannot be read: {error}"))?;
        if mapping.name.is_empty() {
            return Err("the mapping needs a \"name\"".to_owned());
        }
        if mapping.kind == Kind::Track && mapping.event.is_empty() {
            return Err(
                "the mapping needs \"event\", such as [{\"name\": \"Order Completed\"}]".to_owned(),
            );
        }
        if mapping.group_by.is_none() && (mapping.items.is_some() || !mapping.sums.is_empty()) {
            return Err("\"items\" and \"sums\" are over the rows of a group: say which rows belong together with \"group_by\"".to_owned());
        }
        Ok(mapping)
    }

    /// Every column that the mapping names.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let single = [
            &self.user_id,
            &self.anonymous_id,
            &self.email,
            &self.timestamp,
        ]
        .into_iter()
        .flatten();
        let fields = self.items.iter().flat_map(|items| items.fields.values());
        let values = single
            .chain(self.properties.values())
            .chain(self.traits.values())
            .chain(fields)
            .map(|value| value.column.as_str());
        let whens = self
            .event
            .iter()
            .filter_map(|name| Some(name.when.as_ref()?.column.as_str()));
        let sums = self
            .sums
            .values()
            .flat_map(|sum| sum.multiply.iter().map(String::as_str));
        values
            .chain(whens)
            .chain(sums)
            .chain(self.group_by.as_deref())
    }
}
