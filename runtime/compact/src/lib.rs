//! Stands in for the crate `wasm-opt`, of which substrate-wasm-builder wants two things: a module without debug
//! information, and without instructions that extend signs. The first is a matter of writing the module anew; the
//! second is so for the target `wasm32v1-none`, and checked. The crate it replaces compiles Binaryen, for longer than
//! all else that a build of the node waits for.
//!
//! Names are those of the crate that is replaced.

use std::{fs, io, path::Path};

use wasm_encoder::{
    Module,
    reencode::{self, Reencode, RoundtripReencoder},
};
use wasmparser::{BinaryReaderError, CustomSectionReader, Parser, Validator, WasmFeatures};

/// Where the sections begin that hold debug information in DWARF.
const DWARF: &str = ".debug_";

/// How to write a module anew.
#[derive(Clone, Debug, Default)]
pub struct OptimizationOptions {
    strips_dwarf: bool,
}

/// What to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Leave out debug information; names of functions stay.
    StripDwarf,
    /// Do without instructions that extend signs. All modules do.
    SignextLowering,
}

/// Why there is no module.
#[derive(Debug, thiserror::Error)]
pub enum OptimizationError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// More than WebAssembly 1.0, or no module at all.
    #[error("no module of WebAssembly 1.0; is the target wasm32v1-none installed? {0}")]
    Features(#[from] BinaryReaderError),
    /// It cannot be written anew.
    #[error("the module cannot be written anew: {0}")]
    Encoding(#[from] reencode::Error),
}

impl OptimizationOptions {
    /// Changes nothing by itself.
    pub fn new_opt_level_0() -> Self {
        Self::default()
    }

    /// Only WebAssembly 1.0, as always.
    pub fn mvp_features_only(&mut self) -> &mut Self {
        self
    }

    /// Names of functions stay in any case: traces of a trap show them.
    pub fn debug_info(&mut self, _: bool) -> &mut Self {
        self
    }

    /// Has something changed.
    pub fn add_pass(&mut self, pass: Pass) -> &mut Self {
        self.strips_dwarf |= pass == Pass::StripDwarf;
        self
    }

    /// Reads a module and writes it anew.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the module is not one of WebAssembly 1.0.
    pub fn run(
        &self,
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
    ) -> Result<(), OptimizationError> {
        Ok(fs::write(to, self.rewrite(&fs::read(from)?)?)?)
    }

    fn rewrite(&self, bytes: &[u8]) -> Result<Vec<u8>, OptimizationError> {
        Validator::new_with_features(WasmFeatures::WASM1).validate_all(bytes)?;
        let (mut module, mut sections) = (Module::new(), Sections(self));
        sections.parse_core_module(&mut module, Parser::new(0), bytes)?;
        Ok(module.finish())
    }
}

/// Writes all sections but those that are left out.
struct Sections<'a>(&'a OptimizationOptions);

impl Reencode for Sections<'_> {
    type Error = std::convert::Infallible;

    fn parse_custom_section(
        &mut self,
        module: &mut Module,
        section: CustomSectionReader<'_>,
    ) -> Result<(), reencode::Error> {
        if self.0.strips_dwarf && section.name().starts_with(DWARF) {
            return Ok(());
        }
        RoundtripReencoder.parse_custom_section(module, section)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::borrow::Cow;

    use wasm_encoder::{
        CodeSection, CustomSection, Function, FunctionSection, TypeSection, ValType,
    };
    use wasmparser::Payload;

    use super::*;

    /// A module with one function, and custom sections.
    fn module(extends_signs: bool, sections: &[&str]) -> Vec<u8> {
        let (mut types, mut functions) = (TypeSection::new(), FunctionSection::new());
        types.ty().function([ValType::I32], [ValType::I32]);
        functions.function(0);
        let mut function = Function::new([]);
        function.instructions().local_get(0);
        if extends_signs {
            function.instructions().i32_extend8_s();
        }
        function.instructions().end();
        let mut code = CodeSection::new();
        code.function(&function);
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&code);
        for name in sections {
            module.section(&CustomSection {
                name: Cow::Borrowed(name),
                data: Cow::Borrowed(&[7]),
            });
        }
        module.finish()
    }

    fn custom_sections(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let payloads = Parser::new(0).parse_all(bytes);
        payloads
            .filter_map(|payload| match payload.unwrap() {
                Payload::CustomSection(section) => {
                    Some((section.name().to_owned(), section.data().to_owned()))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn debug_information_goes_and_all_else_stays() {
        let bytes = module(false, &[".debug_info", "runtime_version", ".debug_line"]);
        let mut options = OptimizationOptions::new_opt_level_0();
        let all = options.rewrite(&bytes).unwrap();
        assert_eq!(all, bytes);
        let stripped = options.add_pass(Pass::StripDwarf).rewrite(&bytes).unwrap();
        assert_eq!(
            custom_sections(&stripped),
            [("runtime_version".into(), vec![7])]
        );
        assert_eq!(stripped, module(false, &["runtime_version"]));
    }

    #[test]
    fn more_than_the_first_version_is_refused() {
        let options = OptimizationOptions::new_opt_level_0();
        assert!(options.rewrite(&module(false, &[])).is_ok());
        for bytes in [module(true, &[]), b"no module".to_vec()] {
            let refused = options.rewrite(&bytes);
            assert!(matches!(refused, Err(OptimizationError::Features(_))));
        }
    }

    #[test]
    fn files_are_read_and_written() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (
            folder.path().join("from.wasm"),
            folder.path().join("to.wasm"),
        );
        let options = OptimizationOptions::new_opt_level_0();
        let missing = options.run(&from, &to);
        assert!(matches!(missing, Err(OptimizationError::File(_))));
        fs::write(&from, module(false, &[])).unwrap();
        options.run(&from, &to).unwrap();
        assert_eq!(fs::read(to).unwrap(), module(false, &[]));
    }
}
