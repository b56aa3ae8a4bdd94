//! The runtime's code, run here: what a runtime says of itself is then as certain as its code.
//!
//! The code is a value of the state, so the state root in a header proves it. Its metadata, asked of a
//! node, is bound by nothing. The code gets memory, and those values of the state that were proven before;
//! every other function of the host ends it. Code of a hostile chain can neither run for ever nor take
//! more than [`MEMORY_MAX`].

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use codec::{Decode, Encode};
use sp_maybe_compressed_blob::decompress;
use subxt::metadata::Metadata;
use thiserror::Error;
use wasmi::{
    Caller, CompilationMode, Config, Engine, Extern, ExternType, Func, FuncType, Linker, Memory,
    Module, Store, StoreLimits, StoreLimitsBuilder, Val, core::ValType,
};

/// Key of the code in the state.
pub const CODE_KEY: &[u8] = b":code";

/// Bytes of decompressed code, at most: as many as nodes take.
const CODE_MAX: usize = 50 << 20;
/// Bytes of memory, at most: a hundred times what metadata takes.
const MEMORY_MAX: usize = 128 << 20;
/// Elements of tables, at most: a runtime has a thousand.
const TABLE_MAX: u32 = 1 << 20;
/// Units of fuel, about one an instruction, at most: a hundred times what metadata takes, some seconds.
const FUEL_MAX: u64 = 1_000_000_000;
/// Bytes of an answer, at most.
const ANSWER_MAX: usize = 16 << 20;
/// Bytes of a page of memory.
const PAGE: u64 = 1 << 16;
/// Bytes before each allocation that belong to it: runtimes write into the header that a node's allocator
/// puts there.
const HEADER: u32 = 8;
/// Versions of metadata that the client reads, the preferred one first.
const METADATA_VERSIONS: [u32; 3] = [15, 16, 14];

/// Why a runtime's code says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CodeError {
    /// The state holds no code.
    #[error("there is none")]
    None,
    /// It is compressed wrongly, or into a bomb.
    #[error("it cannot be decompressed within {} MiB", CODE_MAX >> 20)]
    Blob,
    /// It is no Wasm, or does not fit what this version offers.
    #[error("it is no runtime: {0}")]
    Invalid(String),
    /// It was stopped, or gave up.
    #[error("its function {function} ended with: {reason}")]
    Ended {
        /// Name of the function.
        function: &'static str,
        /// Why.
        reason: String,
    },
    /// It reads a value of the state that it was not told.
    #[error("it reads too much of the state")]
    Untold(Vec<u8>),
    /// Its answer cannot be read.
    #[error("this version cannot read the answer of its function {0}")]
    Answer(&'static str),
}

/// What a runtime says of its version, as far as signatures depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Version of the runtime.
    pub spec: u32,
    /// Version of its transactions' form.
    pub transaction: u32,
}

/// Values of a state by their keys; none for keys without a value.
type State = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A runtime's code.
#[derive(Debug)]
pub struct Code {
    module: Module,
    /// What it was told of the state.
    state: Arc<State>,
}

/// What the code's host knows while it runs.
struct Host {
    limits: StoreLimits,
    state: Arc<State>,
    /// A key that it was not told.
    untold: Option<Vec<u8>>,
    memory: Option<Memory>,
    /// Where free memory begins. Nothing is given back: calls are short.
    heap: u32,
}

impl Code {
    /// Reads the code as it is in the state.
    ///
    /// # Errors
    /// [`CodeError::Blob`], [`CodeError::Invalid`].
    pub fn new(blob: &[u8]) -> Result<Self, CodeError> {
        let code = decompress(blob, CODE_MAX).map_err(|_| CodeError::Blob)?;
        let mut config = Config::default();
        // Few of its functions are called.
        config
            .consume_fuel(true)
            .ignore_custom_sections(true)
            .compilation_mode(CompilationMode::LazyTranslation);
        let module = Module::new(&Engine::new(&config), &code).map_err(invalid)?;
        Ok(Self {
            module,
            state: Arc::default(),
        })
    }

    /// Tells it what the state holds under a key.
    pub fn tell(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        Arc::make_mut(&mut self.state).insert(key, value);
    }

