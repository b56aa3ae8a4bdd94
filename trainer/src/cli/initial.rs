//! The uploaded initial model: from a model file to parts on chain.

use std::path::{Path, PathBuf};

use clap::Args;
use fedchain_commitment::parts;
use fedchain_fl::{
    TaskSpec,
    view::{ModelView, PhaseView},
};
use serde_json::json;
use subxt_signer::sr25519::Keypair;

use super::{Common, KeyArg, file_error, output, read_file};
use crate::{
    Error,
    chain::{Chain, call::Call},
};

/// Uploads what an interrupted `create` left.
#[derive(Debug, Args)]
pub(super) struct Upload {
    /// Number of the federation.
    federation: u32,
    /// The model that the federation was created with, as `fedchain model get --out` writes it.
    #[arg(long)]
    initial_model: PathBuf,
    #[command(flatten)]
    key: KeyArg,
}

impl Upload {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let (chain, key) = (common.connect().await?, self.key.load()?);
        let head = chain.best().await?;
        let task = chain
            .federation(self.federation, head.hash)
            .await?
            .spec
            .task;
        let bytes = read(&self.initial_model, &task)?;
        send(&chain, &key, self.federation, &bytes).await?;
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
    let wrong = |reason: String| file_error(file, reason);
    let model: ModelView =
        serde_json::from_str(&read_file(file)?).map_err(|error| wrong(error.to_string()))?;
    let params = task
        .param_count()
        .map_err(|error| wrong(error.to_string()))?;
    if model.values.len() as u32 != params {
        let found = model.values.len();
        return Err(wrong(format!(
            "it has {found} weights, the federation's model has {params}"
        )));
    }
    if model.frac_bits != task.format.frac_bits {
        return Err(wrong(format!(
            "its weights have {} fractional bits, the federation's have {}",
            model.frac_bits, task.format.frac_bits
        )));
    }
    task.format
        .encode(&model.values)
        .map_err(|error| wrong(error.to_string()))
}

/// Sends the parts that the chain has not taken yet.
pub(super) async fn send(
    chain: &Chain,
    key: &Keypair,
    federation: u32,
    bytes: &[u8],
) -> Result<(), Error> {
    let head = chain.best().await?;
    let view = chain.federation(federation, head.hash).await?;
    let PhaseView::Uploading { received } = view.phase else {
        let reason = format!("the initial model of federation {federation} is on chain already");
        return Err(Error::Impossible(reason));
    };
    let parts = parts(bytes);
    for (index, part) in parts
        .iter()
        .enumerate()
        .filter(|(_, p)| p.first >= received)
    {
        chain.submit(key, &Call::upload(federation, part)).await?;
        output::hint(&format!(
            "part {} of {} of the initial model is on chain",
            index.saturating_add(1),
            parts.len()
        ));
    }
    Ok(())
}
