//! Elements at equal distances.

use core::marker::PhantomData;

use crate::memory::span::{Span, prefetch};

/// Elements at equal distances.
#[derive(Clone, Copy)]
pub(crate) struct Places<'a> {
    first: *mut u8,
    /// In bytes.
    apart: usize,
    life: PhantomData<&'a mut [u8]>,
}

impl<'a> Places<'a> {
    /// Words from the `first` on that lie `apart` from each other.
    #[inline(always)]
    pub fn of(words: Span<'a, u32>, first: usize, apart: usize) -> Self {
        Self::new(words.as_mut_ptr().cast(), size_of::<u32>(), first, apart)
    }

    #[inline(always)]
    pub(super) fn new(memory: *mut u8, size: usize, first: usize, apart: usize) -> Self {
        Places { first: memory.wrapping_add(first * size), apart: apart * size, life: PhantomData }
    }

    /// Prefetches the cache line of element `i` of these by reading from it.
    ///
    /// # Safety
    /// It must lie inside.
    #[inline(always)]
    pub unsafe fn prefetch(self, i: usize) {
        // SAFETY: inside, by the caller's promise.
        unsafe { prefetch(self.first.add(i * self.apart), 1) };
    }

    /// Prefetches the cache line of element `i` of these with a dummy store, before its value is written. Nothing waits for that store, as
    /// it would for the read of a [`prefetch`](prefetch()).
    ///
    /// # Safety
    /// It must lie inside.
    #[inline(always)]
    pub unsafe fn prefetch_store(self, i: usize) {
        // SAFETY: inside, by the caller's promise.
        unsafe { self.first.add(i * self.apart).write_volatile(0) }
    }
}
