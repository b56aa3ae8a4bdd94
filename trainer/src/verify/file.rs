//! Files of models, to be compared with what is recomputed.

use std::path::{Path, PathBuf};

use fedchain_fl::{TaskSpec, view::ModelView};
use fedchain_learn::files;

use super::{Difference, What, nothing::Nothing, replay::Replay};
use crate::Error;

/// A model file.
#[derive(Debug, Clone)]
pub enum ModelFile {
    /// One of `model get`, in JSON, which states its federation, round and root.
    Stated(Box<ModelView>),
    /// Weights alone, in a format that other tools read too: of any round.
    Weights(PathBuf),
}

impl ModelFile {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is of no known format.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if let Some("npy" | "safetensors") = ending {
            return Ok(Self::Weights(path.into()));
        }
        let failed = |reason: String| Error::File {
            file: path.display().to_string(),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text)
            .map(|view| Self::Stated(Box::new(view)))
            .map_err(|error| {
                failed(format!(
                    "not a model of `fedchain model get --out`, which ends with .json, .npy or \
                     .safetensors: {error}"
                ))
            })
    }

    /// Reads what it holds of a model of `task`.
    pub(super) fn read(&self, task: &TaskSpec) -> Result<Comparison<'_>, Error> {
        let wanted = match self {
            Self::Stated(view) => Wanted::Stated(view),
            Self::Weights(path) => Wanted::Weights(files::read(path, task)?),
        };
        Ok(Comparison {
            wanted,
            found: None,
        })
    }
}

enum Wanted<'a> {
    Stated(&'a ModelView),
    Weights(Vec<f64>),
}

/// A model file beside the models of a replay, as it goes on.
pub(super) struct Comparison<'a> {
    wanted: Wanted<'a>,
    /// The round whose model it is.
    found: Option<u32>,
}

impl Comparison<'_> {
    /// Looks at the newest server model.
    pub(super) fn look(&mut self, replay: &Replay) -> Result<(), Difference> {
        if !replay.is_whole() {
            return Ok(());
        }
        let round = replay.closed();
        match &self.wanted {
            Wanted::Stated(view) if view.round == round && self.found.is_none() => {
                replay.compare(view)?;
                self.found = Some(round);
            }
            Wanted::Weights(weights) if replay.compare_weights(weights).is_ok() => {
                self.found = Some(round);
            }
            Wanted::Stated(_) | Wanted::Weights(_) => {}
        }
        Ok(())
    }

    /// The round whose model the file is, the newest one if there are several; the replay ends with
    /// block `to`.
    pub(super) fn end(self, replay: &Replay, to: u32) -> Result<u32, Error> {
        let federation = replay.federation();
        match (self.found, self.wanted) {
            (Some(round), _) => Ok(round),
            _ if !replay.is_whole() => Err(Nothing::NotUploaded { federation, to }.into()),
            (None, Wanted::Stated(view)) => {
                let closed = replay.closed();
                let what = What::NoSuchRound { closed };
                Err(Difference {
                    block: None,
                    federation,
                    round: view.round,
                    what,
                }
                .into())
            }
            (None, Wanted::Weights(weights)) => {
                replay.compare_weights(&weights)?;
                Ok(replay.closed())
            }
        }
    }
}
