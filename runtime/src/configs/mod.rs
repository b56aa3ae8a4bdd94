//! How each pallet is configured: one file per pallet.

mod balances;
pub mod difficulty;
mod federation;
mod mining_rewards;
mod sudo;
pub mod system;
mod timestamp;
mod transaction_payment;
mod utility;
