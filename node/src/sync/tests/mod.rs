//! The state machine, driven without a network: peers are chains in memory, and time stands still
//! until a test moves it.

mod attacks;
mod honest;
mod orders;
mod world;
