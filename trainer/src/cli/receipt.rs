//! `fedchain receipt`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fedchain_fl::{
    H256,
    view::{Outcome, ServerModel},
};
use fedchain_pow::U256;
use fedchain_receipt::{BLOCKS_ABOVE_DEFAULT, Basis, RECEIPT_BYTES_MAX, Receipt, Verdict};
use serde_json::{Value, json};

use super::{Common, check_place, file_error, progress::Progress, write_file};
use crate::{
    Error,
    chain::AccountId,
    keys, phase,
    verify::receipt::{Wanted, get},
    words::count,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Write a receipt: that a client's update is in a server model, with the headers that vouch for
    /// it.
    Get(Get),
    /// Check a receipt; needs no node.
    Check(Check),
}

#[derive(Debug, Args)]
pub(super) struct Get {
    /// Number of the federation.
    federation: u32,
    /// Number of the round.
    round: u32,
    /// Address of the client.
    #[arg(long, value_parser = keys::parse_account)]
    client: AccountId,
    /// Where to write it.
    #[arg(long)]
    out: PathBuf,
    /// With all headers from the genesis block on: then it shows its work to whoever trusts no newer
    /// block.
    #[arg(long)]
    since_genesis: bool,
    /// Block of the last header: the later, the more work stands on the round [default: the newest
    /// finalised block; with --since-genesis the best one].
    #[arg(long)]
    to: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// The receipt.
    file: PathBuf,
    /// Hash of a block that you know from somebody you believe: that of the genesis block, or of any
    /// block at or above the one that closed the round.
    #[arg(long)]
    trust: Option<H256>,
    /// With the genesis block's hash: the hashes that must stand above the round's block at least. Anybody
    /// can make a chain of little work.
    #[arg(long, value_parser = U256::from_dec_str, requires = "trust")]
    work_min: Option<U256>,
    /// With the genesis block's hash: how many blocks like the round's must stand above it at least, by
    /// their work.
    #[arg(long, default_value_t = BLOCKS_ABOVE_DEFAULT, requires = "trust")]
    blocks_min: u32,
}

impl Command {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        match self {
            Self::Get(get) => get.run(common).await,
            Self::Check(check) => check.run(common),
        }
    }
}

impl Get {
    async fn run(self, common: &Common) -> Result<(), Error> {
        check_place(Some(&self.out), &[])?;
        let chain = common.connect().await?;
        let to = match self.to {
            Some(to) => to,
            None if self.since_genesis => chain.best().await?.number,
            None => chain.finalised().await?.number,
        };
        let wanted = Wanted {
            federation: self.federation,
            round: self.round,
            client: self.client,
            since_genesis: self.since_genesis,
            to,
        };
        let progress = Progress::new(common.format, "blocks");
        let receipt = get(&chain, wanted, |done, all| progress.show(done, all)).await?;
        let bytes = receipt.to_bytes();
        write_file(&self.out, &bytes)?;
        let value = json!({
            "file": self.out,
            "bytes": bytes.len(),
            "headers": receipt.headers.len(),
            "tip": receipt.tip,
        });
        common.print(&value, || {
            format!(
                "{}: headers of blocks {} to {to}, {}; its newest block is {:?}",
                self.out.display(),
                first_block(to, receipt.headers.len()),
                count(bytes.len(), "byte"),
                receipt.tip
            )
        });
        Ok(())
    }
}

impl Check {
    fn run(self, common: &Common) -> Result<(), Error> {
        let receipt = self.read()?;
        let verdict = receipt.check(self.trust)?;
        let (basis, believed) = basis(&verdict);
        let model = &verdict.server_model;
        let value = json!({
            "federation": model.federation,
            "round": model.round,
            "client": AccountId(receipt.update.account),
            "sample_count": receipt.update.sample_count,
            "values_root": receipt.update.values_root,
            "outcome": model.outcome,
            "model_root": model.model_root,
            "gate_hash": model.gate_hash,
            "block": verdict.closed_at,
            "hash": verdict.block,
            "tip": { "block": verdict.tip, "hash": receipt.tip },
            "upgrades": verdict.upgrades,
            "basis": basis,
        });
        common.print(&value, || {
            let mut lines = format!(
                "federation {}, round {}: {}\n  update       {:?} of {}, {}\n  server model {:?}\n  \
                 block        {} {:?}",
                model.federation,
                model.round,
                phase::inline(&model.outcome),
                receipt.update.values_root,
                AccountId(receipt.update.account),
                count(receipt.update.sample_count, "row"),
                model.model_root,
                verdict.closed_at,
                verdict.block,
            );
            lines += &judgement(model);
            for block in &verdict.upgrades {
                lines += &format!("\n  block {block} replaced the runtime's code");
            }
            lines + "\n" + &believed
        });
        Ok(verdict.convinces(self.blocks_min, self.work_min)?)
    }

    fn read(&self) -> Result<Receipt, Error> {
        let cannot = |error: std::io::Error| file_error(&self.file, error);
        let bytes = std::fs::metadata(&self.file).map_err(cannot)?.len();
        if bytes > RECEIPT_BYTES_MAX {
            let reason = format!("{bytes} bytes are too many for a receipt");
            return Err(file_error(&self.file, reason));
        }
        let bytes = std::fs::read(&self.file).map_err(cannot)?;
        Receipt::from_bytes(&bytes).map_err(|error| file_error(&self.file, error))
    }
}

/// The first of so many blocks up to `last`.
fn first_block(last: u32, blocks: usize) -> u32 {
    let before = u32::try_from(blocks).unwrap_or(u32::MAX).saturating_sub(1);
    last.saturating_sub(before)
}

/// Whether the model was judged, on a line of its own where the federation judges.
fn judgement(model: &ServerModel) -> String {
    match (model.gate_hash, model.outcome) {
        (Some(hash), _) => format!("\n  judged       {hash:?}"),
        (None, Outcome::Ungated) => {
            "\n  judged       no: too few holdouts were there, it was adopted without judgement"
                .into()
        }
        (None, _) => String::new(),
    }
}

/// What the receipt rests on, for programs and for people.
fn basis(verdict: &Verdict) -> (Value, String) {
    match verdict.basis {
        Basis::Checkpoint { number } => (
            json!({ "name": "checkpoint", "block": number }),
            format!("verified: block {number}, which you trust, stands on it"),
        ),
        Basis::Work {
            total,
            above,
            block,
        } => (
            json!({
                "name": "work",
                "total": total.to_string(),
                "above": above.to_string(),
                "block": block.to_string(),
            }),
            format!(
                "work: {above} hashes stand above the round's block, up to block {}, where a block took \
                 {block}; {total} since your genesis block",
                verdict.tip
            ),
        ),
        Basis::Nothing => (
            json!({ "name": "nothing" }),
            "its parts agree with each other".into(),
        ),
    }
}