    /// The runtime's version.
    ///
    /// # Errors
    /// [`CodeError`].
    pub fn version(&self) -> Result<Version, CodeError> {
        /// Name, implementation, versions of authoring, runtime and implementation, interfaces,
        /// version of transactions.
        type Head = (String, String, [u32; 3], Vec<([u8; 8], u32)>, u32);
        const FUNCTION: &str = "Core_version";
        let answer = self.call(FUNCTION, &[])?;
        let head = Head::decode(&mut answer.as_slice());
        let (_, _, [_, spec, _], _, transaction) = head.map_err(|_| CodeError::Answer(FUNCTION))?;
        Ok(Version { spec, transaction })
    }

    /// The runtime's metadata. It names constants that are values of the state.
    ///
    /// # Errors
    /// [`CodeError::Untold`] with a key that [`Self::tell`] has to tell first, or another [`CodeError`].
    pub fn metadata(&self) -> Result<Metadata, CodeError> {
        const FUNCTION: &str = "Metadata_metadata_at_version";
        for version in METADATA_VERSIONS {
            let answer = self.call(FUNCTION, &version.to_le_bytes())?;
            let metadata = Option::<Vec<u8>>::decode(&mut answer.as_slice());
            let metadata = metadata.map_err(|_| CodeError::Answer(FUNCTION))?;
            if let Some(metadata) = metadata {
                return Metadata::decode_from(&metadata).map_err(|_| CodeError::Answer(FUNCTION));
            }
        }
        Err(CodeError::Answer(FUNCTION))
    }

    /// Calls a function of the runtime with SCALE-encoded arguments; answers its SCALE-encoded result.
    fn call(&self, function: &'static str, arguments: &[u8]) -> Result<Vec<u8>, CodeError> {
        let ended = |error: wasmi::Error| CodeError::Ended {
            function,
            reason: error.to_string(),
        };
        let limits = StoreLimitsBuilder::new()
            .memory_size(MEMORY_MAX)
            .table_elements(TABLE_MAX)
            .build();
        let host = Host {
            limits,
            state: Arc::clone(&self.state),
            untold: None,
            memory: None,
            heap: 0,
        };
        let mut store = Store::new(self.module.engine(), host);
        store.limiter(|host| &mut host.limits);
        store.set_fuel(FUEL_MAX).map_err(invalid)?;
        let linker = self.link(&mut store)?;
        let instance = linker
            .instantiate(&mut store, &self.module)
            .map_err(invalid)?;
        // It would run before it has any memory to take; runtimes have none.
        let instance = instance.ensure_no_start(&mut store);
        let instance = instance.map_err(|error| invalid(error.into()))?;
        let own = instance.get_memory(&store, "memory");
        let memory = store.data().memory.or(own);
        let memory = memory.ok_or_else(|| CodeError::Invalid("it has no memory".into()))?;
        let heap = instance.get_global(&store, "__heap_base");
        let heap = heap.and_then(|heap| heap.get(&store).i32());
        let heap = heap.ok_or_else(|| CodeError::Invalid("it has no __heap_base".into()))?;
        store.data_mut().memory = Some(memory);
        store.data_mut().heap = heap as u32;

        let run = instance.get_typed_func::<(u32, u32), u64>(&store, function);
        let run = run.map_err(invalid)?;
        let at = allocate(&mut store, arguments.len() as u32).map_err(ended)?;
        let written = memory.write(&mut store, at as usize, arguments);
        written.map_err(|error| ended(error.into()))?;
        let answer = run.call(&mut store, (at, arguments.len() as u32));
        let answer = answer.map_err(|error| match store.data_mut().untold.take() {
            Some(key) => CodeError::Untold(key),
            None => ended(error),
        })?;
        let bytes = memory.data(&store).get(range(answer));
        let bytes = bytes.filter(|bytes| bytes.len() <= ANSWER_MAX);
        Ok(bytes.ok_or(CodeError::Answer(function))?.to_vec())
    }

