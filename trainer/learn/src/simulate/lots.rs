//! Lots: who takes part in a round, and who of these drops out.
//!
//! They follow from the seed, the round and the number of clients alone, so that a change of anything
//! else leaves them as they are.

use std::{fmt, str::FromStr};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::index};
use serde::{Serialize, Serializer};

/// How many clients take part in each round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sampling {
    /// This share of them, above 0 and up to 1: rounded to the nearest number, one at least.
    Share(f64),
    /// So many.
    Count(usize),
}

/// A round's lots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lots {
    /// Who trains, in ascending order of places.
    pub present: Vec<usize>,
    /// How many more were sampled, but dropped out.
    pub dropped: usize,
}

impl Sampling {
    /// Everybody in every round.
    pub const ALL: Self = Self::Share(1.0);

    /// How many of `clients` take part; none when that is nobody, or more than there are.
    pub fn of(self, clients: usize) -> Option<usize> {
        match self {
            Self::Share(share) if share > 0.0 && share <= 1.0 => {
                let nearest = (share * clients as f64).round() as usize;
                Some(nearest.clamp(1.min(clients), clients))
            }
            Self::Count(count) if (1..=clients).contains(&count) => Some(count),
            _ => None,
        }
    }
}

impl Default for Sampling {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share(share) => write!(f, "{share:?}"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

/// `0.1` is a tenth of the clients, `20` are twenty of them, `1.0` are all.
impl FromStr for Sampling {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = match text.contains('.') {
            true => text.parse().ok().map(Self::Share),
            false => text.parse().ok().map(Self::Count),
        };
        let is_usable = |sampling: &Self| match sampling {
            Self::Share(share) => *share > 0.0 && *share <= 1.0,
            Self::Count(count) => *count > 0,
        };
        found
            .filter(is_usable)
            .ok_or("write a share like 0.1 (up to 1.0), or a number of clients like 20")
    }
}

/// As text, so that shares and numbers stay apart.
impl Serialize for Sampling {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Draws the lots of a round: `count` of `clients`, of which each drops out with probability
/// `drop_out`, at least 0 and below 1.
pub(super) fn draw(seed: u64, round: u32, clients: usize, count: usize, drop_out: f64) -> Lots {
    let mut random = random(seed, round);
    let mut present = match count < clients {
        true => index::sample(&mut random, clients, count).into_vec(),
        false => (0..clients).collect(),
    };
    present.sort_unstable();
    let sampled = present.len();
    present.retain(|_| random.random::<f64>() >= drop_out);
    Lots {
        dropped: sampled.saturating_sub(present.len()),
        present,
    }
}

/// Every round has numbers of its own, which are not those of training.
fn random(seed: u64, round: u32) -> StdRng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..12].copy_from_slice(&round.to_le_bytes());
    bytes[12..16].copy_from_slice(b"lots");
    StdRng::from_seed(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_share_or_a_number() {
        for (text, clients, expected) in [
            ("0.1", 100, Some(10)),
            ("0.1", 4, Some(1)),
            ("0.5", 5, Some(3)),
            ("1.0", 7, Some(7)),
            ("1", 7, Some(1)),
            ("20", 100, Some(20)),
            ("20", 19, None),
            ("0.5", 0, Some(0)),
        ] {
            let sampling: Sampling = text.parse().unwrap();
            assert_eq!(sampling.of(clients), expected, "{text} of {clients}");
            assert_eq!(sampling.to_string(), text);
        }
        for text in ["0", "0.0", "1.1", "-0.5", "-1", "ten", "", "NaN", ".inf"] {
            assert!(text.parse::<Sampling>().is_err(), "{text}");
        }
    }

    #[test]
    fn lots_follow_from_seed_and_round_alone() {
        let lots = draw(7, 1, 100, 10, 0.0);
        assert_eq!(lots, draw(7, 1, 100, 10, 0.0));
        assert_eq!((lots.present.len(), lots.dropped), (10, 0));
        assert!(lots.present.is_sorted_by(|a, b| a < b) && lots.present[9] < 100);
        assert_ne!(lots, draw(7, 2, 100, 10, 0.0), "another round");
        assert_ne!(lots, draw(8, 1, 100, 10, 0.0), "another seed");
        // Who drops out was sampled before.
        let some = draw(7, 1, 100, 10, 0.5);
        assert!(
            some.present
                .iter()
                .all(|client| lots.present.contains(client))
        );
        assert_eq!(some.present.len() + some.dropped, 10);
    }

    #[test]
    fn everyone_is_drawn_as_often_and_drops_out_as_often() {
        let mut drawn = [0; 20];
        let mut dropped = 0;
        for round in 1..=2_000 {
            let lots = draw(3, round, 20, 5, 0.2);
            dropped += lots.dropped;
            for client in lots.present {
                drawn[client] += 1;
            }
        }
        // 2,000 rounds, a quarter drawn, four fifths of these there: 400 each, deviation 18.
        assert!(
            drawn.iter().all(|times| (320..=480).contains(times)),
            "{drawn:?}"
        );
        // 2,000 of 10,000, deviation 40.
        assert!((1_840..=2_160).contains(&dropped), "{dropped}");
    }
}
