//! Entries in files: `log/<number of the first entry>.log` in the data folder.
//!
//! A record is its body's length, a CRC-32 of all that follows, the entry's number, how many messages it
//! is about, and the body; numbers are little-endian. A group of entries is one write and one fsync.
//! What a crash leaves half written at the end of the last file is cut off at the next start: nobody
//! was told that it is stored.
//!
//! Files that are done with are filled with zeros and used again (`*.spare`): writing into blocks that a
//! file has already is made durable without the file system's journal, where it would wait for whatever
//! else is written, such as a checkpoint of SQLite's.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Portion, Record};
use crate::error::{Code, Error, Result};

/// Bytes after which the next group starts a file.
const FULL: u64 = 16 * 1024 * 1024;
/// Files that are kept to be used again.
const SPARES: usize = 5;
/// Bytes from which a file is not kept when all of it has taken effect.
const WORTH_DELETING: u64 = 1024 * 1024;
/// How files that are kept to be used again end.
const SPARE: &str = "spare";
/// How files end that are being filled with zeros.
const EMPTIED: &str = "emptied";
/// Zeros written at once.
const ZEROS: usize = 256 * 1024;
/// Bytes read at once.
const CHUNK: usize = 2 * 1024 * 1024;
/// Bytes in front of a body.
const HEAD: usize = 20;
/// Bytes of a head that the checksum does not cover: the length and itself.
const UNCOVERED: usize = 8;

/// The files of a folder.
#[derive(Debug)]
pub(crate) struct Segments {
    folder: PathBuf,
    end: Mutex<End>,
    place: Mutex<Option<Place>>,
}

/// Where the next group goes.
#[derive(Debug, Default)]
struct End {
    /// The file and how long it is; `None` starts one.
    file: Option<(File, u64)>,
    /// The youngest entry's number.
    last: i64,
    buffer: Vec<u8>,
}

/// The files of a folder that end like this.
fn with_extension(folder: &Path, wanted: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == wanted)
        {
            found.push(path);
        }
    }
    Ok(found)
}

/// Where an entry begins.
#[derive(Clone, Copy, Debug)]
struct Place {
    id: i64,
    /// The file's first entry.
    segment: i64,
    offset: u64,
}

