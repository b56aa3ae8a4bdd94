//! Every byte that a trainer sends, accounted for by declared kinds of message.
//!
//! A proxy records the whole conversation of one trainer. Each message that it sent must be a read
//! whose parameters are public (constants, the account, or what the node said before), or carry an
//! extrinsic whose every field is decoded and explained. What remains as depending on the rows is
//! the quantised weights, the sample count, and the commitment to both.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use codec::{Decode, DecodeAll, Encode};
use fedchain_commitment::{Opening, values_root};
use fedchain_e2e::{Message, Proxy, World};
use fedchain_fl::H256;
use fedchain_runtime::{AccountId, Runtime, RuntimeCall, UncheckedExtrinsic};
use fedchain_test_support::Cli;
use pallet_federation::Call;
use serde_json::{Value, json};
use sp_runtime::{MultiAddress, generic::Preamble};

/// Requests that read; their parameters are checked by [`Conversation::is_public`].
const READS: [&str; 15] = [
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHeader",
    "chain_subscribeNewHeads",
    "chain_unsubscribeNewHeads",
    "author_unwatchExtrinsic",
    "federation_get",
    "federation_model",
    "federation_round",
    "rpc_methods",
    "state_getRuntimeVersion",
    "state_getStorage",
    "system_accountNextIndex",
    "system_chainType",
];

/// Runtime calls that read without arguments about the client.
const RUNTIME_READS: [&str; 3] = [
    "Core_version",
    "Metadata_metadata_versions",
    "Metadata_metadata_at_version",
];

#[tokio::test]
async fn a_trainer_sends_nothing_of_its_rows_but_weights_and_their_number() -> Result<()> {
    let world = World::new(2).await?;
    let proxy = Proxy::start(world.node.url()).await?;
    let watched = world.trainer_at(0, &Cli::new(proxy.url())?)?;
    let other = world.trainer(1)?;
    watched.finish().await?;
    other.finish().await?;

    let mut conversation = Conversation::new(world.federation)?;
    for message in proxy.messages() {
        match message {
            Message::Received(text) => conversation.heard.push_str(&text),
            Message::Sent(text) => conversation.account_for(&text)?,
        }
    }
    conversation.updates_are_explained(&world).await?;
    for (kind, (messages, bytes)) in &conversation.kinds {
        println!("{kind:<24} {messages:>6} messages {bytes:>9} bytes");
    }
    Ok(())
}

struct Conversation {
    account: AccountId,
    federation: u32,
    heard: String,
    storage_keys: Vec<String>,
    kinds: BTreeMap<String, (usize, usize)>,
    calls: Vec<Call<Runtime>>,
}

impl Conversation {
    fn new(federation: u32) -> Result<Self> {
        let account = sp_runtime::AccountId32::from(BOB);
        let keys = [
            frame_system::Account::<Runtime>::hashed_key_for(&account),
            frame_support::storage::storage_prefix(b"System", b"Events").to_vec(),
            frame_support::storage::storage_prefix(b"Difficulty", b"Rules").to_vec(),
            pallet_balances::Holds::<Runtime>::hashed_key_for(&account),
            pallet_timestamp::Now::<Runtime>::hashed_key().to_vec(),
            pallet_federation::Commitments::<Runtime>::hashed_key_for(federation, &account),
        ];
        Ok(Self {
            account,
            federation,
            heard: String::new(),
            storage_keys: keys.iter().map(|key| hex(key)).collect(),
            kinds: BTreeMap::new(),
            calls: Vec::new(),
        })
    }

    /// Counts a sent message under its kind, or fails when it is of none.
    fn account_for(&mut self, text: &str) -> Result<()> {
        let message: Value = serde_json::from_str(text)?;
        let fields = message.as_object().context("a batch was sent")?;
        for (name, value) in fields {
            match name.as_str() {
                "jsonrpc" => ensure!(value == "2.0"),
                "id" => ensure!(value.is_u64()),
                "method" | "params" => {}
                other => bail!("undeclared field {other} in {text}"),
            }
        }
        let method = message["method"].as_str().context("no method")?.to_owned();
        let params = message["params"].as_array().cloned().unwrap_or_default();
        let kind = match method.as_str() {
            "author_submitAndWatchExtrinsic" => {
                self.account_for_extrinsic(&bytes(&params[0])?)?;
                format!("send {}", self.calls.last().map_or("", call_name))
            }
            "state_call" => self.account_for_runtime_call(&params)?,
            read if READS.contains(&read) => {
                for param in &params {
                    ensure!(
                        self.is_public(param),
                        "undeclared parameter {param} in {text}"
                    );
                }
                read.to_owned()
            }
            other => bail!("undeclared method {other}"),
        };
        let (messages, bytes) = self.kinds.entry(kind).or_default();
        *messages += 1;
        *bytes += text.len();
        Ok(())
    }

