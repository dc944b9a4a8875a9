//! The innermost loops. They cannot fail, allocate or panic: a plan has validated every offset they use.
//!
//! A forward kernel first makes a fast result, which is right for every bin without a NaN, and then repairs the few bins that need it
//! ([`repair`]). It is written over an [`Accumulator`], so that the pass with indices and the one without are the same code.

mod accumulator;
pub(crate) mod average;
mod carrier;
pub(crate) mod narrow;
pub(crate) mod nchw;
pub(crate) mod nhwc;
pub(crate) mod regions;
mod repair;
pub(crate) mod scatter;
pub(crate) mod square;
pub(crate) mod transposed;
mod wide_bins;

pub(crate) use accumulator::{Accumulator, WithIndex, WithoutIndex};

use crate::geometry::shape::{Arrangement, PlaneStrides};
use crate::memory::maxima::{Indexed, Maxima};
use crate::plan::{Level, PyramidPlan};
use crate::vector::Vector;

/// The output of one item.
#[derive(Clone, Copy)]
pub(crate) struct ItemOutput<'a> {
    pub maxima: Maxima<'a>,
    pub channels: usize,
    pub item: usize,
    pub arrangement: Arrangement,
}

impl<'a> ItemOutput<'a> {
    /// Where the level's bins are.
    #[inline(always)]
    pub fn bins(self, plan: &PyramidPlan, level: &Level) -> PlaneStrides {
        self.arrangement.bins(self.channels, plan.pyramid().bins, level.range, self.item)
    }
}

/// Values and indices of a block of planes, `stride` apart.
#[derive(Clone, Copy)]
struct Stack<'a> {
    maxima: Maxima<'a>,
    stride: usize,
}

impl Stack<'_> {
    /// The same planes without their first elements.
    ///
    /// # Safety
    /// Every plane must have so many.
    #[inline(always)]
    unsafe fn after<A: Indexed>(self, elements: usize) -> Self {
        // SAFETY: the caller's promise.
        let maxima = unsafe { self.maxima.part::<A>(elements, self.maxima.values.len() - elements) };
        Stack { maxima, ..self }
    }
}

/// Whether a plane may need a repair.
#[derive(Clone, Copy)]
struct Flags<V> {
    /// NaN if any cell was. Infinities of both signs give false alarms, which cost a scan.
    sum: V,
    /// Lanes in which the maximum of some bin is zero.
    zeros: V,
}

impl<V: Vector> Flags<V> {
    #[inline(always)]
    fn none() -> Self {
        Flags { sum: V::splat(0.0), zeros: V::splat(0.0) }
    }

    /// The flags of both.
    #[inline(always)]
    fn join(self, other: Self) -> Self {
        Flags { sum: self.sum.add(other.sum), zeros: self.zeros.or(other.zeros) }
    }

    #[inline(always)]
    fn has_nan(self) -> bool {
        self.sum.ne(self.sum).any()
    }

    #[inline(always)]
    fn has_zero(self) -> bool {
        self.zeros.any()
    }
}

/// The sum of all, for [`Flags`].
#[inline(always)]
fn tree_sum<V: Vector, const K: usize>(cells: &[V; K]) -> V {
    tree(cells, V::add)
}

/// Joins all as a tree: a chain of operations, each waiting for the one before, would be the slowest part of the kernel.
#[inline(always)]
fn tree<V: Copy, const K: usize>(cells: &[V; K], join: impl Fn(V, V) -> V) -> V {
    let mut all = *cells;
    let mut gap = 1;
    while gap < K {
        let mut k = 0;
        while k + gap < K {
            all[k] = join(all[k], all[k + gap]);
            k += 2 * gap;
        }
        gap *= 2;
    }
    all[0]
}
