//! Who takes part, when, and for how much.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use super::{Gate, TaskSpec};
use crate::{
    Error, Name, NormRule,
    limits::{CLIENTS_MAX, PART_BYTES_MAX, ROUNDS_MAX, SAMPLE_COUNT_MAX, WINDOW_BLOCKS_MAX},
};

/// Who may join.
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
#[cfg_attr(feature = "std", serde(rename_all = "snake_case"))]
pub enum Membership {
    /// Those whom the owner invited.
    Invited,
    /// Anyone; all clients weigh the same, whatever sample count they state.
    Open,
}

/// Lengths of the phases of a round, in blocks.
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
#[cfg_attr(feature = "std", serde(deny_unknown_fields))]
pub struct Windows {
    /// Time to train and commit.
    pub commit_blocks: u32,
    /// Pause between commits and reveals: a reorg of this depth cannot reopen commits after
    /// updates became public. Two blocks more than this is the pause in which moments can be refuted.
    pub settle_blocks: u32,
    /// Time to reveal.
    pub reveal_blocks: u32,
}

/// Blocks beyond the settle window in which moments can be refuted before a certificate: one in which they
/// are seen, one that takes the refutation.
const LOOK_BLOCKS: u32 = 2;

impl Windows {
    /// The pause before a round's first certificate, in which moments can be refuted.
    pub const fn refute_blocks(&self) -> u32 {
        self.settle_blocks.saturating_add(LOOK_BLOCKS)
    }

    fn check(&self) -> Result<(), Error> {
        let usable = |blocks| (1..=WINDOW_BLOCKS_MAX).contains(&blocks);
        if [self.commit_blocks, self.settle_blocks, self.reveal_blocks]
            .into_iter()
            .all(usable)
        {
            Ok(())
        } else {
            Err(Error::Window)
        }
    }
}

/// What has become of a round's commitments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turnout {
    /// Clients that committed.
    pub committed: u32,
    /// Those whose update lay beyond the norm bound.
    pub rejected: u32,
    /// Those who were proven guilty of impossible moments.
    pub guilty: u32,
}

/// Everything that a federation fixes at creation. `Balance` is an amount in the chain's smallest
/// unit; in JSON it is decimal text.
#[derive(
    Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "std",
    serde(
        bound = "Balance: core::fmt::Display + core::str::FromStr<Err: core::fmt::Display>",
        deny_unknown_fields
    )
)]
pub struct FederationSpec<Balance> {
    /// For people.
    pub name: Name,
    /// Who may join.
    pub membership: Membership,
    /// Round 1 opens, and later rounds open, with so many members.
    pub clients_min: u32,
    /// Seats.
    pub clients_max: u32,
    /// Rounds that make a model. Up to as many again may be skipped.
    pub rounds_max: u32,
    /// Phase lengths.
    pub windows: Windows,
    /// Where the strategy has no bound on bad clients: more than so many per cent of the clients that
    /// committed must have an update that counts, or the round is skipped. Those beyond the norm bound or
    /// proven guilty are left out of the reckoning.
    #[cfg_attr(feature = "std", serde(default = "quorum_default"))]
    pub quorum: u8,
    /// Cap on the sample count a client may state.
    pub sample_count_max: u32,
    /// Held at commit, returned at reveal, burned when the reveal window closes without one. No less than
    /// the reward, unless nobody can have a round skipped.
    #[cfg_attr(feature = "std", serde(with = "crate::text"))]
    pub bond: Balance,
    /// Held while a member.
    #[cfg_attr(feature = "std", serde(with = "crate::text"))]
    pub join_deposit: Balance,
    /// Paid per adopted round by the owner: each client that committed has an equal part, and gets it if
    /// its update counted.
    #[cfg_attr(feature = "std", serde(with = "crate::text"))]
    pub reward: Balance,
    /// How new server models are judged before they are adopted; none: all are adopted.
    #[cfg_attr(feature = "std", serde(default))]
    pub gate: Option<Gate<Balance>>,
    /// What is learned.
    pub task: TaskSpec,
}

/// The quorum of a federation that names none: more than half.
pub const QUORUM_DEFAULT: u8 = 50;

#[cfg(feature = "std")]
const fn quorum_default() -> u8 {
    QUORUM_DEFAULT
}

