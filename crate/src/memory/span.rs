//! Memory that kernels reach at offsets their plan has validated.

use core::marker::PhantomData;

use crate::tuning::CACHE_LINE;
use crate::vector::Vector;

/// A stretch of memory like a slice, but one that several threads may hold while each touches its own part of it, and
/// whose elements are reached without a bounds check (debug builds check).
#[derive(Debug)]
pub(crate) struct Span<'a, T> {
    at: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

impl<T> Clone for Span<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Span<'_, T> {}

impl<'a> Span<'a, f32> {
    /// The same memory for as many elements of another type, which must not be larger.
    #[inline(always)]
    pub fn cast<T: Copy>(self) -> Span<'a, T> {
        const { assert!(size_of::<T>() <= size_of::<f32>() && align_of::<T>() <= align_of::<f32>()) };
        Span { at: self.at.cast(), len: self.len, life: PhantomData }
    }
}

impl<'a> Span<'a, u32> {
    /// The same memory as `f32`, to be moved by vectors.
    #[inline(always)]
    pub fn as_words(self) -> Span<'a, f32> {
        Span { at: self.at.cast(), len: self.len, life: PhantomData }
    }
}

impl<'a, T: Copy> Span<'a, T> {
    pub fn new(slice: &'a mut [T]) -> Self {
        Span { at: slice.as_mut_ptr(), len: slice.len(), life: PhantomData }
    }

    /// # Safety
    /// `at` must be valid for reads, and for writes where elements are written, of `len` elements for `'a`. Other holders of the same memory must not
    /// touch an element while this one does.
    pub unsafe fn from_raw(at: *mut T, len: usize) -> Self {
        Span { at, len, life: PhantomData }
    }

    pub fn len(self) -> usize {
        self.len
    }

    pub fn as_mut_ptr(self) -> *mut T {
        self.at
    }

    /// # Safety
    /// `first + len` must not exceed the length.
    #[inline(always)]
    pub unsafe fn part(self, first: usize, len: usize) -> Self {
        debug_assert!(first + len <= self.len);
        // SAFETY: the caller keeps the part inside.
        Span { at: unsafe { self.at.add(first) }, len, life: PhantomData }
    }

    /// No elements at all.
    pub fn empty() -> Self {
        Span { at: core::ptr::NonNull::dangling().as_ptr(), len: 0, life: PhantomData }
    }

    /// The elements, to be read.
    ///
    /// # Safety
    /// No holder may write these elements while the slice lives.
    #[inline(always)]
    pub unsafe fn shared(self) -> &'a [T] {
        // SAFETY: valid by construction; not written by the caller's promise.
        unsafe { core::slice::from_raw_parts(self.at, self.len) }
    }

    /// The elements, to be written. Memory that was borrowed to be read must not be asked for so, not even to read it.
    ///
    /// # Safety
    /// The memory must be writable, and no other holder may touch these elements while the slice lives.
    #[inline(always)]
    pub unsafe fn exclusive(self) -> &'a mut [T] {
        // SAFETY: valid by construction; alone by the caller's promise.
        unsafe { core::slice::from_raw_parts_mut(self.at, self.len) }
    }

    /// # Safety
    /// `i` must be below the length.
    #[inline(always)]
    pub unsafe fn get(self, i: usize) -> T {
        debug_assert!(i < self.len);
        // SAFETY: inside, by the caller's promise.
        unsafe { *self.at.add(i) }
    }

    /// # Safety
    /// `i` must be below the length.
    #[inline(always)]
    pub unsafe fn set(self, i: usize, value: T) {
        debug_assert!(i < self.len);
        // SAFETY: inside, by the caller's promise.
        unsafe { *self.at.add(i) = value }
    }
}

/// The types of 32 bits a vector can hold: values and indices.
pub(crate) trait Word: Copy {}
impl Word for f32 {}
impl Word for u32 {}

impl<T: Word> Span<'_, T> {
    /// Loads the first `lanes` lanes.
    ///
    /// # Safety
    /// `at + lanes` must not exceed the length; `lanes` is at most four.
    #[inline(always)]
    pub unsafe fn load<V: Vector>(self, at: usize, lanes: usize) -> V {
        debug_assert!(lanes <= V::LANES && at + lanes <= self.len);
        // SAFETY: as many elements as lanes are inside, by the caller's promise.
        unsafe { load_lanes(self.at.add(at).cast(), lanes) }
    }

    /// Loads `U` elements, 1, 2 or 4, and repeats them to four lanes.
    ///
    /// # Safety
    /// `at + U` must not exceed the length.
    #[inline(always)]
    pub unsafe fn load_unit<V: Vector, const U: usize>(self, at: usize) -> V {
        debug_assert!(at + U <= self.len);
        // SAFETY: as many elements are inside, by the caller's promise.
        unsafe {
            let from = self.at.add(at).cast();
            match U {
                1 => V::load_splat(from),
                2 => V::load_pair(from),
                _ => V::load(from),
            }
        }
    }

    /// Stores the first `lanes` lanes.
    ///
    /// # Safety
    /// `at + lanes` must not exceed the length; `lanes` is at most four.
    #[inline(always)]
    pub unsafe fn store<V: Vector>(self, at: usize, vector: V, lanes: usize) {
        debug_assert!(lanes <= V::LANES && at + lanes <= self.len);
        // SAFETY: as many elements as lanes are inside, by the caller's promise.
        unsafe {
            let at = self.at.add(at).cast();
            if lanes == V::LANES { vector.store(at) } else { vector.store_first(at, lanes) }
        }
    }
}

/// Prefetches `count` elements by reading one of each cache line, where they lie too far from what was read before for the
/// processor to prefetch them itself.
///
/// # Safety
/// The elements must be readable.
#[inline(always)]
pub(crate) unsafe fn prefetch<T: Copy>(from: *const T, count: usize) {
    for i in (0..count).step_by(CACHE_LINE / size_of::<T>()) {
        // SAFETY: one of the elements.
        unsafe { from.add(i).read_volatile() };
    }
}

/// Loads `lanes` cells of a feature map.
///
/// # Safety
/// `at + lanes` must not exceed the length; `lanes` is at most four.
#[inline(always)]
pub(crate) unsafe fn load<V: Vector>(cells: &[f32], at: usize, lanes: usize) -> V {
    debug_assert!(lanes <= V::LANES && at + lanes <= cells.len());
    // SAFETY: as many cells as lanes are inside, by the caller's promise.
    unsafe { load_lanes(cells.as_ptr().add(at), lanes) }
}

#[inline(always)]
unsafe fn load_lanes<V: Vector>(from: *const f32, lanes: usize) -> V {
    // SAFETY: readable for `lanes` lanes, by the caller's promise.
    unsafe { if lanes == V::LANES { V::load(from) } else { V::load_first(from, lanes) } }
}
