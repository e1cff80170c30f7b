//! Making a backup.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Write as _;

use cdp_core::hex::hex;
use cdp_core::identity::Constraint;
use flate2::{Compress, Compression, FlushCompress, Status};
use futures_util::TryStreamExt as _;

use super::block::{End, FORMAT, Header, Table, Writer};
use super::keys::{Key, Keys, Name, Wanted};
use super::parts::{PARTS, Part, Whose};
use super::row::{self, Column, Kind};
use super::seal::{self, Place};
use super::snapshot::Snapshot;
use crate::database::Database;
use crate::database::rows::Cell;
use crate::error::{Error, Result};
use crate::{clock, id};

/// Rows that are sealed together, by whose they are.
const ROWS: usize = 16_384;
/// The same in bytes.
const BYTES: usize = 16 * 1024 * 1024;
/// Bytes from which it is worth trying to make them fewer.
const WORTH_PACKING: usize = 128;

/// What was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) rows: u64,
    /// Rows of people who were erased while it was made: it has them not.
    pub(crate) left_out: u64,
    pub(crate) bytes: u64,
}

/// Writes everything that there is now to a file. Everything that was acknowledged must have taken effect.
pub(crate) async fn make(database: &Database, keys: &mut Keys, file: File) -> Result<Made> {
    // Before the snapshot: whoever is erased from now on gets no new key.
    keys.begin().await?;
    super::destroy::name_store(database, keys).await?;
    let (schema, _) = database.state().await?;
    let mut snapshot = Snapshot::of(database).await?;
    let backup = id::random::<16>()?;
    let header = Header {
        format: FORMAT,
        schema,
        made_at: clock::now().as_micros(),
        backup: hex(&backup),
        keys: keys.id().to_owned(),
    };
    let mut maker = Maker {
        writer: Writer::begin(file, &header)?,
        keys,
        backup: header.backup.into_bytes(),
        packer: Compress::new(Compression::fast(), false),
        rows: 0,
        left_out: 0,
    };
    for part in PARTS {
        maker.part(&mut snapshot, part).await?;
    }
    snapshot.close().await?;
    let Maker {
        writer,
        keys,
        backup,
        rows,
        left_out,
        ..
    } = maker;
    let end = End {
        rows,
        hash: end_hash(keys, &backup, writer.so_far()),
    };
    let bytes = writer.end(&end)?;
    keys.end().await?;
    Ok(Made {
        rows,
        left_out,
        bytes,
    })
}

/// What only who has the keys can say of all that is in a backup.
pub(super) fn end_hash(keys: &Keys, backup: &[u8], so_far: [u8; 32]) -> String {
    let key = seal::joint(backup, &[keys.everything]);
    hex(&seal::keyed_hash(&key, &[b"end", &so_far]))
}

struct Maker<'k> {
    writer: Writer,
    keys: &'k mut Keys,
    backup: Vec<u8>,
    packer: Compress,
    rows: u64,
    left_out: u64,
}

/// Rows that were read and are not yet sealed.
#[derive(Default)]
struct Waiting {
    rows: Vec<(Vec<Wanted>, Vec<u8>)>,
    bytes: usize,
}

/// What of a part's columns is what.
struct Layout {
    /// As they are read.
    all: Vec<Column>,
    /// Which of them are kept.
    kept: Vec<bool>,
    blank: Vec<bool>,
    space: Option<usize>,
    whose: Vec<usize>,
    texts: Option<usize>,
    pairs: Option<usize>,
}

impl Layout {
    fn of(part: &Part, all: Vec<Column>) -> Result<Self> {
        let at = |name: &str| {
            let place = all.iter().position(|column| column.name == name);
            place.ok_or_else(|| Error::internal(format!("{} has no column {name}", part.table)))
        };
        let (named, texts): (&[&str], Option<&str>) = match part.whose {
            Whose::Nobody => (&[], None),
            Whose::Named(columns) => (columns, None),
            Whose::Pairs(texts) | Whose::Texts(texts) => (&[], Some(texts)),
        };
        let pairs = matches!(part.whose, Whose::Pairs(_)).then(|| at("pairs"));
        Ok(Self {
            kept: all
                .iter()
                .map(|column| !part.beside.contains(&column.name.as_str()))
                .collect(),
            blank: all
                .iter()
                .map(|column| part.blank.contains(&column.name.as_str()))
                .collect(),
            space: at("space_id").ok(),
            whose: named.iter().map(|name| at(name)).collect::<Result<_>>()?,
            texts: texts.map(at).transpose()?,
            pairs: pairs.transpose()?,
            all,
        })
    }

    fn columns(&self) -> Vec<Column> {
        let columns = self.all.iter().zip(&self.kept);
        let columns = columns.filter(|(_, kept)| **kept);
        columns.map(|(column, _)| column.clone()).collect()
    }

    /// Whose a row is.
    fn owners(&self, keys: &Keys, part: &Part, values: &[Cell]) -> Result<Vec<Wanted>> {
        let text = |at: usize| match values.get(at) {
            Some(Cell::Text(text) | Cell::Nullable(Some(text))) => text.as_str(),
            _ => "",
        };
        let space_id = self.space.map_or("", text);
        let mut names: BTreeSet<String> = BTreeSet::new();
        names.extend(self.whose.iter().map(|at| text(*at).to_owned()));
        if let Some(pairs) = self.pairs {
            let pairs: Vec<Constraint> = serde_json::from_str(text(pairs))?;
            let ends = pairs.iter().flat_map(|pair| [&pair.a, &pair.b]);
            names.extend(ends.map(ToString::to_string));
        }
        names.remove("");
        let mut owners: Vec<Wanted> = names
            .iter()
            .map(|whom| Wanted {
                name: keys.name(space_id, whom),
                place: None,
            })
            .collect();
        let texts = self.texts.map(text).filter(|text| !text.is_empty());
        owners.extend(texts.map(|texts| keys.name_of_text(space_id, part.table, texts)));
        Ok(owners)
    }

