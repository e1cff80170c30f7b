//! Rows as bytes: the same whatever database they come from.
//!
//! A value is a letter and what it needs: `n` is NULL, `i` a number (LEB128 of its zigzag form), `t` a text (its length and
//! its bytes).

use serde::{Deserialize, Serialize};
use sqlx::any::{AnyRow, AnyTypeInfoKind};
use sqlx::{Column as _, Row as _};

use crate::database::rows::Cell;
use crate::error::{Error, Result};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Text,
    Number,
}

/// A column of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// The columns of a row.
pub(super) fn columns(row: &AnyRow) -> Result<Vec<Column>> {
    let columns = row.columns().iter().map(|column| {
        let kind = match column.type_info().kind() {
            AnyTypeInfoKind::Text => Kind::Text,
            AnyTypeInfoKind::SmallInt | AnyTypeInfoKind::Integer | AnyTypeInfoKind::BigInt => {
                Kind::Number
            }
            other => {
                return Err(Error::internal(format!(
                    "a backup cannot hold the column {} of type {other:?}",
                    column.name()
                )));
            }
        };
        let name = column.name().to_owned();
        Ok(Column { name, kind })
    });
    columns.collect()
}

/// The values of a row.
pub(super) fn values(row: &AnyRow, columns: &[Column]) -> Result<Vec<Cell>> {
    let values = columns
        .iter()
        .enumerate()
        .map(|(at, column)| match column.kind {
            Kind::Text => Ok(Cell::Nullable(row.try_get(at)?)),
            Kind::Number => {
                let number: Option<i64> = row.try_get(at)?;
                Ok(number.map_or(Cell::NoInt, Cell::Int))
            }
        });
    values.collect()
}

/// Writes a number.
pub(super) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = (number & 0x7f).to_le_bytes()[0];
        number >>= 7;
        if number == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Takes a number off the beginning; `None` where there is none.
pub(super) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Takes that many bytes off the beginning.
pub(super) fn take<'b>(bytes: &mut &'b [u8], length: u64) -> Option<&'b [u8]> {
    let (taken, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
    *bytes = rest;
    Some(taken)
}

/// Writes a value.
pub(super) fn put(out: &mut Vec<u8>, value: &Cell) {
    match value {
        Cell::Nullable(None) | Cell::NoInt => out.push(b'n'),
        Cell::Int(number) => {
            out.push(b'i');
            put_number(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
        }
        Cell::Text(text) | Cell::Nullable(Some(text)) => {
            out.push(b't');
            put_number(out, u64::try_from(text.len()).unwrap_or(u64::MAX));
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// Takes a row off the beginning; `None` where there is none that fits the columns.
pub(super) fn take_row(bytes: &mut &[u8], columns: &[Column]) -> Option<Vec<Cell>> {
    let values = columns.iter().map(|column| {
        let (letter, rest) = bytes.split_first()?;
        *bytes = rest;
        match (letter, column.kind) {
            (b'n', Kind::Text) => Some(Cell::Nullable(None)),
            (b'n', Kind::Number) => Some(Cell::NoInt),
            (b'i', Kind::Number) => {
                let number = take_number(bytes)?;
                let half = (number >> 1).cast_signed();
                Some(Cell::Int(half ^ -(number & 1).cast_signed()))
            }
            (b't', Kind::Text) => {
                let length = take_number(bytes)?;
                let text = std::str::from_utf8(take(bytes, length)?).ok()?;
                Some(Cell::Text(text.to_owned()))
            }
            _ => None,
        }
    });
    values.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let column = |name: &str, kind| Column {
            name: name.to_owned(),
            kind,
        };
        let columns = [
            column("a", Kind::Text),
            column("b", Kind::Number),
            column("c", Kind::Text),
            column("d", Kind::Number),
        ];
        let mut bytes = Vec::new();
        let numbers = [
            0,
            1,
            -1,
            63,
            -64,
            64,
            i64::MAX,
            i64::MIN,
            1_700_000_000_000_000,
        ];
        for number in numbers {
            for value in [
                Cell::Text("é\0".to_owned()),
                Cell::Int(number),
                Cell::Nullable(None),
                Cell::NoInt,
            ] {
                put(&mut bytes, &value);
            }
        }
        let mut rest = bytes.as_slice();
        for number in numbers {
            let row = take_row(&mut rest, &columns).unwrap();
            assert!(matches!(&row[0], Cell::Text(text) if text == "é\0"));
            assert!(
                matches!(row[1], Cell::Int(back) if back == number),
                "{number}"
            );
            assert!(matches!(row[2], Cell::Nullable(None)));
            assert!(matches!(row[3], Cell::NoInt));
        }
        assert!(rest.is_empty());
        for end in 0..20 {
            // Whatever is cut off is no row, and no panic.
            let mut cut = bytes.get(..end).unwrap();
            while take_row(&mut cut, &columns).is_some() {}
        }
    }
}
