//! A chain made by hand, and a node that serves it.

use std::net::SocketAddr;

use codec::Encode;
use fedchain_pow::{Bounds, Entry, Rules, U256, retarget};
use fedchain_receipt::{
    Header,
    mock::{Claims, genesis_with, seal_with, state},
};
use jsonrpsee::{
    RpcModule,
    server::{Server, ServerHandle},
    types::ErrorObjectOwned,
};
use serde_json::{Value, json};
use sp_runtime::{
    StateVersion,
    traits::{BlakeTwo256, Hash},
};

const RULES: Rules = Rules {
    initial_difficulty: U256([1, 0, 0, 0]),
    block_time_ms: 1_000,
    bounds: Bounds {
        floor: U256([1, 0, 0, 0]),
        ceiling: U256([4, 0, 0, 0]),
    },
    genesis_time_ms: 900_000,
    min_spacing_ms: 50,
};

/// What the node answers.
const METHODS: [&str; 7] = [
    "chain_getBlockHash",
    "chain_getHeader",
    "chain_getBlock",
    "chain_getFinalizedHead",
    "state_getReadProof",
    "federation_get",
    "federation_round",
];

/// Values by their keys.
pub type State = Vec<(Vec<u8>, Vec<u8>)>;

struct Block {
    header: Header,
    body: Vec<Vec<u8>>,
    proof: Vec<Vec<u8>>,
    /// The federations in its state, as the node tells of them.
    views: Vec<Value>,
}

/// Honest in all that headers say.
pub struct Chain {
    blocks: Vec<Block>,
    entries: Vec<Entry>,
    /// Height of the newest final block.
    pub finalised: u32,
    /// The first block whose state the node has.
    pub kept_from: u32,
}

/// A node, as long as it lives.
pub struct Node {
    /// Where it listens.
    pub url: String,
    _handle: ServerHandle,
}

impl Chain {
    /// A chain whose first block has this state.
    pub fn new(values: &State) -> Self {
        let (header, proof) = genesis_with(RULES, values);
        let first = Block {
            header,
            body: Vec::new(),
            proof,
            views: Vec::new(),
        };
        Self {
            blocks: vec![first],
            entries: Vec::new(),
            finalised: 0,
            kept_from: 0,
        }
    }

    /// Height of the newest block.
    pub fn best(&self) -> u32 {
        self.blocks.len() as u32 - 1
    }

    /// Appends a block, final at once, with these extrinsics and this state after it.
    pub fn push(&mut self, body: Vec<Vec<u8>>, values: &State, views: Vec<Value>) {
        let newest = self.entries.last();
        let difficulty = newest.map_or(RULES.initial_difficulty, |newest| {
            let (time, bounds) = (RULES.block_time_ms, RULES.bounds);
            retarget(&self.entries, newest.difficulty, time, bounds)
        });
        let stamp = newest.map_or(RULES.genesis_time_ms, |newest| newest.timestamp_ms);
        let entry = Entry {
            timestamp_ms: stamp + RULES.block_time_ms,
            difficulty,
        };
        let claims = Claims {
            parent: self.blocks.last().unwrap().header.hash(),
            difficulty,
            timestamp_ms: entry.timestamp_ms,
            extra: Vec::new(),
        };
        let body_root = BlakeTwo256::ordered_trie_root(body.clone(), StateVersion::V0);
        let (state_root, proof) = state(values);
        let header = seal_with(self.best() + 1, claims, body_root, state_root);
        self.entries.push(entry);
        self.blocks.push(Block {
            header,
            body,
            proof,
            views,
        });
        self.finalised = self.best();
    }

    /// Serves it.
    pub async fn serve(self) -> Node {
        let server = Server::builder();
        let server = server.build(SocketAddr::from(([127, 0, 0, 1], 0))).await;
        let server = server.unwrap();
        let url = format!("ws://{}", server.local_addr().unwrap());
        let mut module = RpcModule::new(self);
        for method in METHODS {
            module
                .register_method(method, move |params, chain, _| {
                    let params: Vec<Value> = params.parse().unwrap_or_default();
                    chain.answer(method, &params)
                })
                .unwrap();
        }
        Node {
            url,
            _handle: server.start(module),
        }
    }

    fn answer(&self, method: &str, params: &[Value]) -> Result<Value, ErrorObjectOwned> {
        let param = |place: usize| params.get(place).unwrap_or(&Value::Null);
        let at = |hash: &Value| {
            let mut blocks = self.blocks.iter();
            blocks.find(|block| json!(block.header.hash()) == *hash)
        };
        let hash = |number: u32| {
            let block = self.blocks.get(number as usize);
            block.map(|block| block.header.hash())
        };
        let view = |hash: &Value, federation: &Value| {
            let views = at(hash).map(|block| block.views.iter());
            let mut views = views.into_iter().flatten();
            views.find(|view| view["federation"] == *federation)
        };
        Ok(match method {
            "chain_getBlockHash" => {
                let number = param(0).as_u64().map(|number| number as u32);
                json!(hash(number.unwrap_or(self.best())))
            }
            "chain_getFinalizedHead" => json!(hash(self.finalised)),
            "chain_getHeader" => json!(at(param(0)).map(|block| &block.header)),
            "chain_getBlock" => json!(at(param(0)).map(|block| {
                let body: Vec<_> = block.body.iter().map(|bytes| hex(bytes)).collect();
                json!({
                    "block": { "header": block.header, "extrinsics": body },
                    "justifications": null,
                })
            })),
            "state_getReadProof" => {
                let kept = at(param(1)).filter(|block| block.header.number >= self.kept_from);
                let block = kept.ok_or_else(|| {
                    ErrorObjectOwned::owned(4003, "the state was pruned", None::<()>)
                })?;
                let proof: Vec<_> = block.proof.iter().map(|node| hex(node)).collect();
                json!({ "at": param(1), "proof": proof })
            }
            "federation_get" => json!(view(param(1), param(0))),
            _ => Value::Null,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    format!("0x{}", digits.collect::<String>())
}

/// The number of federations that were ever created, in a state.
pub fn created(number: u32) -> (Vec<u8>, Vec<u8>) {
    let key = fedchain_receipt::storage_key("Federation", "NextFederation");
    (key, number.encode())
}
