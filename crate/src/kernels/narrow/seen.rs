//! What is seen of halves on the way, which tells whether their maxima must be found another way.

use core::ops::Range;

use half::f16;

use super::order::Order;
use super::pass::Item;
use crate::element::ElementType;
use crate::kernels::tree;
use crate::vector::{Native as V, Packed, Vector};

/// What was seen of halves that tells whether something is left to be mended. Of bytes nothing is.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    /// The greatest of the cells as `u16`: above negative infinity, it is NaN.
    cells: V,
    /// The greatest of the bins as `i16`: above infinity, it is NaN.
    bins: V,
    /// The least of the bins as `u16`: of 0, it is positive zero, and a negative one before it would be chosen.
    zeros: V,
}

const INFINITY: u16 = 0x7c00;
const NEGATIVE_INFINITY: u16 = 0xfc00;

impl Seen {
    #[inline(always)]
    pub fn nothing() -> Self {
        let none = V::splat_u16(0);
        Seen { cells: none, bins: none, zeros: none.not() }
    }

    #[inline(always)]
    pub fn cells<O: Order, const K: usize>(&mut self, cells: &[V; K]) {
        if O::FLOATS {
            self.cells = self.cells.max_u16(tree(cells, V::max_u16));
        }
    }

    #[inline(always)]
    pub fn bin<O: Order>(&mut self, bin: V) {
        if O::FLOATS {
            self.bins = self.bins.max_i16(bin);
            self.zeros = self.zeros.min_u16(bin);
        }
    }

    /// Whether something was seen that the passes do not get right: NaN, or zeros of both signs among some planes of the item. It is
    /// not seen again.
    ///
    /// # Safety
    /// The planes must be some of the item's.
    #[inline(never)]
    pub unsafe fn take_faults(&mut self, item: &Item, planes: Range<usize>) -> bool {
        if item.input.kind() != ElementType::F16 {
            return false;
        }
        let seen = core::mem::replace(self, Seen::nothing());
        // Maps behind a ReLU are full of zeros, but of one sign.
        let negative = |run: Range<usize>| {
            // SAFETY: cells of the item, which nobody writes.
            has_negative_zero(unsafe { item.input.part(run.start, run.len()).cast().shared() })
        };
        let (height, width) = item.plan.size();
        seen.has_nan() || (seen.has_zero() && item.cells.runs(planes, height * width).any(negative))
    }

    /// Whether some cell may be NaN.
    fn has_nan(self) -> bool {
        let most = V::splat_u16(NEGATIVE_INFINITY);
        let negative = self.cells.max_u16(most).eq_u16(most).not();
        negative.or(self.bins.gt_i16(V::splat_u16(INFINITY))).any()
    }

    /// Whether some bin is a zero.
    fn has_zero(self) -> bool {
        self.zeros.eq_u16(V::splat_u16(0)).any()
    }
}

/// Whether there is a negative zero among some halves.
#[inline(never)]
fn has_negative_zero(halves: &[f16]) -> bool {
    const NEGATIVE_ZERO: u16 = 0x8000;
    let (eights, rest) = halves.as_chunks::<{ 2 * V::LANES }>();
    let zeros = eights.iter().fold(V::splat_u16(0), |zeros, eight| {
        // SAFETY: a vector of halves.
        zeros.or(unsafe { V::load(eight.as_ptr().cast()) }.eq_u16(V::splat_u16(NEGATIVE_ZERO)))
    });
    zeros.any() || rest.iter().any(|half| half.to_bits() == NEGATIVE_ZERO)
}
