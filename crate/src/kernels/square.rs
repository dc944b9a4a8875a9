//! Sixteen bins of a small square map whose side is known to the compiler, and the four and the one that they make up:
//! all is done in registers, and no offset is looked up. The maps of the classic networks are such, and so small that
//! everything around the cells would cost more than the cells.

use super::{Best, Flags, Slots, Stack};
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

/// What the kernel makes of a block of planes.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'a> {
    pub sixteen: Stack<'a>,
    pub four: Option<Stack<'a>>,
    pub one: Option<Stack<'a>>,
}

/// Reduces the bins of every plane, of `side x side` cells, one after the other in `cells`. `bins` are those of either axis.
///
/// # Safety
/// `side` must be one of [`SIDES`], `cells` hold a plane for each of `planes`, and `out` the bins of each.
#[inline(always)]
pub(super) unsafe fn reduce<V: Vector, B: Best<V>>(
    side: usize,
    bins: &[Bin],
    cells: &[f32],
    out: Outputs,
    planes: &mut [Flags<V>],
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match side {
            7 => reduce_planes::<V, B, 7, 2>(bins, cells, out, planes),
            13 => reduce_planes::<V, B, 13, 4>(bins, cells, out, planes),
            _ => reduce_planes::<V, B, 14, 4>(bins, cells, out, planes),
        }
    }
}

/// Reduces the bins of every plane, of `SIDE x SIDE` cells, a row of which is read in `K` vectors.
///
/// # Safety
/// As [`reduce`].
#[inline(never)]
unsafe fn reduce_planes<V: Vector, B: Best<V>, const SIDE: usize, const K: usize>(
    bins: &[Bin],
    cells: &[f32],
    out: Outputs,
    planes: &mut [Flags<V>],
) {
    for (i, flags) in planes.iter_mut().enumerate() {
        // SAFETY: the plane's cells and bins, by the caller's promise.
        unsafe {
            let cells = cells.get_unchecked(i * SIDE * SIDE..(i + 1) * SIDE * SIDE);
            let sixteen = out.sixteen.slots.part::<B>(i * out.sixteen.stride, BINS * BINS);
            // In registers, and added to what other levels found at the end.
            let mut found = Flags { sum: V::splat(0.0), zeros: V::splat(0.0) };
            if K < BINS {
                // Few enough cells for a straight line.
                reduce_row::<V, B, SIDE, K>(cells, bin(SIDE, 0), sixteen.part::<B>(0, BINS), &mut found);
                reduce_row::<V, B, SIDE, K>(cells, bin(SIDE, 1), sixteen.part::<B>(BINS, BINS), &mut found);
                reduce_row::<V, B, SIDE, K>(cells, bin(SIDE, 2), sixteen.part::<B>(2 * BINS, BINS), &mut found);
                reduce_row::<V, B, SIDE, K>(cells, bin(SIDE, 3), sixteen.part::<B>(3 * BINS, BINS), &mut found);
            } else {
                // A loop, and not unrolled: in a long straight line engines do all loads first, and run out of registers.
                for (i, &rows) in bins.iter().enumerate() {
                    reduce_row::<V, B, SIDE, K>(cells, rows, sixteen.part::<B>(BINS * i, BINS), &mut found);
                }
            }
            flags.sum = flags.sum.add(found.sum);
            flags.zeros = flags.zeros.or(found.zeros);
            merge_rows::<V, B>([0, 1, 2, 3].map(|i| B::load(sixteen, BINS * i, BINS)), i, out);
        }
    }
}

/// Makes plane `i` of the coarser levels from its rows of four bins.
///
/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn merge_rows<V: Vector, B: Best<V>>(rows: [B; BINS], i: usize, out: Outputs) {
    let [a, b, c, d] = rows;
    let joined = |a: B, b: B| [a.shuffle(b, V::join_low), a.shuffle(b, V::join_high)];
    let [[left, right], [low_left, low_right]] = [joined(a, b), joined(c, d)];
    let four = B::reduce([left, right, low_left, low_right]);
    // SAFETY: the bins of the plane, by the caller's promise.
    unsafe {
        if let Some(Stack { slots, stride }) = out.four {
            four.store(slots, i * stride, 4);
        }
        if let Some(Stack { slots, stride }) = out.one {
            B::reduce([four; 4]).store(slots, i * stride, 1);
        }
    }
}

/// Reduces a row of bins.
///
/// # Safety
/// `cells` must hold a plane, and `out` a row of bins.
#[inline(always)]
unsafe fn reduce_row<V: Vector, B: Best<V>, const SIDE: usize, const K: usize>(
    cells: &[f32],
    rows: Bin,
    out: Slots,
    flags: &mut Flags<V>,
) {
    // Each vector serves as many neighbouring bins, beginning where the first of them does.
    let first = |k: usize| (bin(SIDE, k * BINS / K).start as usize).min(SIDE - V::LANES);
    let mut best = [B::none(V::splat_index((rows.start as usize * SIDE) as u32)); K];
    let mut sum = V::splat(0.0);
    for row in rows.range() {
        // SAFETY: a row of the plane, and four cells from a column on that three follow.
        let values: [V; K] = unsafe {
            let cells = cells.get_unchecked(row * SIDE..);
            core::array::from_fn(|k| span::load(cells, first(k), V::LANES))
        };
        for (best, &value) in best.iter_mut().zip(&values) {
            best.take(value, V::splat_index((row * SIDE) as u32));
        }
        sum = sum.add(super::tree_sum(&values));
    }
    let best = B::reduce(core::array::from_fn(|j| {
        let k = j * K / BINS;
        let best = best[k].add_index(V::count_from(first(k) as u32));
        let inside = |lane: usize| bin(SIDE, j).range().contains(&(first(k) + lane));
        let all = bin(SIDE, j).len() == V::LANES;
        if all { best } else { best.keep(V::mask(core::array::from_fn(inside))) }
    }));
    // SAFETY: a row of bins, by the caller's promise.
    unsafe { best.store(out, 0, BINS) };
    flags.sum = flags.sum.add(sum);
    flags.zeros = flags.zeros.or(best.value().eq(V::splat(0.0)));
}
