//! `fedchain verify`.

use std::path::PathBuf;

use clap::Args;
use fedchain_fl::{gate::GateRecord, view::ModelView};
use fedchain_learn::data::nearest;

use super::{
    Common, file_error,
    output::{self, Output},
    progress::Progress,
    read_file,
};
use crate::{
    Error,
    chain::AccountId,
    evaluate::report::decimal,
    phase,
    verify::{
        federation::verify,
        replay::{Declared, Round},
    },
    words::count,
};

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Number of the federation.
    federation: u32,
    /// Last block to read [default: the best block].
    #[arg(long)]
    to: Option<u32>,
    /// Compare this file, made by `model get --out`, with the recomputed model of its round.
    #[arg(long)]
    model: Option<PathBuf>,
}

impl Verify {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let file = match &self.model {
            Some(path) => Some(read_model(path)?),
            None => None,
        };
        let chain = common.connect().await?;
        let progress = Progress::new(common.format, "blocks");
        let tell = |round: &Round| {
            if common.format == Output::Text {
                progress.aside(|| common.print(round, || line(round)));
            }
        };
        let passed = |done, all| progress.show(done, all);
        let report = verify(
            &chain,
            self.federation,
            self.to,
            file.as_ref(),
            tell,
            passed,
        )
        .await?;
        if report.pruned > 0 {
            output::hint(&format!(
                "the node has pruned the events of {}: failed transactions were told from others by their \
                 openings alone",
                count(report.pruned, "block")
            ));
        }
        common.print(&report, || {
            let model = match &file {
                Some(file) => format!(", and the file is its model of round {}", file.round),
                None => String::new(),
            };
            format!(
                "verified: blocks {} to {} make the {} of federation {} bit for bit{model}",
                report.from,
                report.to,
                count(report.rounds.len(), "server model"),
                report.federation
            )
        });
        Ok(())
    }
}

pub(super) fn line(round: &Round) -> String {
    let proven = round
        .bound
        .map(|bound| format!(", the optimum within {:.3e}", bound.distance()))
        .unwrap_or_default();
    let judged = round.judgement.as_ref().map(judged).unwrap_or_default();
    let private = private(&round.declared);
    format!(
        "round {}: {}, {}, block {}, model {:?}{proven}{judged}{private}",
        round.round,
        phase::inline(&round.outcome),
        count(round.accepted, "update"),
        round.block,
        round.model_root
    )
}

fn judged(judgement: &GateRecord<AccountId>) -> String {
    let change = decimal(judgement.change);
    let holdouts = count(judgement.scores.len(), "holdout");
    format!(", median change of loss {change} on {holdouts}")
}

/// Of how many updates noise is declared, and the largest numbers.
fn private(declared: &[Declared]) -> String {
    let Some(first) = declared.first() else {
        return String::new();
    };
    let largest =
        |number: fn(&Declared) -> f64| declared.iter().map(number).fold(number(first), f64::max);
    format!(
        ", {} declared private, epsilon up to {} and delta up to {:e}",
        declared.len(),
        largest(|declared| nearest(declared.privacy.epsilon)),
        largest(|declared| nearest(declared.privacy.delta)),
    )
}

fn read_model(path: &std::path::Path) -> Result<ModelView, Error> {
    serde_json::from_str(&read_file(path)?)
        .map_err(|error| file_error(path, format!("not a model of `model get --out`: {error}")))
}

#[cfg(test)]
mod tests {
    use fedchain_fl::Privacy;

    use super::*;

    #[test]
    fn the_largest_declarations_are_shown() {
        let declared = |epsilon: &str, delta: &str| Declared {
            client: AccountId([1; 32]),
            privacy: Privacy {
                epsilon: epsilon.parse().unwrap(),
                delta: delta.parse().unwrap(),
            },
        };
        assert_eq!(private(&[]), "");
        assert_eq!(
            private(&[declared("80787e-4", "1e-6"), declared("0.5", "1e-5")]),
            ", 2 declared private, epsilon up to 8.0787 and delta up to 1e-5"
        );
    }
}
