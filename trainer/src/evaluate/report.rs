//! What an evaluator says, for people and for machines.

use std::fmt;

use fedchain_fl::{gate::GateRecord, score::LOSS_FRAC_BITS, view::Outcome};
use serde::Serialize;

use crate::{chain::AccountId, words::count};

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The evaluator begins.
    Start {
        /// Number of the federation.
        federation: u32,
        /// Its name.
        name: String,
        /// The evaluator.
        account: AccountId,
        /// Holdouts that were not used yet.
        holdouts: usize,
        /// Rows of each.
        rows: u32,
    },
    /// A holdout's commitment is in a block.
    Commit {
        /// The round that it will judge.
        round: u32,
        /// Rounds in all.
        rounds_max: u32,
        /// The block.
        block: u32,
    },
    /// A holdout is in a block, and public.
    Reveal {
        /// The round that it judges.
        round: u32,
        /// Rounds in all.
        rounds_max: u32,
        /// The block.
        block: u32,
    },
    /// A round that it judged closed.
    Judged {
        /// Number of the round.
        round: u32,
        /// Rounds in all.
        rounds_max: u32,
        /// What became of the round's model.
        outcome: Outcome,
        /// The judgement, where enough holdouts were there.
        judgement: Option<GateRecord<AccountId>>,
    },
    /// Something that a user should know.
    Note {
        /// A sentence.
        text: String,
    },
    /// The session ended.
    Summary(Summary),
}

/// How a session ended.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Number of the federation.
    pub federation: u32,
    /// Why it ended.
    pub end: End,
    /// Holdouts that this session committed to.
    pub committed: u32,
    /// Holdouts that it revealed.
    pub revealed: u32,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The federation is over.
    Over,
    /// All rows are used.
    Exhausted,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start {
                federation,
                name,
                account,
                holdouts,
                rows,
            } => write!(
                f,
                "[INIT] federation {federation} \"{name}\", evaluator {account}, {} of {}",
                count(*holdouts, "holdout"),
                count(*rows, "row")
            ),
            Self::Commit {
                round,
                rounds_max,
                block,
            } => write!(
                f,
                "[ROUND {round}/{rounds_max}] holdout committed: block {block}"
            ),
            Self::Reveal {
                round,
                rounds_max,
                block,
            } => write!(
                f,
                "[ROUND {round}/{rounds_max}] holdout revealed: block {block}"
            ),
            Self::Judged {
                round,
                rounds_max,
                outcome,
                judgement,
            } => {
                write!(f, "[ROUND {round}/{rounds_max}] {}", word(*outcome))?;
                match judgement {
                    Some(judgement) => describe(f, judgement),
                    None => Ok(()),
                }
            }
            Self::Note { text } => f.write_str(text),
            Self::Summary(summary) => write!(f, "{summary}"),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end {
            End::Over => "is over",
            End::Exhausted => {
                "goes on without this evaluator: all rows of the file are used, start again with others"
            }
        };
        writeln!(f, "[SUMMARY] federation {} {end}", self.federation)?;
        write!(
            f,
            "holdouts: {} committed, {} revealed",
            self.committed, self.revealed
        )
    }
}

/// What became of a round's model, in a word or two.
pub fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Adopted => "adopted",
        Outcome::Skipped => "skipped",
        Outcome::Crowded => "crowded out",
        Outcome::Ungated => "adopted unjudged, too few holdouts",
        Outcome::Worse => "worse than the tolerance allows, not adopted",
    }
}

/// What a judgement found, and each client's contribution on a line of its own.
fn describe(f: &mut fmt::Formatter<'_>, judgement: &GateRecord<AccountId>) -> fmt::Result {
    write!(
        f,
        ": median change of loss {} on {}",
        decimal(judgement.change),
        count(judgement.scores.len(), "holdout")
    )?;
    for found in &judgement.contributions {
        let gain = decimal(found.gain);
        write!(f, "\ncontribution: {gain} by {}", found.client)?;
    }
    Ok(())
}

/// A loss, or a difference of losses, as a real number.
pub fn real(units: i64) -> f64 {
    units as f64 / 2f64.powi(LOSS_FRAC_BITS as i32)
}

/// The same as text, with six significant digits.
pub fn decimal(units: impl Into<i128>) -> String {
    let value = units.into() as f64 / 2f64.powi(LOSS_FRAC_BITS as i32);
    if value == 0.0 {
        return "0".into();
    }
    let places = (5.0 - value.abs().log10().floor()).max(0.0) as usize;
    format!("{value:.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_have_six_significant_digits() {
        assert_eq!(decimal(0i64), "0");
        assert_eq!(decimal(1i64 << 32), "1.00000");
        assert_eq!(decimal(-(1i64 << 30)), "-0.250000");
        assert_eq!(decimal(1u64), "0.000000000232831");
        assert_eq!(decimal(u64::MAX), "4294967296");
    }
}
