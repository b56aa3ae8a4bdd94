//! The uploaded initial model: from a model file to parts on chain.

use std::path::{Path, PathBuf};

use clap::Args;
use fedchain_commitment::parts;
use fedchain_fl::{TaskSpec, view::PhaseView};
use fedchain_learn::{self as learn, files};
use serde_json::json;
use subxt_signer::sr25519::Keypair;

use super::{Common, KeyArg, dry, file_error, progress::Progress};
use crate::{
    Error,
    chain::{Chain, call::Call},
};

/// Uploads what an interrupted `create` left.
#[derive(Debug, Args)]
pub(super) struct Upload {
    /// Number of the federation.
    federation: u32,
    /// The model that the federation was created with, in .json, .npy or .safetensors.
    #[arg(long)]
    initial_model: PathBuf,
    #[command(flatten)]
    key: KeyArg,
}

impl Upload {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let (chain, key) = common.connect_with(&self.key).await?;
        let head = chain.best().await?;
        let task = chain
            .federation(self.federation, head.hash)
            .await?
            .spec
            .task;
        let bytes = read(&self.initial_model, &task)?;
        if common.dry_run {
            let calls = missing(&chain, self.federation, &bytes).await?;
            return dry::show(common, &chain, &key, &calls, &[]).await;
        }
        send(common, &chain, &key, self.federation, &bytes).await?;
        let federation = self.federation;
        common.print(
            &json!({ "call": "upload", "federation": federation }),
            || format!("the initial model of federation {federation} is on chain"),
        );
        Ok(())
    }
}

/// Canonical bytes of the model in a file, for a task.
pub(super) fn read(file: &Path, task: &TaskSpec) -> Result<Vec<u8>, Error> {
    let values = learn::quantise(&files::read(file, task)?, task.format)?;
    let bytes = task.format.encode(&values);
    bytes.map_err(|error| file_error(file, error))
}

/// Sends the parts that the chain has not taken yet.
pub(super) async fn send(
    common: &Common,
    chain: &Chain,
    key: &Keypair,
    federation: u32,
    bytes: &[u8],
) -> Result<(), Error> {
    let calls = missing(chain, federation, bytes).await?;
    let progress = Progress::new(common.format, "parts");
    for (call, done) in calls.iter().zip(1..) {
        chain.submit(key, call).await?;
        progress.show(done, calls.len() as u32);
    }
    Ok(())
}

/// The uploads of the parts that the chain has not taken yet.
async fn missing(chain: &Chain, federation: u32, bytes: &[u8]) -> Result<Vec<Call>, Error> {
    let head = chain.best().await?;
    let view = chain.federation(federation, head.hash).await?;
    match view.phase {
        PhaseView::Uploading { received } => Ok(uploads(federation, bytes, received)),
        _ => Err(Error::Impossible(format!(
            "the initial model of federation {federation} is on chain already"
        ))),
    }
}

/// The uploads of the parts from a chunk on.
pub(super) fn uploads(federation: u32, bytes: &[u8], from: u32) -> Vec<Call> {
    let parts = parts(bytes);
    let missing = parts.iter().filter(|part| part.first >= from);
    missing.map(|part| Call::upload(federation, part)).collect()
}
