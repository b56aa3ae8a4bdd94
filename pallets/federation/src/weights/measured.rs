//! Measured weights, written by `cargo xtask weights`.
//!
//! 2026-11-24, in Wasm on AMD EPYC; 20 values per component, 10 runs or more
//! each. Times are in picoseconds. Proofs are not weighed: nobody ships proofs of blocks.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

use super::WeightInfo;

/// Measured time, and accesses to storage at the price of the runtime's `DbWeight`.
pub struct Measured<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for Measured<T> {
    // Measured for s from 1 to 86_016, c from 1 to 512.
    fn create(s: u32, c: u32) -> Weight {
        Weight::from_parts(2_569_170_000, 0)
            .saturating_add(Weight::from_parts(42_791, 0).saturating_mul(s.into()))
            .saturating_add(Weight::from_parts(166_939_705, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(3, 5))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 256.
    fn seed(c: u32) -> Weight {
        Weight::from_parts(74_709_000, 0)
            .saturating_add(Weight::from_parts(91_502_566, 0).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 16.
    fn upload(c: u32) -> Weight {
        Weight::from_parts(373_110_622, 0)
            .saturating_add(Weight::from_parts(229_149_885, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(4, 1))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(c.into()))
    }

    // Bounded by `reveal`, whose distances take longer than the classes here; all pledges are read.
    fn reveal_holdout(c: u32) -> Weight {
        Self::reveal(c).saturating_add(T::DbWeight::get().reads_writes(18, 1))
    }

    // Measured by `cargo xtask bench verifier`, with the largest numbers there are.
    fn score(k: u32) -> Weight {
        Weight::from_parts(100_000_000, 0)
            .saturating_add(Weight::from_parts(750_000, 0).saturating_mul(k.into()))
    }

    fn invite() -> Weight {
        Weight::from_parts(295_972_000, 0).saturating_add(T::DbWeight::get().reads_writes(5, 2))
    }

    fn join() -> Weight {
        Weight::from_parts(511_464_000, 0).saturating_add(T::DbWeight::get().reads_writes(9, 5))
    }

    fn leave() -> Weight {
        Weight::from_parts(444_328_000, 0).saturating_add(T::DbWeight::get().reads_writes(7, 5))
    }

    fn commit() -> Weight {
        Weight::from_parts(408_552_000, 0).saturating_add(T::DbWeight::get().reads_writes(8, 4))
    }

    // Measured for c from 1 to 16.
    fn reveal(c: u32) -> Weight {
        Weight::from_parts(629_985_138, 0)
            .saturating_add(Weight::from_parts(316_830_287, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(8, 6))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 11.
    fn reveal_moments(c: u32) -> Weight {
        Weight::from_parts(210_258_988, 0)
            .saturating_add(Weight::from_parts(329_221_793, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(9, 5))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(c.into()))
    }

    // Measured for l from 0 to 16.
    fn certify(l: u32) -> Weight {
        Weight::from_parts(14_181_305_514, 0)
            .saturating_add(Weight::from_parts(2_230_969_493, 0).saturating_mul(l.into()))
            .saturating_add(T::DbWeight::get().reads_writes(5, 5))
            .saturating_add(T::DbWeight::get().reads(12).saturating_mul(l.into()))
    }

    fn refute() -> Weight {
        Self::reveal_moments(12)
    }

    fn advance() -> Weight {
        Weight::from_parts(265_655_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 3))
    }

    fn cancel() -> Weight {
        Weight::from_parts(277_467_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }

    // Measured for e from 0 to 1_024.
    fn remove(e: u32) -> Weight {
        Weight::from_parts(44_618_390, 0)
            .saturating_add(Weight::from_parts(1_617_338, 0).saturating_mul(e.into()))
            .saturating_add(T::DbWeight::get().reads_writes(3, 4))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(e.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(e.into()))
    }

    fn check() -> Weight {
        Weight::from_parts(19_387_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 0))
    }

    fn turn() -> Weight {
        Weight::from_parts(786_627_000, 0).saturating_add(T::DbWeight::get().reads_writes(7, 7))
    }

    // Measured for c from 1 to 1_024.
    fn open(c: u32) -> Weight {
        Weight::from_parts(27_271_000, 0)
            .saturating_add(Weight::from_parts(10_622_871, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(1, 1))
            .saturating_add(T::DbWeight::get().reads(2).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 1_024.
    fn fetch(c: u32) -> Weight {
        Weight::from_parts(92_222_000, 0)
            .saturating_add(Weight::from_parts(29_510_839, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(1, 0))
            .saturating_add(T::DbWeight::get().reads(1).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 1_024.
    fn clip(c: u32) -> Weight {
        Weight::from_parts(121_882_749, 0)
            .saturating_add(Weight::from_parts(14_691_390, 0).saturating_mul(c.into()))
    }

    // Measured for p from 1 to 8_256.
    fn measure(p: u32) -> Weight {
        Weight::from_parts(402_294_499, 0)
            .saturating_add(Weight::from_parts(4_288_749, 0).saturating_mul(p.into()))
    }

    fn select() -> Weight {
        Weight::from_parts(5_024_678_000, 0)
    }

    // Measured for c from 1 to 1_024.
    fn mean(c: u32) -> Weight {
        Weight::from_parts(27_978_347, 0)
            .saturating_add(Weight::from_parts(6_071_541, 0).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 1_024.
    fn median(c: u32) -> Weight {
        Weight::from_parts(46_576_000, 0)
            .saturating_add(Weight::from_parts(105_606_474, 0).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 1_024.
    fn trimmed_mean(c: u32) -> Weight {
        Weight::from_parts(3_985_755_924, 0)
            .saturating_add(Weight::from_parts(121_891_136, 0).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 128.
    fn bulyan(c: u32) -> Weight {
        Weight::from_parts(77_655_000, 0)
            .saturating_add(Weight::from_parts(157_319_909, 0).saturating_mul(c.into()))
    }

    fn optimise() -> Weight {
        Weight::from_parts(726_885_000, 0).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }

    fn keep() -> Weight {
        Weight::from_parts(203_760_000, 0).saturating_add(T::DbWeight::get().reads_writes(0, 1))
    }

    // Measured for c from 1 to 1_024.
    fn record(c: u32) -> Weight {
        Weight::from_parts(1_105_915_628, 0)
            .saturating_add(Weight::from_parts(4_564_579, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(0, 3))
    }

    // Measured for n from 1 to 64, c from 1 to 512.
    fn settle(n: u32, c: u32) -> Weight {
        Weight::from_parts(2_677_202_000, 0)
            .saturating_add(Weight::from_parts(69_644_629, 0).saturating_mul(n.into()))
            .saturating_add(Weight::from_parts(2_033_805, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().reads_writes(2, 2))
            .saturating_add(T::DbWeight::get().reads(4).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(4).saturating_mul(n.into()))
            .saturating_add(T::DbWeight::get().writes(1).saturating_mul(c.into()))
    }

    // Measured for c from 1 to 32.
    fn clear(c: u32) -> Weight {
        Weight::from_parts(154_141, 0)
            .saturating_add(Weight::from_parts(3 * 4_951_416, 0).saturating_mul(c.into()))
            .saturating_add(T::DbWeight::get().writes(3).saturating_mul(c.into()))
    }

    // Measured for m from 1 to 64.
    fn dismiss(m: u32) -> Weight {
        Weight::from_parts(27_342_547, 0)
            .saturating_add(Weight::from_parts(53_795_322, 0).saturating_mul(m.into()))
            .saturating_add(T::DbWeight::get().reads_writes(1, 0))
            .saturating_add(T::DbWeight::get().reads(3).saturating_mul(m.into()))
            .saturating_add(T::DbWeight::get().writes(3).saturating_mul(m.into()))
    }

    fn proceed() -> Weight {
        Weight::from_parts(51_766_000, 0).saturating_add(T::DbWeight::get().reads_writes(3, 2))
    }
}
