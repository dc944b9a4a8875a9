//! Values with or without their indices, side by side.

use crate::memory::span::Span;

/// Values and, where they are asked for, their indices, side by side: reduced rows, or a level's output.
#[derive(Clone, Copy)]
pub(crate) struct Slots<'a> {
    pub values: Span<'a, f32>,
    /// Empty where indices are not asked for.
    pub indices: Span<'a, u32>,
}

/// Whether indices are carried along.
pub(crate) trait Indexed {
    const INDEXED: bool;
}

impl Slots<'_> {
    /// # Safety
    /// `first + len` must not exceed the length.
    #[inline(always)]
    pub unsafe fn part<B: Indexed>(self, first: usize, len: usize) -> Self {
        // SAFETY: inside, by the caller's promise; there are as many indices as values where there are any.
        unsafe {
            let indices = if B::INDEXED { self.indices.part(first, len) } else { self.indices };
            Slots { values: self.values.part(first, len), indices }
        }
    }
}
