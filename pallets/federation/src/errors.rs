//! What can fail: the pallet's errors, and those of the pure crates among them.

use fedchain_fl::Refusal;
use fedchain_verifier::{opening, optimality};
use frame_support::{dispatch::DispatchErrorWithPostInfo, weights::Weight};

use crate::{
    WeightInfo,
    pallet::{Config, Error, Pallet},
};

#[frame_support::pallet_macros::pallet_section]
mod errors {
    /// What failed, and how to avoid it.
    #[pallet::error]
    pub enum Error<T> {
        /// No federation has this number: see `federation_list`.
        UnknownFederation,
        /// Only the owner of the federation may do this.
        NotOwner,
        /// The federation is over, or ends with this round.
        FederationOver,
        /// The federation still runs: wait for its end or cancel it first.
        FederationRuns,
        /// The owner has not invited this account: ask for an invitation.
        NotInvited,
        /// The account is invited already.
        AlreadyInvited,
        /// This federation is open: anyone may join without invitation.
        InvitationNotNeeded,
        /// The account is a member already.
        AlreadyMember,
        /// The account is no member: join first.
        NotMember,
        /// The member leaves at the end of this round already.
        AlreadyLeaving,
        /// All seats are taken or promised.
        Full,
        /// The account is not on the roster of this round: members take part from the round after
        /// they joined.
        NotOnRoster,
        /// The federation is in another round: see `federation_round`.
        WrongRound,
        /// The federation takes no commitments now: see the phase in `federation_get`.
        CommitClosed,
        /// The server model has changed: train again from the newest one.
        StaleBase,
        /// The account has committed in this round already.
        AlreadyCommitted,
        /// The federation takes no reveals now: see the phase in `federation_get`.
        RevealClosed,
        /// The account has no open commitment in this round.
        NoCommitment,
        /// Salt, sample count or values are not those committed to; nothing changed, send the
        /// right ones before the window closes.
        WrongOpening,
        /// The phase is not overdue yet: see its deadline in `federation_get`.
        NotOverdue,
        /// This part was taken already: send the next one.
        PartTaken,
        /// Parts are taken in order: send the one that follows those received.
        PartOutOfOrder,
        /// A part is 1 to 16 whole chunks, or ends with the model; its proof leads to the root.
        WrongPart,
        /// The initial model is there already.
        NothingToUpload,
        /// Send commit, reveal and upload as transactions of their own, not inside batch, sudo or
        /// others.
        WrappedCall,
        /// The free balance does not cover the deposit, bond or escrow.
        LowBalance,
        /// A name has 1 to 64 bytes of printable UTF-8.
        InvalidName,
        /// Scales must be above zero, numbers decimal.
        InvalidScale,
        /// Column names, and class labels, must differ.
        DuplicateName,
        /// A column is a number or has labels, not both; a real target has neither a label nor a rule
        /// for empty cells.
        BadCategory,
        /// The model has no parameters or more than 8 MiB of them, or is seeded and has more than
        /// 4 MiB: upload the initial model then.
        InvalidParamCount,
        /// Linear models need a real target, softmax models two classes or more.
        TargetMismatch,
        /// Too many fractional bits for the width.
        InvalidFracBits,
        /// An opaque model starts from zeros.
        SeededOpaque,
        /// `clients_min` must be 1 to `clients_max`, and that within the limit.
        InvalidClients,
        /// The strategy needs more clients than `clients_min`.
        TooFewClients,
        /// This strategy needs membership by invitation.
        NeedsInvitation,
        /// `rounds_max` is out of range.
        InvalidRounds,
        /// A window is empty or too long.
        InvalidWindow,
        /// The reveal window is too short for all clients to upload.
        RevealWindowTooShort,
        /// `sample_count_max` is out of range.
        InvalidSampleCountCap,
        /// The clients' updates together need more staging than allowed: fewer clients or
        /// parameters.
        StagingTooLarge,
        /// One block cannot aggregate so many clients and parameters: reduce either.
        AggregationTooHeavy,
        /// This strategy compares every pair of updates: at most 128 clients.
        TooManyClients,
        /// Multi-Krum must keep at least one update.
        InvalidKeep,
        /// least_squares needs a linear model of at most 200 features in 32-bit weights from zeros, a
        /// penalty above 0 and at most 64, an epsilon above 0, and neither norm rule nor optimiser.
        InvalidCertificate,
        /// The federation takes no solutions now: see the phase in `federation_get`.
        CertifyClosed,
        /// These moments cannot be those of so many rows.
        ImpossibleMoments,
        /// The client's moments are not there: it has not revealed any.
        NoMoments,
        /// The first certificate is of everybody; later the owner may leave clients out.
        NobodyLeftOutAtFirst,
        /// Name the clients left out in ascending order of their accounts, each once.
        LeftOutUnsorted,
        /// A solution is curvature, weights and witness, as long as the schema says.
        WrongSolution,
        /// The witness does not prove the curvature that it claims.
        UnprovenCurvature,
        /// The solution may be further from the optimum than the federation allows.
        SolutionTooFar,
        /// A parameter of the server optimiser is out of range.
        InvalidOptimiser,
        /// A value does not fit the number format.
        ValueOverflow,
        /// The sample count is zero or above the federation's cap.
        SampleCountOutOfRange,
        /// A hidden layer has no units.
        EmptyLayer,
        /// A gate needs a model with layers or a linear one that is trained round by round, 3 to 16
        /// evaluators and a quorum of 3 or more of them, rows that a holdout can have, a tolerance of
        /// 0 or more, and at most 64 clients where contributions are measured.
        InvalidGate,
        /// Contributions can be paid only where a norm rule or the strategy bounds a client's pull.
        PaidUnbounded,
        /// The quorum must be 0 to 99 per cent.
        InvalidQuorum,
        /// A quorum, or a bound on bad clients, needs a bond above zero: without one anybody has rounds
        /// skipped for nothing.
        BondNeeded,
        /// The certificate asks for more than the number format can give: epsilon must be above half a
        /// unit for each weight, and the format hold weights up to 8 / sqrt(penalty).
        InvalidCertificateFormat,
        /// The vector does not prove that these moments are of no rows.
        NoRefutation,
        /// The gate's window is too short for all evaluators to upload.
        GateWindowTooShort,
        /// The federation has no quality gate.
        NoGate,
        /// The account is no evaluator: the owner must appoint it first.
        NotEvaluator,
        /// The account is an evaluator, and an evaluator is no client.
        AlreadyEvaluator,
        /// The account's holdout for this round is bonded: leave when the round is over.
        HoldoutBonded,
        /// A strategy with a bound on bad clients takes no norm rule `reject`: clip instead.
        RejectBesideBound,
        /// These very rows judged a round before: a holdout is used once.
        HoldoutUsed,
        /// A holdout's rows do not fit the task: a class is none of the target's.
        WrongRows,
    }
}

