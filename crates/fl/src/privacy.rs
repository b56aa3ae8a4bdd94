//! What clients declare about noise in their updates.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

use crate::Decimal;

/// Differential privacy that a client says it has: what all its updates of the federation up to this one
/// have spent together. Nobody can check it; it is bound by the commitment and recorded.
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
pub struct Privacy {
    /// Bound on the privacy loss.
    pub epsilon: Decimal,
    /// Probability that the bound fails.
    pub delta: Decimal,
}