impl Segments {
    /// The files below a data folder.
    pub(super) fn open(data_dir: &Path) -> std::io::Result<Self> {
        let folder = data_dir.join("log");
        fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            end: Mutex::default(),
            place: Mutex::default(),
        })
    }

    /// Settles what a crash has left of files that are used again. Only for whoever writes here.
    pub(super) fn tidy(&self) -> std::io::Result<()> {
        for emptied in with_extension(&self.folder, EMPTIED)? {
            fs::remove_file(emptied)?;
        }
        for spare in with_extension(&self.folder, SPARE)? {
            // A power cut took back that it had become a file of the log.
            if let Some(first) = first_of(&File::open(&spare)?)? {
                fs::rename(&spare, self.path(first))?;
            }
        }
        Ok(())
    }

    /// Finds out where the entries end, and cuts off what is no entry.
    pub(super) fn last(&self) -> Result<i64> {
        let mut end = self.end();
        end.file = None;
        end.last = 0;
        for segment in self.list()?.into_iter().rev() {
            let (last, length) = self.scan(segment)?;
            let file = File::options()
                .read(true)
                .write(true)
                .open(self.path(segment))
                .map_err(failed)?;
            if !is_zeros(&file, length)? {
                tracing::warn!(
                    file = segment,
                    "the log ended within an entry that nobody was told of; it is cut off"
                );
                file.set_len(length).map_err(failed)?;
                file.sync_all().map_err(failed)?;
            }
            if last > 0 {
                end.last = last;
                break;
            }
        }
        Ok(end.last)
    }

    /// Writes entries behind the others.
    pub(super) fn append(&self, records: &[Record]) -> Result<()> {
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            return Ok(());
        };
        let mut end = self.end();
        let mut buffer = std::mem::take(&mut end.buffer);
        buffer.clear();
        for record in records {
            write_record(&mut buffer, record);
        }
        let written = self.write(&mut end, first.id, &buffer);
        end.buffer = buffer;
        written.map_err(failed)?;
        end.last = last.id;
        Ok(())
    }

    fn write(&self, end: &mut End, first: i64, bytes: &[u8]) -> std::io::Result<()> {
        let open = end.file.take().filter(|(_, length)| *length < FULL);
        let (file, length) = match open {
            Some(open) => open,
            None => (self.start(first)?, 0),
        };
        let written = file
            .write_all_at(bytes, length)
            .and_then(|()| file.sync_data());
        if let Err(error) = written {
            // Whoever waits is told that nothing was stored, so nothing may be found. Should that fail
            // too, `last` says what there is. The next group starts a file, since a system that could
            // not write a page may take it for written.
            let _ = file.set_len(length).and_then(|()| file.sync_all());
            return Err(error);
        }
        let grown = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        end.file = Some((file, length.saturating_add(grown)));
        Ok(())
    }

    /// Starts a file, a spare one if there is one; an empty one of that name is what an earlier attempt left.
    fn start(&self, first: i64) -> std::io::Result<File> {
        let path = self.path(first);
        let spare = self.spares()?.pop();
        let reused = spare.is_some();
        if let Some(spare) = spare {
            fs::rename(spare, &path)?;
        }
        let file = File::options()
            .create(true)
            .write(true)
            .truncate(!reused)
            .open(path)?;
        // A spare one has blocks and zeros already, and `tidy` knows it by its first entry whatever it is called. Waiting
        // for the folder would be waiting for the file system's journal, and so for everything else that is written.
        if !reused {
            File::open(&self.folder)?.sync_all()?;
        }
        Ok(file)
    }

    fn spares(&self) -> std::io::Result<Vec<PathBuf>> {
        with_extension(&self.folder, SPARE)
    }

    /// Deletes the files whose entries have all taken effect.
    pub(super) fn forget(&self, position: i64) -> Result<()> {
        // Nobody who writes waits for it: that takes long.
        for segment in self.done(position)? {
            self.let_go(segment).map_err(failed)?;
        }
        Ok(())
    }

    /// Deletes every file whose entries have all taken effect, however small it is, and durably. The next group starts a file,
    /// so that the one that is being written can go, too, once what is in it has taken effect.
    pub(super) fn let_all_go(&self, position: i64) -> Result<()> {
        let done = {
            let mut end = self.end();
            end.file = None;
            let segments = self.list()?;
            let followers = segments.iter().skip(1).copied();
            let beginnings = followers.chain([end.last.saturating_add(1)]);
            let pairs = segments.iter().zip(beginnings);
            let done = pairs.filter(|(_, next)| *next <= position.saturating_add(1));
            done.map(|(segment, _)| *segment).collect::<Vec<i64>>()
        };
        for segment in done {
            match self.let_go(segment) {
                // It went the usual way meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => other.map_err(failed)?,
            }
        }
        let folder = File::open(&self.folder).map_err(failed)?;
        folder.sync_all().map_err(failed)
    }

    /// Empties a file for whoever needs the next one, or deletes it.
    fn let_go(&self, segment: i64) -> std::io::Result<()> {
        let path = self.path(segment);
        let length = fs::metadata(&path)?.len();
        if length < FULL || self.spares()?.len() >= SPARES {
            return fs::remove_file(path);
        }
        // It is no file of the log any more before its entries go. After a power cut it may be one again, of zeros:
        // nobody looks for entries there, since all of them had taken effect.
        let emptied = path.with_extension(EMPTIED);
        fs::rename(&path, &emptied)?;
        let file = File::options().write(true).open(&emptied)?;
        let zeros = vec![0; ZEROS];
        let mut at = 0;
        while at < length {
            let size = usize::try_from(length - at).map_or(ZEROS, |left| left.min(ZEROS));
            file.write_all_at(zeros.get(..size).unwrap_or_default(), at)?;
            at += u64::try_from(size).unwrap_or(u64::MAX);
        }
        file.sync_all()?;
        fs::rename(&emptied, path.with_extension(SPARE))
    }

    /// The files that nobody reads or writes any more.
    fn done(&self, position: i64) -> Result<Vec<i64>> {
        let mut end = self.end();
        let segments = self.list()?;
        let followers = segments.iter().skip(1);
        let mut done: Vec<i64> = segments
            .iter()
            .zip(followers)
            .filter(|(_, next)| **next <= position.saturating_add(1))
            .map(|(segment, _)| *segment)
            .collect();
        let large = |(_, length): &(File, u64)| *length >= WORTH_DELETING;
        if end.last <= position && end.file.as_ref().is_some_and(large) {
            end.file = None;
            done.extend(segments.last());
        }
        Ok(done)
    }

    /// The next entries.
    pub(super) fn read_after(
        &self,
        position: i64,
        end: i64,
        portion: Portion,
    ) -> Result<Vec<Record>> {
        let next = position.saturating_add(1);
        let mut known = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = match known.filter(|known| known.id == next) {
            Some(place) => place,
            None => match self.find(next)? {
                Some(place) => place,
                None => return Ok(Vec::new()),
            },
        };
        let mut taken = Vec::new();
        while place.id <= end && portion.has_room(&taken) {
            let before = taken.len();
            self.read_chunk(&mut place, end, portion, &mut taken)?;
            if taken.len() > before {
                continue;
            }
            // Nothing more in this file.
            match self
                .list()?
                .into_iter()
                .find(|first| *first > place.segment)
            {
                Some(segment) => {
                    place = Place {
                        id: segment,
                        segment,
                        offset: 0,
                    }
                }
                None => break,
            }
        }
        *known = Some(place);
        Ok(taken)
    }

    /// Reads from a place on within its file, and moves the place behind what was taken.
    fn read_chunk(
        &self,
        place: &mut Place,
        end: i64,
        portion: Portion,
        taken: &mut Vec<Record>,
    ) -> Result<()> {
        let file = match File::open(self.path(place.segment)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let mut chunk = chunk_at(&file, place.offset, CHUNK)?;
        let needed = length_of(&chunk).map_or(0, |body| body + HEAD);
        if needed > chunk.len() {
            chunk = chunk_at(&file, place.offset, needed)?;
        }
        let mut rest = chunk.as_slice();
        while portion.has_room(taken) {
            let Some((record, length)) = read_record(rest) else {
                // At the end of the chunk, or of the file.
                if length_of(rest).is_some_and(|body| body + HEAD <= rest.len()) {
                    return Err(self.damaged(*place));
                }
                return Ok(());
            };
            if record.id > end {
                return Ok(());
            }
            rest = rest.get(length..).unwrap_or_default();
            place.offset = place
                .offset
                .saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
            place.id = record.id.saturating_add(1);
            taken.push(record);
        }
        Ok(())
    }

    /// Where an entry is, or the first one behind it.
    fn find(&self, id: i64) -> Result<Option<Place>> {
        let segments = self.list()?;
        let holding = segments.iter().rev().find(|first| **first <= id);
        let Some(segment) = holding.or(segments.first()).copied() else {
            return Ok(None);
        };
        let mut place = Place {
            id: segment,
            segment,
            offset: 0,
        };
        let before = Portion {
            entries: usize::MAX,
            messages: usize::MAX,
            bytes: CHUNK,
        };
        while place.id < id {
            let (from, mut passed) = (place.id, Vec::new());
            self.read_chunk(&mut place, id.saturating_sub(1), before, &mut passed)?;
            if place.id == from {
                break;
            }
        }
        Ok(Some(place))
    }

    /// The last entry of a file, 0 without any, and where it ends.
    fn scan(&self, segment: i64) -> Result<(i64, u64)> {
        let mut place = Place {
            id: segment,
            segment,
            offset: 0,
        };
        let all = Portion {
            entries: usize::MAX,
            messages: usize::MAX,
            bytes: CHUNK,
        };
        let mut last = 0;
        loop {
            let mut passed = Vec::new();
            match self.read_chunk(&mut place, i64::MAX, all, &mut passed) {
                Ok(()) => {}
                // Whatever follows was never acknowledged, or a write of it failed.
                Err(error) if error.code == Code::Internal => return Ok((last, place.offset)),
                Err(error) => return Err(error),
            }
            match passed.last() {
                Some(record) => last = record.id,
                None => return Ok((last, place.offset)),
            }
        }
    }

    /// The first entries of the files, in order.
    fn list(&self) -> Result<Vec<i64>> {
        let mut segments = Vec::new();
        for file in fs::read_dir(&self.folder).map_err(failed)? {
            let name = file.map_err(failed)?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(".log"));
            segments.extend(number.and_then(|number| number.parse::<i64>().ok()));
        }
        segments.sort_unstable();
        Ok(segments)
    }

    fn path(&self, segment: i64) -> PathBuf {
        self.folder.join(name_of(segment))
    }

    fn damaged(&self, place: Place) -> Error {
        Error::internal(format!(
            "{} is damaged at byte {}, entry {}",
            self.path(place.segment).display(),
            place.offset,
            place.id
        ))
    }

    fn end(&self) -> MutexGuard<'_, End> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the file is called whose first entry has this number.
