//! Files as people have them: plain or gzip, or standard input.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// First bytes of gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Opens a file, or standard input for `-`; what is gzip is decompressed while it is read.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let raw: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    let mut buffered = BufReader::with_capacity(256 * 1024, raw);
    if buffered.fill_buf()?.starts_with(&GZIP) {
        return Ok(Box::new(MultiGzDecoder::new(buffered)));
    }
    Ok(Box::new(buffered))
}
