//! Forward over one NCHW plane, lanes along its width.
//!
//! The rows of every row of bins are reduced first, a strip of column vectors at a time in registers. Only then are
//! the bins brought together across columns, four at a time, by one transposing step. Nested levels follow from the
//! finer level's bins and read no cell.

use super::{Best, Slots, repair};
use crate::bins::Bin;
use crate::plan::{Gather, Level, PyramidPlan, Source, Strip, group_start};
use crate::shape::Stride;
use crate::span::{self, Span};
use crate::vector::Vector;

/// Rows of bins larger than this are read in bands over the full width: strip by strip they would leave the
/// first-level cache between one strip and the next.
const BAND_BYTES: usize = 32 << 10;
const BAND_ROWS: usize = 4;

/// Working memory of one thread, cut up for a plan.
#[derive(Clone, Copy)]
pub(crate) struct Scratch<'a> {
    reduced: Slots<'a>,
    widened: Span<'a, f32>,
}

impl<'a> Scratch<'a> {
    /// # Safety
    /// `memory` must have the plan's `scratch_len` elements and no other holder.
    pub unsafe fn new(plan: &PyramidPlan, memory: Span<'a, f32>) -> Self {
        let len = plan.reduced_len();
        // SAFETY: the plan counts these three parts in its `scratch_len`.
        unsafe {
            Scratch {
                reduced: Slots { values: memory.part(0, len), indices: memory.part(len, len).as_indices() },
                widened: memory.part(2 * len, memory.len() - 2 * len),
            }
        }
    }
}

/// The cells of a plane, with rows `stride` apart.
#[derive(Clone, Copy)]
struct Rows<'a> {
    cells: &'a [f32],
    stride: usize,
    width: usize,
}

/// Pools one plane. `cells` are its `height * width` cells, `output` gives each level's slots.
///
/// # Safety
/// `cells` and the slots of every level must have the lengths of the plan, and `scratch` must be made for it.
#[inline(always)]
pub(crate) unsafe fn plane<'a, V: Vector, B: Best<V>>(
    plan: &PyramidPlan,
    cells: &[f32],
    output: impl Fn(&Level) -> Slots<'a>,
    scratch: Scratch,
) {
    let (height, width) = plan.size();
    debug_assert_eq!(cells.len(), height * width);
    // SAFETY: the plan made room for the widened rows.
    let rows = if width < V::LANES { unsafe { widen(cells, width, scratch.widened) } } else { whole(cells, width) };
    // A sum goes NaN if any cell was; infinities of both signs give false alarms, which cost a scan.
    let mut sum = V::splat(0.0);
    let mut zeros = V::splat(0.0);
    for level in plan.in_order() {
        let out = output(level);
        // SAFETY: strips, bins and gathers of the plan lie inside the plane and the scratch made for it.
        unsafe {
            match level.source {
                Source::Map => {
                    reduce_rows::<V, B>(plan.strips(B::INDEXED), rows, level, scratch.reduced, plan, &mut sum);
                    gather::<V, B>(&level.gather, level.bins(), scratch.reduced, out, &mut zeros);
                }
                Source::Level { parent, rows, columns } => {
                    let parent = &plan.levels()[parent];
                    nested::<V, B>(output(parent), parent.columns.len(), (rows, columns), level, out);
                }
            }
        }
    }
    repair::plane::<B>(plan, cells, Stride { first: 0, step: 1 }, sum.ne(sum).any(), zeros.any(), |level| {
        (output(level), Stride { first: 0, step: 1 })
    });
}

#[inline(always)]
fn whole(cells: &[f32], width: usize) -> Rows<'_> {
    Rows { cells, stride: width, width }
}

/// Copies a map narrower than a vector to rows of one vector, filled up with negative infinity.
///
/// # Safety
/// `to` must have four elements a row.
unsafe fn widen<'a>(cells: &[f32], width: usize, to: Span<'a, f32>) -> Rows<'a> {
    // SAFETY: scratch belongs to this thread alone.
    let wide = unsafe { to.slice() };
    for (row, wide) in cells.chunks_exact(width).zip(wide.chunks_exact_mut(4)) {
        wide.fill(f32::NEG_INFINITY);
        wide[..width].copy_from_slice(row);
    }
    Rows { cells: wide, stride: 4, width }
}

