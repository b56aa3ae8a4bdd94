//! The pallet's behaviour, one file per subject. Every block checks the invariants.

mod certify;
mod constants;
mod create;
mod crowds;
mod gate;
mod membership;
mod money;
mod parts;
mod phases;
mod quorum;
mod refusals;
mod refute;
mod rounds;
mod steps;