    /// Whether a read's parameter says nothing of the client but its account.
    fn is_public(&self, param: &Value) -> bool {
        match param {
            Value::Null => true,
            Value::Number(number) => number
                .as_u64()
                .is_some_and(|number| number <= u32::MAX.into()),
            Value::String(text) => {
                self.heard.contains(text.as_str())
                    || self.storage_keys.contains(text)
                    || *text == ss58(&self.account)
            }
            _ => false,
        }
    }

    fn account_for_runtime_call(&mut self, params: &[Value]) -> Result<String> {
        let name = params[0].as_str().context("no name")?;
        ensure!(
            params[2..].iter().all(|at| self.is_public(at)),
            "undeclared block"
        );
        let data = bytes(&params[1])?;
        if name == "TransactionPaymentApi_query_info" {
            let (extrinsic, length) = data.split_at(data.len() - 4);
            let whole = UncheckedExtrinsic::decode_all(&mut &*extrinsic)?.encode();
            ensure!(length == (whole.len() as u32).encode() && whole == extrinsic);
            self.account_for_extrinsic(extrinsic)?;
            self.calls.pop();
        } else {
            ensure!(
                RUNTIME_READS.contains(&name),
                "undeclared runtime call {name}"
            );
            ensure!(data.len() <= 4, "undeclared argument of {name}");
        }
        Ok(name.to_owned())
    }

    /// Decodes all of an extrinsic: signer, extension, and a call that a trainer may send.
    fn account_for_extrinsic(&mut self, bytes: &[u8]) -> Result<()> {
        let extrinsic = UncheckedExtrinsic::decode_all(&mut &*bytes)?;
        ensure!(
            extrinsic.encode() == bytes,
            "bytes that the decoder does not see"
        );
        let Preamble::Signed(MultiAddress::Id(signer), _, _) = extrinsic.preamble else {
            bail!("not signed by an account")
        };
        ensure!(signer == self.account, "another signer");
        let RuntimeCall::Federation(call) = extrinsic.function else {
            bail!("an undeclared call")
        };
        self.calls.push(call);
        Ok(())
    }

    /// Each commitment opens to the update sent later, and nothing in either is unexplained.
    async fn updates_are_explained(&self, world: &World) -> Result<()> {
        let state = world.state().await?;
        let hash = |value: &Value| H256::decode(&mut &*bytes(value)?).context("no hash");
        let genesis = hash(&world.node.rpc("chain_getBlockHash", json!([0])).await?)?;
        let mut base_roots = vec![hash(
            &world
                .node
                .rpc("federation_model", json!([self.federation, 0]))
                .await?["root"],
        )?];
        for round in 1..=2 {
            base_roots.push(hash(&world.round(round).await?["model_root"])?);
        }
        let rows = std::fs::read_to_string(&world.parts.clients[0])?
            .lines()
            .count() as u32
            - 1;
        let mut revealed = 0;
        for call in &self.calls {
            let Call::reveal {
                federation,
                round,
                sample_count,
                privacy,
                salt,
                part,
            } = call
            else {
                continue;
            };
            ensure!(
                *sample_count == rows && part.values.len() == 44 && part.proof.is_empty(),
                "an undeclared size"
            );
            let opening = Opening {
                genesis,
                federation: *federation,
                round: *round,
                spec_hash: hash(&state["spec_hash"])?,
                base_root: base_roots[*round as usize - 1],
                account: self.account.clone(),
                sample_count: *sample_count,
                privacy: *privacy,
                param_count: 11,
                values_root: values_root(&part.values),
                salt: *salt,
            };
            let commit = Call::commit {
                federation: *federation,
                round: *round,
                base_root: opening.base_root,
                commitment: opening.commitment(),
            };
            ensure!(
                self.calls.contains(&commit),
                "a commitment to something else: {commit:?}"
            );
            revealed += 1;
        }
        let others = self.calls.iter().filter(|call| {
            !matches!(
                call,
                Call::reveal { .. } | Call::commit { .. } | Call::advance { .. }
            )
        });
        ensure!(others.count() == 0, "a trainer sent an undeclared call");
        ensure!(revealed == 2, "{revealed} reveals in two rounds");
        Ok(())
    }
}

/// The public key of the development account Bob.
const BOB: [u8; 32] = [
    0x8e, 0xaf, 0x04, 0x15, 0x16, 0x87, 0x73, 0x63, 0x26, 0xc9, 0xfe, 0xa1, 0x7e, 0x25, 0xfc, 0x52,
    0x87, 0x61, 0x36, 0x93, 0xc9, 0x12, 0x90, 0x9c, 0xb2, 0x26, 0xaa, 0x47, 0x94, 0xf2, 0x6a, 0x48,
];

fn ss58(account: &AccountId) -> String {
    account.to_string()
}

fn call_name(call: &Call<Runtime>) -> &'static str {
    frame_support::traits::GetCallName::get_call_name(call)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
    let text = value
        .as_str()
        .and_then(|text| text.strip_prefix("0x"))
        .context("no hex")?;
    (0..text.len())
        .step_by(2)
        .map(|at| Ok(u8::from_str_radix(&text[at..at + 2], 16)?))
        .collect()
}
