//! Time of one aggregation, native and in the Wasm engine of the node, on the same updates.

use anyhow::{Context, Result, ensure};
use codec::{Decode, Encode};
use fedchain_bench_wasm::{Job, WASM_BINARY};
use fedchain_fl::Strategy;
use sc_executor_wasmtime::{
    Config, HeapAllocStrategy, InstantiationStrategy, RuntimeBlob, Semantics, WasmModule,
    WasmtimeRuntime, create_runtime,
};
use std::time::Duration;

use crate::table::{median, row};

const SHAPES: [(u32, u32); 3] = [(20, 100_000), (100, 7_850), (1_000, 650)];

/// A tenth of the clients may be bad.
const fn strategies(clients: u32) -> [(&'static str, Strategy); 3] {
    [
        ("fed_avg", Strategy::FedAvg),
        ("median", Strategy::Median),
        ("trimmed_mean", Strategy::TrimmedMean { trim: clients / 10 }),
    ]
}

/// Measures all shapes and strategies.
pub fn run() -> Result<()> {
    let engine = engine()?;
    for (clients, params) in SHAPES {
        for (name, strategy) in strategies(clients) {
            let job = Job {
                strategy,
                clients,
                params,
                repeats: 0,
            };
            let native = per_aggregation(job, |job| Ok(job.run()))?;
            let wasm = per_aggregation(job, |job| {
                let mut instance = engine.new_instance(HEAP)?;
                let answer = instance.call_export("aggregate", &job.encode())?;
                Ok(Decode::decode(&mut answer.as_slice())?)
            })?;
            let name = format!("{name}_{clients}x{params}");
            row(&format!("{name}_native"), native.as_secs_f64() * 1e3, "ms");
            row(&format!("{name}_wasm"), wasm.as_secs_f64() * 1e3, "ms");
            row(
                &format!("{name}_wasm_to_native"),
                wasm.as_secs_f64() / native.as_secs_f64(),
                "ratio",
            );
        }
    }
    Ok(())
}

/// The duration of one aggregation: making the updates is measured too, and taken off.
fn per_aggregation(job: Job, work: impl Fn(Job) -> Result<Option<i64>>) -> Result<Duration> {
    const REPEATS: u32 = 4;
    let (once, first) = median(|| work(Job { repeats: 1, ..job }));
    let (more, last) = median(|| {
        work(Job {
            repeats: 1 + REPEATS,
            ..job
        })
    });
    ensure!(
        first?.is_some() && last? == job_sum(job),
        "the model differs from the native one"
    );
    Ok(more.saturating_sub(once) / REPEATS)
}

fn job_sum(job: Job) -> Option<i64> {
    Job { repeats: 1, ..job }.run()
}

/// As much memory as the updates need, page by page.
const HEAP: HeapAllocStrategy = HeapAllocStrategy::Dynamic {
    maximum_pages: None,
};

/// The node's engine with the node's settings.
fn engine() -> Result<WasmtimeRuntime> {
    let code = WASM_BINARY.context("built without the Wasm target")?;
    let config = Config {
        allow_missing_func_imports: true,
        cache_path: None,
        semantics: Semantics {
            instantiation_strategy: InstantiationStrategy::PoolingCopyOnWrite,
            deterministic_stack_limit: None,
            canonicalize_nans: false,
            parallel_compilation: true,
            heap_alloc_strategy: HEAP,
            wasm_multi_value: false,
            wasm_bulk_memory: false,
            wasm_reference_types: false,
            wasm_simd: false,
        },
    };
    let blob = RuntimeBlob::uncompress_if_needed(code)?;
    Ok(create_runtime::<sp_io::SubstrateHostFunctions>(
        blob, config,
    )?)
}
