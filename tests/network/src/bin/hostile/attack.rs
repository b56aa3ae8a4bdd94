//! What can be asked of it, and how that is spelled.

use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};

/// What it does.
#[derive(Debug, Clone, Copy)]
pub enum Attack {
    /// Announces blocks that are not valid or not due.
    Strike(Strike),
    /// Lies to those who ask for blocks.
    Lie(Lie),
    /// Serves the chain in its database, and never leaves it.
    Serve,
    /// Writes a chain to its database and ends.
    Write(Work),
}

/// What is wrong with the blocks that it announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// The seal does not meet the difficulty.
    BadSeal,
    /// The header claims another difficulty, and the seal meets that.
    WrongDifficulty,
    /// The seal has a byte too many.
    TrailingByte,
    /// There are two author digests.
    TwoAuthors,
    /// The parent is invalid.
    InvalidParent,
    /// The timestamp is so many seconds off the clock.
    Clock(i64),
}

/// A lie about a chain.
#[derive(Debug, Clone, Copy)]
pub struct Lie {
    /// How high that chain is; of [`Kind::Headers`] and [`Kind::Bodies`], above the honest one.
    pub height: u32,
    /// What it serves of it.
    pub kind: Kind,
}

/// What a liar serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No block, and to every second request not even an answer.
    Nothing,
    /// Headers without end, each valid and worth next to nothing.
    Endless,
    /// Headers that were paid for, and not their bodies.
    Headers,
    /// Headers that were paid for, and other bodies.
    Bodies,
}

/// A database to write.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// So many blocks from the genesis time on, as slow as makes them cheap.
    Cheap(u32),
    /// So many blocks up to now, as quick as keeps them dear.
    Dear(u32),
    /// What version 0.1.0 left behind after it had met an attacker: both of these, the dear one best.
    Both {
        /// Blocks of the dear chain.
        dear: u32,
        /// Blocks of the cheap one.
        cheap: u32,
    },
}

impl FromStr for Attack {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || format!("there is no attack {text}");
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        Ok(match name {
            "bad_seal" => Self::Strike(Strike::BadSeal),
            "wrong_difficulty" => Self::Strike(Strike::WrongDifficulty),
            "trailing_byte" => Self::Strike(Strike::TrailingByte),
            "two_authors" => Self::Strike(Strike::TwoAuthors),
            "invalid_parent" => Self::Strike(Strike::InvalidParent),
            "clock" => Self::Strike(Strike::Clock(rest.parse()?)),
            "liar" => {
                let (height, kind) = rest.split_once(':').with_context(unknown)?;
                let height = height.parse()?;
                let kind = match kind {
                    "nothing" => Kind::Nothing,
                    "endless" => Kind::Endless,
                    "headers" => Kind::Headers,
                    "bodies" => Kind::Bodies,
                    _ => bail!(unknown()),
                };
                Self::Lie(Lie { height, kind })
            }
            "serve" => Self::Serve,
            "cheap" => Self::Write(Work::Cheap(rest.parse()?)),
            "dear" => Self::Write(Work::Dear(rest.parse()?)),
            "old-database" => {
                let (dear, cheap) = rest.split_once(':').with_context(unknown)?;
                let (dear, cheap) = (dear.parse()?, cheap.parse()?);
                Self::Write(Work::Both { dear, cheap })
            }
            _ => bail!(unknown()),
        })
    }
}
