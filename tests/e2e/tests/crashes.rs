//! kill -9 of the node in mid-round and of a trainer between commit and reveal.

use anyhow::{Context, Result};
use fedchain_e2e::World;
use serde_json::json;

#[tokio::test]
async fn nothing_is_lost_when_node_and_trainer_are_killed() -> Result<()> {
    let mut world = World::new(3).await?;
    let mut first = world.trainer(0)?;
    let second = world.trainer(1)?;

    // The trainer has committed, so its bond is held, and is killed before it reveals.
    first.wait_for("commit").await?;
    first.kill().await?;
    // The node is killed in the same round, with the other trainer connected.
    world.node.restart().await?;

    let first = world.trainer(0)?;
    let summaries = [first.finish().await?, second.finish().await?];
    for summary in &summaries {
        assert_eq!(summary["end"], "finished", "{summary}");
    }
    for round in 1..=3 {
        let record = world.round(round).await?;
        assert_eq!(
            (&record["outcome"], &record["accepted"]),
            (&json!("adopted"), &json!(2)),
            "round {round}: a client lost its update, and with it its bond"
        );
    }
    for client in ["//Bob", "//Charlie"] {
        let status = world.status(client).await?;
        let held = status["account"]["held"]
            .as_str()
            .context("no balance")?
            .to_owned();
        assert!(held.starts_with('0'), "{client} has {held} held at the end");
    }
    let verdict = world
        .cli
        .run(&["verify", &world.federation.to_string()])
        .await?;
    assert!(
        verdict.status.success(),
        "{}",
        String::from_utf8_lossy(&verdict.stderr)
    );
    Ok(())
}
