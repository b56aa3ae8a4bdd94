//! What a branch that is not heavier may cost.
//!
//! Peers are free to show lighter chains: they may be behind, or have lost a tie. But headers at the
//! lowest difficulty cost their maker little, so those that prove nothing are counted, of each peer and
//! of all together. Beyond [`UNPROVEN_MAX`] a branch must have the weight per block with which it could
//! outweigh ours by now. In any case it takes no more headers than ours weighs floors: then it is heavier.

use sc_network_types::PeerId;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Headers that a peer may send of branches that do not outweigh ours, before their pace counts.
pub const UNPROVEN_MAX: u32 = 2_048;
/// For how long they count.
pub const UNPROVEN_FOR: Duration = Duration::from_secs(600);
/// A peer whose branch was cheap is compared no more for so long.
const CHEAP_FOR: Duration = Duration::from_secs(600);
/// It keeps its place for so long: it may be the victim of such a branch, and leave it for ours.
const CHEAP_GRACE: Duration = Duration::from_secs(60);
/// Cheap peers that are remembered, at most.
const CHEAP_MAX: usize = 1_024;
/// Unproven headers of all peers together, in a second.
const PER_SECOND: u32 = 2_000;

/// Peers that have shown a cheap branch, and since when.
#[derive(Default)]
pub struct Cheap(HashMap<PeerId, Instant>);

impl Cheap {
    /// Remembers a peer.
    pub fn insert(&mut self, peer: PeerId, now: Instant) {
        self.0
            .retain(|_, since| now.saturating_duration_since(*since) < CHEAP_FOR);
        if self.0.len() >= CHEAP_MAX
            && let Some((&oldest, _)) = self.0.iter().min_by_key(|(_, since)| **since)
        {
            self.0.remove(&oldest);
        }
        self.0.entry(peer).or_insert(now);
    }

    /// Whether a peer is one of them.
    pub fn contains(&self, peer: &PeerId, now: Instant) -> bool {
        self.since(peer, now).is_some()
    }

    /// Whether a peer is one of them and has had time to leave its branch.
    pub fn is_over(&self, peer: &PeerId, now: Instant) -> bool {
        self.since(peer, now)
            .is_some_and(|since| since >= CHEAP_GRACE)
    }

    /// Forgets a peer: it has left its branch.
    pub fn remove(&mut self, peer: &PeerId) {
        self.0.remove(peer);
    }

    fn since(&self, peer: &PeerId, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(*self.0.get(peer)?);
        (since < CHEAP_FOR).then_some(since)
    }
}

/// The unproven headers that may be asked for now.
pub struct Tokens {
    left: u32,
    filled_at: Instant,
}

impl Tokens {
    /// As many as a second has.
    pub fn new(now: Instant) -> Self {
        Self {
            left: PER_SECOND,
            filled_at: now,
        }
    }

    /// Takes so many, if they are there.
    pub fn take(&mut self, headers: u32, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled_at);
        let ms = u32::try_from(passed.as_millis()).unwrap_or(u32::MAX);
        let new = ms.saturating_mul(PER_SECOND / 1_000);
        if new > 0 {
            self.left = self.left.saturating_add(new).min(PER_SECOND);
            self.filled_at = now;
        }
        let is_enough = self.left >= headers;
        if is_enough {
            self.left = self.left.saturating_sub(headers);
        }
        is_enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_so_many_unproven_headers() {
        let start = Instant::now();
        let mut tokens = Tokens::new(start);
        let taken = (0..100).filter(|_| tokens.take(128, start)).count();
        assert_eq!(taken, 15);
        assert!(!tokens.take(128, start + Duration::from_millis(20)));
        assert!(tokens.take(128, start + Duration::from_millis(64)));
        let later = start + Duration::from_secs(3_600);
        let taken = (0..100).filter(|_| tokens.take(128, later)).count();
        assert_eq!(taken, 15);
    }

    #[test]
    fn cheap_peers_have_a_minute_and_are_forgotten_after_ten() {
        let (start, peer) = (Instant::now(), PeerId::random());
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut cheap = Cheap::default();
        cheap.insert(peer, start);
        cheap.insert(peer, at(30));
        assert!(cheap.contains(&peer, at(59)) && !cheap.is_over(&peer, at(59)));
        assert!(cheap.is_over(&peer, at(60)));
        assert!(!cheap.contains(&peer, at(600)));
    }

    #[test]
    fn so_many_cheap_peers_are_remembered() {
        let mut cheap = Cheap::default();
        let start = Instant::now();
        for peer in 0..2_000 {
            cheap.insert(PeerId::random(), start + Duration::from_millis(peer));
        }
        assert_eq!(cheap.0.len(), CHEAP_MAX);
    }
}
