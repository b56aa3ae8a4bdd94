//! Builds the Wasm beside the native crate.

fn main() {
    #[cfg(feature = "std")]
    substrate_wasm_builder::WasmBuilder::new()
        .with_current_project()
        .export_heap_base()
        .import_memory()
        .disable_runtime_version_section_check()
        .build();
}
