//! The Wasm engine of the node, with the node's settings, on code that is no runtime.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use codec::{Decode, Encode};
use fedchain_bench::table::{REPEATS, middle};
use fedchain_bench_wasm::{Outcome, WASM_BINARY, Work, clock::clock};
use sc_executor::DEFAULT_HEAP_ALLOC_STRATEGY;
use sc_executor_wasmtime::{
    Config, InstantiationStrategy, RuntimeBlob, Semantics, WasmModule, WasmtimeRuntime,
    create_runtime,
};

/// The compiled kernels.
pub struct Engine(WasmtimeRuntime);

impl Engine {
    /// Compiles the kernels.
    pub fn new() -> Result<Self> {
        let code = WASM_BINARY.context("built without the Wasm target")?;
        let config = Config {
            allow_missing_func_imports: false,
            cache_path: None,
            semantics: Semantics {
                instantiation_strategy: InstantiationStrategy::PoolingCopyOnWrite,
                deterministic_stack_limit: None,
                canonicalize_nans: false,
                parallel_compilation: true,
                heap_alloc_strategy: DEFAULT_HEAP_ALLOC_STRATEGY,
                wasm_multi_value: false,
                wasm_bulk_memory: false,
                wasm_reference_types: false,
                wasm_simd: false,
            },
        };
        let blob = RuntimeBlob::uncompress_if_needed(code)?;
        type Host = (sp_io::SubstrateHostFunctions, clock::HostFunctions);
        Ok(Self(create_runtime::<Host>(blob, config)?))
    }

    /// Median times of work natively and in the engine, in turn; both must make the same of it.
    pub fn medians(&self, work: &Work) -> Result<(Duration, Duration)> {
        let (mut native, mut wasm) = (vec![], vec![]);
        for _ in 0..REPEATS {
            let ours = work.run().context("the work fails")?;
            let theirs = self.run(work)?.context("the work fails in Wasm")?;
            ensure!(
                ours.answer == theirs.answer,
                "Wasm makes something else of it"
            );
            native.push(Duration::from_nanos(ours.nanoseconds));
            wasm.push(Duration::from_nanos(theirs.nanoseconds));
        }
        Ok((middle(native), middle(wasm)))
    }

    /// Does work in a fresh instance, as a block gets one.
    pub fn run(&self, work: &Work) -> Result<Option<Outcome>> {
        let mut instance = self.0.new_instance(DEFAULT_HEAP_ALLOC_STRATEGY)?;
        let answer = instance.call_export("run_once", &work.encode())?;
        Ok(Decode::decode(&mut answer.as_slice())?)
    }
}
