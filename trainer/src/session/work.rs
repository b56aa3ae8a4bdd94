//! Where a client's updates come from: its rows, or a file that other tools made.

use std::path::PathBuf;

use fedchain_fl::{FederationSpec, TaskSpec, view::ModelView};
use fedchain_learn::{
    self as learn, Hyper, Metrics,
    data::{Dataset, Reading},
    files,
};

use super::noise::{Guard, Noise};
use crate::{Error, rows, words};

/// What a user gives.
#[derive(Debug, Clone)]
pub enum Source {
    /// Rows to train on, round after round.
    Rows {
        /// The file.
        data: PathBuf,
        /// Header of the target column, where it is not the schema's.
        target: Option<String>,
        /// How to read the file.
        reading: Reading,
        /// How to train.
        hyper: Hyper,
        /// Noise to add to updates.
        noise: Option<Noise>,
        /// Whether the rows' second moments may become public.
        send_moments: bool,
    },
    /// Weights for one round.
    Weights {
        /// The file.
        file: PathBuf,
        /// Rows that they were learned from.
        sample_count: u32,
        /// The round; without it, the first that takes them.
        round: Option<u32>,
    },
}

/// The same, read.
pub(super) enum Work {
    Rows {
        data: Box<Dataset>,
        hyper: Hyper,
        guard: Option<Guard>,
    },
    Weights {
        values: Vec<i32>,
        sample_count: u32,
    },
}

impl Work {
    /// Reads what `source` names, as `spec` wants it.
    ///
    /// `tell` hears what the user must know of the rows.
    pub fn read(
        source: &Source,
        federation: u32,
        spec: &FederationSpec<u128>,
        tell: impl Fn(String),
    ) -> Result<Self, Error> {
        let task = &spec.task;
        let takes_moments = task.strategy.terms().is_some();
        let work = Self::read_for(source, federation, task, takes_moments, tell)?;
        match words::cut(spec, work.rows()) {
            // Moments are of all rows: a smaller count would make them moments that no rows have.
            Some(cut) if takes_moments => Err(Error::Impossible(format!(
                "{cut}, and moments are of every row: leave rows out"
            ))),
            _ => Ok(work),
        }
    }

    fn read_for(
        source: &Source,
        federation: u32,
        task: &TaskSpec,
        takes_moments: bool,
        tell: impl Fn(String),
    ) -> Result<Self, Error> {
        match source {
            Source::Rows { noise: Some(_), .. } if takes_moments => {
                Err(Error::Impossible(format!(
                    "federation {federation} takes second moments of rows, to which --clip and --noise add \
                 nothing: leave them away, or take part in a federation that averages models"
                )))
            }
            Source::Rows {
                send_moments: false,
                ..
            } if takes_moments => Err(Error::Impossible(format!(
                "federation {federation} asks for the second moments of your rows (X'X and X'y), \
                 which become public: agree by --send-moments"
            ))),
            Source::Rows {
                data,
                target,
                reading,
                hyper,
                noise,
                ..
            } => Ok(Self::Rows {
                guard: noise.map(|noise| Guard::new(&noise, task)).transpose()?,
                data: Box::new(rows::read(
                    data,
                    reading,
                    &task.schema,
                    target.as_deref(),
                    tell,
                )?),
                hyper: *hyper,
            }),
            Source::Weights { .. } if takes_moments => Err(Error::Impossible(format!(
                "federation {federation} takes second moments of rows, not weights: use `fedchain \
                 train {federation}`"
            ))),
            Source::Weights {
                file, sample_count, ..
            } => Ok(Self::Weights {
                values: learn::quantise(&files::read(file, task)?, task.format)?,
                sample_count: *sample_count,
            }),
        }
    }

    /// Rows that updates are learned from.
    pub fn rows(&self) -> usize {
        match self {
            Self::Rows { data, .. } => data.rows(),
            Self::Weights { sample_count, .. } => *sample_count as usize,
        }
    }

    /// The noise of updates, where there is any.
    pub fn guard(&self) -> Option<&Guard> {
        match self {
            Self::Rows { guard, .. } => guard.as_ref(),
            Self::Weights { .. } => None,
        }
    }

    /// How good a server model is on the rows, if they are here.
    pub fn evaluate(&self, task: &TaskSpec, model: &ModelView) -> Result<Option<Metrics>, Error> {
        match self {
            Self::Rows { data, .. } => Ok(Some(learn::evaluate(task, &model.values, data)?)),
            Self::Weights { .. } => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{Decimal, LeastSquares, Strategy, view::PhaseView};

    use super::*;
    use crate::session::decide::tests::view;

    #[test]
    fn moments_take_no_noise() {
        let noise = Noise {
            clip: 1.0,
            multiplier: 4.0,
            delta: Decimal::whole(0),
        };
        let source = Source::Rows {
            data: "none.csv".into(),
            target: None,
            reading: Reading::default(),
            hyper: Hyper::default(),
            noise: Some(noise),
            send_moments: true,
        };
        let mut spec = view(PhaseView::Waiting).spec;
        spec.task.strategy = Strategy::LeastSquares(LeastSquares {
            penalty: Decimal::whole(1),
            epsilon: Decimal::whole(1),
        });
        let error = Work::read(&source, 0, &spec, drop).err().unwrap();
        let error = error.to_string();
        assert!(error.contains("--clip and --noise add nothing"), "{error}");
    }

    #[test]
    fn a_count_may_be_cut_but_moments_are_of_all_rows() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("rows.csv");
        std::fs::write(&data, "x\n1\n2\n3\n").unwrap();
        let source = Source::Rows {
            data,
            target: None,
            reading: Reading::default(),
            hyper: Hyper::default(),
            noise: None,
            send_moments: true,
        };
        let mut spec = view(PhaseView::Waiting).spec;
        spec.sample_count_max = 2;
        let work = Work::read(&source, 0, &spec, drop).unwrap();
        assert_eq!(
            words::cut(&spec, work.rows()).unwrap(),
            "3 rows; this federation counts 2 per client at most (sample_count_max)"
        );
        spec.task.strategy = Strategy::LeastSquares(LeastSquares {
            penalty: Decimal::whole(1),
            epsilon: Decimal::whole(1),
        });
        let error = Work::read(&source, 0, &spec, drop)
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.ends_with("moments are of every row: leave rows out"),
            "{error}"
        );
        spec.sample_count_max = 3;
        assert_eq!(words::cut(&spec, 3), None);
        assert!(Work::read(&source, 0, &spec, drop).is_ok());
    }
}
