//! What is matched: records with columns of known kinds.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;

/// One column of all records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// As the file calls it.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// One record. Nothing in it says whose it is: who has a truth to compare with keeps it apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The record's own key. It names the record in what comes out and is never compared.
    pub id: String,
    /// Where the record is from; empty when all are from one place.
    pub source: String,
    /// One text a column, as it was written; empty when unknown.
    pub values: Vec<String>,
}