impl<T: Config> Pallet<T> {
    /// An error that was found by a look at the state: that is all it weighs.
    pub(crate) fn early(error: impl Into<Error<T>>) -> DispatchErrorWithPostInfo {
        Self::early_at(T::WeightInfo::check(), error)
    }

    /// An error that was found by so much work.
    pub(crate) fn early_at(
        weight: Weight,
        error: impl Into<Error<T>>,
    ) -> DispatchErrorWithPostInfo {
        DispatchErrorWithPostInfo {
            post_info: Some(weight).into(),
            error: error.into().into(),
        }
    }
}

impl<T: Config> From<fedchain_fl::Error> for Error<T> {
    fn from(error: fedchain_fl::Error) -> Self {
        use fedchain_fl::Error as Fl;
        match error {
            Fl::Name => Self::InvalidName,
            Fl::Decimal | Fl::Scale => Self::InvalidScale,
            Fl::Duplicate | Fl::TargetIsFeature => Self::DuplicateName,
            Fl::Category => Self::BadCategory,
            Fl::ParamCount { .. } => Self::InvalidParamCount,
            Fl::TargetMismatch => Self::TargetMismatch,
            Fl::FracBits { .. } => Self::InvalidFracBits,
            Fl::SeededOpaque => Self::SeededOpaque,
            Fl::Clients => Self::InvalidClients,
            Fl::TooFewClients { .. } => Self::TooFewClients,
            Fl::NeedsInvitation => Self::NeedsInvitation,
            Fl::RejectBesideBound => Self::RejectBesideBound,
            Fl::Rounds => Self::InvalidRounds,
            Fl::Window => Self::InvalidWindow,
            Fl::RevealWindowTooShort { .. } => Self::RevealWindowTooShort,
            Fl::SampleCountCap => Self::InvalidSampleCountCap,
            Fl::TooManyClients { .. } => Self::TooManyClients,
            Fl::Keep => Self::InvalidKeep,
            Fl::Optimiser => Self::InvalidOptimiser,
            Fl::Certificate => Self::InvalidCertificate,
            Fl::Part { .. } => Self::WrongPart,
            Fl::Overflow => Self::ValueOverflow,
            Fl::SampleCount { .. } => Self::SampleCountOutOfRange,
            Fl::EmptyLayer => Self::EmptyLayer,
            Fl::Gate => Self::InvalidGate,
            Fl::GateWindowTooShort { .. } => Self::GateWindowTooShort,
            Fl::PaidUnbounded => Self::PaidUnbounded,
            Fl::Quorum => Self::InvalidQuorum,
            Fl::Bond => Self::BondNeeded,
            Fl::CertificateFormat => Self::InvalidCertificateFormat,
            Fl::HoldoutLength { .. }
            | Fl::HoldoutSize { .. }
            | Fl::HoldoutBytes { .. }
            | Fl::Class { .. }
            | Fl::OtherTask
            | Fl::Opaque
            | Fl::ModelLength { .. } => Self::WrongRows,
        }
    }
}

impl<T: Config> From<opening::Error> for Error<T> {
    fn from(error: opening::Error) -> Self {
        match error {
            opening::Error::Size(error) => error.into(),
            opening::Error::Order { .. } => Self::PartOutOfOrder,
            opening::Error::Proof => Self::WrongPart,
            opening::Error::Commitment => Self::WrongOpening,
        }
    }
}

impl<T: Config> From<optimality::Error> for Error<T> {
    fn from(error: optimality::Error) -> Self {
        use optimality::Error as Op;
        match error {
            Op::Moment { .. } | Op::Rows | Op::TooManyRows => Self::ImpossibleMoments,
            Op::Penalty => Self::InvalidCertificate,
            Op::Length { .. } | Op::Weight | Op::Witness => Self::WrongSolution,
            Op::Format => Self::ValueOverflow,
            Op::Refutation => Self::NoRefutation,
            Op::Curvature => Self::UnprovenCurvature,
            Op::TooFar { .. } => Self::SolutionTooFar,
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
            Refusal::CertifyClosed => Self::CertifyClosed,
            Refusal::NotEvaluator => Self::NotEvaluator,
            Refusal::NotOwner => Self::NotOwner,
            Refusal::FederationRuns => Self::FederationRuns,
        }
    }
}
