//! What it costs to fill blocks as far as leaves no room for an answer, by the runtime's own rule for fees:
//! those that a window of [`WINDOW`] blocks needs to be crowded, and the attacker's own blocks alone.
//!
//! The attacker is a miner with a share of the hash power, or none. In its own blocks the base price comes
//! back to it, and what follows the load is burned; in those of others all of it is gone. No try burns
//! anybody's bond: crowded rounds are skipped.

use anyhow::{Context, Result};
use fedchain_bench::table::row;
use fedchain_fl::window::CROWDED_FACTOR;
use fedchain_runtime::{Federation, Runtime, RuntimeCall, System, currency::UNIT, tx_extension};
use frame_support::{
    dispatch::{DispatchClass, GetDispatchInfo},
    weights::Weight,
};
use pallet_transaction_payment::Multiplier;
use rand::{Rng, SeedableRng, rngs::StdRng};
use sp_runtime::{
    FixedPointNumber,
    generic::Era,
    traits::{Convert, One, TransactionExtension},
};

/// Blocks of a window.
const WINDOW: u32 = 30;
/// Shares of the hash power.
const SHARES: [f64; 4] = [0.0, 0.02, 0.1, 0.33];
/// Of each share, as many tries.
const TRIES: u64 = 200;

/// The price of full blocks.
struct Fees {
    factor: Multiplier,
    /// What a block without room costs at the base price, in planck, and what of it does not follow the load.
    base: u128,
    fixed: u128,
    full: Weight,
}

impl Fees {
    fn new() -> Result<Self> {
        let limits = <Runtime as frame_system::Config>::BlockWeights::get();
        let full = limits.get(DispatchClass::Normal).max_total;
        let full = full.context("transactions have no limit")?;
        let full = full.saturating_sub(Federation::answer_weight_max());
        // The smallest transactions have the largest fixed part.
        let smallest = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
        let info = smallest.get_dispatch_info();
        let extension = tx_extension(0, Era::Immortal, 0).weight(&smallest);
        let fixed = limits.get(DispatchClass::Normal).base_extrinsic;
        let each = info.call_weight + extension + fixed;
        let base = u128::from(full.ref_time());
        Ok(Self {
            factor: Multiplier::one(),
            base,
            fixed: base * u128::from(fixed.ref_time()) / u128::from(each.ref_time()),
            full,
        })
    }

    /// What the attacker loses by a block, and what follows for the next one's price.
    fn pay(&mut self, is_full: bool, is_own: bool) -> f64 {
        let used = if is_full { self.full } else { Weight::zero() };
        System::set_block_consumed_resources(used, 0);
        let (base, fixed) = if is_full {
            (self.base, self.fixed)
        } else {
            (0, 0)
        };
        let paid = self.factor.saturating_mul_int(base - fixed) + fixed;
        let returned = (self.factor.reciprocal()).map_or(0, |share| share.saturating_mul_int(paid));
        let lost = paid - if is_own { returned } else { 0 };
        type Follow = <Runtime as pallet_transaction_payment::Config>::FeeMultiplierUpdate;
        self.factor = Follow::convert(self.factor);
        lost as f64 / UNIT as f64
    }
}

/// The mean of what `play` answers for each seed.
fn mean(mut play: impl FnMut(&mut StdRng) -> Result<f64>) -> Result<f64> {
    let mut sum = 0.0;
    for seed in 0..TRIES {
        sum += play(&mut StdRng::seed_from_u64(seed))?;
    }
    Ok(sum / TRIES as f64)
}

/// Units lost by so many full blocks in a row.
fn in_a_row(blocks: u32, share: f64, random: &mut StdRng) -> Result<f64> {
    let mut fees = Fees::new()?;
    let lost = (0..blocks).map(|_| fees.pay(true, random.random_bool(share)));
    Ok(lost.sum())
}

/// Units lost, and blocks that a window takes, if only the attacker's own blocks are full.
fn own_alone(share: f64, random: &mut StdRng) -> Result<(f64, u32)> {
    let mut fees = Fees::new()?;
    let (mut lost, mut blocks, mut roomy) = (0.0, 0, 0);
    while roomy < WINDOW {
        let is_own = random.random_bool(share);
        lost += fees.pay(is_own, is_own);
        blocks += 1;
        roomy += u32::from(!is_own);
    }
    Ok((lost, blocks))
}

/// Units lost by each block of delay, if every second block is full.
fn every_second() -> Result<f64> {
    let mut fees = Fees::new()?;
    let lost = (0..2 * WINDOW).map(|place| fees.pay(place % 2 == 0, false));
    Ok(lost.sum::<f64>() / f64::from(WINDOW))
}

/// Prints what each attack costs.
pub fn run() -> Result<()> {
    sp_io::TestExternalities::default().execute_with(|| {
        let crowded = WINDOW * CROWDED_FACTOR;
        for share in SHARES {
            for blocks in [10, 20, WINDOW, 60, 100, crowded] {
                let lost = mean(|random| in_a_row(blocks, share, random))?;
                row(&format!("stuffing_{share}_row_of_{blocks}"), lost, "UNIT");
            }
            let lost = mean(|random| Ok(own_alone(share, random)?.0))?;
            row(&format!("stuffing_{share}_own_blocks"), lost, "UNIT");
            let blocks = mean(|random| Ok(f64::from(own_alone(share, random)?.1)))?;
            let factor = blocks / f64::from(WINDOW);
            row(&format!("stuffing_{share}_own_window"), factor, "ratio");
        }
        row(
            "stuffing_every_second_block_of_delay",
            every_second()?,
            "UNIT",
        );
        Ok(())
    })
}
