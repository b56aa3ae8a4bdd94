//! When a phase is over: after its blocks, as far as they had room for answers, and half their nominal
//! time.
//!
//! A window waits for answers, and whoever fills blocks with other transactions keeps them out. So it
//! counts only blocks that had *room*: for one more answer of the largest size. What was sent and has no
//! place then was left out for another reason. A window that has taken ten times its nominal length is
//! *crowded*: its round is skipped, and nobody gains by it.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// How many times its nominal length a window may take.
pub const CROWDED_FACTOR: u32 = 10;

/// A moment of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Height of the block.
    pub block: u32,
    /// How many of the blocks before it had room.
    pub roomy: u32,
    /// Its timestamp, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

/// How a window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes answers.
    Open,
    /// It takes answers, but may be given up: blocks had too little room for too long.
    Crowded,
    /// Who has not answered is late.
    Over,
}

/// A window, by the blocks and the time at which it ends.
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
pub struct Window {
    /// It is not over before so many blocks of the chain had room.
    roomy: u32,
    /// Nor before this on-chain time, so that a burst of hash power cannot close it on honest
    /// clients.
    time_ms: u64,
    /// It is crowded from this block on.
    crowded_block: u32,
    /// But not before this on-chain time.
    crowded_ms: u64,
}

impl Window {
    /// A window of `blocks` blocks after that of `start`, on a chain that aims at one block every
    /// `block_time_ms`.
    pub fn after(start: Tick, blocks: u32, block_time_ms: u64) -> Self {
        let nominal_ms = u64::from(blocks).saturating_mul(block_time_ms);
        let half_ms = nominal_ms.checked_div(2).unwrap_or(0);
        let at_most = blocks.saturating_mul(CROWDED_FACTOR);
        Self {
            roomy: start.roomy.saturating_add(blocks).saturating_add(1),
            time_ms: start.time_ms.saturating_add(half_ms),
            crowded_block: start.block.saturating_add(at_most).saturating_add(1),
            crowded_ms: start
                .time_ms
                .saturating_add(nominal_ms.saturating_mul(CROWDED_FACTOR.into())),
        }
    }

    /// How it stands in the block of `now`.
    pub const fn standing(&self, now: Tick) -> Standing {
        if now.roomy >= self.roomy && now.time_ms >= self.time_ms {
            Standing::Over
        } else if now.block >= self.crowded_block && now.time_ms >= self.crowded_ms {
            Standing::Crowded
        } else {
            Standing::Open
        }
    }

    /// Whether answers are taken in the block of `now`.
    pub const fn is_open(&self, now: Tick) -> bool {
        !matches!(self.standing(now), Standing::Over)
    }

    /// The end as it is to be expected, where `next` is the coming block with the timestamp of the one
    /// before: all blocks from it on may have room.
    pub const fn deadline(&self, next: Tick) -> Deadline {
        let is_crowded = matches!(self.standing(next), Standing::Crowded);
        let ends_at = next.block.saturating_add(self.roomy);
        match is_crowded || ends_at.saturating_sub(next.roomy) > self.crowded_block {
            true => Deadline {
                block: self.crowded_block,
                time_ms: self.crowded_ms,
            },
            false => Deadline {
                block: ends_at.saturating_sub(next.roomy),
                time_ms: self.time_ms,
            },
        }
    }
}

/// The end of a window, as it is to be expected. Both conditions must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub struct Deadline {
    /// First block after the window, if all blocks before it have room.
    pub block: u32,
    /// Not over before this on-chain time, in milliseconds since the Unix epoch.
    pub time_ms: u64,
}

impl Deadline {
    /// Whether the window is over in block `now` with timestamp `now_ms`.
    pub const fn passed(&self, now: u32, now_ms: u64) -> bool {
        now >= self.block && now_ms >= self.time_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window of five blocks of a second each after block 10, before which four had no room.
    fn window() -> Window {
        Window::after(tick(10, 6, 1_000), 5, 1_000)
    }

    fn tick(block: u32, roomy: u32, time_ms: u64) -> Tick {
        Tick {
            block,
            roomy,
            time_ms,
        }
    }

    #[test]
    fn it_needs_both_blocks_and_time() {
        assert_eq!(window().standing(tick(15, 11, 9_999)), Standing::Open);
        assert_eq!(
            window().standing(tick(16, 12, 3_499)),
            Standing::Open,
            "a burst of blocks must not close the window"
        );
        assert_eq!(window().standing(tick(16, 12, 3_500)), Standing::Over);
        assert!(!window().is_open(tick(16, 12, 3_500)));
    }

    #[test]
    fn blocks_without_room_do_not_count() {
        assert_eq!(window().standing(tick(60, 11, 50_999)), Standing::Open);
        assert_eq!(window().standing(tick(61, 11, 50_999)), Standing::Open);
        assert_eq!(window().standing(tick(60, 11, 51_000)), Standing::Open);
        assert_eq!(window().standing(tick(61, 11, 51_000)), Standing::Crowded);
        assert!(window().is_open(tick(61, 11, 51_000)));
        assert_eq!(window().standing(tick(61, 12, 51_000)), Standing::Over);
    }

    #[test]
    fn the_end_to_expect_moves_on_with_blocks_without_room() {
        let expected = |block, roomy, time_ms| window().deadline(tick(block, roomy, time_ms));
        let at = |block, time_ms| Deadline { block, time_ms };
        assert_eq!(expected(11, 7, 1_000), at(16, 3_500));
        assert_eq!(expected(14, 8, 2_000), at(18, 3_500));
        // It is over since block 16.
        assert_eq!(expected(19, 15, 9_000), at(16, 3_500));
        assert_eq!(expected(56, 6, 40_000), at(61, 51_000));
        assert_eq!(expected(62, 11, 52_000), at(61, 51_000));
    }
}
