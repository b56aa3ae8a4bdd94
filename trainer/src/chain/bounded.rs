//! Values of types that a hostile runtime may have named.
//!
//! Types can contain themselves, and lists can have four billion items without a byte: whoever decodes by them
//! alone may never finish, or may overflow the stack, which ends the process. Here each value costs a step, and
//! there are only so many steps per byte.

use std::cell::Cell;

use scale_info::PortableRegistry;
use subxt::ext::{
    scale_decode::visitor::{IgnoreVisitor, decode_with_visitor},
    scale_type_resolver::{ResolvedTypeVisitor, TypeResolver},
};
use thiserror::Error;

/// Values for each byte, at most: types without bytes are few.
const STEPS_PER_BYTE: u64 = 64;
/// Values that may have no bytes at all.
const STEPS_MIN: u64 = 100_000;
/// Bytes of the stack on which values are decoded: a hundred times what the deepest calls that nodes accept need.
const STACK: usize = 64 << 20;
/// Bytes that must be left of it.
const STACK_MIN: usize = 256 << 10;

/// Why decoding was ended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unbounded {
    /// Values without end, or nearly.
    #[error("more values than so many bytes hold")]
    Many,
    /// Values within values.
    #[error("values are nested too deeply")]
    Deep,
    /// The types contradict themselves.
    #[error("{0}")]
    Types(String),
}

/// Types that resolve a limited number of times.
pub struct Bounded<'a> {
    types: &'a PortableRegistry,
    steps: Cell<u64>,
}

impl<'a> Bounded<'a> {
    /// Types for values in so many bytes.
    pub fn new(types: &'a PortableRegistry, bytes: usize) -> Self {
        let steps = STEPS_PER_BYTE.saturating_mul(bytes as u64);
        Self {
            types,
            steps: Cell::new(steps.saturating_add(STEPS_MIN)),
        }
    }

    /// Skips a value. Call it inside [`with_stack`].
    ///
    /// # Errors
    /// When there is no such value, or decoding it was ended.
    pub fn skip(&self, id: u32, input: &mut &[u8]) -> Result<(), String> {
        let skipped = decode_with_visitor(input, id, self, IgnoreVisitor::<Self>::new());
        skipped.map(|_| ()).map_err(|error| error.to_string())
    }
}

impl TypeResolver for Bounded<'_> {
    type TypeId = u32;
    type Error = Unbounded;

    fn resolve_type<'this, V: ResolvedTypeVisitor<'this, TypeId = u32>>(
        &'this self,
        id: u32,
        visitor: V,
    ) -> Result<V::Value, Unbounded> {
        let steps = self.steps.get().checked_sub(1).ok_or(Unbounded::Many)?;
        self.steps.set(steps);
        if stacker::remaining_stack().is_some_and(|left| left < STACK_MIN) {
            return Err(Unbounded::Deep);
        }
        let resolved = self.types.resolve_type(id, visitor);
        resolved.map_err(|error| Unbounded::Types(error.to_string()))
    }
}

/// Runs what decodes on a stack of its own.
pub fn with_stack<T>(decode: impl FnOnce() -> T) -> T {
    stacker::grow(STACK, decode)
}

#[cfg(test)]
mod tests {
    use codec::Encode;
    use scale_info::{MetaType, Registry, TypeInfo};

    use super::*;

    fn skip<T: TypeInfo + 'static>(mut bytes: &[u8]) -> Result<usize, String> {
        let mut registry = Registry::new();
        let id = registry.register_type(&MetaType::new::<T>()).id;
        let registry = PortableRegistry::from(registry);
        let types = Bounded::new(&registry, bytes.len());
        with_stack(|| types.skip(id, &mut bytes))?;
        Ok(bytes.len())
    }

    #[track_caller]
    fn ends<T: TypeInfo + 'static>(bytes: &[u8], expected: Unbounded) {
        let error = skip::<T>(bytes).unwrap_err();
        assert!(error.contains(&expected.to_string()), "{error}");
    }

    #[derive(Encode, TypeInfo)]
    enum Nested {
        End,
        More(Box<Nested>),
    }

    #[derive(TypeInfo)]
    #[allow(dead_code, reason = "a type without a value")]
    struct Itself(Box<Itself>);

    #[test]
    fn values_are_skipped() {
        let nested = (0..256).fold(Nested::End, |inner, _| Nested::More(Box::new(inner)));
        let value = (
            vec![nested],
            [7u32; 3],
            Some(()),
            String::from("text"),
            true,
        );
        let bytes = [value.encode(), vec![1, 2]].concat();
        type Value = (Vec<Nested>, [u32; 3], Option<()>, String, bool);
        assert_eq!(skip::<Value>(&bytes), Ok(2));
        assert_eq!(skip::<Vec<u8>>(&vec![0u8; 1 << 20].encode()), Ok(0));
        assert!(skip::<Value>(&bytes[..100]).is_err());
    }

    #[test]
    fn values_without_end_are_given_up() {
        ends::<Itself>(&[], Unbounded::Deep);
        ends::<[(); 4_000_000_000]>(&[], Unbounded::Many);
        ends::<[[(); 100_000]; 100_000]>(&[], Unbounded::Many);
        let many = codec::Compact(u32::MAX).encode();
        ends::<Vec<()>>(&many, Unbounded::Many);
        ends::<Vec<[(); 0]>>(&many, Unbounded::Many);
        ends::<Nested>(&vec![1; 4 << 20], Unbounded::Deep);
    }
}
