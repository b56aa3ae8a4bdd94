//! What benchmarks and tests of weights share: the real runtime on a state in memory, and rounds
//! led to the point that is to be measured.

pub mod chain;
pub mod federation;
pub mod simulation;
pub mod table;
pub mod task;
