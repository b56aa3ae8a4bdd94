//! Phases and windows in words, always with both block numbers.

use fedchain_fl::{view::PhaseView, window::Deadline};
use serde::Serialize;

/// Where a federation stands, as of block `now`.
pub(super) fn describe(phase: &PhaseView, now: u32) -> String {
    match phase {
        PhaseView::Waiting => "waiting for clients".into(),
        PhaseView::Commit { deadline } => {
            format!(
                "commit window closes at block {}, now {now}",
                deadline.block
            )
        }
        PhaseView::Settle { opens_at, .. } => {
            format!("reveal window opens at block {opens_at}, now {now}")
        }
        PhaseView::Reveal { deadline, .. } => {
            format!(
                "reveal window closes at block {}, now {now}",
                deadline.block
            )
        }
        PhaseView::Certify {
            deadline: Some(deadline),
        } => {
            format!(
                "anybody may hand in a solution until block {}, now {now}",
                deadline.block
            )
        }
        PhaseView::Certify { deadline: None } => {
            "the owner may have it certified anew, or end it".into()
        }
        PhaseView::Aggregate => "the next blocks aggregate the round".into(),
        PhaseView::Gate { opens_at, .. } if now < *opens_at => {
            format!("holdouts are taken from block {opens_at} on, now {now}")
        }
        PhaseView::Gate { deadline, .. } => {
            format!(
                "holdouts are taken until block {}, now {now}",
                deadline.block
            )
        }
        PhaseView::Finished => "finished".into(),
        PhaseView::Cancelled => "cancelled".into(),
        PhaseView::Uploading { received } => {
            format!("the owner uploads the initial model, {received} chunks are there")
        }
    }
}

/// A phase in one word.
pub(super) fn word(phase: &PhaseView) -> &'static str {
    match phase {
        PhaseView::Waiting => "waiting",
        PhaseView::Commit { .. } => "commit",
        PhaseView::Settle { .. } => "settle",
        PhaseView::Reveal { .. } => "reveal",
        PhaseView::Certify { .. } => "certify",
        PhaseView::Aggregate => "aggregate",
        PhaseView::Gate { .. } => "gate",
        PhaseView::Finished => "finished",
        PhaseView::Cancelled => "cancelled",
        PhaseView::Uploading { .. } => "uploading",
    }
}

/// Why a phase cannot be moved on yet.
pub(super) fn not_overdue(phase: &PhaseView, now: u32, time_ms: u64) -> String {
    let rest = |deadline: &Deadline| match deadline.time_ms.saturating_sub(time_ms) {
        ms if now >= deadline.block && ms > 0 => {
            format!(
                ", and not before {} more seconds of on-chain time",
                ms.div_ceil(1_000)
            )
        }
        _ => String::new(),
    };
    let more = match phase {
        PhaseView::Commit { deadline }
        | PhaseView::Settle { deadline, .. }
        | PhaseView::Reveal { deadline, .. }
        | PhaseView::Gate { deadline, .. }
        | PhaseView::Certify {
            deadline: Some(deadline),
        } => rest(deadline),
        _ => String::new(),
    };
    format!("nothing is overdue: {}{more}", describe(phase, now))
}

/// A small value of the protocol as it stands in a spec file, on one line.
pub(super) fn inline<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(value) => value.to_string(),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_name_both_block_numbers() {
        let deadline = Deadline {
            block: 130,
            time_ms: 9_000,
        };
        let settle = PhaseView::Settle {
            opens_at: 120,
            deadline,
        };
        assert_eq!(
            describe(&settle, 117),
            "reveal window opens at block 120, now 117"
        );
        let commit = PhaseView::Commit { deadline };
        assert_eq!(
            not_overdue(&commit, 117, 8_000),
            "nothing is overdue: commit window closes at block 130, now 117"
        );
        assert!(
            not_overdue(&commit, 130, 8_000)
                .ends_with("not before 1 more seconds of on-chain time")
        );
    }
}
