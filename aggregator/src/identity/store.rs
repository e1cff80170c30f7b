//! SQL of the identity graph.

use cdp_core::identifier::Identifier;
use cdp_core::identity::Reason;
use cdp_core::time::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row as _};

use crate::database::rows::Many;
use crate::error::{Error, Result};

mod decisions;
mod evidence;
mod nodes;

pub(super) use decisions::{
    constraints_of, constraints_of_people, decides, decisions_of, decisions_that_say,
    forget_constraints, merged_with, put_constraints, take_automatic, take_constraints,
};
pub(crate) use evidence::put_links;
pub(super) use evidence::{
    Around, Blocked, EdgeRow, components_with_refused, edges, edges_among_crowded, edges_beside,
    edges_of_components, evidence_of_profile, forget_blocked, links_of_people, put_blocked,
    put_edges, put_new_edges, seen_with,
};
pub(crate) use nodes::{Node, components_of, put_components_again};
pub(super) use nodes::{
    former, identifiers_of, is_waiting_for, last_component, newest_components, nodes,
    nodes_of_components, nodes_of_people, put_again, put_new_nodes, put_nodes, put_seeds,
    size_of_components,
};

/// That a node `n` is of a person. Nearly everybody is one profile of the person's own name, which its index finds; the index of
/// people has only those whom consent divides.
macro_rules! is_person {
    ($person:literal) => {
        concat!(
            "(n.profile_id = ",
            $person,
            " AND n.person_id = n.profile_id OR n.person_id = ",
            $person,
            " AND n.person_id <> n.profile_id)"
        )
    };
}
pub(crate) use is_person;

/// The rows that two statements give of these identifiers, the one by either end of a pair.
async fn by_either_end(
    connection: &mut AnyConnection,
    space_id: &str,
    sqls: [&'static str; 2],
    identifiers: impl Iterator<Item = &Identifier> + Clone,
) -> Result<Vec<AnyRow>> {
    let mut found = Vec::new();
    for sql in sqls {
        let query = Many::new(sql, [space_id.into()]);
        let rows = identifiers.clone().map(|one| [one.into()]);
        found.extend(query.rows(rows).fetch(connection).await?);
    }
    Ok(found)
}

/// Why an identifier was seen with too many others.
fn crowded(row: &AnyRow) -> Result<Option<Reason>> {
    let text: Option<&str> = row.try_get("crowded")?;
    Ok(text.map(serde_json::from_str).transpose()?)
}

/// Reads an identifier as it was written: it is in normal form already.
pub(crate) fn identifier(row: &AnyRow, column: &str) -> Result<Identifier> {
    let text: &str = row.try_get(column)?;
    text.parse()
        .map_err(|message: String| Error::internal(message))
}

fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Ok(Timestamp::from_micros(row.try_get(column)?))
}
