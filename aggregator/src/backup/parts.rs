//! What is in a backup, and whose each row is.

/// Whose the rows of a part are: by which keys they are sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Nobody's in particular: they are sealed with the key of everything.
    Nobody,
    /// Theirs whom these columns name, by an identifier or by a profile's id. A column that names nobody is `''` or NULL.
    Named(&'static [&'static str]),
    /// Theirs whom the pairs in this column name, and the row's own, as with [`Self::Texts`].
    Pairs(&'static str),
    /// The row's own: no column says whom its texts name. It has a key of its own, of its table and what this column says,
    /// which an erasure destroys when it has deleted the row or changed the texts.
    Texts(&'static str),
}

/// Rows of one table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) table: &'static str,
    /// Gives the columns that are kept, and beside them those of [`Self::beside`].
    pub(super) select: &'static str,
    pub(super) whose: Whose,
    /// Columns that only say whose a row is.
    pub(super) beside: &'static [&'static str],
    /// Columns of which it is kept that they have a text, and not which.
    pub(super) blank: &'static [&'static str],
    /// Whether these are columns of rows that another part has, found by the first column.
    pub(super) completes: bool,
}

/// All rows of a table.
macro_rules! all_of {
    ($table:literal, $whose:expr) => {
        Part {
            table: $table,
            select: concat!("SELECT * FROM ", $table),
            whose: $whose,
            beside: &[],
            blank: &[],
            completes: false,
        }
    };
}

use Whose::{Named, Nobody, Pairs, Texts};

