//! Why the transaction pool refuses a call that cannot succeed now.
//!
//! The pool's answer has room for one byte (`InvalidTransaction::Custom`); both sides read it here.

use core::fmt;

/// Reasons, with their code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// No federation has this number.
    UnknownFederation = 1,
    /// The account is not on the roster of the round.
    NotOnRoster = 2,
    /// The call names another round than the current one.
    WrongRound = 3,
    /// The federation takes no commitments now.
    CommitClosed = 4,
    /// The commitment starts from another server model than the newest.
    StaleBase = 5,
    /// The account has committed in this round already.
    AlreadyCommitted = 6,
    /// The federation takes no reveals now.
    RevealClosed = 7,
    /// The account has no open commitment in this round.
    NoCommitment = 8,
    /// The phase is not overdue.
    NotOverdue = 9,
    /// The part was taken already.
    PartTaken = 10,
    /// The federation takes no solutions now.
    CertifyClosed = 11,
    /// The account is no evaluator of the federation.
    NotEvaluator = 12,
    /// The account is not the federation's owner.
    NotOwner = 13,
    /// The federation is not over.
    FederationRuns = 14,
}

impl Refusal {
    const ALL: [Self; 14] = [
        Self::UnknownFederation,
        Self::NotOnRoster,
        Self::WrongRound,
        Self::CommitClosed,
        Self::StaleBase,
        Self::AlreadyCommitted,
        Self::RevealClosed,
        Self::NoCommitment,
        Self::NotOverdue,
        Self::PartTaken,
        Self::CertifyClosed,
        Self::NotEvaluator,
        Self::NotOwner,
        Self::FederationRuns,
    ];

    /// The code on the wire.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The reason behind a code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.code() == code)
    }

    /// The reason that the pallet's error of this name gives.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| refusal.name() == name)
    }

    /// The name of the pallet's error.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownFederation => "UnknownFederation",
            Self::NotOnRoster => "NotOnRoster",
            Self::WrongRound => "WrongRound",
            Self::CommitClosed => "CommitClosed",
            Self::StaleBase => "StaleBase",
            Self::AlreadyCommitted => "AlreadyCommitted",
            Self::RevealClosed => "RevealClosed",
            Self::NoCommitment => "NoCommitment",
            Self::NotOverdue => "NotOverdue",
            Self::PartTaken => "PartTaken",
            Self::CertifyClosed => "CertifyClosed",
            Self::NotEvaluator => "NotEvaluator",
            Self::NotOwner => "NotOwner",
            Self::FederationRuns => "FederationRuns",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownFederation => "no federation has this number",
            Self::NotOnRoster => "the account is not on the roster of this round: join first",
            Self::WrongRound => "the federation is in another round",
            Self::CommitClosed => "the commit window is closed",
            Self::StaleBase => "the server model has changed: train again from the newest",
            Self::AlreadyCommitted => "the account has committed in this round already",
            Self::RevealClosed => "the reveal window is closed",
            Self::NoCommitment => "the account has no open commitment in this round",
            Self::NotOverdue => "the phase is not overdue yet",
            Self::PartTaken => "this part was taken already: send the next one",
            Self::CertifyClosed => {
                "the federation takes no such call now, a solution or a refutation: see its phase"
            }
            Self::NotEvaluator => "the account is no evaluator: the owner must appoint it first",
            Self::NotOwner => "only the federation's owner may do this",
            Self::FederationRuns => {
                "the federation still runs: wait for its end or cancel it first"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::from_code(refusal.code()), Some(refusal));
            assert_eq!(Refusal::from_name(refusal.name()), Some(refusal));
            assert_eq!(refusal.name(), alloc::format!("{refusal:?}"));
        }
        assert_eq!(Refusal::from_code(0), None);
        assert_eq!(Refusal::from_name(""), None);
    }

    #[test]
    fn every_code_is_documented() {
        let document = include_str!("../../../docs/rpc.md");
        for refusal in Refusal::ALL {
            let row = alloc::format!("| {} | `{}` | ", refusal.code(), refusal.name());
            assert!(document.contains(&row), "not in docs/rpc.md: {row}");
        }
    }
}
