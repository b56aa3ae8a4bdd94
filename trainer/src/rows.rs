//! Rows of a user for a federation, and what the user must know of how they were read.

use std::path::Path;

use fedchain_fl::Schema;
use fedchain_learn::data::{Dataset, Reading, Table};

use crate::Error;

/// Reads rows with their target; tells by `tell` what is odd about the file, and how many had to be left out.
///
/// # Errors
/// The first thing that is wrong with the file.
pub fn read(
    file: &Path,
    reading: &Reading,
    schema: &Schema,
    target: Option<&str>,
    tell: impl Fn(String),
) -> Result<Dataset, Error> {
    let table = read_table(file, reading, schema, target, tell)?;
    Ok(Dataset::from_table(&table, schema, target)?)
}

/// As [`read`], before the schema is applied.
///
/// # Errors
/// What is wrong with the file as such.
pub fn read_table(
    file: &Path,
    reading: &Reading,
    schema: &Schema,
    target: Option<&str>,
    tell: impl Fn(String),
) -> Result<Table, Error> {
    let named = schema.target.name().to_string();
    let target = target.unwrap_or(&named);
    let table = Table::read_for(file, reading, target)?;
    let remarks = table.remarks();
    remarks.iter().for_each(|remark| tell(remark.to_string()));
    if let Some(skipped) = skipped(&table, target) {
        tell(skipped);
    }
    Ok(table)
}

/// Says how many rows were left out for want of a target; none when none was.
pub fn skipped(table: &Table, target: &str) -> Option<String> {
    let rows = match table.skipped() {
        0 => return None,
        1 => "1 row is".to_owned(),
        rows => format!("{rows} rows are"),
    };
    Some(format!(
        "{}: {rows} left out, without a value for \"{target}\"",
        table.file().display()
    ))
}
