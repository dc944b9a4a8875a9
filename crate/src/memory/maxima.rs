//! Maxima with or without their indices.

use crate::memory::span::Span;

/// Maxima and, where they are asked for, their indices: reduced rows, or the bins of a level.
#[derive(Clone, Copy)]
pub(crate) struct Maxima<'a> {
    pub values: Span<'a, f32>,
    /// Empty where indices are not asked for.
    pub indices: Span<'a, u32>,
}

/// Whether indices are carried along.
pub(crate) trait Indexed {
    const INDEXED: bool;
}

impl Maxima<'_> {
    /// # Safety
    /// `first + len` must not exceed the length.
    #[inline(always)]
    pub unsafe fn part<A: Indexed>(self, first: usize, len: usize) -> Self {
        // SAFETY: inside, by the caller's promise; there are as many indices as values where there are any.
        unsafe {
            let indices = if A::INDEXED { self.indices.part(first, len) } else { self.indices };
            Maxima { values: self.values.part(first, len), indices }
        }
    }
}
