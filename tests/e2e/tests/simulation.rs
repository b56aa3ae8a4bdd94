//! What `fedchain simulate` foretells is what node and trainers make.

use anyhow::{Context, Result};
use fedchain_e2e::World;
use serde_json::{Value, json};

const ROUNDS: u32 = 3;

#[tokio::test]
async fn a_simulation_makes_the_same_models() -> Result<()> {
    let world = World::new(ROUNDS).await?;
    let trainers = [world.trainer(0)?, world.trainer(1)?];
    for trainer in trainers {
        assert_eq!(trainer.finish().await?["end"], "finished");
    }
    let mut on_chain = Vec::new();
    for round in 1..=ROUNDS {
        let record = world.round(round).await?;
        assert_eq!(record["accepted"], 2, "a client missed round {round}");
        on_chain.push(record["model_root"].clone());
    }

    let spec = world.path("federation.toml").display().to_string();
    let [first, second] = [0, 1].map(|client| world.parts.clients[client].display().to_string());
    let output = world
        .cli
        .run(&[
            "--format", "json", "simulate", "--spec", &spec, "--data", &first, "--data", &second,
        ])
        .await?;
    let said = String::from_utf8(output.stdout)?;
    assert!(output.status.success(), "{said}");
    let mut simulated = Vec::new();
    for line in said.lines() {
        let value: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        // Before round 1 the chain has no record.
        if value["event"] == "round" && value["round"] != json!(0) {
            simulated.push(value["model_root"].clone());
        }
    }
    assert_eq!(simulated, on_chain);
    Ok(())
}
