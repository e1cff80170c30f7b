//! Telling a person from the others of a household.
//!
//! They share a surname, an address, often a telephone, and these agree together: added up as if they were independent
//! they outweigh everything else, and yet none of them says who of the household a record is of. So a pair is weighed a
//! second time, against two people of one household, by the fields that differ within one.

use crate::kind::Kind;
use crate::table::{Pattern, Table};

/// What is of a person and what is of a household, among the fields of a table.
#[derive(Clone, Debug)]
pub(crate) struct Household {
    /// Bits of the fields that differ within a household; none when the table has no such field that could tell.
    person: u32,
    /// Bits of e-mail addresses: they are often made of the surname, so that similar ones say nothing.
    email: u32,
    surname: Option<usize>,
    /// Bits of the fields that a household shares besides the surname.
    home: u32,
    first_name: Option<usize>,
    address: Option<usize>,
}

impl Household {
    /// Looks at the kinds of a table's fields.
    pub(crate) fn new(table: &Table) -> Self {
        let bits = |is: &dyn Fn(Kind) -> bool| {
            let fields = table.fields.iter().enumerate();
            fields
                .filter(|(_, field)| is(field.kind))
                .fold(0, |bits, (at, _)| bits | 1 << at)
        };
        let of = |kinds: &[Kind]| bits(&|kind| kinds.contains(&kind));
        let find = |kind| table.fields.iter().position(|field| field.kind == kind);
        let surname = find(Kind::Surname);
        let home = [
            of(&[Kind::Address, Kind::Phone]),
            of(&[Kind::Postcode]),
            of(&[Kind::City]),
        ];
        let tells = surname.is_some() && bits(&Kind::tells_a_person) != 0;
        Self {
            person: if tells {
                bits(&Kind::differs_in_a_household)
            } else {
                0
            },
            email: of(&[Kind::Email]),
            surname,
            home: home.into_iter().find(|bits| *bits != 0).unwrap_or(0),
            first_name: find(Kind::FirstName),
            address: find(Kind::Address),
        }
    }

    /// Whether pairs are weighed against a household: there are surnames, and something that differs where they are shared.
    pub(crate) fn applies(&self) -> bool {
        self.person != 0
    }

    /// What of a field's bits counts against a household.
    pub(crate) fn bits(&self, field: usize, level: usize, bits: f64) -> f64 {
        if self.person & (1 << field) == 0 {
            0.0
        } else if self.email & (1 << field) != 0 && level > 2 {
            bits.min(0.0)
        } else {
            bits
        }
    }

    /// Whether both records have the surname and something of the home in common.
    pub(crate) fn shared(&self, pattern: Pattern) -> bool {
        let home = (0..crate::table::MOST_FIELDS)
            .any(|at| self.home & (1 << at) != 0 && pattern.level(at) == 1);
        home && self.surname.is_some_and(|at| pattern.level(at) == 1)
    }

    /// Whether it is two people of one household: surname and address are the same and the first names are not.
    pub(crate) fn related(&self, pattern: Pattern) -> bool {
        let (Some(first), Some(last), Some(address)) =
            (self.first_name, self.surname, self.address)
        else {
            return false;
        };
        pattern.level(first) > 1 && pattern.level(last) == 1 && pattern.level(address) == 1
    }
}
