//! Amounts: the unit, the smallest balance, what a block earns and a byte costs.

use crate::Balance;

/// One unit, in planck.
pub const UNIT: Balance = 1_000_000_000_000;
/// A thousandth of a unit, in planck.
pub const MILLI_UNIT: Balance = UNIT / 1_000;

/// The smallest balance with which an account stays alive.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_UNIT;
/// What is minted to the author of each block.
pub const BLOCK_REWARD: Balance = 10 * UNIT;
/// The fee for one byte of a transaction.
///
/// A block full of bytes then costs about as much as a block full of computation, where one
/// picosecond costs one planck: 3.9 MB and 250 ms are some 0.2 units each.
pub const TRANSACTION_BYTE_FEE: Balance = 50_000;

/// The decimal places between a planck and a unit, for wallets.
pub const DECIMALS: u8 = 12;
/// The name of the unit, for wallets: the same as in specs and on the command line.
pub const SYMBOL: &str = "UNIT";