/// Reduces the rows of every row of bins into one row of `reduced`, column by column.
#[inline(always)]
unsafe fn reduce_rows<V: Vector, B: Best<V>>(
    strips: &[Strip],
    map: Rows,
    level: &Level,
    reduced: Slots,
    plan: &PyramidPlan,
    sum: &mut V,
) {
    for (i, &bin) in level.rows.iter().enumerate() {
        let rows = bin.len();
        let band = if strips.len() > 1 && 4 * rows * map.stride > BAND_BYTES { BAND_ROWS } else { rows };
        let mut start = bin.start;
        while start < bin.end {
            let rows = Bin { start, end: bin.end.min(start + band as u32) };
            for &strip in strips {
                // SAFETY: the strip lies inside the plane's width, and row `i` of the reduced rows is this bin's.
                unsafe {
                    let to = Reduce { at: i * plan.row_stride() + strip.column, resume: start > bin.start };
                    match strip.vectors {
                        1 => reduce_strip::<V, B, 1>(map, rows, strip, reduced, to, sum),
                        2 => reduce_strip::<V, B, 2>(map, rows, strip, reduced, to, sum),
                        3 => reduce_strip::<V, B, 3>(map, rows, strip, reduced, to, sum),
                        4 => reduce_strip::<V, B, 4>(map, rows, strip, reduced, to, sum),
                        5 if !B::INDEXED => reduce_strip::<V, B, 5>(map, rows, strip, reduced, to, sum),
                        6 if !B::INDEXED => reduce_strip::<V, B, 6>(map, rows, strip, reduced, to, sum),
                        _ if !B::INDEXED => reduce_strip::<V, B, 7>(map, rows, strip, reduced, to, sum),
                        _ => (),
                    }
                }
            }
            start = rows.end;
        }
    }
}

/// Where a strip's result goes, and whether it goes on from what stands there.
#[derive(Clone, Copy)]
struct Reduce {
    at: usize,
    resume: bool,
}

#[inline(always)]
unsafe fn reduce_strip<V: Vector, B: Best<V>, const K: usize>(
    map: Rows,
    rows: Bin,
    strip: Strip,
    reduced: Slots,
    to: Reduce,
    sum: &mut V,
) {
    let offset = |k: usize| if k + 1 == K { strip.last } else { 4 * k };
    let columns = |k: usize| V::count_from((strip.column + offset(k)) as u32);
    let mut best = [B::none(V::splat_index(rows.start * map.width as u32)); K];
    if to.resume {
        for (k, best) in best.iter_mut().enumerate() {
            // SAFETY: as for the store below, which was made for the band before.
            *best = unsafe { B::load(reduced, to.at + offset(k), V::LANES) }.sub_index(columns(k));
        }
    }
    for row in rows.range() {
        let at = row * map.stride + strip.column;
        let index = V::splat_index((row * map.width) as u32);
        // SAFETY: row and strip lie inside the plane.
        let cells: [V; K] = core::array::from_fn(|k| unsafe { span::load(map.cells, at + offset(k), V::LANES) });
        for (best, &value) in best.iter_mut().zip(&cells) {
            best.take(value, index);
        }
        *sum = sum.add(super::tree_sum(&cells));
    }
    for (k, best) in best.into_iter().enumerate() {
        // SAFETY: the strip lies inside the reduced row.
        unsafe { best.add_index(columns(k)).store(reduced, to.at + offset(k), V::LANES) }
    }
}

/// Brings the bins together across the columns of the reduced rows, four at a time in the order of the output.
#[inline(always)]
unsafe fn gather<V: Vector, B: Best<V>>(gather: &Gather, bins: usize, reduced: Slots, out: Slots, zeros: &mut V) {
    let lanes = bins.min(V::LANES);
    for (group, offsets) in gather.offsets.chunks_exact(gather.loads).enumerate() {
        // SAFETY: the plan's offsets lie inside the reduced rows, and the group inside the level's bins.
        unsafe {
            let mut best: [B; 4] = core::array::from_fn(|i| B::load(reduced, offsets[0][i] as usize, V::LANES));
            if gather.narrow {
                let valid = gather.lanes.get_unchecked(group);
                best = core::array::from_fn(|i| best[i].only(first_lanes(valid[i])));
            }
            for offsets in &offsets[1..] {
                best = core::array::from_fn(|i| best[i].merge(B::load(reduced, offsets[i] as usize, V::LANES)));
            }
            let best = B::reduce(best);
            *zeros = zeros.or(best.value().eq(V::splat(0.0)));
            best.store(out, group_start(group, bins), lanes);
        }
    }
}

/// A mask of the first `lanes` lanes, four at most.
#[inline(always)]
fn first_lanes<V: Vector>(lanes: u8) -> V {
    const ENDS: [u32; 8] = [u32::MAX, u32::MAX, u32::MAX, u32::MAX, 0, 0, 0, 0];
    // SAFETY: eight lanes, of which four are read from the `4 - lanes`-th on.
    unsafe { V::load(ENDS.as_ptr().add(4 - usize::from(lanes.min(4))).cast()) }
}

/// Makes each bin of a nested level from `rows x columns` bins of its parent.
#[inline(always)]
unsafe fn nested<V: Vector, B: Best<V>>(
    parent: Slots,
    parent_columns: usize,
    (rows, columns): (usize, usize),
    level: &Level,
    out: Slots,
) {
    let across = level.columns.len();
    for i in 0..level.rows.len() {
        for j in 0..across {
            let first = i * rows * parent_columns + j * columns;
            // SAFETY: the plan nests every bin of the level inside its parent.
            unsafe {
                let mut best = B::load_splat(parent, first);
                for at in 1..rows * columns {
                    let at = first + at / columns * parent_columns + at % columns;
                    best = best.merge(B::load_splat(parent, at));
                }
                best.store(out, i * across + j, 1);
            }
        }
    }
}
