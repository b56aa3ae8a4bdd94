//! What separates the cells of a file, as far as its header shows it.

use std::path::Path;

use super::super::{DataError, Delimiter, Reading};

/// What may separate cells without being named.
const USUAL: [Delimiter; 4] = [
    Delimiter::COMMA,
    Delimiter::SEMICOLON,
    Delimiter::TAB,
    Delimiter::PIPE,
];

/// Where the header begins, and what separates its cells and those of the rows.
pub(super) struct Found {
    pub start: usize,
    pub delimiter: Delimiter,
}

/// Looks at the header of `text`, in which `usual` is expected.
pub(super) fn find(
    path: &Path,
    text: &[u8],
    reading: &Reading,
    usual: Delimiter,
) -> Result<Found, DataError> {
    let (start, said) = match said(text) {
        Some((start, delimiter)) => (start, Some(delimiter)),
        None => (0, None),
    };
    let delimiter = match reading.delimiter.or(said) {
        Some(delimiter) => delimiter,
        None => shown(path, text, usual)?,
    };
    Ok(Found { start, delimiter })
}

/// The line `sep=;` by which Excel says it, and where it ends.
fn said(text: &[u8]) -> Option<(usize, Delimiter)> {
    let after_mark = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let rest = after_mark.strip_prefix(b"sep=")?;
    let (delimiter, rest) = rest.split_first()?;
    let rest = rest
        .strip_prefix(b"\r\n")
        .or_else(|| rest.strip_prefix(b"\n"))?;
    let delimiter = char::from(*delimiter).to_string().parse().ok()?;
    Some((text.len().saturating_sub(rest.len()), delimiter))
}

/// The delimiter in the header, outside of quotes.
fn shown(path: &Path, text: &[u8], usual: Delimiter) -> Result<Delimiter, DataError> {
    let mut is_quoted = false;
    let header: Vec<u8> = text
        .iter()
        .copied()
        .skip_while(u8::is_ascii_whitespace)
        .take_while(|byte| {
            is_quoted ^= *byte == b'"';
            is_quoted || !matches!(byte, b'\r' | b'\n')
        })
        .collect();
    is_quoted = false;
    let outside: Vec<u8> = header
        .into_iter()
        .filter(|byte| {
            is_quoted ^= *byte == b'"';
            !is_quoted
        })
        .collect();
    let has = |delimiter: &Delimiter| outside.contains(&delimiter.byte());
    let doubt = |first, other| DataError::Delimiter {
        file: path.into(),
        first,
        other,
    };
    let others: Vec<Delimiter> = USUAL
        .into_iter()
        .filter(|delimiter| *delimiter != usual && has(delimiter))
        .collect();
    match (has(&usual), others.as_slice()) {
        // Commas stand in names, and a vertical bar as well.
        (true, others) => match others.iter().find(|other| {
            usual == Delimiter::COMMA && matches!(**other, Delimiter::SEMICOLON | Delimiter::TAB)
        }) {
            Some(other) => Err(doubt(usual, *other)),
            None => Ok(usual),
        },
        (false, []) => Ok(usual),
        (false, [only]) => Ok(*only),
        (false, [first, other, ..]) => Err(doubt(*first, *other)),
    }
}