    fn bytes(&self, values: &[Cell]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let columns = self.all.iter().zip(&self.kept).zip(&self.blank);
        for (value, ((column, kept), blank)) in values.iter().zip(columns) {
            let is_null = matches!(value, Cell::Nullable(None) | Cell::NoInt);
            if *kept && *blank && !is_null && column.kind == Kind::Text {
                row::put(&mut bytes, &Cell::Text(String::new()));
            } else if *kept {
                row::put(&mut bytes, value);
            }
        }
        bytes
    }
}

impl Maker<'_> {
    async fn part(&mut self, snapshot: &mut Snapshot, part: &Part) -> Result<()> {
        let mut rows = sqlx::query(part.select).fetch(snapshot.connection());
        let mut layout: Option<Layout> = None;
        let mut waiting = Waiting::default();
        while let Some(row) = rows.try_next().await? {
            let layout = match &mut layout {
                Some(layout) => layout,
                none => {
                    let made = none.insert(Layout::of(part, row::columns(&row)?)?);
                    self.writer.table(&Table {
                        table: part.table.to_owned(),
                        columns: made.columns(),
                        completes: part.completes,
                    })?;
                    made
                }
            };
            let values = row::values(&row, &layout.all)?;
            let owners = layout.owners(self.keys, part, &values)?;
            let bytes = layout.bytes(&values);
            waiting.bytes += bytes.len();
            waiting.rows.push((owners, bytes));
            if waiting.rows.len() >= ROWS || waiting.bytes >= BYTES {
                self.seal(std::mem::take(&mut waiting)).await?;
            }
        }
        self.seal(waiting).await
    }

    /// Writes rows as a block of groups, each sealed by whose its rows are.
    async fn seal(&mut self, waiting: Waiting) -> Result<()> {
        let wanted: BTreeSet<Wanted> = waiting
            .rows
            .iter()
            .flat_map(|(owners, _)| owners.iter().copied())
            .collect();
        let keys = self.keys.obtain(&wanted).await?;
        let mut groups: BTreeMap<Vec<u64>, Group> = BTreeMap::new();
        for (at, (owners, bytes)) in waiting.rows.into_iter().enumerate() {
            let Some(owners) = known(&owners, &keys) else {
                self.left_out += 1;
                continue;
            };
            let numbers = owners.iter().map(|key| key.number).collect();
            let group = groups.entry(numbers).or_default();
            group.rows += 1;
            // Where it stood among the others, so that they are put back in their order.
            row::put_number(&mut group.bytes, length(at));
            group.bytes.extend_from_slice(&bytes);
            if group.secrets.is_empty() {
                group.secrets = owners.iter().map(|key| key.secret).collect();
            }
        }
        if groups.is_empty() {
            return Ok(());
        }
        let mut block = Vec::new();
        for (at, (numbers, mut group)) in groups.into_iter().enumerate() {
            if group.secrets.is_empty() {
                group.secrets.push(self.keys.everything);
            }
            let key = seal::joint(&self.backup, &group.secrets);
            let place = Place {
                block: self.writer.number,
                group: u32::try_from(at).map_err(Error::internal)?,
            };
            let packed = self.pack(&group.bytes)?;
            let sealed = seal::seal(&key, place, packed.as_deref().unwrap_or(&group.bytes))?;
            row::put_number(&mut block, length(numbers.len()));
            for number in numbers {
                row::put_number(&mut block, number);
            }
            row::put_number(&mut block, group.rows);
            let unpacked = packed.map_or(0, |_| group.bytes.len());
            row::put_number(&mut block, length(unpacked));
            row::put_number(&mut block, length(sealed.len()));
            block.write_all(&sealed).map_err(Error::internal)?;
            self.rows += group.rows;
        }
        self.writer.rows(&block)
    }

    /// The bytes made fewer, where that is worth it.
    fn pack(&mut self, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        if bytes.len() < WORTH_PACKING {
            return Ok(None);
        }
        self.packer.reset();
        let mut packed = Vec::with_capacity(bytes.len());
        let status = self
            .packer
            .compress_vec(bytes, &mut packed, FlushCompress::Finish)
            .map_err(Error::internal)?;
        Ok((status == Status::StreamEnd && packed.len() < bytes.len()).then_some(packed))
    }
}

/// Rows of the same people.
#[derive(Default)]
struct Group {
    rows: u64,
    bytes: Vec<u8>,
    secrets: Vec<seal::Secret>,
}

/// The keys of all of these, in the order of their numbers; `None` when one of them is destroyed.
fn known(owners: &[Wanted], keys: &HashMap<Name, Option<Key>>) -> Option<Vec<Key>> {
    let mut known = Vec::with_capacity(owners.len());
    for owner in owners {
        known.push((*keys.get(&owner.name)?)?);
    }
    known.sort_by_key(|key| key.number);
    Some(known)
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
