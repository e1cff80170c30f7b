//! The file of a backup: a word that says what it is, and blocks.
//!
//! A block is its body's length, a CRC-32 of its number and its body, and the body: a letter that says what it is, and what
//! it holds. Lengths and checksums are little-endian. The first block is the header and the last the end, which has a keyed
//! hash of all that stands before it: a file without an end was not finished. Whoever has no keys still finds damage.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Write as _};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::row::Column;
use crate::error::{Code, Error, Result};

/// How a backup begins.
const WORD: &[u8; 8] = b"HWBACKUP";
/// The version of what follows.
pub(super) const FORMAT: u32 = 1;
/// Bytes in front of a body.
const HEAD: usize = 8;
/// Bytes of a body beyond which a length is damage: a block holds some megabytes of rows, and no row is larger than the
/// largest batch that is taken in.
const LONGEST: u32 = 256 * 1024 * 1024;

/// What a backup says of itself; readable without a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u32,
    /// The last migration of the database it was made from.
    pub(super) schema: i64,
    /// Microseconds since 1970.
    pub(super) made_at: i64,
    /// A random number of its own, in hexadecimal digits.
    pub(super) backup: String,
    /// Which keys open it.
    pub(super) keys: String,
}

/// Of which table the rows are that follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Table {
    pub(super) table: String,
    pub(super) columns: Vec<Column>,
    /// Whether these are columns of rows that are there already, found by the first column.
    pub(super) completes: bool,
}

/// How a backup ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) rows: u64,
    /// A keyed hash of the SHA-256 of everything before this block, in hexadecimal digits.
    pub(super) hash: String,
}

/// A block.
#[derive(Debug)]
pub(super) enum Block {
    Header(Header),
    Table(Table),
    /// Groups of rows, and the block's number.
    Rows(u64, Vec<u8>),
    End(End),
}

/// Writes a backup.
pub(super) struct Writer {
    file: BufWriter<File>,
    hash: Sha256,
    /// The next block's number.
    pub(super) number: u64,
    /// Bytes so far.
    pub(super) bytes: u64,
}

fn unwritten(error: &std::io::Error) -> Error {
    Error::new(
        Code::StorageFull,
        format!("the backup cannot be written: {error}. Free some space, or write it elsewhere"),
    )
}

impl Writer {
    pub(super) fn begin(file: File, header: &Header) -> Result<Self> {
        let mut writer = Self {
            file: BufWriter::with_capacity(1024 * 1024, file),
            hash: Sha256::new(),
            number: 0,
            bytes: 0,
        };
        writer.put(WORD)?;
        writer.put_json(b'h', header)?;
        Ok(writer)
    }

    pub(super) fn table(&mut self, table: &Table) -> Result<()> {
        self.put_json(b't', table)
    }

    pub(super) fn rows(&mut self, groups: &[u8]) -> Result<()> {
        self.block(b'r', groups)
    }