impl<Balance> FederationSpec<Balance> {
    /// Whether the federation can work; `upload_bytes_per_block` is what one block carries of
    /// reveals.
    ///
    /// # Errors
    /// The first thing that cannot.
    pub fn check(&self, upload_bytes_per_block: u32) -> Result<(), Error>
    where
        Balance: Copy + Default + PartialOrd,
    {
        self.name.check()?;
        self.task.check()?;
        self.windows.check()?;
        if !(1..=self.clients_max).contains(&self.clients_min) || self.clients_max > CLIENTS_MAX {
            return Err(Error::Clients);
        }
        if !(1..=ROUNDS_MAX).contains(&self.rounds_max) {
            return Err(Error::Rounds);
        }
        if self.quorum >= 100 {
            return Err(Error::Quorum);
        }
        if self.needs_bond() && (self.bond == Balance::default() || self.bond < self.reward) {
            return Err(Error::Bond);
        }
        if !(1..=SAMPLE_COUNT_MAX).contains(&self.sample_count_max) {
            return Err(Error::SampleCountCap);
        }
        let rejects = matches!(self.task.norm, Some(NormRule::Reject { .. }));
        if rejects && self.task.strategy.bad_max().is_some() {
            return Err(Error::RejectBesideBound);
        }
        let needed = self.task.strategy.updates_min();
        if self.clients_min < needed {
            return Err(Error::TooFewClients {
                needed,
                found: self.clients_min,
            });
        }
        self.task.strategy.check(self.clients_max)?;
        if self.membership == Membership::Open && self.task.strategy.bounds_bad_clients() {
            return Err(Error::NeedsInvitation);
        }
        let needed = upload_blocks(
            self.task.update_bytes()?,
            self.clients_max,
            upload_bytes_per_block,
        );
        if self.windows.reveal_blocks < needed {
            return Err(Error::RevealWindowTooShort {
                needed,
                found: self.windows.reveal_blocks,
            });
        }
        match &self.gate {
            Some(gate) => gate.check(&self.task, self.clients_max, upload_bytes_per_block),
            None => Ok(()),
        }
    }

    /// Updates that must count for a round to make a model. With a bound f on bad clients: all but f of
    /// those that committed; it does not shrink with their number. Otherwise: the quorum.
    pub fn accepted_min(&self, turnout: Turnout) -> u32 {
        let strategy = &self.task.strategy;
        let needed = match strategy.bad_max() {
            Some(f) => turnout.committed.saturating_sub(f),
            None => {
                let asked = turnout.committed.saturating_sub(turnout.rejected);
                let asked = u64::from(asked.saturating_sub(turnout.guilty));
                let share = asked.saturating_mul(self.quorum.into()) / 100;
                u32::try_from(share).unwrap_or(u32::MAX).saturating_add(1)
            }
        };
        needed.max(strategy.updates_min())
    }

    /// Number of the last round after so many skipped ones, of which up to `rounds_max` are made up for.
    pub const fn last_round(&self, skipped: u32) -> u32 {
        let made_up = if skipped < self.rounds_max {
            skipped
        } else {
            self.rounds_max
        };
        self.rounds_max.saturating_add(made_up)
    }

    /// Whether a client can have rounds skipped: by committing and not revealing. It must burn no less than the
    /// owner, who may be that client, saves by it.
    fn needs_bond(&self) -> bool {
        self.clients_max > 1 && (self.quorum > 0 || self.task.strategy.bad_max().is_some())
    }

    /// The sample count that a client with so many rows states.
    pub fn stated_count(&self, rows: usize) -> u32 {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        rows.min(self.sample_count_max)
    }

    /// The count that the strategy uses for a client who states `sample_count`: open federations
    /// weigh all equally.
    ///
    /// # Errors
    /// [`Error::SampleCount`] when the stated count is zero or above the cap.
    pub fn effective_count(&self, sample_count: u32) -> Result<u32, Error> {
        if !(1..=self.sample_count_max).contains(&sample_count) {
            return Err(Error::SampleCount {
                found: sample_count,
                max: self.sample_count_max,
            });
        }
        Ok(match self.membership {
            Membership::Invited => sample_count,
            Membership::Open => 1,
        })
    }

    /// The same spec with its amounts in another type.
    pub fn map_amounts<B>(self, map: impl Fn(Balance) -> B + Copy) -> FederationSpec<B> {
        FederationSpec {
            name: self.name,
            membership: self.membership,
            clients_min: self.clients_min,
            clients_max: self.clients_max,
            rounds_max: self.rounds_max,
            windows: self.windows,
            quorum: self.quorum,
            sample_count_max: self.sample_count_max,
            bond: map(self.bond),
            join_deposit: map(self.join_deposit),
            reward: map(self.reward),
            gate: self.gate.map(|gate| gate.map_amounts(map)),
            task: self.task,
        }
    }
}

/// Blocks that so many senders need to upload so many bytes each, where a sender's parts come one per
/// block, with one to spare.
pub(super) fn upload_blocks(bytes_each: u32, senders: u32, bytes_per_block: u32) -> u32 {
    let bytes = u64::from(bytes_each).saturating_mul(senders.into());
    let blocks = bytes
        .div_ceil(u64::from(bytes_per_block).max(1))
        .max(bytes_each.div_ceil(PART_BYTES_MAX).into())
        .saturating_add(1);
    u32::try_from(blocks).unwrap_or(u32::MAX)
}
