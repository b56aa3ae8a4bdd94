//! Code of runtimes that answers what a test wants: Wasm and metadata put together by hand.

use codec::Encode;
use frame_metadata::{
    RuntimeMetadataPrefixed,
    v15::{
        CustomMetadata, ExtrinsicMetadata, OuterEnums, PalletCallMetadata, PalletEventMetadata,
        PalletMetadata, RuntimeMetadataV15,
    },
};
use scale_info::{TypeInfo, meta_type};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    GlobalSection, GlobalType, Instruction, MemorySection, MemoryType, Module, TypeSection,
    ValType,
};

use crate::chain::State;

const VERSION: &str = "Core_version";
const METADATA: &str = "Metadata_metadata_at_version";
/// Where answers begin in memory, and bytes of a page of it.
const PAGE: usize = 1 << 16;

/// A state that holds this code.
pub fn state_of(code: Vec<u8>) -> State {
    vec![(b":code".to_vec(), code)]
}

/// Code that answers with this metadata.
pub fn answering(metadata: &[u8]) -> Vec<u8> {
    let answer = |bytes: Vec<u8>| Body::Answer(bytes);
    module(&[
        (VERSION, answer(version())),
        (METADATA, answer(Some(metadata).encode())),
    ])
}

/// Code whose metadata never comes.
pub fn endless() -> Vec<u8> {
    module(&[
        (VERSION, Body::Answer(version())),
        (METADATA, Body::Endless),
    ])
}

fn version() -> Vec<u8> {
    let interfaces: Vec<([u8; 8], u32)> = Vec::new();
    ("chain", "node", [1u32, 1, 1], interfaces, 1u32, 1u8).encode()
}

enum Body {
    Answer(Vec<u8>),
    Endless,
}

fn module(functions: &[(&str, Body)]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types
        .ty()
        .function([ValType::I32, ValType::I32], [ValType::I64]);
    let (mut declared, mut codes) = (FunctionSection::new(), CodeSection::new());
    let (mut exports, mut data) = (ExportSection::new(), DataSection::new());
    let mut free = PAGE;
    for ((name, body), index) in functions.iter().zip(0..) {
        declared.function(0);
        exports.export(name, ExportKind::Func, index);
        let mut code = Function::new([]);
        match body {
            Body::Answer(bytes) => {
                data.active(0, &ConstExpr::i32_const(free as i32), bytes.clone());
                code.instruction(&Instruction::I64Const((free | bytes.len() << 32) as i64));
                free += bytes.len();
            }
            Body::Endless => {
                code.instruction(&Instruction::Loop(wasm_encoder::BlockType::Empty))
                    .instruction(&Instruction::Br(0))
                    .instruction(&Instruction::End)
                    .instruction(&Instruction::Unreachable);
            }
        }
        code.instruction(&Instruction::End);
        codes.function(&code);
    }
    let heap = free.next_multiple_of(PAGE);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: (heap / PAGE) as u64,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    let constant = GlobalType {
        val_type: ValType::I32,
        mutable: false,
        shared: false,
    };
    globals.global(constant, &ConstExpr::i32_const(heap as i32));
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("__heap_base", ExportKind::Global, 0);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&declared)
        .section(&memories)
        .section(&globals)
        .section(&exports)
        .section(&codes)
        .section(&data);
    module.finish()
}

#[derive(TypeInfo)]
#[allow(dead_code, reason = "a type without a value")]
enum Calls<T> {
    Call(T),
}

#[derive(TypeInfo)]
#[allow(dead_code, reason = "a type without a value")]
enum Events<T> {
    Event(T),
}

#[derive(TypeInfo)]
#[allow(dead_code, reason = "a type without a value")]
enum Address {
    Id([u8; 32]),
}

/// Metadata of a runtime with one pallet, whose one call holds a `C` and whose one event an `E`.
pub fn metadata<C: TypeInfo + 'static, E: TypeInfo + 'static>() -> Vec<u8> {
    let (calls, events) = (meta_type::<Calls<C>>(), meta_type::<Events<E>>());
    let pallet = PalletMetadata {
        name: "System",
        storage: None,
        calls: Some(PalletCallMetadata { ty: calls }),
        event: Some(PalletEventMetadata { ty: events }),
        constants: Vec::new(),
        error: None,
        index: 0,
        docs: Vec::new(),
    };
    let extrinsic = ExtrinsicMetadata {
        version: 4,
        address_ty: meta_type::<Address>(),
        call_ty: calls,
        signature_ty: meta_type::<[u8; 64]>(),
        extra_ty: meta_type::<()>(),
        signed_extensions: Vec::new(),
    };
    let enums = OuterEnums {
        call_enum_ty: calls,
        event_enum_ty: events,
        error_enum_ty: meta_type::<()>(),
    };
    let custom = CustomMetadata {
        map: Default::default(),
    };
    let unit = meta_type::<()>();
    let metadata =
        RuntimeMetadataV15::new(vec![pallet], extrinsic, unit, Vec::new(), enums, custom);
    RuntimeMetadataPrefixed::from(metadata).encode()
}

/// An extrinsic that nobody signed, with the one call and these bytes as its argument.
pub fn unsigned(argument: &[u8]) -> Vec<u8> {
    [&[4, 0, 0][..], argument].concat().encode()
}

/// One that is said to be signed.
pub fn signed(argument: &[u8]) -> Vec<u8> {
    [&[0x84, 0][..], &[1; 32], &[2; 64], &[0, 0], argument]
        .concat()
        .encode()
}

/// A state with one event of the first extrinsic, these bytes in its field.
pub fn event(field: &[u8]) -> State {
    let count = [1 << 2];
    let of_first = [0, 0, 0, 0, 0];
    let no_topics = [0];
    let events = [&count[..], &of_first, &[0, 0], field, &no_topics].concat();
    let key = fedchain_receipt::storage_key("System", "Events");
    vec![(key, events)]
}
