//! A row group whose pages claim no more than there can be: the reader takes memory for as many values as
//! a page says that it has, before it looks for them.

use parquet::{
    basic::Encoding,
    bloom_filter::Sbbf,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{metadata::RowGroupMetaData, reader::RowGroupReader},
    record::reader::RowIter,
    schema::types::Type,
};

/// A row group of columns that are not nested.
pub(super) struct Bounded<'a>(pub Box<dyn RowGroupReader + 'a>);

impl RowGroupReader for Bounded<'_> {
    fn metadata(&self) -> &RowGroupMetaData {
        self.0.metadata()
    }

    fn num_columns(&self) -> usize {
        self.0.num_columns()
    }

    fn get_column_page_reader(&self, column: usize) -> Result<Box<dyn PageReader>> {
        let schema = self.metadata().schema_descr();
        Ok(Box::new(Pages {
            source: self.0.get_column_page_reader(column)?,
            rows: u64::try_from(self.metadata().num_rows()).unwrap_or(0),
            is_optional: schema.column(column).max_def_level() > 0,
        }))
    }

    fn get_column_bloom_filter(&self, column: usize) -> Option<&Sbbf> {
        self.0.get_column_bloom_filter(column)
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

/// The pages of one column.
struct Pages {
    source: Box<dyn PageReader>,
    /// Rows of the group.
    rows: u64,
    /// Whether levels stand before the values.
    is_optional: bool,
}

impl Pages {
    /// Whether a page has as many values as its group has rows, or its dictionary bytes, at most.
    fn is_bounded(&self, page: &Page) -> bool {
        let (values, rows) = (u64::from(page.num_values()), self.rows);
        match page {
            Page::DictionaryPage { buf, .. } => values <= buf.len() as u64,
            Page::DataPage { buf, encoding, .. } => {
                let levels = match (self.is_optional, buf.first_chunk::<4>()) {
                    (true, Some(length)) => {
                        (u32::from_le_bytes(*length) as usize).saturating_add(4)
                    }
                    _ => 0,
                };
                values <= rows && lengths(*encoding, buf, levels).is_none_or(|count| count <= rows)
            }
            Page::DataPageV2 {
                buf,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let levels =
                    (*def_levels_byte_len as usize).saturating_add(*rep_levels_byte_len as usize);
                values <= rows && lengths(*encoding, buf, levels).is_none_or(|count| count <= rows)
            }
        }
    }
}

/// The number of lengths that an encoding of texts claims, which stand at `start` of a page: the third
/// number, each of seven bits a byte.
fn lengths(encoding: Encoding, page: &[u8], start: usize) -> Option<u64> {
    if !matches!(
        encoding,
        Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
    ) {
        return None;
    }
    let mut bytes = page.get(start..)?.iter();
    let mut number = || {
        let mut number: u64 = 0;
        for (byte, place) in bytes.by_ref().zip((0..u64::BITS).step_by(7)) {
            number |= u64::from(byte & 0x7f) << place;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    };
    let (_, _, count) = (number()?, number()?, number()?);
    Some(count)
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        match self.source.get_next_page()? {
            Some(page) if !self.is_bounded(&page) => {
                let reason = "a page claims more values than the file has";
                Err(ParquetError::General(reason.into()))
            }
            page => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.source.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.source.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.source.at_record_boundary()
    }
}