fn name_of(first: i64) -> String {
    format!("{first:020}.log")
}

/// The number of the entry at the beginning of a file; `None` without a whole one.
fn first_of(file: &File) -> std::io::Result<Option<i64>> {
    let length = file.metadata()?.len();
    let start = |bytes: usize| {
        let mut start = vec![0; usize::try_from(length).map_or(bytes, |length| length.min(bytes))];
        file.read_exact_at(&mut start, 0).map(|()| start)
    };
    let Some(body) = length_of(&start(HEAD)?) else {
        return Ok(None);
    };
    let record = start(HEAD.saturating_add(body))?;
    Ok(read_record(&record).map(|(record, _)| record.id))
}

fn write_record(out: &mut Vec<u8>, record: &Record) {
    let length = u32::try_from(record.body.len()).unwrap_or(u32::MAX);
    let mut checksum = crc32fast::Hasher::new();
    for part in [
        record.id.to_le_bytes().as_slice(),
        &record.messages.to_le_bytes(),
        record.body.as_bytes(),
    ] {
        checksum.update(part);
    }
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&checksum.finalize().to_le_bytes());
    out.extend_from_slice(&record.id.to_le_bytes());
    out.extend_from_slice(&record.messages.to_le_bytes());
    out.extend_from_slice(record.body.as_bytes());
}

