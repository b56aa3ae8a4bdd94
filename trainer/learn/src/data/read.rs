//! Reads a table by a federation's schema.

use std::path::Path;

use fedchain_fl::{Schema, Target};
use ndarray::{Array1, Array2};

use super::{
    DataError, Dataset, Reading, Table, Targets,
    cell::{self, Fault, Rule},
};

impl Dataset {
    /// Reads features and target of a CSV, TSV or Parquet file. `target` is the header of the target
    /// column where the file calls it otherwise than the schema.
    ///
    /// # Errors
    /// The first thing that is wrong with the file.
    pub fn read(
        path: &Path,
        reading: &Reading,
        schema: &Schema,
        target: Option<&str>,
    ) -> Result<Self, DataError> {
        let named = schema.target.name().to_string();
        let table = Table::read_for(path, reading, target.unwrap_or(&named))?;
        Self::from_table(&table, schema, target)
    }

    /// Reads the features only; the file need not have the target.
    ///
    /// # Errors
    /// The first thing that is wrong with the file.
    pub fn read_features(
        path: &Path,
        reading: &Reading,
        schema: &Schema,
    ) -> Result<Self, DataError> {
        Self::features_from_table(&Table::read(path, reading)?, schema)
    }

    /// As [`Self::read_features`], of a file that is in memory.
    ///
    /// # Errors
    /// The first thing that is wrong with the table.
    pub fn features_from_table(table: &Table, schema: &Schema) -> Result<Self, DataError> {
        Ok(Self {
            features: features(table, schema)?,
            targets: None,
        })
    }

    /// As [`Self::read`], of a file that is in memory.
    ///
    /// # Errors
    /// The first thing that is wrong with the table.
    pub fn from_table(
        table: &Table,
        schema: &Schema,
        target: Option<&str>,
    ) -> Result<Self, DataError> {
        let features = features(table, schema)?;
        let named = schema.target.name().to_string();
        let header = target.unwrap_or(&named);
        if cell::is_feature(schema, header) {
            return Err(DataError::TargetIsFeature(header.to_owned()));
        }
        let targets = match &schema.target {
            Target::Real(column) => {
                let rule = Rule::new(column);
                let values = target_of(table, header, &[], |cell| rule.number(cell))?;
                Targets::Real(Array1::from_vec(values))
            }
            Target::Classes { labels, .. } => {
                let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
                let classes = target_of(table, header, &labels, |cell| cell::class(cell, &labels))?;
                Targets::Classes(Array1::from_vec(classes))
            }
        };
        Ok(Self {
            features,
            targets: Some(targets),
        })
    }
}

fn features(table: &Table, schema: &Schema) -> Result<Array2<f64>, DataError> {
    let mut features = Array2::zeros((table.rows(), schema.features.len()));
    for (column, mut values) in schema.features.iter().zip(features.columns_mut()) {
        let header = column.name.to_string();
        let rule = Rule::new(column);
        let found = match &column.label {
            None => column_of(table, &header, &[], |cell| rule.number(cell))?,
            Some(label) => {
                let (label, labels) = (label.to_string(), cell::labels_of(schema, &header));
                let read = |cell: &str| rule.indicator(cell, &label, &labels);
                column_of(table, &header, &labels, read)?
            }
        };
        values.assign(&Array1::from_vec(found));
    }
    Ok(features)
}

/// Reads every cell under `header` by `read`; `labels` are what it may hold, for the error.
fn column_of<T>(
    table: &Table,
    header: &str,
    labels: &[String],
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, DataError> {
    let cells = table.column(table.place(header)?);
    cells
        .map(|cell| read(cell.text).map_err(|fault| fault.at(table, header, cell, labels)))
        .collect()
}

/// As [`column_of`] for the target, without which a row can be left out.
fn target_of<T>(
    table: &Table,
    header: &str,
    labels: &[String],
    read: impl Fn(&str) -> Result<T, Fault>,
) -> Result<Vec<T>, DataError> {
    column_of(table, header, labels, read).map_err(DataError::of_target)
}

#[cfg(test)]
mod tests;
