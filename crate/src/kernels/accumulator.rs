//! What a kernel accumulates: the greatest value of each lane, with or without its index.

use crate::memory::maxima::{Indexed, Maxima};
use crate::vector::Vector;

/// The greatest cell so far in each of four lanes.
pub(crate) trait Accumulator<V: Vector>: Indexed + Copy {
    /// No cell yet: negative infinity, standing at `index`.
    fn empty(index: V) -> Self;
    /// The first cell of each lane. A NaN hides later cells of its lane; that bin is repaired afterwards.
    fn first(value: V, index: V) -> Self;
    /// See [`Vector::force_evaluation`].
    fn force_evaluation(self);
    /// One more cell a lane, `index` above all before it. Equal values keep the earlier cell; NaN is passed over.
    fn update(&mut self, value: V, index: V);
    /// The greater of both, the lower index among equals.
    fn merge(self, other: Self) -> Self;
    fn value(self) -> V;
    /// All zero where indices are not carried along.
    fn index(self) -> V;
    /// Moves the lanes of value and index alike.
    fn shuffle(self, other: Self, lanes: impl Fn(V, V) -> V) -> Self;
    fn add_index(self, offset: V) -> Self;
    /// Empties the lanes where `mask` is zero.
    fn keep(self, mask: V) -> Self;

    /// # Safety
    /// `at + lanes` must not exceed the length; `lanes` is at most four.
    unsafe fn load(from: Maxima, at: usize, lanes: usize) -> Self;
    /// Loads `U` elements, 1, 2 or 4, and repeats them to four lanes.
    ///
    /// # Safety
    /// `at + U` must not exceed the length.
    unsafe fn load_unit<const U: usize>(from: Maxima, at: usize) -> Self;
    /// # Safety
    /// `at + lanes` must not exceed the length; `lanes` is at most four.
    unsafe fn store(self, to: Maxima, at: usize, lanes: usize);

    /// Four accumulators into one, whose lanes are the greatest lane of each: the horizontal step of four bins at once.
    #[inline(always)]
    fn reduce([a, b, c, d]: [Self; 4]) -> Self {
        Self::pair(a, b).join(Self::pair(c, d))
    }

    /// The first half of that step, for two of the four: two lanes are left of each.
    #[inline(always)]
    fn pair(self, other: Self) -> Self {
        self.shuffle(other, V::zip_low).merge(self.shuffle(other, V::zip_high))
    }

    /// The second half, for two pairs.
    #[inline(always)]
    fn join(self, other: Self) -> Self {
        self.shuffle(other, V::join_low).merge(self.shuffle(other, V::join_high))
    }
}

/// The maximum alone.
#[derive(Clone, Copy)]
pub(crate) struct WithoutIndex<V>(V);

impl<V> Indexed for WithoutIndex<V> {
    const INDEXED: bool = false;
}

impl<V: Vector> Accumulator<V> for WithoutIndex<V> {
    #[inline(always)]
    fn empty(_: V) -> Self {
        WithoutIndex(V::splat(f32::NEG_INFINITY))
    }
    #[inline(always)]
    fn first(value: V, _: V) -> Self {
        WithoutIndex(value)
    }
    #[inline(always)]
    fn force_evaluation(self) {
        self.0.force_evaluation();
    }
    #[inline(always)]
    fn update(&mut self, value: V, _: V) {
        self.0 = self.0.pmax(value);
    }
    #[inline(always)]
    fn merge(self, other: Self) -> Self {
        WithoutIndex(self.0.pmax(other.0))
    }
    #[inline(always)]
    fn value(self) -> V {
        self.0
    }
    #[inline(always)]
    fn index(self) -> V {
        V::splat_index(0)
    }
    #[inline(always)]
    fn shuffle(self, other: Self, lanes: impl Fn(V, V) -> V) -> Self {
        WithoutIndex(lanes(self.0, other.0))
    }
    #[inline(always)]
    fn add_index(self, _: V) -> Self {
        self
    }
    #[inline(always)]
    fn keep(self, mask: V) -> Self {
        WithoutIndex(self.0.and(mask).or(V::splat(f32::NEG_INFINITY).and(mask.not())))
    }
    #[inline(always)]
    unsafe fn load(from: Maxima, at: usize, lanes: usize) -> Self {
        // SAFETY: the caller's promise.
        WithoutIndex(unsafe { from.values.load(at, lanes) })
    }
    #[inline(always)]
    unsafe fn load_unit<const U: usize>(from: Maxima, at: usize) -> Self {
        // SAFETY: the caller's promise.
        WithoutIndex(unsafe { from.values.load_unit::<V, U>(at) })
    }
    #[inline(always)]
    unsafe fn store(self, to: Maxima, at: usize, lanes: usize) {
        // SAFETY: the caller's promise.
        unsafe { to.values.store(at, self.0, lanes) }
    }
}

/// The maximum and its flat index in the plane.
#[derive(Clone, Copy)]
pub(crate) struct WithIndex<V> {
    value: V,
    index: V,
}

impl<V> Indexed for WithIndex<V> {
    const INDEXED: bool = true;
}

impl<V: Vector> Accumulator<V> for WithIndex<V> {
    #[inline(always)]
    fn empty(index: V) -> Self {
        WithIndex { value: V::splat(f32::NEG_INFINITY), index }
    }
    #[inline(always)]
    fn first(value: V, index: V) -> Self {
        WithIndex { value, index }
    }
    #[inline(always)]
    fn force_evaluation(self) {
        self.index.force_evaluation();
    }
    #[inline(always)]
    fn update(&mut self, value: V, index: V) {
        (self.value, self.index) = self.value.pmax_indexed(self.index, value, index);
    }
    #[inline(always)]
    fn merge(self, other: Self) -> Self {
        let value = self.value.pmax(other.value);
        let candidate = |best: Self| best.index.set_masked(best.value.ne(value));
        WithIndex { value, index: candidate(self).min_index(candidate(other)) }
    }
    #[inline(always)]
    fn value(self) -> V {
        self.value
    }
    #[inline(always)]
    fn index(self) -> V {
        self.index
    }
    #[inline(always)]
    fn shuffle(self, other: Self, lanes: impl Fn(V, V) -> V) -> Self {
        WithIndex { value: lanes(self.value, other.value), index: lanes(self.index, other.index) }
    }
    #[inline(always)]
    fn add_index(self, offset: V) -> Self {
        WithIndex { index: self.index.add_index(offset), ..self }
    }
    #[inline(always)]
    fn keep(self, mask: V) -> Self {
        // The highest index loses against every other.
        WithIndex { value: WithoutIndex(self.value).keep(mask).0, index: self.index.or(mask.not()) }
    }
    #[inline(always)]
    unsafe fn load(from: Maxima, at: usize, lanes: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { WithIndex { value: from.values.load(at, lanes), index: from.indices.load(at, lanes) } }
    }
    #[inline(always)]
    unsafe fn load_unit<const U: usize>(from: Maxima, at: usize) -> Self {
        // SAFETY: the caller's promise.
        unsafe { WithIndex { value: from.values.load_unit::<V, U>(at), index: from.indices.load_unit::<V, U>(at) } }
    }
    #[inline(always)]
    unsafe fn store(self, to: Maxima, at: usize, lanes: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            to.values.store(at, self.value, lanes);
            to.indices.store(at, self.index, lanes);
        }
    }
}