/// The record at the beginning of the bytes and how many it takes; `None` when it is not there whole.
fn read_record(bytes: &[u8]) -> Option<(Record, usize)> {
    let length = length_of(bytes)?;
    let whole = bytes.get(..HEAD + length)?;
    let checksum = u32::from_le_bytes(whole.get(4..8)?.try_into().ok()?);
    if crc32fast::hash(whole.get(UNCOVERED..)?) != checksum {
        return None;
    }
    let record = Record {
        id: i64::from_le_bytes(whole.get(8..16)?.try_into().ok()?),
        messages: u32::from_le_bytes(whole.get(16..20)?.try_into().ok()?),
        body: std::str::from_utf8(whole.get(HEAD..)?).ok()?.to_owned(),
    };
    Some((record, whole.len()))
}

/// The length of the body that the head at the beginning of the bytes announces. A head of zeros, which a
/// crash may leave, announces nothing.
fn length_of(bytes: &[u8]) -> Option<usize> {
    let head = bytes.get(..HEAD)?;
    if head.iter().all(|byte| *byte == 0) {
        return None;
    }
    let length = u32::from_le_bytes(head.get(..4)?.try_into().ok()?);
    usize::try_from(length).ok()
}

/// Whether a file has nothing but zeros, or nothing, behind a place.
fn is_zeros(file: &File, mut offset: u64) -> Result<bool> {
    loop {
        let chunk = chunk_at(file, offset, CHUNK)?;
        if chunk.is_empty() {
            return Ok(true);
        }
        if chunk.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        offset = offset.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
    }
}

/// Up to `most` bytes of a file.
fn chunk_at(file: &File, offset: u64, most: usize) -> Result<Vec<u8>> {
    let length = file.metadata().map_err(failed)?.len();
    let left = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
    let mut chunk = vec![0; left.min(most)];
    file.read_exact_at(&mut chunk, offset).map_err(failed)?;
    Ok(chunk)
}

