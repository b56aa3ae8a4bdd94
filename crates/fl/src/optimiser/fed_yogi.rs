//! FedYogi (Reddi et al., 2021): `v = v - (1 - beta2) * g^2 * sign(v - g^2)`, which forgets large
//! gradients more slowly than FedAdam.

use super::{BITS, adaptive::share};

/// The next mean square.
pub(super) fn second(last: u64, square: u64, beta2: u64) -> u64 {
    let change = share(square, (1u64 << BITS).saturating_sub(beta2));
    match last.cmp(&square) {
        core::cmp::Ordering::Less => last.saturating_add(change),
        core::cmp::Ordering::Equal => last,
        core::cmp::Ordering::Greater => last.saturating_sub(change),
    }
}
