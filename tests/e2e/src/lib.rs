//! The actions of the end-to-end tests: a network of one node, its federation and its trainers.

mod answer;
mod database;
pub mod document;
mod liar;
mod proxy;
mod world;

pub use answer::Answer;
pub use database::{Column, edit};
pub use liar::{Lie, lie};
pub use proxy::{Message, Proxy};
pub use world::World;
