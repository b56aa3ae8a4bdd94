//! Code that was made to harm whoever runs it, and code that answers. Modules are put together by hand.

use sp_maybe_compressed_blob::compress_weakly;

use super::*;

const VERSION: &str = "Core_version";
/// Pages of memory that the modules ask for.
const PAGES: u32 = 2;
/// Instructions.
const END: u8 = 0x0b;
const LOOP: [u8; 2] = [0x03, 0x40];
const BRANCH_BACK: [u8; 2] = [0x0c, 0x00];
const UNREACHABLE: u8 = 0x00;
const CALL_IMPORT: [u8; 2] = [0x10, 0x00];
const DROP: u8 = 0x1a;
const I64_CONST: u8 = 0x42;

/// A number in the variable form of Wasm.
fn number(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [number(bytes.len() as u32), bytes.to_vec()].concat()
}

fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![id], sized(bytes)].concat()
}

/// A runtime whose only function, of this name, has this body; it may import one without arguments that
/// answers a 64-bit number.
fn module(function: &str, import: Option<&str>, pages: u32, body: &[u8], data: &[u8]) -> Vec<u8> {
    let export =
        |name: &str, kind: u8, index: u8| [sized(name.as_bytes()), vec![kind, index]].concat();
    // Of the runtime's functions, and of what they may import.
    let types = [&[2, 0x60, 2, 0x7f, 0x7f, 1, 0x7e, 0x60, 0, 1, 0x7e][..]].concat();
    let imported = import.map(|name| {
        let what = [sized(b"env"), sized(name.as_bytes()), vec![0, 1]].concat();
        section(2, &[vec![1], what].concat())
    });
    let index = u8::from(import.is_some());
    let exports = [
        vec![3],
        export("memory", 2, 0),
        export("__heap_base", 3, 0),
        export(function, 0, index),
    ];
    let body = sized(&[&[0], body, &[END]].concat());
    let data = [vec![1, 0, 0x41, 0, END], sized(data)].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &types),
        imported.unwrap_or_default(),
        section(3, &[1, 0]),
        section(5, &[vec![1, 0], number(pages)].concat()),
        // The heap begins at 1024.
        section(6, &[1, 0x7f, 0, 0x41, 0x80, 0x08, END]),
        section(7, &exports.concat()),
        section(10, &[vec![1], body].concat()),
        section(11, &data),
    ]
    .concat()
}

/// A body that answers a range of memory.
fn answers(at: u32, length: u32) -> Vec<u8> {
    let mut number = (u64::from(at) | u64::from(length) << 32) as i64;
    let mut body = vec![I64_CONST];
    // The signed variable form.
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 && low & 0x40 == 0 || number == -1 && low & 0x40 != 0 {
            body.push(low);
            return body;
        }
        body.push(low | 0x80);
    }
}

fn encoded_version() -> Vec<u8> {
    (
        "chain",
        "node",
        [1u32, 7, 1],
        vec![([2u8; 8], 3u32)],
        9u32,
        1u8,
    )
        .encode()
}

fn version(code: &[u8]) -> Result<Version, CodeError> {
    Code::new(code).and_then(|code| code.version())
}

/// Why the code was stopped.
fn ended(code: &[u8]) -> String {
    match version(code) {
        Err(CodeError::Ended { function, reason }) => {
            assert_eq!(function, VERSION);
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn code_answers_compressed_or_not() {
    let data = encoded_version();
    let body = answers(0, data.len() as u32);
    let code = module(VERSION, None, PAGES, &body, &data);
    let expected = Version {
        spec: 7,
        transaction: 9,
    };
    assert_eq!(version(&code), Ok(expected));
    let packed = compress_weakly(&code, CODE_MAX).unwrap();
    assert_ne!(packed, code);
    assert_eq!(version(&packed), Ok(expected));
}

#[test]
fn what_is_no_runtime_is_refused() {
    assert!(matches!(version(b"no Wasm"), Err(CodeError::Invalid(_))));
    assert!(matches!(version(b""), Err(CodeError::Invalid(_))));
    let cut = module(VERSION, None, PAGES, &answers(0, 1), &[]);
    let cut = &cut[..cut.len() - 3];
    assert!(matches!(version(cut), Err(CodeError::Invalid(_))));
    let other = module("Core_other", None, PAGES, &answers(0, 1), &[]);
    assert!(matches!(version(&other), Err(CodeError::Invalid(_))));
}

#[test]
fn bombs_are_not_unpacked() {
    let zeros = vec![0; CODE_MAX + 1];
    let bomb = compress_weakly(&zeros, CODE_MAX + 1).unwrap();
    assert!(bomb.len() < CODE_MAX / 100);
    assert_eq!(version(&bomb), Err(CodeError::Blob));
    let mut damaged = compress_weakly(b"anything", CODE_MAX).unwrap();
    damaged.truncate(damaged.len() - 2);
    assert_eq!(version(&damaged), Err(CodeError::Blob));
}

#[test]
fn endless_code_is_stopped() {
    let body = [&LOOP[..], &BRANCH_BACK, &[END, UNREACHABLE]].concat();
    let reason = ended(&module(VERSION, None, PAGES, &body, &[]));
    assert!(reason.contains("fuel"), "{reason}");
}

#[test]
fn four_gibibytes_are_refused() {
    let code = module(VERSION, None, 65_536, &answers(0, 1), &[]);
    assert!(matches!(version(&code), Err(CodeError::Invalid(_))));
}

#[test]
fn answers_outside_memory_are_refused() {
    let outside = |at, length| module(VERSION, None, PAGES, &answers(at, length), &[]);
    for (at, length) in [(u32::MAX, u32::MAX), (PAGES << 16, 1), (0, u32::MAX)] {
        let found = version(&outside(at, length));
        assert_eq!(found, Err(CodeError::Answer(VERSION)), "{at} {length}");
    }
    // Inside, but no version.
    assert_eq!(version(&outside(0, 3)), Err(CodeError::Answer(VERSION)));
}

#[test]
fn what_needs_a_node_ends_the_call_and_is_named() {
    let name = "ext_storage_root_version_2";
    let body = [&CALL_IMPORT[..], &[DROP], &answers(0, 1)].concat();
    let reason = ended(&module(VERSION, Some(name), PAGES, &body, &[]));
    assert!(reason.contains(name), "{reason}");
    // What is only imported does no harm.
    let data = encoded_version();
    let body = answers(0, data.len() as u32);
    assert!(version(&module(VERSION, Some(name), PAGES, &body, &data)).is_ok());
}