fn failed(error: std::io::Error) -> Error {
    let (code, message) = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => (
            Code::StorageFull,
            "the disk is full: free some space; what is already stored is safe, send this again later",
        ),
        _ => (
            Code::Unavailable,
            "the log cannot be written or read; nothing of this request was stored, send it again later",
        ),
    };
    Error {
        cause: Some(Box::new(error)),
        ..Error::new(code, message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Portion = Portion {
        entries: 1_000,
        messages: 1_000_000,
        bytes: 100_000_000,
    };

    fn record(id: i64) -> Record {
        let body = format!(
            "entry {id} {}",
            "ä".repeat(usize::try_from(id % 50).unwrap())
        );
        Record {
            id,
            messages: 1,
            body,
        }
    }

    /// One that fills a file.
    fn large(id: i64) -> Record {
        Record {
            id,
            messages: 1,
            body: "x".repeat(usize::try_from(FULL).unwrap()),
        }
    }

    fn filled(folder: &Path, groups: &[std::ops::RangeInclusive<i64>]) -> Segments {
        let segments = Segments::open(folder).unwrap();
        assert_eq!(segments.last().unwrap(), 0);
        for group in groups {
            let records: Vec<Record> = group.clone().map(record).collect();
            segments.append(&records).unwrap();
        }
        segments
    }

    fn ids(records: &[Record]) -> Vec<i64> {
        records.iter().map(|record| record.id).collect()
    }

    #[test]
    fn what_was_written_is_read_in_order_and_in_portions() {
        let folder = tempfile::tempdir().unwrap();
        let segments = filled(folder.path(), &[1..=3, 4..=4, 5..=90]);
        assert_eq!(
            segments.read_after(0, 2, ALL).unwrap(),
            [record(1), record(2)]
        );
        let few = Portion { entries: 2, ..ALL };
        assert_eq!(ids(&segments.read_after(2, 90, few).unwrap()), [3, 4]);
        let tiny = Portion { bytes: 1, ..ALL };
        assert_eq!(ids(&segments.read_after(4, 90, tiny).unwrap()), [5]);
        assert_eq!(segments.read_after(5, 90, ALL).unwrap().len(), 85);
        assert!(segments.read_after(90, 90, ALL).unwrap().is_empty());
        // Not where the last reading ended.
        assert_eq!(ids(&segments.read_after(40, 42, ALL).unwrap()), [41, 42]);
    }

    #[test]
    fn a_start_goes_on_behind_the_last_entry() {
        let folder = tempfile::tempdir().unwrap();
        drop(filled(folder.path(), &[1..=3, 4..=7]));
        let again = Segments::open(folder.path()).unwrap();
        assert_eq!(again.last().unwrap(), 7);
        again.append(&[record(8)]).unwrap();
        assert_eq!(ids(&again.read_after(5, 8, ALL).unwrap()), [6, 7, 8]);
    }

    #[test]
    fn wherever_a_crash_cuts_whole_entries_stay_and_the_rest_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        drop(filled(folder.path(), &[1..=3]));
        let path = folder.path().join(format!("log/{:020}.log", 1));
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let segments = Segments::open(folder.path()).unwrap();
            let last = segments.last().unwrap();
            let ends = [0, HEAD + record(1).body.len()];
            let second = ends[1] + HEAD + record(2).body.len();
            let expected = i64::from(length >= ends[1]) + i64::from(length >= second);
            assert_eq!(last, expected, "{length}");
            segments.append(&[record(last + 1)]).unwrap();
            let all = segments.read_after(0, last + 1, ALL).unwrap();
            assert_eq!(
                all,
                (1..=last + 1).map(record).collect::<Vec<_>>(),
                "{length}"
            );
            for file in segments.list().unwrap() {
                fs::remove_file(segments.path(file)).unwrap();
            }
        }
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let segments = filled(folder.path(), &[1..=3]);
        let path = segments.path(1);
        let mut bytes = fs::read(&path).unwrap();
        bytes[HEAD + 2] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = segments.read_after(0, 3, ALL).unwrap_err();
        assert!(
            error.to_string().contains("is damaged at byte 0, entry 1"),
            "{error}"
        );
    }

    #[test]
    fn zeros_behind_the_last_entry_are_no_entry() {
        let folder = tempfile::tempdir().unwrap();
        drop(filled(folder.path(), &[1..=2]));
        let path = folder.path().join(format!("log/{:020}.log", 1));
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(&[0; 4096]);
        fs::write(&path, &bytes).unwrap();
        let segments = Segments::open(folder.path()).unwrap();
        assert_eq!(segments.last().unwrap(), 2);
    }

    #[test]
    fn files_go_when_all_of_them_has_taken_effect() {
        let folder = tempfile::tempdir().unwrap();
        let segments = Segments::open(folder.path()).unwrap();
        segments.last().unwrap();
        let large = |id| Record {
            id,
            messages: 1,
            body: "x".repeat(usize::try_from(FULL).unwrap() / 2),
        };
        for id in 1..=5 {
            segments.append(&[large(id)]).unwrap();
        }
        assert_eq!(segments.list().unwrap(), [1, 3, 5]);
        segments.forget(3).unwrap();
        assert_eq!(segments.list().unwrap(), [3, 5]);
        assert_eq!(ids(&segments.read_after(3, 5, ALL).unwrap()), [4, 5]);
        segments.forget(5).unwrap();
        assert!(segments.list().unwrap().is_empty());
        assert!(segments.read_after(5, 5, ALL).unwrap().is_empty());
        segments.append(&[record(6)]).unwrap();
        assert_eq!(ids(&segments.read_after(5, 6, ALL).unwrap()), [6]);
    }

    #[test]
    fn a_file_that_is_used_again_has_nothing_of_what_was_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let segments = Segments::open(folder.path()).unwrap();
        segments.last().unwrap();
        for id in 1..=10 {
            segments.append(&[large(id)]).unwrap();
        }
        segments.forget(10).unwrap();
        assert!(segments.list().unwrap().is_empty());
        assert_eq!(segments.spares().unwrap().len(), SPARES);
        for id in 11..=13 {
            segments.append(&[record(id)]).unwrap();
        }
        assert_eq!(segments.spares().unwrap().len(), SPARES - 1);
        let bytes = fs::read(segments.path(11)).unwrap();
        assert!(bytes.len() > usize::try_from(FULL).unwrap());
        assert!(!bytes.contains(&b'x'));
        // A start finds the end within it, and goes on in the next file.
        let again = Segments::open(folder.path()).unwrap();
        assert_eq!(again.last().unwrap(), 13);
        again.append(&[record(14)]).unwrap();
        assert_eq!(again.list().unwrap(), [11, 14]);
        assert_eq!(
            ids(&again.read_after(10, 14, ALL).unwrap()),
            [11, 12, 13, 14]
        );
        // What a crash leaves half written there is cut off.
        drop(again);
        let path = segments.path(14);
        let mut bytes = fs::read(&path).unwrap();
        bytes[HEAD + 1] ^= 1;
        fs::write(&path, bytes).unwrap();
        let again = Segments::open(folder.path()).unwrap();
        assert_eq!(again.last().unwrap(), 13);
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }

    #[test]
    fn a_file_that_is_used_again_is_found_under_the_name_that_a_power_cut_gives_back() {
        let folder = tempfile::tempdir().unwrap();
        let segments = Segments::open(folder.path()).unwrap();
        segments.last().unwrap();
        for id in 1..=3 {
            segments.append(&[large(id)]).unwrap();
        }
        segments.forget(3).unwrap();
        let spare = segments.spares().unwrap().pop().unwrap();
        segments.append(&[record(4), record(5)]).unwrap();
        assert!(!spare.exists());
        fs::rename(segments.path(4), &spare).unwrap();
        let again = Segments::open(folder.path()).unwrap();
        again.tidy().unwrap();
        assert_eq!(again.last().unwrap(), 5);
        assert_eq!(ids(&again.read_after(3, 5, ALL).unwrap()), [4, 5]);
        assert_eq!(again.spares().unwrap().len(), SPARES.min(3) - 1);
    }
}
