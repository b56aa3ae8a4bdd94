//! Headers ahead of their time, kept until they are due.
//!
//! A header costs its miner a full seal and this node some hundred bytes; the block is asked for when
//! it is due, and so are its children. Whoever made it is not punished: its clock may be fast, or ours
//! slow.

use fedchain_pow::Header;
use sc_network_types::PeerId;

/// Headers that are kept, at most.
const HELD_MAX: usize = 64;
/// Of one peer, at most.
const HELD_BY_PEER_MAX: usize = 4;
/// Headers further ahead than this are not kept: their clock is wrong, not early.
const AHEAD_MS_MAX: u64 = 60_000;

struct Early {
    due_ms: u64,
    peer: PeerId,
    header: Header,
}

/// Early headers.
#[derive(Default)]
pub struct Held(Vec<Early>);

impl Held {
    /// Keeps a header until it is due, if there is room; returns whether it is kept and was not before.
    pub fn keep(&mut self, peer: PeerId, header: &Header, now_ms: u64, due_ms: u64) -> bool {
        let of_peer = self.0.iter().filter(|early| early.peer == peer).count();
        let is_kept = |early: &Early| early.header == *header;
        if due_ms.saturating_sub(now_ms) > AHEAD_MS_MAX
            || self.0.len() >= HELD_MAX
            || of_peer >= HELD_BY_PEER_MAX
            || self.0.iter().any(is_kept)
        {
            return false;
        }
        self.0.push(Early {
            due_ms,
            peer,
            header: header.clone(),
        });
        true
    }

    /// Takes the headers that are due by now, oldest block first.
    pub fn take_due(&mut self, now_ms: u64) -> Vec<(PeerId, Header)> {
        let (due, early): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|early| early.due_ms <= now_ms);
        self.0 = early;
        let mut due: Vec<_> = due
            .into_iter()
            .map(|early| (early.peer, early.header))
            .collect();
        due.sort_by_key(|(_, header)| header.number);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(number: u32) -> Header {
        let root = Default::default();
        Header {
            parent_hash: root,
            number,
            state_root: root,
            extrinsics_root: root,
            digest: Default::default(),
        }
    }

    #[test]
    fn each_header_is_kept_once_until_it_is_due() {
        let (peer, mut held) = (PeerId::random(), Held::default());
        assert!(held.keep(peer, &header(2), 1_000, 3_000));
        assert!(held.keep(peer, &header(1), 1_000, 2_500));
        assert!(!held.keep(PeerId::random(), &header(1), 1_000, 2_500));
        assert!(held.take_due(2_499).is_empty());
        assert_eq!(held.take_due(9_000), [(peer, header(1)), (peer, header(2))]);
        assert!(held.take_due(9_000).is_empty());
    }

    #[test]
    fn there_is_room_for_so_many_in_all_and_of_each_peer() {
        let mut held = Held::default();
        let peer = PeerId::random();
        for number in 0..10 {
            let is_kept = held.keep(peer, &header(number), 0, 10);
            assert_eq!(is_kept, number < 4);
        }
        let kept = (10..100).filter(|number| held.keep(PeerId::random(), &header(*number), 0, 10));
        assert_eq!(kept.count(), 60);
    }

    #[test]
    fn a_wrong_clock_is_not_waited_for() {
        let mut held = Held::default();
        assert!(!held.keep(PeerId::random(), &header(1), 0, 60_001));
        assert!(held.keep(PeerId::random(), &header(1), 0, 60_000));
    }
}
