//! A node that lies. To whoever audits the chain through it: about the runtime's metadata, which changes
//! nothing, and about a transaction's signature, which is found. To whoever signs: about what is signed.

use anyhow::{Context, Result};
use codec::{Compact, Decode, Encode};
use fedchain_e2e::{Lie, World, lie};
use fedchain_pow::{ENGINE_ID, PreDigest, search, target};
use fedchain_test_support::{CLIENTS, Cli};
use serde_json::{Value, json};
use sp_runtime::{
    Digest, DigestItem, StateVersion,
    generic::Header,
    traits::{BlakeTwo256, Hash},
};

/// Swaps two names in the metadata. Of calls: who believes it takes commitments for updates. Of transaction
/// extensions: who believes it signs what they carry and imply in another order.
struct Swapped([&'static str; 2]);

impl Lie for Swapped {
    fn answer(&self, request: &Value, answer: &mut Value) {
        let is_metadata = request["method"] == "state_getMetadata"
            || request["params"][0]
                .as_str()
                .is_some_and(|call| call.starts_with("Metadata_"));
        let Some(hex) = answer.as_str().filter(|_| is_metadata) else {
            return;
        };
        let [one, other] = self.0.map(|name| hex_of(&name.encode()));
        let hex = hex.replace(&one, "?").replace(&other, &one);
        *answer = hex.replace('?', &other).into();
    }
}

/// Shows another block at a height: paid for, with the state root of the true one.
struct Block {
    number: u32,
    hash: Value,
    true_hash: Value,
    block: Value,
}

impl Lie for Block {
    fn ask(&self, request: &mut Value) {
        if let Some(params) = request["params"].as_array_mut() {
            for param in params.iter_mut().filter(|param| **param == self.hash) {
                *param = self.true_hash.clone();
            }
        }
    }

    fn answer(&self, request: &Value, answer: &mut Value) {
        let params = &request["params"];
        match request["method"].as_str() {
            Some("chain_getBlockHash") if params[0] == self.number => *answer = self.hash.clone(),
            Some("chain_getBlock") if params[0] == self.hash => {
                answer["block"] = self.block.clone();
            }
            _ => {}
        }
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(hex: &Value) -> Result<Vec<u8>> {
    let hex = hex.as_str().and_then(|hex| hex.strip_prefix("0x"));
    let hex = hex.context("no hex")?;
    let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16);
    Ok((0..hex.len())
        .step_by(2)
        .map(byte)
        .collect::<Result<_, _>>()?)
}

/// The newest block up to `to` with a signed transaction, whose signature is then another one; the work is
/// done anew. Also the transaction's place.
async fn forge(world: &World, to: u32) -> Result<(Block, usize)> {
    /// A signed transaction's first byte, its address's kind, the account, the signature's kind.
    const SIGNED: u8 = 0x84;
    const SIGNATURE_AT: usize = 1 + 1 + 32 + 1;
    for number in (1..=to).rev() {
        let true_hash = world
            .node
            .rpc("chain_getBlockHash", json!([number]))
            .await?;
        let answer = world.node.rpc("chain_getBlock", json!([true_hash])).await?;
        let mut block = answer["block"].clone();
        let extrinsics = block["extrinsics"].as_array().context("no extrinsics")?;
        let mut body = extrinsics
            .iter()
            .map(bytes_of)
            .collect::<Result<Vec<_>>>()?;
        let found = body.iter_mut().enumerate().find_map(|(index, bytes)| {
            let mut rest = &bytes[..];
            Compact::<u32>::decode(&mut rest).ok()?;
            let is_signed = rest.first() == Some(&SIGNED);
            let at = bytes.len() - rest.len() + SIGNATURE_AT;
            is_signed.then(|| bytes[at] ^= 1).map(|()| index)
        });
        let Some(index) = found else { continue };

        let mut header: Header<u32, BlakeTwo256> = serde_json::from_value(block["header"].clone())?;
        header.extrinsics_root = BlakeTwo256::ordered_trie_root(body.clone(), StateVersion::V0);
        let Digest { logs } = &mut header.digest;
        logs.pop();
        let items = logs.iter().filter_map(DigestItem::as_pre_runtime);
        let PreDigest { difficulty, .. } = PreDigest::find(items).context("no difficulty")?;
        let goal = target(difficulty).context("no target")?;
        let seal = search(&header.hash().0, goal, 0..u64::MAX).context("no seal")?;
        header
            .digest
            .push(DigestItem::Seal(ENGINE_ID, seal.encode()));

        let body = body.iter().map(|bytes| format!("0x{}", hex_of(bytes)));
        block["extrinsics"] = body.collect();
        block["header"] = serde_json::to_value(&header)?;
        let hash = json!(header.hash());
        let block = Block {
            number,
            hash,
            true_hash,
            block,
        };
        return Ok((block, index));
    }
    anyhow::bail!("nobody signed anything")
}

#[tokio::test]
async fn a_lying_node_deceives_no_auditor() -> Result<()> {
    let world = World::new(1).await?;
    for trainer in [world.trainer(0)?, world.trainer(1)?] {
        assert_eq!(trainer.finish().await?["end"], "finished");
    }
    let record = world.round(1).await?;
    let closed_at = record["closed_at"].as_u64().context("no block")? as u32;
    let to = closed_at.to_string();
    let number = world.federation.to_string();

    let cli = Cli::new(lie(world.node.url(), Swapped(["commit", "reveal"])).await?)?;
    for args in [
        &["audit", "--to", &to][..],
        &["verify", &number, "--to", &to],
    ] {
        let mut reports = [cli.json(args).await?, world.cli.json(args).await?];
        for report in &mut reports {
            // The chain goes on between the two.
            let report = report.as_object_mut().context("no report")?;
            assert!(report.remove("final").is_some() && report.remove("finalised").is_some());
        }
        assert_eq!(reports[0], reports[1], "{args:?}");
    }

    let (block, index) = forge(&world, closed_at).await?;
    let to = block.number.to_string();
    let says = format!("block {to}: transaction {index}: the signature is not that of 5");
    let cli = Cli::new(lie(world.node.url(), block).await?)?;
    for args in [
        &["audit", "--to", &to][..],
        &["verify", &number, "--to", &to],
    ] {
        let output = cli.run(args).await?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(6), "{args:?}: {said}");
        assert!(said.contains(&says), "{args:?}: {said}");
    }
    Ok(())
}

#[tokio::test]
async fn nothing_is_signed_in_an_order_that_a_node_made_up() -> Result<()> {
    let world = World::new(1).await?;
    let number = world.federation.to_string();
    let client = CLIENTS[0];
    let status = world.status(client).await?;
    let address = status["account"]["address"].clone();
    // With what waits in the pool.
    let nonce = async || {
        let params = json!([address]);
        world.node.rpc("system_accountNextIndex", params).await
    };
    let before = nonce().await?;
    // It has joined: a nonce of zero would look like the tip.
    assert!(before.as_u64() > Some(0), "{before}");
    for names in [
        // What they carry.
        ["CheckNonce", "ChargeTransactionPayment"],
        // What they imply.
        ["CheckSpecVersion", "CheckGenesis"],
    ] {
        let cli = Cli::new(lie(world.node.url(), Swapped(names)).await?)?;
        let output = cli.run(&["leave", &number, "--key", client]).await?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{names:?}: {said}");
        assert!(
            said.contains("does not ask to sign leave, but something else"),
            "{names:?}: {said}"
        );
        assert_eq!(nonce().await?, before, "{names:?}");
    }
    // By the node itself the same words are signed, and taken.
    world.cli.json(&["leave", &number, "--key", client]).await?;
    assert!(nonce().await?.as_u64() > before.as_u64());
    Ok(())
}
