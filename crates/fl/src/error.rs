//! The one error type of this crate, with the offending values.

use core::fmt;

use crate::limits::{HOLDOUT_BYTES_MAX, HOLDOUT_ROWS_MAX};

/// Why a spec, a value or an update was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A name is empty, too long or holds control characters.
    Name,
    /// A decimal number is malformed or has more digits than 64 bits hold.
    Decimal,
    /// A feature's or target's scale must be above zero.
    Scale,
    /// Two columns of the schema, or two class labels, have the same name.
    Duplicate,
    /// The target's column is one of the features as well.
    TargetIsFeature,
    /// Features take a column as a number and by labels, or a real target has a label or a rule for
    /// empty cells.
    Category,
    /// The model has no parameters, or more than its format and initial model allow.
    ParamCount {
        /// Parameters that the model would have.
        found: u64,
        /// Parameters that it may have.
        most: u32,
    },
    /// The target does not fit the model: a linear model needs a real target, a softmax model at
    /// least two classes.
    TargetMismatch,
    /// Fractional bits out of range for the width.
    FracBits {
        /// Bits asked for.
        found: u8,
        /// Bits allowed.
        max: u8,
    },
    /// An opaque model has no layers to initialise: start it from zeros.
    SeededOpaque,
    /// `clients_min` and `clients_max` are out of order or out of bounds.
    Clients,
    /// The strategy needs more clients than `clients_min` promises.
    TooFewClients {
        /// Clients that the strategy needs.
        needed: u32,
        /// Clients promised or updates accepted.
        found: u32,
    },
    /// The strategy compares every pair of updates and takes no more clients than this.
    TooManyClients {
        /// Seats of the federation.
        found: u32,
        /// Clients that the strategy takes.
        max: u32,
    },
    /// Multi-Krum must keep at least one update.
    Keep,
    /// A parameter of the server optimiser is out of range.
    Optimiser,
    /// The task cannot be certified.
    Certificate,
    /// A rule with a bound on bad clients needs invitation.
    NeedsInvitation,
    /// A rule with a bound on bad clients must not lose updates to the norm rule.
    RejectBesideBound,
    /// Rounds out of range.
    Rounds,
    /// A window is empty or too long.
    Window,
    /// The reveal window is too short for all clients to upload.
    RevealWindowTooShort {
        /// Blocks needed.
        needed: u32,
        /// Blocks given.
        found: u32,
    },
    /// The sample-count cap is zero or above [`crate::limits::SAMPLE_COUNT_MAX`].
    SampleCountCap,
    /// A part of an update has neither whole chunks nor the model's end.
    Part {
        /// Its first chunk.
        first: u32,
        /// Its bytes.
        bytes: u32,
    },
    /// A value does not fit the wire width.
    Overflow,
    /// The sample count is zero or above the federation's cap.
    SampleCount {
        /// Count stated.
        found: u32,
        /// Cap of the federation.
        max: u32,
    },
    /// A hidden layer without units.
    EmptyLayer,
    /// The quality gate cannot work.
    Gate,
    /// Contributions are to be paid where nothing bounds a client's pull.
    PaidUnbounded,
    /// The quorum is a hundred per cent or more.
    Quorum,
    /// A quorum or a bound on bad clients without a bond.
    Bond,
    /// The certificate asks for more than the number format can give.
    CertificateFormat,
    /// The gate's window is too short for all evaluators to upload.
    GateWindowTooShort {
        /// Blocks needed.
        needed: u32,
        /// Blocks given.
        found: u32,
    },
    /// The holdout has no rows, or is no whole number of rows.
    HoldoutLength {
        /// Its values or bytes.
        found: usize,
        /// Values or bytes of one row.
        row: usize,
    },
    /// The holdout has more rows or bytes than [`crate::limits::HOLDOUT_ROWS_MAX`] and [`crate::limits::HOLDOUT_BYTES_MAX`] allow.
    HoldoutSize {
        /// Its rows, begun ones included.
        rows: usize,
        /// Rows that it may have.
        most: u32,
    },
    /// The holdout is not as long as those of its federation.
    HoldoutBytes {
        /// Its bytes.
        found: usize,
        /// Bytes that it must have.
        needed: u32,
    },
    /// A row's class is none of the target's.
    Class {
        /// The row, from zero.
        row: u32,
        /// The class that it names.
        found: i32,
        /// Classes of the target.
        classes: u32,
    },
    /// The holdout was made for a task with other features or another target.
    OtherTask,
    /// The chain does not know how to run an opaque model.
    Opaque,
    /// The model has the wrong number of weights.
    ModelLength {
        /// Weights given.
        found: usize,
        /// Weights of the task's model.
        expected: u32,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(
                f,
                "a name must have 1 to {} bytes and no control characters",
                crate::limits::NAME_BYTES_MAX
            ),
            Self::Decimal => {
                write!(
                    f,
                    "write the number in decimal, like -0.25 or 1e-3, with at most 18 digits"
                )
            }
            Self::Scale => write!(f, "every scale must be above zero"),
            Self::Duplicate => write!(f, "two columns or two class labels have the same name"),
            Self::TargetIsFeature => write!(
                f,
                "the target is one of the features: a model that reads it has nothing to predict"
            ),
            Self::Category => write!(
                f,
                "a column is a number or has labels, not both, and a real target has neither label nor \
                 missing"
            ),
            Self::ParamCount { found, most } => write!(
                f,
                "the model would have {found} parameters; 1 to {most} are possible in this format \
                 and from this initial model (a seeded one may be half as large as an uploaded one)"
            ),
            Self::TargetMismatch => write!(
                f,
                "the target does not fit the model: linear needs a real target, softmax two or \
                 more classes"
            ),
            Self::FracBits { found, max } => {
                write!(
                    f,
                    "frac_bits is {found}; at most {max} are possible at this width"
                )
            }
            Self::SeededOpaque => {
                write!(f, "an opaque model has no layers: use initial = \"zeros\"")
            }
            Self::Clients => write!(
                f,
                "clients_min must be 1 to clients_max, and clients_max at most {}",
                crate::limits::CLIENTS_MAX
            ),
            Self::TooFewClients { needed, found } => {
                write!(
                    f,
                    "the strategy needs {needed} clients, only {found} are certain"
                )
            }
            Self::TooManyClients { found, max } => write!(
                f,
                "clients_max is {found}; a strategy that compares every pair takes at most {max}"
            ),
            Self::Keep => write!(f, "multi_krum must keep at least one update"),
            Self::Optimiser => write!(
                f,
                "the optimiser's momentum and betas must be below 1, rate and tau above 0 and at \
                 most 1000"
            ),
            Self::Certificate => write!(
                f,
                "least_squares needs a linear model of 1 to {} features in 32-bit weights from zeros, \
                 a penalty above 0 and at most 64, an epsilon above 0, and neither norm rule nor \
                 server optimiser",
                crate::limits::CERTIFIED_FEATURES_MAX
            ),
            Self::NeedsInvitation => {
                write!(
                    f,
                    "this strategy bounds the number of bad clients: membership must be invited"
                )
            }
            Self::RejectBesideBound => write!(
                f,
                "this strategy needs the updates of all but a bounded number of clients, and norm \
                 reject would let more of them have rounds skipped for nothing: clip instead"
            ),
            Self::Rounds => {
                write!(f, "rounds_max must be 1 to {}", crate::limits::ROUNDS_MAX)
            }
            Self::Window => write!(
                f,
                "each window must have 1 to {} blocks",
                crate::limits::WINDOW_BLOCKS_MAX
            ),
            Self::RevealWindowTooShort { needed, found } => write!(
                f,
                "reveal_blocks is {found}; the clients' uploads need at least {needed} blocks"
            ),
            Self::SampleCountCap => write!(
                f,
                "sample_count_max must be 1 to {}",
                crate::limits::SAMPLE_COUNT_MAX
            ),
            Self::Part { first, bytes } => write!(
                f,
                "a part of {bytes} bytes from chunk {first} on has neither 1 to 16 whole chunks nor \
                 the model's end"
            ),
            Self::Overflow => write!(f, "a value does not fit the federation's number format"),
            Self::SampleCount { found, max } => {
                write!(f, "the sample count is {found}; it must be 1 to {max}")
            }
            Self::EmptyLayer => write!(f, "a hidden layer must have units"),
            Self::PaidUnbounded => write!(
                f,
                "contributions can be paid only where something bounds a client's pull: choose a norm rule \
                 or a strategy that bounds bad clients"
            ),
            Self::Quorum => write!(f, "the quorum must be 0 to 99 per cent"),
            Self::Bond => write!(
                f,
                "with a bond of nothing, or below the reward, rounds can be skipped at a profit, by committing \
                 and not revealing: set a higher bond, or a quorum of 0 with a strategy that has no bound on \
                 bad clients"
            ),
            Self::CertificateFormat => write!(
                f,
                "the certificate asks for more than numbers can give, whatever the rows: with p weights epsilon \
                 must be above half a unit for each and (64 p + 1) sqrt(p) / penalty / 2^31, and the format must \
                 hold weights up to 8 / sqrt(penalty)"
            ),
            Self::Gate => write!(
                f,
                "the gate needs layers or a linear model that is trained round by round, 3 to {} \
                 evaluators and a quorum of 3 or more of them, rows that a holdout can have, a tolerance \
                 of 0 or more, and at most {} clients where contributions are measured",
                crate::limits::EVALUATORS_MAX,
                crate::limits::CONTRIBUTIONS_MAX
            ),
            Self::GateWindowTooShort { needed, found } => write!(
                f,
                "the gate's blocks are {found}; the evaluators' uploads need at least {needed}"
            ),
            Self::HoldoutLength { found, row } => write!(
                f,
                "the holdout's length is {found}; it must be a multiple of {row}, one row's, and not \
                 zero"
            ),
            Self::HoldoutSize { rows, most } => write!(
                f,
                "the holdout has {rows} rows; {most} of this length are possible (at most \
                 {HOLDOUT_ROWS_MAX} rows and {HOLDOUT_BYTES_MAX} bytes)"
            ),
            Self::HoldoutBytes { found, needed } => {
                write!(f, "the holdout has {found} bytes; it must have {needed}")
            }
            Self::Class {
                row,
                found,
                classes,
            } => write!(
                f,
                "the class of holdout row {row} is {found}; it must be 0 or more and below {classes}"
            ),
            Self::OtherTask => write!(
                f,
                "the holdout was made for another task: features or target differ"
            ),
            Self::Opaque => write!(f, "an opaque model cannot be run: give its layers"),
            Self::ModelLength { found, expected } => {
                write!(
                    f,
                    "the model has {found} weights; the task's has {expected}"
                )
            }
        }
    }
}

impl core::error::Error for Error {}
