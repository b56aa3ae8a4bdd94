//! What the chain costs: the same federation by a node and by a plain server, on the same machine.
//!
//! Both runs must end with the same server model. A round's time is from one closed round to the next,
//! as a client sees it; bytes are those between one client and its node or server, both ways.

mod chain;
mod plain;
pub mod task;
mod wire;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use fedchain_bench::table::{middle, row};
use fedchain_test_support::Trainer;
use serde_json::Value;

use task::Task;

/// Names and local epochs: training that takes no time, and training as long as that of real models.
const CASES: [(&str, u32); 3] = [("short", 5), ("medium", 2_000), ("long", 20_000)];

/// Prints round time and bytes of both ways, and their ratios.
pub fn run() -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(async {
        for (name, epochs) in CASES {
            let task = Task::new(epochs)?;
            let plain = plain::run(&task).await?;
            let chain = chain::run(&task).await?;
            ensure!(
                plain.model_root == chain.model_root,
                "server and chain made different models"
            );
            for (kind, found) in [("server", &plain), ("chain", &chain)] {
                row(
                    &format!("overhead_{name}_{kind}_round"),
                    found.round.as_secs_f64(),
                    "s",
                );
                row(
                    &format!("overhead_{name}_{kind}_client_bytes"),
                    found.bytes,
                    "bytes/round",
                );
            }
            let times = chain.round.as_secs_f64() / plain.round.as_secs_f64();
            row(&format!("overhead_{name}_round_ratio"), times, "ratio");
            row(
                &format!("overhead_{name}_bytes_ratio"),
                chain.bytes / plain.bytes,
                "ratio",
            );
        }
        Ok(())
    })
}

/// What a run cost.
struct Cost {
    /// Median time of a round.
    round: Duration,
    /// Bytes per round between one client and its node or server.
    bytes: f64,
    /// The last server model.
    model_root: Value,
}

/// Follows a client to the end of its federation of `rounds` rounds; the first round, with which
/// joining and connecting are mixed, does not count as time.
async fn follow(mut trainer: Trainer, rounds: u32) -> Result<(Duration, Value)> {
    let (mut times, mut last) = (Vec::new(), None);
    for _ in 0..rounds {
        trainer.wait_for("aggregate").await?;
        let now = Instant::now();
        times.extend(last.map(|last| now.duration_since(last)));
        last = Some(now);
    }
    let summary = trainer.finish().await?;
    Ok((middle(times), summary["model_root"].clone()))
}
