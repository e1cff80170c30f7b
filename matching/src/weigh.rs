//! A pair's weight, out of its pattern.

use crate::model::{Agreement, Model};
use crate::table::{Pattern, Table};

/// How the pair of a pattern agrees on a field; `one` is either record, since the share counts only where both have the
/// same value.
pub(crate) fn agreement(table: &Table, pattern: Pattern, field: usize, one: u32) -> Agreement {
    let level = pattern.level(field);
    let of = &table.fields[field];
    let share = (level == 1 && of.kind.has_term_frequency())
        .then(|| {
            let value = of.of_record[one as usize].checked_sub(1)?;
            let count = of.counts.get(value as usize)?;
            Some(f64::from(*count) / f64::from(of.known))
        })
        .flatten();
    Agreement { level, share }
}

/// The bits of each field that both know.
pub(crate) fn bits_of_fields<'a>(
    table: &'a Table,
    model: &'a Model,
    pattern: Pattern,
    one: u32,
) -> impl Iterator<Item = (usize, f64)> + 'a {
    (0..table.fields.len())
        .filter(move |field| pattern.level(*field) > 0)
        .map(move |field| {
            let (level, frequency) = model.bits(field, agreement(table, pattern, field, one));
            (field, level + frequency)
        })
}

/// The weight of the pair.
pub(crate) fn weight(table: &Table, model: &Model, pattern: Pattern, one: u32) -> f64 {
    bits_of_fields(table, model, pattern, one).fold(model.start(), |sum, (_, bits)| sum + bits)
}