    /// Gives the code what it imports.
    fn link(&self, store: &mut Store<Host>) -> Result<Linker<Host>, CodeError> {
        let mut linker = Linker::new(self.module.engine());
        for import in self.module.imports() {
            let (module, name) = (import.module(), import.name());
            let value: Extern = match import.ty() {
                ExternType::Func(wanted) => function(&mut *store, name, wanted).into(),
                ExternType::Memory(wanted) => {
                    let memory = Memory::new(&mut *store, *wanted);
                    let memory = memory.map_err(|error| invalid(error.into()))?;
                    store.data_mut().memory = Some(memory);
                    memory.into()
                }
                ExternType::Table(_) | ExternType::Global(_) => {
                    return Err(CodeError::Invalid(format!("it imports {name}")));
                }
            };
            // One that is imported twice is defined already.
            if linker.get(&*store, module, name).is_none() {
                linker
                    .define(module, name, value)
                    .map_err(|error| invalid(error.into()))?;
            }
        }
        Ok(linker)
    }
}

fn invalid(error: wasmi::Error) -> CodeError {
    CodeError::Invalid(error.to_string())
}

/// The host's function of this name: memory, silence, or an end.
fn function(store: &mut Store<Host>, name: &str, wanted: &FuncType) -> Func {
    let of = |params: &[ValType], results: &[ValType]| {
        (wanted.params(), wanted.results()) == (params, results)
    };
    match name {
        "ext_allocator_malloc_version_1" if of(&[ValType::I32], &[ValType::I32]) => {
            Func::wrap(store, |mut caller: Caller<'_, Host>, size: u32| {
                allocate(&mut caller, size)
            })
        }
        "ext_allocator_free_version_1" if of(&[ValType::I32], &[]) => {
            Func::wrap(store, |_: u32| ())
        }
        "ext_storage_get_version_1" if of(&[ValType::I64], &[ValType::I64]) => {
            Func::wrap(store, |mut caller: Caller<'_, Host>, key: u64| {
                read(&mut caller, key)
            })
        }
        // The level of logs that is "off".
        "ext_logging_max_level_version_1" if of(&[], &[ValType::I32]) => {
            Func::wrap(store, || 0_u32)
        }
        "ext_logging_log_version_1" if wanted.results().is_empty() => {
            Func::new(store, wanted.clone(), |_, _, _: &mut [Val]| Ok(()))
        }
        _ => {
            let reason = format!("it called {name}, which needs a node");
            Func::new(store, wanted.clone(), move |_, _, _| {
                Err(wasmi::Error::new(reason.clone()))
            })
        }
    }
}

/// A range of memory as one number: its place in the lower half, its length in the upper one.
fn range(packed: u64) -> Range<usize> {
    let at = packed as u32 as usize;
    at..at.saturating_add((packed >> 32) as usize)
}

/// Writes the encoded value of a key into memory; answers where.
fn read(caller: &mut Caller<'_, Host>, key: u64) -> Result<u64, wasmi::Error> {
    let error = || wasmi::Error::new("it reads the state at no place");
    let memory = caller.data().memory.ok_or_else(error)?;
    let key = memory.data(&*caller).get(range(key)).ok_or_else(error)?;
    let key = key.to_vec();
    let Some(value) = caller.data().state.get(&key).map(Encode::encode) else {
        caller.data_mut().untold = Some(key);
        return Err(error());
    };
    let (at, length) = (allocate(&mut *caller, value.len() as u32)?, value.len());
    memory.write(&mut *caller, at as usize, &value)?;
    Ok(u64::from(at) | (length as u64) << 32)
}

/// Takes memory that nothing uses yet.
fn allocate(
    mut store: impl wasmi::AsContextMut<Data = Host>,
    size: u32,
) -> Result<u32, wasmi::Error> {
    let full = || wasmi::Error::new("it asks for too much memory");
    let mut store = store.as_context_mut();
    let memory = store.data().memory.ok_or_else(full)?;
    let free = store.data().heap.checked_next_multiple_of(8);
    let at = free.and_then(|free| free.checked_add(HEADER));
    let at = at.ok_or_else(full)?;
    let end = at.checked_add(size).ok_or_else(full)?;
    let pages = u64::from(end).div_ceil(PAGE);
    let missing = pages.saturating_sub(u64::from(memory.size(&store)));
    if missing > 0 {
        let grown = memory.grow(&mut store, missing as u32);
        grown.map_err(|_| full())?;
    }
    store.data_mut().heap = end;
    Ok(at)
}

#[cfg(test)]
mod tests;
