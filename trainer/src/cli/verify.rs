//! `fedchain verify`.

use std::path::PathBuf;

use clap::Args;
use fedchain_fl::gate::GateRecord;
use fedchain_learn::data::nearest;

use super::{
    Common,
    output::{self, Output},
    progress::Progress,
};
use crate::{
    Error,
    chain::AccountId,
    evaluate::report::decimal,
    phase,
    verify::{
        federation::{Asked, Report, verify},
        file::ModelFile,
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
    /// Compare this file with the recomputed models: one of `model get --out`, or any .npy or
    /// .safetensors, which is of the round whose model it is.
    #[arg(long)]
    model: Option<PathBuf>,
}

impl Verify {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let file = self.model.as_deref().map(ModelFile::open).transpose()?;
        let chain = common.connect().await?;
        let progress = Progress::new(common.format, "blocks");
        let tell = |round: &Round| {
            if common.format == Output::Text {
                progress.aside(|| common.print(round, || line(round)));
            }
        };
        let asked = Asked {
            federation: self.federation,
            to: self.to,
            file: file.as_ref(),
        };
        let passed = |done, all| progress.show(done, all);
        let report = verify(&chain, asked, tell, passed).await?;
        if report.pruned > 0 {
            output::hint(&format!(
                "the node has pruned the events of {}: failed transactions were told from others by their \
                 openings alone",
                count(report.pruned, "block")
            ));
        }
        report.proves()?;
        common.print(&report, || summary(&report));
        Ok(())
    }
}

fn summary(report: &Report) -> String {
    let Report {
        federation, from, ..
    } = report;
    let to = report.reach.to;
    let made = match report.models {
        0 => format!("make no server model of federation {federation}"),
        1 => format!("make the server model of federation {federation} bit for bit"),
        models => {
            format!("make the {models} server models of federation {federation} bit for bit")
        }
    };
    let rejected = rejected(report.rejected);
    let file = match report.file_round {
        Some(0) => ", and the file is its initial model".into(),
        Some(round) => format!(", and the file is its model of round {round}"),
        None => String::new(),
    };
    let removed = match report.removed_at {
        Some(block) => {
            format!("\n  removed in block {block}: proven by old states that this node keeps")
        }
        None => String::new(),
    };
    format!(
        "verified: blocks {from} to {to} {made}{rejected}{file}\n  {}{removed}",
        report.reach.line()
    )
}

/// The models that were made and not adopted.
pub(super) fn rejected(models: u32) -> String {
    match models {
        0 => String::new(),
        models => format!(", and {} judged worse", count(models, "model")),
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
