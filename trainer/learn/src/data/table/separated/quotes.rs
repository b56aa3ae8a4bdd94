//! Quotes that do not say what their writer meant.
//!
//! A quote opens a cell only where it is the cell's first character. One that is closed too late, or
//! never, takes in the rows after it, and no other reader of the file would notice.

use super::super::Row;

/// What is wrong with a quote, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stray {
    /// The byte, counted from the record's first.
    pub at: usize,
    pub kind: StrayKind,
}

/// What is wrong with a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StrayKind {
    /// It is open where the file ends.
    Open,
    /// The cell goes on after its end.
    TextAfter,
    /// Spaces stand before it, which make it a character.
    SpaceBefore,
}

/// The first quote of a record that is astray.
pub(super) fn check(record: &[u8], delimiter: u8) -> Option<Stray> {
    /// Where in a cell the next byte is.
    enum State {
        Start,
        Spaces,
        Plain,
        Quoted,
        /// After a quote within quotes: the end, or the first of two.
        Closed,
        /// After spaces behind the end.
        Behind,
    }
    let mut state = State::Start;
    let mut opened = 0;
    let stray = |at, kind| Some(Stray { at, kind });
    for (at, byte) in record.iter().copied().enumerate() {
        let is_end = byte == delimiter || matches!(byte, b'\r' | b'\n');
        let is_space = matches!(byte, b' ' | b'\t');
        state = match state {
            State::Quoted if byte == b'"' => State::Closed,
            State::Quoted => State::Quoted,
            State::Closed if byte == b'"' => State::Quoted,
            _ if is_end => State::Start,
            State::Closed | State::Behind if is_space => State::Behind,
            State::Closed | State::Behind => return stray(opened, StrayKind::TextAfter),
            State::Start if byte == b'"' => {
                opened = at;
                State::Quoted
            }
            State::Spaces if byte == b'"' => return stray(at, StrayKind::SpaceBefore),
            State::Start | State::Spaces if is_space => State::Spaces,
            State::Start | State::Spaces | State::Plain => State::Plain,
        };
    }
    match state {
        State::Quoted => stray(opened, StrayKind::Open),
        _ => None,
    }
}

/// The first row that holds other rows in a quoted cell; `columns` are those of the header.
pub(super) fn swallowing<'a>(
    rows: &'a [Row],
    text: &[u8],
    delimiter: u8,
    columns: usize,
) -> Option<&'a Row> {
    let text_of = |row: &Row| text.get(row.place.clone()).unwrap_or_default();
    let is_line_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let is_long = |row: &&Row| text_of(row).iter().any(is_line_end);
    // Rows are told from prose by the columns that hold numbers everywhere else.
    let mut long = rows.iter().filter(is_long).peekable();
    long.peek()?;
    let usual: Vec<&Row> = rows.iter().filter(|row| !is_long(row)).collect();
    let width = usual.first().map_or(columns, |row| row.cells.len());
    let is_number = |place: &usize| {
        let cells = usual.iter().filter_map(|row| row.cells.get(*place));
        let mut filled = cells.filter(|cell| !cell.is_empty()).peekable();
        filled.peek().is_some() && filled.all(|cell| cell.parse::<f64>().is_ok())
    };
    let numbers: Vec<usize> = (0..width).filter(is_number).collect();
    // Commas in prose have spaces behind them.
    let has_spaces = |line: &[u8]| line.windows(2).any(|pair| pair == [delimiter, b' ']);
    let are_spaced = usual.iter().any(|row| has_spaces(text_of(row)));
    let is_row = |line: &&[u8]| {
        let cells: Vec<String> = String::from_utf8_lossy(line)
            .split(char::from(delimiter))
            .map(|cell| cell.trim_matches(['"', ' ', '\r']).to_owned())
            .collect();
        let is_number = |cell: &String| cell.is_empty() || cell.parse::<f64>().is_ok();
        width > 1
            && cells.len() == width
            && cells.iter().any(|cell| !cell.is_empty())
            && numbers
                .iter()
                .filter_map(|place| cells.get(*place))
                .all(is_number)
            && (are_spaced || !has_spaces(line))
    };
    let has_width = |line: &[u8]| line.split(|byte| *byte == delimiter).count() == width;
    long.find(|row| {
        let lines = text_of(row).split(is_line_end);
        let lines: Vec<&[u8]> = lines.filter(|line| !line.trim_ascii().is_empty()).collect();
        match lines.as_slice() {
            [first, last] => is_row(first) && is_row(last),
            // A quote that takes rows in takes whole ones, and begins and ends in one.
            [first, within @ .., last] => {
                has_width(first) && has_width(last) && within.iter().all(&is_row)
            }
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stray_quotes_are_told_from_others() {
        use StrayKind::*;
        let stray = |at, kind| Some(Stray { at, kind });
        for (record, expected) in [
            ("1,2,3", None),
            ("5\" disk,\"a\"\"b\" ,\"\",\"c\nd\"", None),
            ("1,\"a", stray(2, Open)),
            ("1,\"a\"\"", stray(2, Open)),
            ("1,\"a\"b,2", stray(2, TextAfter)),
            ("1,\"a\" b,2", stray(2, TextAfter)),
            ("1, \"a\",2", stray(3, SpaceBefore)),
        ] {
            assert_eq!(check(record.as_bytes(), b','), expected, "{record}");
        }
    }
}
