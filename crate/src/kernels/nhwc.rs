//! Forward over neighbouring NHWC channels of one item, lanes along the channels.
//!
//! A bin is scanned in row-major order, so its maximum has the sign of its first zero without more ado. Only a nested
//! level, which merges whole bins, may meet zeros of both signs in another order.

use core::ops::Range;

use super::{Accumulator, ItemOutput, repair};
use crate::geometry::bins::Bin;
use crate::geometry::shape::PlaneStrides;
use crate::memory::maxima::Maxima;
use crate::memory::span;
use crate::plan::{Level, PyramidPlan, Source};
use crate::tuning::{CHANNEL_BLOCK, STREAMED_LEVEL};
use crate::vector::Vector;

/// Pools some channels of one item, whose cells lie in `input` at `cells`.
///
/// # Safety
/// `input` and `output` must have the lengths of the plan for this item, and the channels lie inside them.
#[inline(never)]
pub(crate) unsafe fn pool<V: Vector, A: Accumulator<V>>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: PlaneStrides,
    output: ItemOutput,
    channels: Range<usize>,
) {
    // SAFETY: the item's cells lie inside the input.
    let item = unsafe { input.get_unchecked(cells.first..) };
    let mut flags = Flags { sum: V::splat(0.0), conflicts: V::splat(0.0) };
    for level in plan.in_order() {
        let bins = output.bins(plan, level);
        // SAFETY: the level's bins lie inside the output.
        let out = unsafe { output.maxima.part::<A>(bins.first, level.bins() * bins.step) };
        let apart = Apart { cells: cells.step, bins: bins.step };
        let pass = Pass { item, width: plan.size().1, apart, out, len: input.len() };
        // SAFETY: the bins of a plan lie inside its map, and a nested level's inside their parent.
        unsafe {
            match level.source {
                Source::Map => reduce_level::<V, A>(pass, level, channels.clone(), &mut flags),
                Source::Level { parent, rows, columns } => {
                    let parent = &plan.levels()[parent];
                    let from = output.maxima.part::<A>(output.bins(plan, parent).first, parent.bins() * bins.step);
                    let nest = Nest { from, across: parent.columns.len(), rows, columns };
                    merge_level::<V, A>(pass, level, nest, channels.clone(), &mut flags);
                }
            }
        }
    }
    let (nan, zero) = (flags.sum.ne(flags.sum).any(), flags.conflicts.any());
    if nan || zero {
        for channel in channels {
            repair::plane(plan, item, PlaneStrides { first: 0, ..cells }, output, channel, nan, zero);
        }
    }
}

/// What tells whether something is left to be mended.
struct Flags<V> {
    /// NaN if any cell was.
    sum: V,
    /// Lanes in which zeros of both signs met.
    conflicts: V,
}

/// Distances between the elements of a channel: those of the map, and those of the output.
#[derive(Clone, Copy)]
struct Apart {
    cells: usize,
    bins: usize,
}

/// What the passes over one level share.
#[derive(Clone, Copy)]
struct Pass<'a> {
    item: &'a [f32],
    width: usize,
    apart: Apart,
    out: Maxima<'a>,
    /// Elements of the whole map, all items together.
    len: usize,
}

/// Calls `$f::<V, A, K>(…, first channel, lanes of a vector)` for blocks of four vectors, then of one.
macro_rules! for_each_block {
    ($channels:expr, $f:ident, ($($argument:expr),*)) => {{
        let (mut first, end) = ($channels.start, $channels.end);
        while first + CHANNEL_BLOCK <= end {
            $f::<V, A, 4>($($argument,)* first, V::LANES);
            first += CHANNEL_BLOCK;
        }
        while first < end {
            let lanes = V::LANES.min(end - first);
            $f::<V, A, 1>($($argument,)* first, lanes);
            first += lanes;
        }
    }};
}

/// Reduces every bin of a level over the map.
///
/// # Safety
/// `pass` must hold an item and an output of the level's plan, and the channels lie inside them.
#[inline(always)]
unsafe fn reduce_level<V: Vector, A: Accumulator<V>>(
    pass: Pass,
    level: &Level,
    channels: Range<usize>,
    flags: &mut Flags<V>,
) {
    let mut channels = channels;
    // A few blocks are read in about this order in any case.
    if pass.len >= STREAMED_LEVEL && channels.len() >= 4 * CHANNEL_BLOCK {
        let whole = channels.end - channels.len() % CHANNEL_BLOCK;
        // SAFETY: the caller's promise.
        unsafe { stream_level::<V, A>(pass, level, channels.start..whole, flags) };
        channels.start = whole;
    }
    for (i, &rows) in level.rows.iter().enumerate() {
        for (j, &columns) in level.columns.iter().enumerate() {
            let bin = i * level.columns.len() + j;
            // SAFETY: the caller's promise.
            unsafe { for_each_block!(channels, reduce, (pass, bin, rows, columns, flags)) }
        }
    }
}

/// Reduces every bin of a level cell by cell, for whole blocks of channels, which reads memory fastest. Partial maxima are kept in the
/// output.
///
/// # Safety
/// As [`reduce_level`].
#[inline(never)]
unsafe fn stream_level<V: Vector, A: Accumulator<V>>(
    pass: Pass,
    level: &Level,
    channels: Range<usize>,
    flags: &mut Flags<V>,
) {
    let bins = |i: usize| (i * level.columns.len()..).zip(&level.columns);
    // SAFETY: the caller's promise: cells and bins of the level.
    unsafe {
        for (i, rows) in level.rows.iter().enumerate() {
            for (bin, columns) in bins(i) {
                let none = A::empty(V::splat_index(rows.start * pass.width as u32 + columns.start));
                for channel in channels.clone().step_by(V::LANES) {
                    none.store(pass.out, bin * pass.apart.bins + channel, V::LANES);
                }
            }
            for row in rows.range() {
                for (bin, columns) in bins(i) {
                    for column in columns.range() {
                        update_cell::<V, A>(pass, bin, row * pass.width + column, channels.clone(), flags);
                    }
                }
            }
        }
    }
}

