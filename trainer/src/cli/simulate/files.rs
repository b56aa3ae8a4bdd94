//! The files of a simulation: numbers, charts and the last server model.

use std::path::Path;

use fedchain_fl::{Format, view::ModelView};
use fedchain_learn::simulate::{Round, Summary, plot, report};
use serde::Serialize;

use super::rows::Rows;
use crate::{
    Error,
    cli::{file_error, write_file},
};

/// A simulation that is over.
pub(super) struct Simulated<'a> {
    pub summary: &'a Summary,
    pub rows: &'a Rows,
    pub rounds: &'a [Round],
    pub format: Format,
    /// The last server model.
    pub model: &'a [i32],
}

/// What result.json holds. No clock and no paths: the same simulation makes the same bytes.
#[derive(Serialize)]
struct Results<'a> {
    setup: &'a Summary,
    data: Data<'a>,
    rounds: &'a [Round],
}

/// How rows were spread over the clients.
#[derive(Serialize)]
struct Data<'a> {
    /// None: each client had a file.
    dealt: Option<&'a super::rows::Dealt>,
    /// Rows of the client with the fewest.
    rows_min: usize,
    /// Rows of the client with the most.
    rows_max: usize,
}

impl Simulated<'_> {
    /// Fills `dir`.
    ///
    /// # Errors
    /// What the system says, with the file.
    pub(super) fn write(&self, dir: &Path) -> Result<(), Error> {
        let write = |name: &str, text: &str| write_file(&dir.join(name), text);
        let json = |name: &str, text: serde_json::Result<String>| {
            let text = text.map_err(|error| file_error(&dir.join(name), error))?;
            write(name, &format!("{text}\n"))
        };
        write("rounds.csv", &report::csv(self.rounds))?;
        json("result.json", serde_json::to_string_pretty(&self.results()))?;
        write("loss.svg", &plot::loss(self.rounds)?)?;
        if let Some((name, chart)) = plot::quality(self.rounds)? {
            write(&format!("{name}.svg"), &chart)?;
        }
        if let Some(model) = self.model() {
            json("model.json", serde_json::to_string_pretty(&model))?;
        }
        Ok(())
    }

    fn results(&self) -> Results<'_> {
        let rows = || self.rows.clients.iter().map(|client| client.rows());
        Results {
            setup: self.summary,
            data: Data {
                dealt: self.rows.dealt.as_ref(),
                rows_min: rows().min().unwrap_or_default(),
                rows_max: rows().max().unwrap_or_default(),
            },
            rounds: self.rounds,
        }
    }

    /// As a node answers it; a federation that is on no chain has the number 0.
    fn model(&self) -> Option<ModelView> {
        let last = self.rounds.last()?;
        Some(ModelView {
            federation: 0,
            round: last.round,
            root: last.model_root,
            frac_bits: self.format.frac_bits,
            param_count: self.summary.param_count,
            offset: 0,
            values: self.model.to_vec(),
        })
    }
}
