//! FedAdam (Reddi et al., 2021): `v = beta2 * v + (1 - beta2) * g^2`.

use super::{BITS, adaptive::share};

/// The next mean square.
pub(super) fn second(last: u64, square: u64, beta2: u64) -> u64 {
    share(last, beta2).saturating_add(share(square, (1u64 << BITS).saturating_sub(beta2)))
}
