//! The pure crates' errors, as errors of the pallet.

use fedchain_fl::Refusal;

use crate::pallet::{Config, Error};

impl<T: Config> From<fedchain_fl::Error> for Error<T> {
    fn from(error: fedchain_fl::Error) -> Self {
        use fedchain_fl::Error as Fl;
        match error {
            Fl::Name => Self::InvalidName,
            Fl::Decimal | Fl::Scale => Self::InvalidScale,
            Fl::Duplicate => Self::DuplicateName,
            Fl::ParamCount { .. } => Self::InvalidParamCount,
            Fl::TargetMismatch => Self::TargetMismatch,
            Fl::FracBits { .. } => Self::InvalidFracBits,
            Fl::SeededOpaque => Self::SeededOpaque,
            Fl::Clients => Self::InvalidClients,
            Fl::TooFewClients { .. } => Self::TooFewClients,
            Fl::NeedsInvitation => Self::NeedsInvitation,
            Fl::Rounds => Self::InvalidRounds,
            Fl::Window => Self::InvalidWindow,
            Fl::RevealWindowTooShort { .. } => Self::RevealWindowTooShort,
            Fl::SampleCountCap => Self::InvalidSampleCountCap,
            Fl::TooManyClients { .. } => Self::TooManyClients,
            Fl::Keep => Self::InvalidKeep,
            Fl::Optimiser => Self::InvalidOptimiser,
            Fl::Part { .. } => Self::WrongPart,
            Fl::Overflow => Self::ValueOverflow,
            Fl::SampleCount { .. } => Self::SampleCountOutOfRange,
        }
    }
}

impl<T: Config> From<Refusal> for Error<T> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownFederation => Self::UnknownFederation,
            Refusal::NotOnRoster => Self::NotOnRoster,
            Refusal::WrongRound => Self::WrongRound,
            Refusal::CommitClosed => Self::CommitClosed,
            Refusal::StaleBase => Self::StaleBase,
            Refusal::AlreadyCommitted => Self::AlreadyCommitted,
            Refusal::RevealClosed => Self::RevealClosed,
            Refusal::NoCommitment => Self::NoCommitment,
            Refusal::NotOverdue => Self::NotOverdue,
            Refusal::PartTaken => Self::PartTaken,
        }
    }
}
