//! Receipts and audits by the command line: a chain as it is, one whose federation was removed, and one whose
//! database was edited.

use std::fs;

use anyhow::{Context, Result};
use fedchain_e2e::{Column, World, edit};
use fedchain_test_support::{CLIENTS, Cli, OWNER};
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
        (
            &report["federations"],
            &report["rounds"],
            &report["models"],
            &report["to"]
        ),
        (&json!(1), &json!(2), &json!(2), &json!(closed_at))
    );
    let hash = world
        .node
        .rpc("chain_getBlockHash", json!([closed_at]))
        .await?;
    assert_eq!(report["hash"], hash);
    let finalised = report["finalised"].as_u64().context("no final block")?;
    assert_eq!(report["final"], json!(u64::from(closed_at) <= finalised));

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
    let said = finds(&world.cli, &stranger).await?;
    assert!(said.contains("no update among the 2 accepted"), "{said}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_no_success_and_what_was_removed_is_proven_by_old_states() -> Result<()> {
    let world = World::new(1).await?;
    let number = world.federation.to_string();
    for (args, says) in [
        (&["verify", &number][..], "close no round of it"),
        (
            &["verify", &number, "--to", "0"],
            "you asked for the blocks up to 0",
        ),
        (
            &["verify", &number, "--to", "4000000"],
            "nothing is proven up to block 4000000",
        ),
        (&["audit", "--to", "0"], "the genesis block is all"),
        (&["audit", "--to", "1"], "blocks 0 to 1 make none"),
        (
            &["audit", "--to", "4000000"],
            "nothing is proven up to block 4000000",
        ),
    ] {
        let said = finds(&world.cli, args).await?;
        assert!(said.contains(says), "{args:?}: {said}");
    }

    for trainer in [world.trainer(0)?, world.trainer(1)?] {
        assert_eq!(trainer.finish().await?["end"], "finished");
    }
    let record = world.round(1).await?;
    files_without_a_round_are_compared(&world, &number).await?;

    let args = ["federation", "remove", &number, "--key", OWNER];
    let removed = world.cli.json(&args).await?;
    let removed_at = removed["block"].as_u64().context("no block")?;
    let to = removed_at.to_string();
    assert_eq!(world.state().await?, Value::Null);
    let verdict = world.cli.json(&["verify", &number, "--to", &to]).await?;
    let round = &verdict["rounds"][0];
    assert_eq!(
        (&verdict["removed_at"], &round["model_root"]),
        (&json!(removed_at), &record["model_root"])
    );
    let report = world.cli.json(&["audit", "--to", &to]).await?;
    assert_eq!(
        (&report["federations"], &report["removed"]),
        (&json!(1), &json!(1))
    );

    let status = world.status(CLIENTS[0]).await?;
    let client = status["account"]["address"]
        .as_str()
        .context("no address")?;
    let file = world.path("removed.receipt").display().to_string();
    let get = [
        "receipt", "get", &number, "1", "--client", client, "--out", &file, "--to", &to,
    ];
    let receipt = world.cli.json(&get).await?;
    let tip = receipt["tip"].as_str().context("no tip")?;
    let check = ["receipt", "check", &file, "--trust", tip];
    let checked = world.cli.json(&check).await?;
    assert_eq!(checked["model_root"], record["model_root"]);
    Ok(())
}

/// Files of other tools are those of the round whose weights they hold.
async fn files_without_a_round_are_compared(world: &World, number: &str) -> Result<()> {
    for ending in ["npy", "safetensors"] {
        for round in [0, 1] {
            let file = world.path(&format!("round-{round}.{ending}"));
            let path = file.display().to_string();
            let args = [
                "model",
                "get",
                number,
                "--round",
                &round.to_string(),
                "--out",
                &path,
            ];
            world.cli.json(&args).await?;
            let args = ["verify", number, "--model", &path];
            let verdict = world.cli.json(&args).await?;
            assert_eq!(verdict["file_round"], json!(round), "{path}");
            // The last byte is the last weight's sign and exponent.
            let mut bytes = fs::read(&file)?;
            *bytes.last_mut().context("no bytes")? ^= 1;
            fs::write(&file, &bytes)?;
            let said = finds(&world.cli, &args).await?;
            assert!(said.contains("none of the recomputed models"), "{said}");
        }
    }
    Ok(())
}
