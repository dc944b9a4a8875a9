//! Elements whose type is known at run time only.

use core::marker::PhantomData;
use core::ops::Range;

use half::f16;

use super::{Element, ElementType, Places};
use crate::memory::span::Span;

/// A stretch of elements whose type is known at run time only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a> {
    at: *mut u8,
    len: usize,
    kind: ElementType,
    life: PhantomData<&'a mut [u8]>,
}

impl<'a> Elements<'a> {
    /// Elements to be read only.
    pub fn of<T: Element>(slice: &'a [T]) -> Self {
        Elements { at: slice.as_ptr().cast_mut().cast(), len: slice.len(), kind: T::TYPE, life: PhantomData }
    }

    pub fn of_mut<T: Element>(slice: &'a mut [T]) -> Self {
        Elements { at: slice.as_mut_ptr().cast(), len: slice.len(), kind: T::TYPE, life: PhantomData }
    }

    /// As many elements of a type as fit into working memory.
    pub fn in_memory(memory: Span<'a, f32>, kind: ElementType) -> Self {
        let len = memory.len() * (size_of::<f32>() / kind.size());
        Elements { at: memory.as_mut_ptr().cast(), len, kind, life: PhantomData }
    }

    /// # Safety
    /// `at` must be valid for reads, and for writes if elements are narrowed to it, of `len` elements of the type for
    /// `'a`, and aligned for them. Other holders of the same memory must not touch an element while this one does.
    #[cfg(target_arch = "wasm32")]
    pub unsafe fn from_raw(at: *mut u8, len: usize, kind: ElementType) -> Self {
        Elements { at, len, kind, life: PhantomData }
    }

    pub fn kind(self) -> ElementType {
        self.kind
    }

