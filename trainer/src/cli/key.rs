//! `fedchain key`: new keys, and the address of a key.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{Common, KeyArg};
use crate::{Error, keys};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key: a phrase of 12 words.
    New {
        /// File for the phrase, made with mode 600. Without it the phrase is printed, once.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Show the address of a key.
    Show(KeyArg),
}

impl Command {
    pub(super) fn run(self, common: &Common) -> Result<(), Error> {
        match self {
            Self::New { out } => {
                let phrase = keys::new_phrase()?;
                let address = keys::account(&keys::from_phrase(&phrase)?);
                match out {
                    Some(file) => {
                        keys::save(&phrase, &file)?;
                        common.print(&json!({ "address": address, "file": file }), || {
                            format!("address: {address}\nphrase:  in {}", file.display())
                        });
                    }
                    None => common.print(&json!({ "address": address, "phrase": *phrase }), || {
                        format!("address: {address}\nphrase:  {}", *phrase)
                    }),
                }
            }
            Self::Show(key) => {
                let address = keys::account(&key.load()?);
                common.print(&json!({ "address": address }), || {
                    format!("address: {address}")
                });
            }
        }
        Ok(())
    }
}
