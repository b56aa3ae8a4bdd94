//! What holds under any input: the pallet's invariants under any sequence of calls, and decoders that
//! neither panic nor take what they would not write, chains of headers that take no lie, and receipts that show
//! none.
//!
//! Each target is a function of bytes. A coverage-guided engine feeds it (`cargo xtask fuzz`); tests
//! replay the kept corpus and seeded random input through the same functions.

mod calls;
mod certified;
mod decoders;
mod forgery;
mod headers;
mod receipts;
mod shape;
mod world;

pub use calls::calls;
pub use decoders::decoders;
pub use headers::headers;
pub use receipts::receipts;
