//! Sixteen bins of a small square map whose side is known to the compiler: all is done in registers, and no offset is
//! looked up. The maps of the classic networks are such, and so small that everything around the cells would cost more
//! than the cells.
//!
//! Rows are a loop, and not unrolled: in a long straight line engines do all loads first, and run out of registers.

use super::{Best, Flags, Stack};
use crate::bins::Bin;
use crate::span;
use crate::vector::Vector;

/// Bins a side.
pub(crate) const BINS: usize = 4;

/// The sides there are kernels for.
pub(crate) const SIDES: [usize; 3] = [7, 13, 14];

/// The cells along a side that bin `i` reads: those of the adaptive rule.
pub(crate) const fn bin(side: usize, i: usize) -> Bin {
    Bin { start: (i * side / BINS) as u32, end: ((i + 1) * side).div_ceil(BINS) as u32 }
}

/// Reduces the bins of every plane, of `side x side` cells, one after the other in `cells`. `bins` are those of either axis.
///
/// # Safety
/// `side` must be one of [`SIDES`], `cells` hold a plane for each of `planes`, and `out` sixteen bins for each.
#[inline(always)]
pub(super) unsafe fn reduce<V: Vector, B: Best<V>>(
    bins: &[Bin],
    side: usize,
    cells: &[f32],
    out: Stack,
    planes: &mut [Flags<V>],
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match side {
            7 => reduce_planes::<V, B, 7>(bins, cells, out, planes),
            13 => reduce_planes::<V, B, 13>(bins, cells, out, planes),
            _ => reduce_planes::<V, B, 14>(bins, cells, out, planes),
        }
    }
}

/// Reduces the bins of every plane, of `SIDE x SIDE` cells, one after the other in `cells`.
///
/// # Safety
/// `cells` must hold a plane for each of `planes`, and `out` sixteen bins for each.
#[inline(never)]
unsafe fn reduce_planes<V: Vector, B: Best<V>, const SIDE: usize>(
    bins: &[Bin],
    cells: &[f32],
    out: Stack,
    planes: &mut [Flags<V>],
) {
    for (i, flags) in planes.iter_mut().enumerate() {
        // SAFETY: the plane's cells and bins, by the caller's promise.
        unsafe {
            let cells = cells.get_unchecked(i * SIDE * SIDE..(i + 1) * SIDE * SIDE);
            let out = out.slots.part::<B>(i * out.stride, BINS * BINS);
            let mut all = Flags { sum: V::splat(0.0), zeros: V::splat(0.0) };
            for (i, &rows) in bins.iter().enumerate() {
                let (best, sum) = reduce_row::<V, B, SIDE>(cells, rows);
                best.store(out, BINS * i, BINS);
                all.sum = all.sum.add(sum);
                all.zeros = all.zeros.or(best.value().eq(V::splat(0.0)));
            }
            *flags = all;
        }
    }
}

/// Reduces a row of bins. Gives the sum of its cells.
///
/// # Safety
/// `cells` must hold a plane.
#[inline(always)]
unsafe fn reduce_row<V: Vector, B: Best<V>, const SIDE: usize>(cells: &[f32], rows: Bin) -> (B, V) {
    let first = |j: usize| (bin(SIDE, j).start as usize).min(SIDE - V::LANES);
    let mut best = [B::none(V::splat_index((rows.start as usize * SIDE) as u32)); BINS];
    let mut sum = V::splat(0.0);
    for row in rows.range() {
        // SAFETY: a row of the plane, and four cells from a column on that three follow.
        let values: [V; BINS] = unsafe {
            let cells = cells.get_unchecked(row * SIDE..);
            core::array::from_fn(|j| span::load(cells, first(j), V::LANES))
        };
        for (best, &value) in best.iter_mut().zip(&values) {
            best.take(value, V::splat_index((row * SIDE) as u32));
        }
        sum = sum.add(super::tree_sum(&values));
    }
    let best = core::array::from_fn(|j| {
        let best = best[j].add_index(V::count_from(first(j) as u32));
        let inside = |lane: usize| bin(SIDE, j).range().contains(&(first(j) + lane));
        let all = bin(SIDE, j).len() == V::LANES;
        if all { best } else { best.keep(V::mask(core::array::from_fn(inside))) }
    });
    (B::reduce(best), sum)
}
