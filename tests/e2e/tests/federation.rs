//! A federation from creation to the verified model, with the real node and two real trainers.

use std::fs;

use anyhow::{Context, Result};
use fedchain_e2e::World;
use serde_json::{Value, json};

#[tokio::test]
async fn two_trainers_learn_a_model_that_anyone_can_verify() -> Result<()> {
    let world = World::new(3).await?;
    let number = world.federation.to_string();
    let trainers = [world.trainer(0)?, world.trainer(1)?];
    for trainer in trainers {
        let summary = trainer.finish().await?;
        assert_eq!(summary["end"], "finished");
        assert_eq!(summary["revealed"], 3);
        let loss = |name: &str| summary[name].as_f64().unwrap_or(f64::NAN);
        assert!(
            loss("loss_last") < 0.7 * loss("loss_first"),
            "the loss did not fall: {summary}"
        );
    }

    let state = world.state().await?;
    assert_eq!(state["phase"]["name"], "finished");
    assert_eq!(state["clients"], json!([]), "deposits go back at the end");
    for round in 1..=3 {
        let record = world.round(round).await?;
        assert_eq!(
            (&record["outcome"], &record["accepted"]),
            (&json!("adopted"), &json!(2))
        );
    }

    let verdict = world.cli.run(&["verify", &number]).await?;
    assert!(
        verdict.status.success(),
        "{}",
        String::from_utf8_lossy(&verdict.stderr)
    );

    block_records_tell_all(&world).await?;
    losses_fall_on_held_out_rows(&world, &number).await?;
    a_tampered_model_is_found(&world, &number).await
}

/// The blocks of the last round carry both commitments, both updates and the server model.
async fn block_records_tell_all(world: &World) -> Result<()> {
    let record = world.round(3).await?;
    let range = record["opened_at"].as_u64().context("no block")?
        ..=record["closed_at"].as_u64().context("no block")?;
    let mut client_models = Vec::new();
    let mut server_models = Vec::new();
    let mut previous_hash = None;
    for number in range {
        let block = world.node.rpc("federation_block", json!([number])).await?;
        assert_eq!(block["index"], number);
        if let Some(previous) = previous_hash.replace(block["hash"].clone()) {
            assert_eq!(block["previous_hash"], previous, "the records form a chain");
        }
        let by_hash = world
            .node
            .rpc("federation_block", json!([block["hash"]]))
            .await?;
        assert_eq!(by_hash, block);
        client_models.extend(
            block["client_models"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
        server_models.extend(
            block["server_models"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
        );
    }
    let of_round = |models: &[Value]| models.iter().filter(|model| model["round"] == 3).count();
    let updates = client_models
        .iter()
        .filter(|model| model["values"].is_array());
    assert!(
        updates
            .clone()
            .all(|update| update["values"].as_array().map(Vec::len) == Some(11))
    );
    assert_eq!(of_round(&updates.cloned().collect::<Vec<_>>()), 2);
    assert_eq!(
        of_round(&client_models),
        4,
        "two commitments and two updates"
    );
    let made = server_models
        .iter()
        .find(|model| model["round"] == 3)
        .context("no model")?;
    assert_eq!(made["model_root"], record["model_root"]);
    Ok(())
}

async fn losses_fall_on_held_out_rows(world: &World, number: &str) -> Result<()> {
    let data = world.parts.held_out.display().to_string();
    let mut losses = Vec::new();
    for round in ["0", "1", "3"] {
        let args = [
            "model", "evaluate", number, "--data", &data, "--round", round,
        ];
        losses.push(
            world.cli.json(&args).await?["metrics"]["loss"]
                .as_f64()
                .context("no loss")?,
        );
    }
    assert!(
        losses[0] > losses[1] && losses[2] < 0.7 * losses[0],
        "{losses:?}"
    );
    Ok(())
}

/// One changed weight in an exported model makes the verifier fail and say so.
async fn a_tampered_model_is_found(world: &World, number: &str) -> Result<()> {
    let file = world.path("model.json");
    let path = file.display().to_string();
    world
        .cli
        .json(&["model", "get", number, "--out", &path])
        .await?;
    let honest = world.cli.run(&["verify", number, "--model", &path]).await?;
    assert!(
        honest.status.success(),
        "{}",
        String::from_utf8_lossy(&honest.stderr)
    );

    let mut model: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
    let weight = model["values"][4].as_i64().context("no weight")?;
    model["values"][4] = json!(weight + 1);
    fs::write(&file, model.to_string())?;
    let tampered = world.cli.run(&["verify", number, "--model", &path]).await?;
    let said = String::from_utf8_lossy(&tampered.stderr);
    assert_eq!(tampered.status.code(), Some(6), "{said}");
    assert!(said.contains("model"), "{said}");
    Ok(())
}