    /// The SHA-256 of everything so far.
    pub(super) fn so_far(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// Writes the end, and waits until all of it is on the disk.
    pub(super) fn end(mut self, end: &End) -> Result<u64> {
        self.put_json(b'e', end)?;
        self.file.flush().map_err(|error| unwritten(&error))?;
        self.file
            .get_ref()
            .sync_all()
            .map_err(|error| unwritten(&error))?;
        Ok(self.bytes)
    }

    fn put_json(&mut self, letter: u8, what: &impl Serialize) -> Result<()> {
        self.block(letter, &serde_json::to_vec(what)?)
    }

    fn block(&mut self, letter: u8, body: &[u8]) -> Result<()> {
        let length = u32::try_from(body.len() + 1)
            .ok()
            .filter(|length| *length <= LONGEST)
            .ok_or_else(|| Error::internal("a block of a backup is too long"))?;
        let checksum = checksum(self.number, &[&[letter], body]);
        self.put(&length.to_le_bytes())?;
        self.put(&checksum.to_le_bytes())?;
        self.put(&[letter])?;
        self.put(body)?;
        self.number += 1;
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.file
            .write_all(bytes)
            .map_err(|error| unwritten(&error))
    }
}

fn checksum(number: u64, parts: &[&[u8]]) -> u32 {
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(&number.to_le_bytes());
    for part in parts {
        checksum.update(part);
    }
    checksum.finalize()
}

/// Reads a backup.
pub(super) struct Reader {
    file: BufReader<File>,
    /// How the messages call it.
    name: String,
    hash: Sha256,
    number: u64,
    /// Where the next block begins.
    at: u64,
}

impl Reader {
    /// Reads the word and the header.
    pub(super) fn begin(file: File, name: &str) -> Result<(Self, Header)> {
        let mut reader = Self {
            file: BufReader::with_capacity(1024 * 1024, file),
            name: name.to_owned(),
            hash: Sha256::new(),
            number: 0,
            at: 0,
        };
        let word = reader.take(WORD.len())?;
        if word.as_slice() != WORD {
            return Err(say(format!(
                "{name} is no backup of headwater's, or its first bytes are damaged"
            )));
        }
        reader.hash.update(&word);
        match reader.next()? {
            Block::Header(header) if header.format == FORMAT => Ok((reader, header)),
            Block::Header(header) => Err(say(format!(
                "{name} has the format {}, which this headwater does not know: use the newer version",
                header.format
            ))),
            _ => Err(say(format!("{name} does not begin with a header"))),
        }
    }

    /// The SHA-256 of everything so far.
    pub(super) fn so_far(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// Where the next block begins.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The next block; an error names the place where the file is damaged or ends.
    pub(super) fn next(&mut self) -> Result<Block> {
        let start = self.at;
        let head = self.take(HEAD)?;
        let word = |at: usize| -> Option<u32> {
            Some(u32::from_le_bytes(head.get(at..at + 4)?.try_into().ok()?))
        };
        let (Some(length), Some(expected)) = (word(0), word(4)) else {
            return Err(self.damaged(start));
        };
        if length == 0 || length > LONGEST {
            return Err(self.damaged(start));
        }
        let body = self.take(usize::try_from(length).map_err(Error::internal)?)?;
        if checksum(self.number, &[&body]) != expected {
            return Err(self.damaged(start));
        }
        let number = self.number;
        self.number += 1;
        let Some((letter, rest)) = body.split_first() else {
            return Err(self.damaged(start));
        };
        let block = match letter {
            b'h' => Block::Header(self.json(start, rest)?),
            b't' => Block::Table(self.json(start, rest)?),
            b'r' => Block::Rows(number, rest.to_vec()),
            b'e' => {
                let end = self.json(start, rest)?;
                let mut more = [0];
                if self.file.read(&mut more).map_err(Error::internal)? > 0 {
                    return Err(self.damaged(self.at));
                }
                return Ok(Block::End(end));
            }
            _ => return Err(self.damaged(start)),
        };
        self.hash.update(&head);
        self.hash.update(&body);
        Ok(block)
    }

    fn json<T: DeserializeOwned>(&self, start: u64, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|_| self.damaged(start))
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let wanted = u64::try_from(length).unwrap_or(u64::MAX);
        let mut part = std::io::Read::by_ref(&mut self.file).take(wanted);
        let read = part.read_to_end(&mut bytes).map_err(|error| {
            say(format!(
                "{} cannot be read at byte {}: {error}",
                self.name, self.at
            ))
        })?;
        if read < length {
            return Err(say(format!(
                "{} ends in the middle, at byte {}: it was not finished, or not copied whole. Take another backup",
                self.name,
                self.at + u64::try_from(read).unwrap_or(0)
            )));
        }
        self.at += wanted;
        Ok(bytes)
    }

    pub(super) fn damaged(&self, at: u64) -> Error {
        say(format!(
            "{} is damaged in the block at byte {at}: copy it again, or take another backup",
            self.name
        ))
    }
}

/// What whoever gave the command is told.
pub(super) fn say(message: String) -> Error {
    Error::new(Code::InvalidRequest, message)
}