/// The parts of a backup, in the order in which they can be put back: what others refer to comes first, and who is who comes
/// after all that says who was seen with whom.
pub(super) const PARTS: &[Part] = &[
    all_of!("workspace", Nobody),
    all_of!("space", Nobody),
    all_of!("setting", Nobody),
    all_of!("source", Nobody),
    all_of!("token", Nobody),
    all_of!("user_token_key", Nobody),
    all_of!("member", Nobody),
    all_of!("sign_in_provider", Nobody),
    all_of!("sign_in_account", Nobody),
    // A look at a person names them by their profile's id alone, and the chain of entries holds only while all are there.
    all_of!("audit_entry", Nobody),
    all_of!("audit_head", Nobody),
    all_of!("consumer_position", Nobody),
    all_of!("definition_version", Nobody),
    all_of!("computed_trait", Nobody),
    all_of!("audience", Nobody),
    all_of!("experience", Nobody),
    all_of!("placement", Nobody),
    all_of!("tracking_plan", Nobody),
    all_of!("tracking_plan_draft", Nobody),
    all_of!("violation", Nobody),
    all_of!("violation_count", Nobody),
    all_of!("consent_policy", Nobody),
    all_of!("consent_count", Nobody),
    all_of!("identity_rules", Nobody),
    all_of!("identity_reading", Nobody),
    all_of!("identity_matching", Nobody),
    all_of!("identity_automatic", Nobody),
    all_of!("privacy_suppression", Nobody),
    all_of!("privacy_retention", Nobody),
    all_of!("privacy_retention_run", Nobody),
    all_of!("ledger_tab", Nobody),
    all_of!("ledger_total", Nobody),
    // Nothing asks for more of a message's id than whether the message arrived.
    Part {
        blank: &["message_id"],
        ..all_of!("ledger_entry", Nobody)
    },
    // Once it says nothing any more of whom it is about, what an erasure works with still does.
    Part {
        blank: &["work"],
        ..all_of!("privacy_request", Named(&["subject"]))
    },
    all_of!("privacy_restriction", Named(&["identifier"])),
    // What was decided without whom it was about and why; that follows, sealed.
    Part {
        blank: &["pairs", "reason"],
        ..all_of!("identity_decision", Nobody)
    },
    Part {
        select: "SELECT id, pairs, reason, space_id FROM identity_decision",
        beside: &["space_id"],
        completes: true,
        ..all_of!("identity_decision", Pairs("reason"))
    },
    all_of!("event", Named(&["anchor"])),
    all_of!("quarantine", Texts("message")),
    Part {
        select: "SELECT s.*, e.anchor AS whose FROM violation_sample s \
                 JOIN event e ON e.space_id = s.space_id AND e.message_id = s.message_id",
        beside: &["whose"],
        ..all_of!("violation_sample", Named(&["whose"]))
    },
    all_of!("trait_value", Named(&["anchor"])),
    all_of!("computed_value", Named(&["anchor"])),
    all_of!("exposure", Named(&["anchor"])),
    all_of!("consent_state", Named(&["anchor"])),
    all_of!("consent_entry", Named(&["anchor"])),
    all_of!("consent_refold", Named(&["identifier"])),
    all_of!("consent_news", Named(&["profile_id"])),
    all_of!("audience_member", Named(&["profile_id"])),
    all_of!("audience_change", Named(&["profile_id"])),
    all_of!("profile_due", Named(&["profile_id"])),
    all_of!("identity_edge", Named(&["a", "b"])),
    all_of!("identity_link", Named(&["a", "b"])),
    all_of!("identity_blocked", Named(&["a", "b"])),
    all_of!("identity_constraint", Named(&["a", "b"])),
    all_of!("identity_suggestion", Named(&["a", "b"])),
    all_of!("identity_again", Named(&["identifier"])),
    all_of!("identity_gone", Named(&["identifier", "heir"])),
    all_of!("identity_read", Named(&["anchor"])),
    all_of!("device_word", Named(&["device", "person"])),
    all_of!("device_person", Named(&["device", "person"])),
    all_of!("device_event", Named(&["device"])),
    all_of!("profile_seed", Named(&["identifier"])),
    all_of!("identity_node", Named(&["identifier"])),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::database::Database;
    use crate::privacy::{held, naming_columns};

    /// Tables that are in no backup, and why.
    const LEFT_OUT: &[(&str, &str)] = &[
        (
            "idempotency",
            "remembered answers are for who asks again within minutes, and say anything",
        ),
        ("session", "whoever signed out since would be in again"),
        ("member_link", "one that was used since would work again"),
        ("audience_size", "members are counted when all are back"),
    ];

    /// Columns that name somebody and seal nothing, and why.
    const UNSEALED: &[(&str, &str, &str)] = &[
        (
            "identity_node",
            "profile_id",
            "is theirs whose identifier it is",
        ),
        (
            "identity_node",
            "person_id",
            "is theirs whose identifier it is",
        ),
        (
            "identity_gone",
            "profile_id",
            "is theirs whose identifier it is",
        ),
        (
            "profile_seed",
            "profile_id",
            "is theirs whose identifier it is",
        ),
        (
            "trait_value",
            "message_id",
            "is of an event of the anchor's",
        ),
        (
            "violation_sample",
            "message_id",
            "is of the event that says whose it is",
        ),
        ("event", "message_id", "is the anchor's"),
        ("ledger_entry", "message_id", "is left out"),
        (
            "sign_in_account",
            "subject",
            "is of a member, who works here, and of nobody whose data this is",
        ),
        ("quarantine", "message_id", "is sealed with the row"),
        ("identity_decision", "pairs", "is sealed with whom it names"),
        (
            "audit_entry",
            "person",
            "is a profile's id, and stays in the database as well",
        ),
    ];

    fn seals(part: &Part, column: &str) -> bool {
        match part.whose {
            Named(columns) => columns.contains(&column),
            Pairs(texts) | Texts(texts) => column == texts,
            Nobody => false,
        }
    }

    #[tokio::test]
    async fn every_table_and_every_column_that_names_somebody_is_decided_on() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open_folder(folder.path()).await.unwrap();
        let mut connection = database.reader().acquire().await.unwrap();
        let schema = naming_columns(&mut connection).await;
        drop(connection);
        assert!(schema.len() > 50, "the schema was read: {schema:?}");
        let tables: BTreeSet<&str> = schema.iter().map(|(table, _)| table.as_str()).collect();
        for table in &tables {
            let is_in = PARTS.iter().any(|part| part.table == *table);
            let is_out = LEFT_OUT.iter().any(|(out, _)| out == table);
            assert!(
                is_in != is_out,
                "{table}: say in PARTS whose its rows are, or in LEFT_OUT why no backup has it"
            );
        }
        for (table, naming) in &schema {
            for column in naming {
                let sealed = PARTS
                    .iter()
                    .any(|part| part.table == table && seals(part, column));
                let known = UNSEALED
                    .iter()
                    .any(|(of, name, _)| of == table && name == column);
                let out = LEFT_OUT.iter().any(|(out, _)| out == table);
                assert!(
                    sealed || known || out,
                    "{table}.{column} may name somebody: seal by it, or say in UNSEALED why not"
                );
            }
        }
        for part in PARTS {
            assert!(tables.contains(part.table), "{} is gone", part.table);
        }
        database.close().await;
    }

    #[test]
    fn whatever_an_erasure_finds_by_a_column_is_sealed_by_it() {
        for (table, column) in held() {
            assert!(
                PARTS
                    .iter()
                    .any(|part| part.table == table && seals(part, &column)),
                "{table}.{column} is erased by, and not sealed by"
            );
        }
    }
}
