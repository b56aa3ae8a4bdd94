//! Starting over: a node deletes its chain to fetch a heavier one that it cannot change to in place.
//!
//! The database takes back no final block, and none deeper than it keeps states. So the order is
//! written beside the database, the program runs itself again at once, and the database is deleted
//! before it is opened. Keys stay.

use fedchain_pow::U256;
use futures::{StreamExt, channel::mpsc::UnboundedReceiver};
use log::{error, warn};
use sc_service::Configuration;
use serde::{Deserialize, Serialize};
use std::{
    env, fs, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const LOG_TARGET: &str = "sync";
/// The file's name.
const FILE: &str = "start-over.json";
/// A node starts over by itself once in so long, unless the weight has doubled since.
const PAUSE: Duration = Duration::from_secs(3_600);

/// The chain for which a node starts over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// Its weight.
    pub weight: U256,
}

/// What the file holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Order {
    /// The weight of the chain to fetch: a lighter one is not taken at first.
    weight: U256,
    /// When it was given, in seconds since the Unix epoch.
    ordered_at: u64,
    /// Whether the database was deleted for it.
    is_done: bool,
}

/// Waits for an order and carries it out. An essential task: where the program cannot run itself again,
/// the node ends with it.
pub async fn run(mut orders: UnboundedReceiver<Needed>, folder: PathBuf) {
    let mut is_told = false;
    while let Some(needed) = orders.next().await {
        if !is_due(&folder, needed.weight, seconds_now()) {
            if !is_told {
                warn!(target: LOG_TARGET, "this node has started over in the last hour, and waits");
            }
            is_told = true;
            continue;
        }
        match order(&folder, needed.weight) {
            Ok(()) => return run_again(),
            Err(failure) => error!(target: LOG_TARGET, "cannot start over: {failure}"),
        }
    }
    // The network has ended, and the node with it.
    std::future::pending().await
}

/// Writes an order for a chain of some weight into the folder of the chain's data.
///
/// # Errors
/// If the file cannot be written.
pub fn order(folder: &Path, weight: U256) -> io::Result<()> {
    let ordered_at = seconds_now();
    let is_done = false;
    write(
        folder,
        &Order {
            weight,
            ordered_at,
            is_done,
        },
    )
}

/// Deletes the database if that was ordered, and returns what chain is to be fetched. To be called
/// before the database is opened.
///
/// # Errors
/// If the database cannot be deleted, or the file not be written.
pub fn prepare(config: &Configuration) -> io::Result<Option<Needed>> {
    let folder = &config.data_path;
    let Some(mut order) = read(folder) else {
        return Ok(None);
    };
    if !order.is_done {
        if let Some(database) = config.database.path() {
            match fs::remove_dir_all(database) {
                Err(failure) if failure.kind() != io::ErrorKind::NotFound => return Err(failure),
                _ => {}
            }
        }
        order.is_done = true;
        write(folder, &order)?;
        warn!(
            target: LOG_TARGET,
            "the chain was deleted; one that weighs {} or more is fetched", order.weight
        );
    }
    let weight = order.weight;
    Ok(Some(Needed { weight }))
}

/// Puts the program, with the same arguments, in its own place; returns only if it cannot. Nothing is
/// ended first, since a task that hangs would keep the node on its chain.
fn run_again() {
    let failure = match env::current_exe() {
        Ok(program) => Command::new(program).args(env::args_os().skip(1)).exec(),
        Err(failure) => failure,
    };
    error!(target: LOG_TARGET, "cannot run again: {failure}; start the node by hand");
}

/// Whether a node may start over by itself now, for a chain of this weight.
fn is_due(folder: &Path, weight: U256, now: u64) -> bool {
    read(folder).is_none_or(|last| {
        let since = now.saturating_sub(last.ordered_at);
        since >= PAUSE.as_secs() || weight >= last.weight.saturating_mul(2.into())
    })
}

fn read(folder: &Path) -> Option<Order> {
    let text = fs::read(folder.join(FILE)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Whole or not at all.
fn write(folder: &Path, order: &Order) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let new = folder.join(format!("{FILE}.new"));
    fs::write(&new, serde_json::to_vec(order)?)?;
    fs::rename(new, folder.join(FILE))
}

fn seconds_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_an_hour_unless_the_weight_has_doubled() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert!(is_due(folder, 1.into(), seconds_now()));
        order(folder, 100.into()).unwrap();
        let now = read(folder).unwrap().ordered_at;
        assert!(!is_due(folder, 199.into(), now + 3_599));
        assert!(is_due(folder, 200.into(), now));
        assert!(is_due(folder, 100.into(), now + 3_600));
    }

    #[test]
    fn a_damaged_order_is_none() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(read(folder.path()), None);
    }
}