/// Takes one cell into a bin, block after block of channels.
///
/// # Safety
/// As [`reduce_level`], for a cell of the bin.
#[inline(always)]
unsafe fn update_cell<V: Vector, A: Accumulator<V>>(
    pass: Pass,
    bin: usize,
    cell: usize,
    channels: Range<usize>,
    flags: &mut Flags<V>,
) {
    let index = V::splat_index(cell as u32);
    let mut sum = flags.sum;
    for first in channels.step_by(CHANNEL_BLOCK) {
        // SAFETY: the caller's promise.
        unsafe {
            let cells: [V; 4] =
                core::array::from_fn(|k| span::load(pass.item, cell * pass.apart.cells + first + 4 * k, V::LANES));
            for (k, &value) in cells.iter().enumerate() {
                let at = bin * pass.apart.bins + first + 4 * k;
                let mut best = A::load(pass.out, at, V::LANES);
                best.update(value, index);
                best.store(pass.out, at, V::LANES);
            }
            sum = sum.add(super::tree_sum(&cells));
        }
    }
    flags.sum = sum;
}

/// Reduces one bin, for `K` vectors of channels.
///
/// # Safety
/// As [`reduce_level`]; `rows` and `columns` must lie inside the map, and `first + 4 * K` or `lanes` inside its channels.
#[inline(always)]
unsafe fn reduce<V: Vector, A: Accumulator<V>, const K: usize>(
    pass: Pass,
    bin: usize,
    rows: Bin,
    columns: Bin,
    flags: &mut Flags<V>,
    first: usize,
    lanes: usize,
) {
    let lanes = if K > 1 { V::LANES } else { lanes };
    let to = bin * pass.apart.bins + first;
    // SAFETY: the block's channels of this bin, and of the cells it reads.
    unsafe {
        let mut best = [A::empty(V::splat_index(rows.start * pass.width as u32 + columns.start)); K];
        let mut sum = V::splat(0.0);
        for row in rows.range() {
            for column in columns.range() {
                let index = row * pass.width + column;
                let at = index * pass.apart.cells + first;
                let cells: [V; K] = core::array::from_fn(|k| span::load(pass.item, at + 4 * k, lanes));
                for (best, &value) in best.iter_mut().zip(&cells) {
                    best.update(value, V::splat_index(index as u32));
                }
                sum = sum.add(super::tree_sum(&cells));
            }
        }
        flags.sum = flags.sum.add(sum);
        for (k, best) in best.into_iter().enumerate() {
            best.store(pass.out, to + 4 * k, lanes);
        }
    }
}

/// How a level nests in its parent: `rows x columns` of the parent's bins make up one bin.
#[derive(Clone, Copy)]
struct Nest<'a> {
    from: Maxima<'a>,
    /// Bins of the parent in a row.
    across: usize,
    rows: usize,
    columns: usize,
}

/// Makes every bin of a nested level from its parent's.
///
/// # Safety
/// As [`reduce_level`]; `nest` must be how the level nests in the parent that `nest.from` holds.
#[inline(always)]
unsafe fn merge_level<V: Vector, A: Accumulator<V>>(
    pass: Pass,
    level: &Level,
    nest: Nest,
    channels: Range<usize>,
    flags: &mut Flags<V>,
) {
    for i in 0..level.rows.len() {
        for j in 0..level.columns.len() {
            let bin = i * level.columns.len() + j;
            let parent = i * nest.rows * nest.across + j * nest.columns;
            // SAFETY: the caller's promise.
            unsafe { for_each_block!(channels, merge, (pass, bin, nest, parent, flags)) }
        }
    }
}

/// Merges the parent's bins from `parent` on into one bin, for `K` vectors of channels.
///
/// # Safety
/// As [`merge_level`].
#[inline(always)]
unsafe fn merge<V: Vector, A: Accumulator<V>, const K: usize>(
    pass: Pass,
    bin: usize,
    nest: Nest,
    parent: usize,
    flags: &mut Flags<V>,
    first: usize,
    lanes: usize,
) {
    let lanes = if K > 1 { V::LANES } else { lanes };
    // SAFETY: bins of the parent and of the level, and the block's channels of them.
    unsafe {
        let load = |bin: usize, k: usize| A::load(nest.from, bin * pass.apart.bins + first + 4 * k, lanes);
        let mut best: [A; K] = core::array::from_fn(|k| load(parent, k));
        for row in 0..nest.rows {
            // The first is merged with itself, which changes nothing.
            for bin in parent + row * nest.across..parent + row * nest.across + nest.columns {
                for (k, best) in best.iter_mut().enumerate() {
                    let other = load(bin, k);
                    let (a, b) = (best.value(), other.value());
                    flags.conflicts = flags.conflicts.or(a.eq(b).and(a.ne_index(b)));
                    *best = best.merge(other);
                }
            }
        }
        for (k, best) in best.into_iter().enumerate() {
            best.store(pass.out, bin * pass.apart.bins + first + 4 * k, lanes);
        }
    }
}