    /// The elements themselves, where they are `f32` and need no conversion.
    #[inline(always)]
    pub fn as_f32(self) -> Option<Span<'a, f32>> {
        // SAFETY: valid by construction, and of this type.
        (self.kind == ElementType::F32).then(|| unsafe { Span::from_raw(self.at.cast(), self.len) })
    }

    pub fn len(self) -> usize {
        self.len
    }

    /// # Safety
    /// `first + len` must not exceed the length.
    #[inline(always)]
    pub unsafe fn part(self, first: usize, len: usize) -> Self {
        debug_assert!(first + len <= self.len);
        // SAFETY: the caller keeps the part inside.
        Elements { at: unsafe { self.at.add(first * self.kind.size()) }, len, ..self }
    }

    /// The elements from `first` on.
    ///
    /// # Safety
    /// `first` must not exceed the length.
    #[inline(always)]
    pub unsafe fn from(self, first: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { self.part(first, self.len - first) }
    }

    /// Copies all of `from`, elements of the same type, to the first of these.
    ///
    /// # Safety
    /// There must be as many, and they may not overlap.
    pub unsafe fn copy_from(self, from: Elements) {
        debug_assert!(self.kind == from.kind && from.len <= self.len);
        // SAFETY: inside, by the caller's promise.
        unsafe { core::ptr::copy_nonoverlapping(from.at, self.at, from.len * self.kind.size()) }
    }

    /// The elements as those of a type, or of one of the same size whose bits are the same.
    #[inline(always)]
    pub fn cast<T: Element>(self) -> Span<'a, T> {
        debug_assert!(self.kind.size() == size_of::<T>());
        // SAFETY: valid by construction, and of this size.
        unsafe { Span::from_raw(self.at.cast(), self.len) }
    }

    /// Elements from the `first` on that lie `apart` from each other.
    #[inline(always)]
    pub fn places(self, first: usize, apart: usize) -> Places<'a> {
        Places::new(self.at, self.kind.size(), first, apart)
    }

    /// One element.
    ///
    /// # Safety
    /// `i` must be below the length.
    #[inline(always)]
    pub unsafe fn get(self, i: usize) -> f32 {
        /// Not inlined, as it has code for each type.
        #[inline(never)]
        unsafe fn converted(elements: Elements, i: usize) -> f32 {
            // SAFETY: the caller's promise, and the element is of the type.
            unsafe {
                match elements.kind {
                    ElementType::F32 => elements.cast::<f32>().get(i),
                    ElementType::F16 => elements.cast::<f16>().get(i).widen(),
                    ElementType::I8 => elements.cast::<i8>().get(i).widen(),
                    ElementType::U8 => elements.cast::<u8>().get(i).widen(),
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.as_f32().map_or_else(|| converted(self, i), |elements| elements.get(i)) }
    }

    /// Sets one element.
    ///
    /// # Safety
    /// `i` must be below the length.
    #[inline(always)]
    pub unsafe fn set(self, i: usize, value: f32) {
        /// Not inlined, as it has code for each type.
        #[inline(never)]
        unsafe fn converted(elements: Elements, i: usize, value: f32) {
            // SAFETY: the caller's promise, and the element is of the type.
            unsafe {
                match elements.kind {
                    ElementType::F32 => elements.cast().set(i, value),
                    ElementType::F16 => elements.cast().set(i, f16::narrow(value)),
                    ElementType::I8 => elements.cast().set(i, i8::narrow(value)),
                    ElementType::U8 => elements.cast().set(i, u8::narrow(value)),
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { self.as_f32().map_or_else(|| converted(self, i, value), |elements| elements.set(i, value)) }
    }

    /// Copies elements to `to`, as many as it has.
    ///
    /// # Safety
    /// `first + to.len()` must not exceed the length.
    pub unsafe fn widen(self, first: usize, to: &mut [f32]) {
        debug_assert!(first + to.len() <= self.len);
        // SAFETY: inside, by the caller's promise, and of the type.
        unsafe {
            match self.kind {
                ElementType::F32 => widen::<f32>(self.at, first, to),
                ElementType::F16 => widen::<f16>(self.at, first, to),
                ElementType::I8 => widen::<i8>(self.at, first, to),
                ElementType::U8 => widen::<u8>(self.at, first, to),
            }
        }
    }

    /// Copies `from` to the elements from `first` on.
    ///
    /// # Safety
    /// `first + from.len()` must not exceed the length.
    pub unsafe fn narrow(self, first: usize, from: &[f32]) {
        debug_assert!(first + from.len() <= self.len);
        // SAFETY: inside, by the caller's promise, and of the type.
        unsafe {
            match self.kind {
                ElementType::F32 => narrow::<f32>(self.at, first, from),
                ElementType::F16 => narrow::<f16>(self.at, first, from),
                ElementType::I8 => narrow::<i8>(self.at, first, from),
                ElementType::U8 => narrow::<u8>(self.at, first, from),
            }
        }
    }

    /// Widens all of some stretches, one after the other, into `to`.
    ///
    /// # Safety
    /// The stretches must lie inside, and be as long as `to` together.
    pub unsafe fn widen_runs(self, runs: impl Iterator<Item = Range<usize>>, to: &mut [f32]) {
        let mut rest = to;
        for run in runs {
            let (part, after) = rest.split_at_mut(run.len());
            // SAFETY: the caller's promise.
            unsafe { self.widen(run.start, part) };
            rest = after;
        }
    }
}

unsafe fn widen<T: Element>(at: *mut u8, first: usize, to: &mut [f32]) {
    // SAFETY: as many elements of the type are inside, by the caller's promise.
    T::widen_all(unsafe { core::slice::from_raw_parts(at.cast::<T>().add(first), to.len()) }, to);
}

unsafe fn narrow<T: Element>(at: *mut u8, first: usize, from: &[f32]) {
    // SAFETY: as many elements of the type are inside, by the caller's promise, and nobody else's.
    T::narrow_all(from, unsafe { core::slice::from_raw_parts_mut(at.cast::<T>().add(first), from.len()) });
}
