//! What a file is, by its first bytes: Parquet, or text, which may be compressed.
//!
//! The ending of its name decides only between commas and tabs: people call files as they like.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read, Seek},
    path::Path,
};

use flate2::read::MultiGzDecoder;

use super::{DataError, kind, read_error};

/// Bytes that are looked at to tell what a file is; names in an archive may lie that far behind.
const FIRST_BYTES: u64 = 1 << 16;

/// What is unpacked at most of a small file, and of a large one as a multiple of its size: rows
/// seldom become a tenth, and whoever compresses zeros wants to fill the memory.
const UNPACKED_BYTES_MIN: u64 = 1 << 28;
const UNPACKED_FACTOR: u64 = 100;

/// Half of a character that takes two units of UTF-16.
const UNPAIRED: u16 = 0xd800;

/// What a file holds.
pub(super) enum Content {
    Parquet(File),
    /// In UTF-8, where it is text at all.
    Text(Vec<u8>),
}

/// How much of a text is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Whole,
    /// Its first bytes, at most so many.
    First(u64),
}

/// Reads a file.
pub(super) fn read(path: &Path, part: Part) -> Result<Content, DataError> {
    let error = |error: io::Error| read_error(path, error);
    let mut file = File::open(path).map_err(error)?;
    let first = first_bytes(&mut file).map_err(error)?;
    let is_named_parquet = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    if is_parquet(&first) || (is_named_parquet && kind::of(&first).is_none()) {
        file.rewind().map_err(error)?;
        return Ok(Content::Parquet(file));
    }
    let size = file.metadata().map_err(error)?.len();
    let whole = Cursor::new(first.clone()).chain(file);
    let Some(packing) = Packing::of(&first) else {
        refuse_other(path, &first)?;
        let bytes = text(whole, part, u64::MAX).map_err(error)?;
        return decoded(path, bytes, part);
    };
    let damaged = |source| DataError::Unpack {
        file: path.into(),
        packing: packing.name(),
        source,
    };
    let mut unpacked = packing.reader(whole).map_err(damaged)?;
    let first = first_bytes(&mut unpacked).map_err(damaged)?;
    if is_parquet(&first) {
        let kind = kind::Kind {
            name: "a compressed Parquet file",
            advice: "unpack it: Parquet is compressed within",
        };
        return Err(other(path, kind));
    }
    refuse_other(path, &first)?;
    let max = size.saturating_mul(UNPACKED_FACTOR).max(UNPACKED_BYTES_MIN);
    let unpacked = Cursor::new(first).chain(unpacked);
    // One byte more shows that there is more.
    let bytes = text(unpacked, part, max.saturating_add(1)).map_err(damaged)?;
    if bytes.len() as u64 > max {
        return Err(DataError::Unpacked {
            file: path.into(),
            max,
        });
    }
    decoded(path, bytes, part)
}

fn first_bytes(source: impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    source.take(FIRST_BYTES).read_to_end(&mut first)?;
    Ok(first)
}

fn text(source: impl Read, part: Part, max: u64) -> io::Result<Vec<u8>> {
    let max = match part {
        Part::Whole => max,
        Part::First(bytes) => bytes,
    };
    let mut bytes = Vec::new();
    source.take(max).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of a Parquet file, and not a header whose first column is called PAR1.
fn is_parquet(first: &[u8]) -> bool {
    first.starts_with(b"PAR1")
        && first
            .get(4)
            .is_some_and(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

fn refuse_other(path: &Path, first: &[u8]) -> Result<(), DataError> {
    match kind::of(first) {
        Some(kind) if !is_utf16(first) => Err(other(path, kind)),
        _ => Ok(()),
    }
}

fn other(path: &Path, kind: kind::Kind) -> DataError {
    DataError::OtherFormat {
        file: path.into(),
        kind: kind.name,
        advice: kind.advice,
    }
}

/// Has the byte order mark of UTF-16, which that of UTF-32 begins with as well.
fn is_utf16(first: &[u8]) -> bool {
    let is_utf32 = first.starts_with(b"\xff\xfe\0\0");
    (first.starts_with(b"\xff\xfe") && !is_utf32) || first.starts_with(b"\xfe\xff")
}

/// The text in UTF-8, from whatever its byte order mark says.
fn decoded(path: &Path, bytes: Vec<u8>, part: Part) -> Result<Content, DataError> {
    if !is_utf16(&bytes) {
        return Ok(Content::Text(bytes));
    }
    let is_little = bytes.starts_with(b"\xff\xfe");
    let is_cut = matches!(part, Part::Whole) && !bytes.len().is_multiple_of(2);
    let units = bytes.chunks_exact(2).skip(1).filter_map(|pair| {
        let pair: [u8; 2] = pair.try_into().ok()?;
        Some(match is_little {
            true => u16::from_le_bytes(pair),
            false => u16::from_be_bytes(pair),
        })
    });
    let mut text = String::with_capacity(bytes.len());
    let last = is_cut.then_some(UNPAIRED);
    for unit in char::decode_utf16(units.chain(last)) {
        match (unit, part) {
            (Ok(character), _) => text.push(character),
            // The last character may be cut where more follows.
            (Err(_), Part::First(_)) => text.push(char::REPLACEMENT_CHARACTER),
            (Err(_), Part::Whole) => {
                let lines = text.matches('\n').count() as u64;
                return Err(DataError::NotText {
                    file: path.into(),
                    row: lines.saturating_add(1),
                });
            }
        }
    }
    Ok(Content::Text(text.into_bytes()))
}

/// How a file is compressed.
#[derive(Debug, Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    fn of(first: &[u8]) -> Option<Self> {
        // A skippable frame of zstd, whose first byte has 16 values, may stand before the others.
        let is_skippable = matches!(first, [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]);
        if first.starts_with(b"\x1f\x8b") {
            Some(Self::Gzip)
        } else if first.starts_with(b"\x28\xb5\x2f\xfd") || is_skippable {
            Some(Self::Zstd)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn reader<'a>(self, source: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(source))),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(source)?),
        })
    }
}

#[cfg(test)]
mod tests;
