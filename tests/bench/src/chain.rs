//! The real runtime in the node's Wasm engine, on a state in memory.

use anyhow::{Context, Result, anyhow, ensure};
use codec::{Decode, Encode};
use cpu_time::ThreadTime;
use fedchain_pow::{ENGINE_ID, PreDigest};
use fedchain_runtime::{
    Difficulty, Header, RuntimeCall, RuntimeGenesisConfig, System, UncheckedExtrinsic, WASM_BINARY,
    presets,
};
use frame_support::weights::Weight;
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_io::TestExternalities;
use sp_runtime::{
    ApplyExtrinsicResult, BuildStorage, Digest, DigestItem,
    traits::Header as _,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};
use std::{sync::OnceLock, time::Duration};

/// Time of the block before the first, and between two, in milliseconds.
const GENESIS_MS: u64 = 1_700_000_000_000;
const BLOCK_MS: u64 = 1_000;

/// A chain without network, pool, proof of work and disk.
pub struct Chain {
    state: TestExternalities,
    executor: WasmExecutor,
    code: Vec<u8>,
    height: u32,
}

/// What executing a block showed.
pub struct Executed {
    /// Processor time of all executions, the shortest first.
    pub durations: Vec<Duration>,
    /// Extrinsics that found room, without the timestamp.
    pub included: usize,
    /// The weight that the runtime counted.
    pub weight: Weight,
}

impl Chain {
    /// The genesis of the development chain. Compiles the runtime's Wasm.
    ///
    /// # Errors
    /// When the runtime was built without Wasm.
    pub fn new() -> Result<Self> {
        let mut config = serde_json::to_value(RuntimeGenesisConfig::default())?;
        let preset = presets::development();
        for (pallet, fields) in preset.as_object().context("a preset is an object")? {
            for (field, value) in fields.as_object().context("a pallet's part is an object")? {
                config[pallet][field] = value.clone();
            }
        }
        let config: RuntimeGenesisConfig = serde_json::from_value(config)?;
        let storage = config.build_storage().map_err(|error| anyhow!(error))?;
        let mut chain = Self {
            state: TestExternalities::new(storage),
            executor: executor(),
            code: WASM_BINARY
                .context("built without the Wasm target")?
                .to_vec(),
            height: 0,
        };
        chain.call("Core_version", &[])?;
        Ok(chain)
    }

    /// Changes the state between two blocks, in native code.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn natively<T>(&mut self, change: impl FnOnce() -> Result<T>) -> Result<T> {
        let answer = self.state.execute_with(change)?;
        self.commit()?;
        Ok(answer)
    }

    /// Executes a block with these extrinsics, `repeats` times on the same state, then keeps it.
    /// Extrinsics from the first that finds no room on are left out.
    ///
    /// # Errors
    /// When an extrinsic fails or the block is invalid.
    pub fn block(&mut self, extrinsics: &[UncheckedExtrinsic], repeats: usize) -> Result<Executed> {
        self.height += 1;
        let header = self.header()?.encode();
        let now = GENESIS_MS + u64::from(self.height) * BLOCK_MS;
        let timestamp = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
        let timestamp = UncheckedExtrinsic::new_bare(timestamp).encode();
        let extrinsics: Vec<_> = extrinsics.iter().map(Encode::encode).collect();

        let mut durations = Vec::new();
        let mut included = 0;
        for _ in 0..repeats {
            self.state.reset_overlay();
            let start = ThreadTime::now();
            self.call("Core_initialize_block", &header)?;
            ensure!(self.apply(&timestamp)?, "no room for the timestamp");
            included = 0;
            for extrinsic in &extrinsics {
                if !self.apply(extrinsic)? {
                    break;
                }
                included += 1;
            }
            self.call("BlockBuilder_finalize_block", &[])?;
            durations.push(start.elapsed());
        }
        durations.sort();
        self.commit()?;
        let weight = self.natively(|| Ok(System::block_weight().total()))?;
        Ok(Executed {
            durations,
            included,
            weight,
        })
    }

    /// Bytes of keys and values in state whose keys begin with `prefix`.
    pub fn state_bytes(&mut self, prefix: &[u8]) -> Result<u64> {
        self.natively(|| {
            let mut bytes = 0;
            let mut key = prefix.to_vec();
            while let Some(next) = sp_io::storage::next_key(&key).filter(|k| k.starts_with(prefix))
            {
                let value = sp_io::storage::read(&next, &mut [], 0).unwrap_or(0);
                bytes += next.len() as u64 + u64::from(value);
                key = next;
            }
            Ok(bytes)
        })
    }

    fn header(&mut self) -> Result<Header> {
        let height = self.height;
        self.natively(|| {
            let claim = PreDigest {
                author: [0; 32],
                difficulty: Difficulty::difficulty(),
            };
            Ok(Header::new(
                height,
                Default::default(),
                Default::default(),
                System::block_hash(height - 1),
                Digest {
                    logs: vec![DigestItem::PreRuntime(ENGINE_ID, claim.encode())],
                },
            ))
        })
    }

    /// Applies an extrinsic; answers whether it found room.
    fn apply(&mut self, extrinsic: &[u8]) -> Result<bool> {
        let answer = self.call("BlockBuilder_apply_extrinsic", extrinsic)?;
        match ApplyExtrinsicResult::decode(&mut answer.as_slice())? {
            Ok(Ok(())) => Ok(true),
            Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
                Ok(false)
            }
            other => Err(anyhow!("an extrinsic failed: {other:?}")),
        }
    }

    fn call(&mut self, method: &str, data: &[u8]) -> Result<Vec<u8>> {
        let code = RuntimeCode {
            code_fetcher: &WrappedRuntimeCode(self.code.as_slice().into()),
            heap_pages: None,
            hash: vec![0],
        };
        let context = CallContext::Onchain { import: false };
        let (answer, _) = self
            .executor
            .call(&mut self.state.ext(), &code, method, data, context);
        answer.with_context(|| format!("{method} failed"))
    }

    fn commit(&mut self) -> Result<()> {
        self.state.commit_all().map_err(|error| anyhow!(error))
    }
}

/// The node's executor, which compiles the runtime once for all chains.
fn executor() -> WasmExecutor {
    static EXECUTOR: OnceLock<WasmExecutor> = OnceLock::new();
    EXECUTOR
        .get_or_init(|| WasmExecutor::builder().build())
        .clone()
}
