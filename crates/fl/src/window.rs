//! When a phase is over: after its blocks and half their nominal time.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The end of a window. Both conditions must hold, so that a burst of hash power cannot close it
/// on honest clients.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Deadline {
    /// First block after the window.
    pub block: u32,
    /// Not over before this on-chain time, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

impl Deadline {
    /// The end of a window of `blocks` blocks that starts after block `start`, whose timestamp is
    /// `start_ms`, on a chain that aims at one block every `block_time_ms`.
    pub fn after(start: u32, start_ms: u64, blocks: u32, block_time_ms: u64) -> Self {
        let half_ms = u64::from(blocks)
            .saturating_mul(block_time_ms)
            .checked_div(2)
            .unwrap_or(0);
        Self {
            block: start.saturating_add(blocks).saturating_add(1),
            time_ms: start_ms.saturating_add(half_ms),
        }
    }

    /// Whether the window is over in block `now` with timestamp `now_ms`.
    pub const fn passed(&self, now: u32, now_ms: u64) -> bool {
        now >= self.block && now_ms >= self.time_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_both_blocks_and_time() {
        let end = Deadline::after(10, 1_000, 5, 1_000);
        assert_eq!(
            end,
            Deadline {
                block: 16,
                time_ms: 3_500
            }
        );
        assert!(!end.passed(15, 9_999));
        assert!(
            !end.passed(16, 3_499),
            "a burst of blocks must not close the window"
        );
        assert!(end.passed(16, 3_500));
    }
}
