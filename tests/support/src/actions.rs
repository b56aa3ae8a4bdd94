//! What most scenarios begin with.

use std::path::Path;

use anyhow::{Context, Result};

use crate::Cli;

/// The development key that owns the federation.
pub const OWNER: &str = "//Alice";
/// The development keys of the clients.
pub const CLIENTS: [&str; 2] = ["//Bob", "//Charlie"];

/// Creates a federation from a file and lets [`CLIENTS`] join; returns its number.
///
/// # Errors
/// When any of it is refused.
pub async fn open(cli: &Cli, spec: &Path) -> Result<u32> {
    open_for(cli, spec, &CLIENTS).await
}

/// The same for any clients.
///
/// # Errors
/// When any of it is refused.
pub async fn open_for(cli: &Cli, spec: &Path, clients: &[&str]) -> Result<u32> {
    let spec = spec.display().to_string();
    let created = cli
        .json(&["federation", "create", "--spec", &spec, "--key", OWNER])
        .await?;
    let federation = created["federation"]
        .as_u64()
        .context("no federation number")?;
    let number = federation.to_string();
    join(cli, &number, clients).await?;
    Ok(federation.try_into()?)
}

/// Invites clients and lets them join.
///
/// # Errors
/// When any of it is refused.
pub async fn join(cli: &Cli, federation: &str, clients: &[&str]) -> Result<()> {
    for client in clients {
        cli.json(&["federation", "invite", federation, client, "--key", OWNER])
            .await?;
        cli.json(&["join", federation, "--key", client, "--yes"])
            .await?;
    }
    Ok(())
}
