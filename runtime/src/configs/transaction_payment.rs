//! Transaction payment: fees by weight and length, which follow the load.
//!
//! ```text
//! factor of the next block = factor * (1 + (fullness - 1/2) / 4)     1 <= factor <= FEE_FACTOR_MAX
//! ```
//!
//! A full block raises the price by an eighth, an empty one lowers it by as much: it doubles in six full
//! blocks and halves in six empty ones. What a fee has more than the base price is burned, so that a miner
//! gains nothing by filling blocks, its own or others'.

use crate::{
    Balance, Balances, MiningRewards, Runtime, RuntimeEvent, TransactionPayment, currency,
};
use fedchain_fl::limits::FEE_FACTOR_MAX;
use frame_support::{
    dispatch::DispatchClass,
    traits::{ConstU8, Imbalance, OnUnbalanced, fungible::Credit},
    weights::{IdentityFee, Weight, WeightToFee},
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, MultiplierUpdate};
use sp_runtime::{
    FixedPointNumber, Perquintill,
    traits::{Convert, One, Saturating},
};

/// By which the price changes in a full or empty block, twice over.
const VARIABILITY: (u128, u128) = (1, 4);
/// How full blocks are at a constant price.
const TARGET: Perquintill = Perquintill::from_percent(50);

/// The share of what normal transactions may fill that transactions of any class have filled: of weight or
/// of bytes, whichever is more. Anybody may send operational ones, which keep answers out as others do.
fn fullness() -> Perquintill {
    type System = frame_system::Pallet<Runtime>;
    let limits = <Runtime as frame_system::Config>::BlockWeights::get();
    let class = limits.get(DispatchClass::Normal);
    let most = class.max_total.unwrap_or(limits.max_block).ref_time();
    let block = System::block_weight();
    let used = block
        .get(DispatchClass::Normal)
        .saturating_add(*block.get(DispatchClass::Operational));
    let lengths = <Runtime as frame_system::Config>::BlockLength::get();
    let bytes_max = *lengths.max.get(DispatchClass::Normal);
    let weight = Perquintill::from_rational(used.ref_time(), most);
    weight.max(Perquintill::from_rational(
        System::block_size().into(),
        u64::from(bytes_max),
    ))
}

/// The factor by which fees exceed the base price.
pub struct FollowLoad;

impl Convert<Multiplier, Multiplier> for FollowLoad {
    fn convert(factor: Multiplier) -> Multiplier {
        let share = |part: Perquintill| Multiplier::from_inner(part.deconstruct().into());
        let (full, target) = (share(fullness()), share(TARGET));
        let change = |difference: Multiplier| {
            factor
                .saturating_mul(difference)
                .saturating_mul(Self::variability())
        };
        let next = match full >= target {
            true => factor.saturating_add(change(full.saturating_sub(target))),
            false => factor.saturating_sub(change(target.saturating_sub(full))),
        };
        next.clamp(Self::min(), Self::max())
    }
}

impl MultiplierUpdate for FollowLoad {
    fn min() -> Multiplier {
        Multiplier::one()
    }

    fn max() -> Multiplier {
        Multiplier::saturating_from_integer(FEE_FACTOR_MAX)
    }

    fn target() -> Perquintill {
        TARGET
    }

    fn variability() -> Multiplier {
        Multiplier::saturating_from_rational(VARIABILITY.0, VARIABILITY.1)
    }
}

/// The fee for a transaction's bytes, which follows the load as that for its weight does.
pub struct LengthFee;

impl WeightToFee for LengthFee {
    type Balance = Balance;

    fn weight_to_fee(length: &Weight) -> Balance {
        let base = Balance::from(length.ref_time()).saturating_mul(currency::TRANSACTION_BYTE_FEE);
        TransactionPayment::next_fee_multiplier().saturating_mul_int(base)
    }
}

/// Burns what follows the load; the rest and the tip go to the block's author.
pub struct BurnExcess;

type FeeCredit = Credit<crate::AccountId, Balances>;

impl OnUnbalanced<FeeCredit> for BurnExcess {
    fn on_unbalanceds(mut fee_then_tip: impl Iterator<Item = FeeCredit>) {
        if let Some(fee) = fee_then_tip.next() {
            let factor = TransactionPayment::next_fee_multiplier();
            let base = factor
                .reciprocal()
                .map_or(0, |share| share.saturating_mul_int(fee.peek()));
            let (base, excess) = fee.split(base);
            // A credit that nobody takes is burned as it drops.
            drop(excess);
            MiningRewards::on_unbalanced(base);
        }
        for tip in fee_then_tip {
            MiningRewards::on_unbalanced(tip);
        }
    }
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, BurnExcess>;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = LengthFee;
    type FeeMultiplierUpdate = FollowLoad;
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
