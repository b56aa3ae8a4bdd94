//! Receipts and audits by the command line: a chain as it is, and one whose database was edited.

use std::fs;

use anyhow::{Context, Result};
use fedchain_e2e::{Column, World, edit};
use fedchain_test_support::{CLIENTS, Cli};
use serde_json::{Value, json};

/// Runs a command that must find something wrong; answers what it said.
async fn finds(cli: &Cli, args: &[&str]) -> Result<String> {
    let output = cli.run(args).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{args:?}: {said}");
    Ok(said)
}

#[tokio::test]
async fn receipts_hold_offline_and_an_audit_names_the_first_wrong_block() -> Result<()> {
    let mut world = World::new(2).await?;
    for trainer in [world.trainer(0)?, world.trainer(1)?] {
        assert_eq!(trainer.finish().await?["end"], "finished");
    }
    let status = world.status(CLIENTS[0]).await?;
    let client = status["account"]["address"]
        .as_str()
        .context("no address")?;
    let genesis = status["node"]["genesis"].as_str().context("no genesis")?;
    a_receipt_needs_no_node(&world, client, genesis).await?;

    let record = world.round(2).await?;
    let closed_at = record["closed_at"].as_u64().context("no block")? as u32;
    let to = closed_at.to_string();
    let report = world.cli.json(&["audit", "--to", &to]).await?;
    assert_eq!(
        (&report["federations"], &report["rounds"], &report["to"]),
        (&json!(1), &json!(2), &json!(closed_at))
    );

    // A commitment or an update is in the block that opened the last reveals; any body will do.
    let opened_at = record["opened_at"].as_u64().context("no block")? as u32;
    for (column, number, says) in [
        (Column::Body, opened_at + 1, "transactions have the root"),
        (Column::Header, opened_at, "has no such block"),
    ] {
        let block = world
            .node
            .rpc("chain_getBlockHash", json!([number]))
            .await?;
        let hash = block.as_str().context("no hash")?.to_owned();
        world.node.kill().await?;
        edit(world.node.base_path(), column, number, &hash)?;
        world.node.resume(&[]).await?;
        let said = finds(&world.cli, &["audit", "--to", &to]).await?;
        assert!(said.contains(&format!("block {number}: ")), "{said}");
        assert!(said.contains(says), "{said}");
    }
    Ok(())
}

async fn a_receipt_needs_no_node(world: &World, client: &str, genesis: &str) -> Result<()> {
    let number = world.federation.to_string();
    let file = world.path("round-1.receipt");
    let path = file.display().to_string();
    let best = world.node.rpc("chain_getHeader", json!([])).await?;
    let best = best["number"].as_str().context("no number")?;
    let to = u32::from_str_radix(best.trim_start_matches("0x"), 16)?.to_string();
    let get = [
        "receipt", "get", &number, "1", "--client", client, "--out", &path, "--to", &to,
    ];
    let offline = Cli::new("ws://127.0.0.1:1")?;

    let short = world.cli.json(&get).await?;
    let tip = short["tip"].as_str().context("no tip")?;
    let checked = offline
        .json(&["receipt", "check", &path, "--trust", tip])
        .await?;
    let record = world.round(1).await?;
    assert_eq!(
        (
            &checked["client"],
            &checked["model_root"],
            &checked["sample_count"],
            &checked["basis"]["name"]
        ),
        (
            &json!(client),
            &record["model_root"],
            &json!(147),
            &json!("checkpoint")
        )
    );
    let said = finds(&offline, &["receipt", "check", &path]).await?;
    assert!(said.contains("work not verified"), "{said}");
    let said = finds(&offline, &["receipt", "check", &path, "--trust", genesis]).await?;
    assert!(said.contains("trusted block"), "{said}");

    let long = world
        .cli
        .json(&[&get[..], &["--since-genesis"]].concat())
        .await?;
    assert!(long["bytes"].as_u64() > short["bytes"].as_u64());
    let check = ["receipt", "check", &path, "--trust", genesis];
    let said = finds(&offline, &check).await?;
    assert!(said.contains("100 blocks like it"), "{said}");
    // The chain is short: one block above must do.
    let check = [&check[..], &["--blocks-min", "1"]].concat();
    let said = finds(&offline, &check).await?;
    assert!(said.contains("say with --work-min"), "{said}");
    let checked: Value = offline
        .json(&[&check[..], &["--work-min", "1"]].concat())
        .await?;
    assert_eq!(checked["basis"]["name"], "work");
    let work = |what: &str| -> Result<u64> {
        let work = checked["basis"][what].as_str().context("no work")?;
        Ok(work.parse()?)
    };
    // Only what stands above the round counts.
    let above = work("above")?;
    assert!(work("total")? > above);
    for (least, is_enough) in [(above, true), (above + 1, false)] {
        let least = least.to_string();
        let args = [&check[..], &["--work-min", &least]].concat();
        assert_eq!(offline.run(&args).await?.status.success(), is_enough);
    }
    let mut bytes = fs::read(&file)?;
    *bytes.last_mut().context("no bytes")? ^= 1;
    fs::write(&file, &bytes)?;
    finds(&offline, &check).await?;

    let stranger = [
        "receipt",
        "get",
        &number,
        "1",
        "--client",
        "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        "--out",
        &path,
        "--to",
        &to,
    ];
    let refused = world.cli.run(&stranger).await?;
    assert_eq!(refused.status.code(), Some(4));
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("no update among the 2 accepted"), "{said}");
    Ok(())
}
