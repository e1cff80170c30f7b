//! Whose data a request is about: everything that evidence says is one person, whatever consent lets be linked.

use std::collections::BTreeSet;

use cdp_core::identifier::Identifier;
use cdp_core::identity::{self, Rules};
use serde::{Deserialize, Serialize};
use sqlx::{AnyConnection, Row as _};

use super::request::Subject;
use crate::app::App;
use crate::database::rows::Many;
use crate::error::{Code, Error, Result};
use crate::identity::store::is_person;
use crate::profile;

/// A person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Person {
    /// Their identifiers, `kind:value`.
    pub(super) identifiers: BTreeSet<String>,
    /// Of the identifiers that evidence gives to them, those that it also ties to somebody else by something stronger, such as
    /// a household's address or a browser that two people use: they are not theirs alone.
    pub(super) shared: BTreeSet<String>,
    /// The ids of the profiles that they are or were.
    pub(super) profiles: BTreeSet<String>,
    /// Identifiers of others that were seen with theirs.
    pub(super) beside: BTreeSet<String>,
    /// Identifiers that nobody names any more and whose events came to be theirs.
    #[serde(default)]
    pub(super) former: BTreeSet<String>,
}

/// The identifier that a request names, in normal form.
pub(super) async fn named(app: &App, space_id: &str, subject: Subject) -> Result<Identifier> {
    let say = |why: &str| {
        Error::new(
            Code::InvalidDefinition,
            format!(
                "\"subject\" names a person by an identifier such as \"email:ada@example.com\", or by a profile's id: {why}"
            ),
        )
    };
    let rules = app.sources.identity(space_id);
    let written = match subject {
        Subject::Text(text) if text.starts_with("prf_") => {
            let id = profile::find(app, space_id, &text).await?;
            let names = profile::names(app, space_id, &id).await?;
            let strongest = names
                .into_iter()
                .min_by_key(|one| rules.place(one.kind()).unwrap_or(usize::MAX));
            return strongest.ok_or_else(|| Error::not_found("profile"));
        }
        Subject::Text(text) => text.parse().map_err(|why: String| say(&why))?,
        Subject::Parts { kind, value } => Identifier::new(&kind, &value),
    };
    rules
        .identifier(written.kind(), written.value())
        .map_err(|why| say(&format!("this one names nobody ({why:?})")))
}

impl Person {
    /// The person behind an identifier. Whoever is unknown is that identifier alone.
    pub(super) async fn of(
        connection: &mut AnyConnection,
        rules: &Rules,
        space_id: &str,
        subject: &str,
    ) -> Result<Self> {
        let sql = concat!(
            "SELECT n.identifier AS identifier, n.profile_id AS profile_id, n.person_id AS person_id FROM identity_node mine \
             CROSS JOIN identity_node n WHERE mine.space_id = $1 AND mine.identifier = $2 AND n.space_id = $1 AND ",
            is_person!("mine.person_id")
        );
        let rows = sqlx::query(sql)
            .bind(space_id)
            .bind(subject)
            .fetch_all(&mut *connection)
            .await?;
        let mut person = Self::default();
        person.identifiers.insert(subject.to_owned());
        for row in &rows {
            person.identifiers.insert(row.try_get("identifier")?);
            person.profiles.insert(row.try_get("profile_id")?);
            person.profiles.insert(row.try_get("person_id")?);
        }
        person.part(connection, rules, space_id).await?;
        person.name_profiles(connection, space_id).await?;
        person.name_former(connection, space_id).await?;
        Ok(person)
    }

    /// Finds out what is not theirs alone.
    async fn part(
        &mut self,
        connection: &mut AnyConnection,
        rules: &Rules,
        space_id: &str,
    ) -> Result<()> {
        let place = |name: &String| {
            let kind = name.split_once(':').map_or("", |(kind, _)| kind);
            rules.place(kind).unwrap_or(usize::MAX)
        };
        for sql in [
            "WITH wanted (identifier) AS (VALUES {rows}) SELECT e.a AS mine, e.b AS other FROM wanted w CROSS JOIN identity_edge e \
             WHERE e.space_id = $1 AND e.a = w.identifier",
            "WITH wanted (identifier) AS (VALUES {rows}) SELECT e.b AS mine, e.a AS other FROM wanted w CROSS JOIN identity_edge e \
             WHERE e.space_id = $1 AND e.b = w.identifier",
        ] {
            let query = Many::new(sql, [space_id.into()]);
            let keys: Vec<_> = self.identifiers.iter().map(|one| [one.into()]).collect();
            for row in query.rows(keys).fetch(connection).await? {
                let (mine, other): (String, String) = (row.try_get("mine")?, row.try_get("other")?);
                if self.identifiers.contains(&other) {
                    continue;
                }
                if place(&other) < place(&mine) {
                    self.shared.insert(mine);
                }
                self.beside.insert(other);
            }
        }
        for shared in &self.shared {
            self.identifiers.remove(shared);
        }
        Ok(())
    }

    /// Takes in the ids that their profiles had before merges.
    async fn name_profiles(
        &mut self,
        connection: &mut AnyConnection,
        space_id: &str,
    ) -> Result<()> {
        let query = Many::new(
            "WITH wanted (identifier) AS (VALUES {rows}) SELECT s.profile_id AS profile_id FROM wanted w CROSS JOIN profile_seed s \
             WHERE s.space_id = $1 AND s.identifier = w.identifier",
            [space_id.into()],
        );
        let keys = self.identifiers.iter().map(|one| [one.into()]);
        for row in query.rows(keys).fetch(connection).await? {
            self.profiles.insert(row.try_get("profile_id")?);
        }
        let ids = self.identifiers.iter().filter_map(|one| one.parse().ok());
        self.profiles
            .extend(ids.map(|one: Identifier| identity::profile_id(space_id, &one)));
        Ok(())
    }

    /// Takes in what they were called by events that are read otherwise now.
    async fn name_former(&mut self, connection: &mut AnyConnection, space_id: &str) -> Result<()> {
        let query = Many::new(
            "SELECT identifier FROM identity_gone WHERE space_id = $1 AND heir IN (VALUES {rows})",
            [space_id.into()],
        );
        let keys = self.identifiers.iter().map(|one| [one.into()]);
        for row in query.rows(keys).fetch(connection).await? {
            self.former.insert(row.try_get("identifier")?);
        }
        Ok(())
    }

    /// Everything that names them and nobody else.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        let names = self.identifiers.iter().chain(&self.former);
        names.chain(&self.profiles)
    }

    /// All their identifiers, those that others use as well included.
    pub(super) fn all(&self) -> Self {
        Self {
            identifiers: self.identifiers.union(&self.shared).cloned().collect(),
            ..self.clone()
        }
    }

    /// The values of the identifiers that are theirs alone, in lower case, to look for in texts.
    pub(super) fn values(&self) -> BTreeSet<String> {
        let values = self
            .identifiers
            .iter()
            .filter_map(|one| one.split_once(':'));
        values.map(|(_, value)| value.to_lowercase()).collect()
    }
}
