//! The two tasks: diabetes progression (regression) and red wine quality (classification).

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Result, bail};
use fedchain_fl::FederationSpec;
use ndarray::{Array2, Axis, concatenate};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};

/// The seed of the split that the demo and the end-to-end tests use.
pub const FIXED_SPLIT: u64 = 2026;

/// Headers of the diabetes data: ten features, then the target.
const DIABETES: [&str; 11] = [
    "age",
    "sex",
    "bmi",
    "bp",
    "tc",
    "ldl",
    "hdl",
    "tch",
    "ltg",
    "glu",
    "progression",
];

/// A learning task on real data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Linear regression, 441 rows.
    Diabetes,
    /// Softmax classification, 1,599 rows.
    Wine,
}

/// The CSV files of a split.
#[derive(Debug, Clone)]
pub struct Parts {
    /// One file per client.
    pub clients: Vec<PathBuf>,
    /// All clients' rows in one file: what a central server would have.
    pub central: PathBuf,
    /// Rows that nobody trains on.
    pub held_out: PathBuf,
}

impl Task {
    /// The federation's file, as an owner would write it.
    pub const fn toml(self) -> &'static str {
        match self {
            Self::Diabetes => include_str!("../../../docs/examples/diabetes.toml"),
            Self::Wine => include_str!("../../../docs/examples/wine.toml"),
        }
    }

    /// The federation's spec, its amounts as text.
    ///
    /// # Errors
    /// When the file is no spec.
    pub fn spec(self) -> Result<FederationSpec<String>> {
        Ok(toml::from_str(self.toml())?)
    }

    /// Shuffles the rows by `seed`, holds out one third and deals the rest in equal parts to
    /// `clients` clients, each part a CSV file in `folder`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn split(self, folder: &Path, seed: u64, clients: usize) -> Result<Parts> {
        fs::create_dir_all(folder)?;
        let (header, rows) = self.table()?;
        let mut order: Vec<usize> = (0..rows.nrows()).collect();
        order.shuffle(&mut StdRng::seed_from_u64(seed));
        let write = |name: &str, places: &[usize]| -> Result<PathBuf> {
            let path = folder.join(name);
            let mut file = csv::Writer::from_path(&path)?;
            file.write_record(&header)?;
            for row in rows.select(Axis(0), places).outer_iter() {
                file.write_record(row.iter().map(f64::to_string))?;
            }
            file.flush()?;
            Ok(path)
        };
        let (held_out, training) = order.split_at(order.len() / 3);
        let share = training.len().div_ceil(clients.max(1)).max(1);
        Ok(Parts {
            clients: (1..)
                .zip(training.chunks(share))
                .map(|(client, places)| write(&format!("client-{client}.csv"), places))
                .collect::<Result<_>>()?,
            central: write("central.csv", training)?,
            held_out: write("held-out.csv", held_out)?,
        })
    }

    /// Header and all rows, the target last.
    fn table(self) -> Result<(Vec<String>, Array2<f64>)> {
        let (header, features, target) = match self {
            Self::Diabetes => {
                let data = linfa_datasets::diabetes();
                (
                    DIABETES.map(String::from).into(),
                    data.records,
                    data.targets,
                )
            }
            Self::Wine => {
                let data = linfa_datasets::winequality();
                let mut header = data.feature_names().to_vec();
                header.push("quality".into());
                (
                    header,
                    data.records,
                    data.targets.mapv(|grade| grade as f64),
                )
            }
        };
        Ok((
            header,
            concatenate(
                Axis(1),
                &[features.view(), target.insert_axis(Axis(1)).view()],
            )?,
        ))
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Diabetes => "diabetes",
            Self::Wine => "wine",
        })
    }
}

impl FromStr for Task {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "diabetes" => Ok(Self::Diabetes),
            "wine" => Ok(Self::Wine),
            _ => bail!("the tasks are diabetes and wine"),
        }
    }
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{Decimal, Target};
    use fedchain_trainer::amount::Amount;

    use super::*;

    fn float(decimal: Decimal) -> f64 {
        decimal.to_string().parse().unwrap()
    }

    #[test]
    fn the_examples_are_sound_and_fit_the_data() {
        for task in [Task::Diabetes, Task::Wine] {
            let spec = task.spec().unwrap();
            let planck = |amount: String| amount.parse().map_or(0, |amount: Amount| amount.0);
            assert_eq!(spec.clone().map_amounts(planck).check(1 << 20), Ok(()));
            let (header, rows) = task.table().unwrap();
            let schema = spec.task.schema;
            let mut columns = schema.features.to_vec();
            if let Target::Real(column) = &schema.target {
                columns.push(column.clone());
            }
            let names: Vec<String> = schema.features.iter().map(|c| c.name.to_string()).collect();
            assert_eq!(
                [names, vec![schema.target.name().to_string()]].concat(),
                header
            );
            for (column, values) in columns.iter().zip(rows.columns()) {
                let (offset, scale) = (float(column.offset), float(column.scale));
                let deviation = values.std(1.0);
                let shift = (values.mean().unwrap() - offset).abs() / deviation;
                assert!(
                    shift < 0.05,
                    "{:?}: offset is {shift} deviations off",
                    column.name
                );
                assert!(
                    (scale / deviation - 1.0).abs() < 0.05,
                    "{:?}: {deviation}",
                    column.name
                );
            }
        }
    }

    #[test]
    fn a_split_deals_every_row_once() {
        let folder = tempfile::tempdir().unwrap();
        let parts = Task::Diabetes.split(folder.path(), 1, 2).unwrap();
        let lines = |path: &PathBuf| -> Vec<String> {
            fs::read_to_string(path)
                .unwrap()
                .lines()
                .skip(1)
                .map(String::from)
                .collect()
        };
        let clients: Vec<Vec<String>> = parts.clients.iter().map(lines).collect();
        let held_out = lines(&parts.held_out);
        assert_eq!(
            [clients[0].len(), clients[1].len(), held_out.len()],
            [147, 147, 147]
        );
        assert_eq!(clients.concat(), lines(&parts.central));
        let mut all = [clients.concat(), held_out.clone()].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 441);
        let again = Task::Diabetes.split(folder.path(), 1, 2).unwrap();
        assert_eq!(lines(&again.held_out), held_out);
        let other = Task::Diabetes.split(folder.path(), 2, 2).unwrap();
        assert_ne!(lines(&other.held_out), held_out);
    }
}
