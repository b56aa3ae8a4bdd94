//! Reads a CSV file by a federation's schema.

use std::{
    borrow::Cow,
    fs::File,
    path::{Path, PathBuf},
};

use csv::{ByteRecord, ReaderBuilder, Trim};
use fedchain_fl::{Column, Schema, Target};
use ndarray::{Array1, Array2};

use super::{DataError, Dataset, Targets, nearest};

impl Dataset {
    /// Reads features and target. `target` is the header of the target column where the file calls
    /// it otherwise than the schema.
    ///
    /// # Errors
    /// The first thing that is wrong with the file.
    pub fn read_csv(path: &Path, schema: &Schema, target: Option<&str>) -> Result<Self, DataError> {
        let file = CsvFile::read(path)?;
        let features = file.features(schema)?;
        let named = schema.target.name().to_string();
        let header = target.unwrap_or(&named);
        let targets = match &schema.target {
            Target::Real(column) => Targets::Real(Array1::from_vec(file.numbers(header, column)?)),
            Target::Classes { labels, .. } => {
                let labels: Vec<String> = labels.iter().map(ToString::to_string).collect();
                Targets::Classes(Array1::from_vec(file.classes(header, &labels)?))
            }
        };
        Ok(Self {
            features,
            targets: Some(targets),
        })
    }

    /// Reads the features only; the file need not have the target.
    ///
    /// # Errors
    /// The first thing that is wrong with the file.
    pub fn read_csv_features(path: &Path, schema: &Schema) -> Result<Self, DataError> {
        Ok(Self {
            features: CsvFile::read(path)?.features(schema)?,
            targets: None,
        })
    }
}

/// A file in memory: its header, and each row with its number in the file.
struct CsvFile {
    path: PathBuf,
    header: Vec<String>,
    rows: Vec<(u64, ByteRecord)>,
}

impl CsvFile {
    fn read(path: &Path) -> Result<Self, DataError> {
        let read_error = |source| DataError::Read {
            file: path.into(),
            source,
        };
        let file = File::open(path).map_err(read_error)?;
        let mut reader = ReaderBuilder::new()
            .flexible(true)
            .trim(Trim::All)
            .from_reader(file);
        let header = reader.byte_headers().map_err(|e| read_error(e.into()))?;
        let header: Vec<String> = header
            .iter()
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect();
        if header.is_empty() {
            return Err(DataError::Empty { file: path.into() });
        }
        let mut rows = Vec::new();
        for record in reader.into_byte_records() {
            let record = record.map_err(|e| read_error(e.into()))?;
            let row = record.position().map_or(0, csv::Position::line);
            rows.push((row, record));
        }
        if rows.is_empty() {
            return Err(DataError::NoRows { file: path.into() });
        }
        Ok(Self {
            path: path.into(),
            header,
            rows,
        })
    }

    fn features(&self, schema: &Schema) -> Result<Array2<f64>, DataError> {
        let mut features = Array2::zeros((self.rows.len(), schema.features.len()));
        for (column, mut values) in schema.features.iter().zip(features.columns_mut()) {
            values.assign(&Array1::from_vec(
                self.numbers(&column.name.to_string(), column)?,
            ));
        }
        Ok(features)
    }

    /// The numbers under `header`, shifted and scaled as `column` says.
    fn numbers(&self, header: &str, column: &Column) -> Result<Vec<f64>, DataError> {
        let (offset, scale) = (nearest(column.offset), nearest(column.scale));
        self.column(header, |row, cell| {
            let (file, column) = (self.path.clone(), header.to_owned());
            let Ok(value) = cell.parse::<f64>() else {
                return Err(DataError::NotANumber {
                    file,
                    row,
                    column,
                    cell: cell.into_owned(),
                });
            };
            let scaled = (value - offset) / scale;
            if !scaled.is_finite() {
                return Err(DataError::NotFinite {
                    file,
                    row,
                    column,
                    cell: cell.into_owned(),
                });
            }
            Ok(scaled)
        })
    }

    /// The places in `labels` of the labels under `header`.
    fn classes(&self, header: &str, labels: &[String]) -> Result<Vec<usize>, DataError> {
        self.column(header, |row, cell| {
            labels
                .iter()
                .position(|label| *label == cell)
                .ok_or_else(|| DataError::UnknownLabel {
                    file: self.path.clone(),
                    row,
                    column: header.to_owned(),
                    cell: cell.into_owned(),
                    labels: labels.to_vec(),
                })
        })
    }

    /// Reads every cell under `header` by `read`, which gets its row as well.
    fn column<T>(
        &self,
        header: &str,
        read: impl Fn(u64, Cow<'_, str>) -> Result<T, DataError>,
    ) -> Result<Vec<T>, DataError> {
        let place = self.place(header)?;
        self.rows
            .iter()
            .map(|(row, record)| match record.get(place) {
                Some(cell) if !cell.is_empty() => read(*row, String::from_utf8_lossy(cell)),
                _ => Err(DataError::MissingCell {
                    file: self.path.clone(),
                    row: *row,
                    column: header.to_owned(),
                }),
            })
            .collect()
    }

    fn place(&self, header: &str) -> Result<usize, DataError> {
        let mut places = (0..).zip(&self.header).filter(|(_, name)| *name == header);
        match (places.next(), places.next()) {
            (Some((place, _)), None) => Ok(place),
            (Some(_), Some(_)) => Err(DataError::DuplicateColumn {
                file: self.path.clone(),
                column: header.to_owned(),
            }),
            (None, _) => Err(DataError::MissingColumn {
                file: self.path.clone(),
                column: header.to_owned(),
                found: self.header.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
