//! Forward over NCHW planes, lanes along the width.
//!
//! The rows of every row of bins are reduced first, a strip of column vectors at a time in registers. Only then are
//! the bins brought together across columns, four at a time, by one transposing step. Nested levels are brought
//! together in the same way from the finer level's bins, and read no cell.

use core::ops::Range;

use super::{Best, ItemOutput, Slots, repair};
use crate::plan::{Band, Gather, PyramidPlan, Source, Strip, group_start};
use crate::shape::Planes;
use crate::span::{self, Span};
use crate::vector::Vector;

/// Working memory of one thread, cut up for a plan.
#[derive(Clone, Copy)]
struct Scratch<'a> {
    reduced: Slots<'a>,
    widened: Span<'a, f32>,
}

impl<'a> Scratch<'a> {
    /// # Safety
    /// `memory` must have the plan's `scratch_len` elements and no other holder.
    unsafe fn new(plan: &PyramidPlan, memory: Span<'a, f32>) -> Self {
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

/// Pools some channels of one item, whose planes lie in `input` at `cells`.
///
/// # Safety
/// `input` and `output` must have the lengths of the plan for this item, and `scratch` must be made for the plan.
#[inline(never)]
pub(crate) unsafe fn channels<V: Vector, B: Best<V>>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: Planes,
    output: ItemOutput,
    channels: Range<usize>,
    scratch: Span<f32>,
) {
    // SAFETY: the caller's promise.
    let scratch = unsafe { Scratch::new(plan, scratch) };
    for channel in channels {
        let first = cells.at(channel, 0);
        // SAFETY: the plane lies inside the input.
        unsafe { plane::<V, B>(plan, input.get_unchecked(first..first + cells.plane), output, channel, scratch) };
    }
}

#[inline(always)]
unsafe fn plane<V: Vector, B: Best<V>>(
    plan: &PyramidPlan,
    cells: &[f32],
    output: ItemOutput,
    channel: usize,
    scratch: Scratch,
) {
    let (_, width) = plan.size();
    let rows =
        if width < V::LANES { widen(cells, width, scratch.widened) } else { Rows { cells, stride: width, width } };
    // A sum goes NaN if any cell was; infinities of both signs give false alarms, which cost a scan.
    let mut sum = V::splat(0.0);
    let mut zeros = V::splat(0.0);
    for level in plan.in_order() {
        // SAFETY: strips, bands and gathers of the plan lie inside the plane, the scratch made for it, and the level's
        // bins of this plane, which lie inside the output.
        unsafe {
            let out = output.slots.part::<B>(output.bins(plan, level).at(channel, 0), level.bins());
            let from = match level.source {
                Source::Map => {
                    let bands = level.bands.chunks(if plan.is_small() { level.bands.len() } else { 1 });
                    for bands in bands {
                        for &strip in plan.strips(B::INDEXED) {
                            sum = sum.add(reduce_rows::<V, B>(rows, bands, strip, scratch.reduced, plan.row_stride()));
                        }
                    }
                    scratch.reduced
                }
                Source::Level { parent, .. } => {
                    let parent = &plan.levels()[parent];
                    output.slots.part::<B>(output.bins(plan, parent).at(channel, 0), parent.bins())
                }
            };
            zeros = zeros.or(gather::<V, B>(&level.gather, level.bins(), from, out));
        }
    }
    let (nan, zero) = (sum.ne(sum).any(), zeros.any() && has_negative_zero::<V>(cells));
    if nan || zero {
        let cells_at = Planes { first: 0, plane: 0, step: 1 };
        repair::plane(plan, cells, cells_at, output, channel, nan, zero);
    }
}

/// Whether there may be zeros of both signs. Maps behind a ReLU are full of zeros, but of one sign.
#[inline(never)]
fn has_negative_zero<V: Vector>(cells: &[f32]) -> bool {
    let others = V::splat(-0.0);
    let mut all = V::splat_index(u32::MAX);
    let vectors = cells.len() / V::LANES;
    for i in 0..vectors {
        // SAFETY: whole vectors of the plane.
        all = all.and(unsafe { span::load::<V>(cells, V::LANES * i, V::LANES) }.ne_index(others));
    }
    let rest = &cells[V::LANES * vectors..];
    all.ne_index(V::splat_index(u32::MAX)).any() || rest.iter().any(|cell| cell.to_bits() == 1 << 31)
}

/// Copies a map narrower than a vector to rows of one vector, filled up with negative infinity.
#[cold]
#[inline(never)]
fn widen<'a>(cells: &[f32], width: usize, to: Span<'a, f32>) -> Rows<'a> {
    // SAFETY: scratch belongs to this thread alone.
    let wide = unsafe { to.slice() };
    for (row, wide) in cells.chunks_exact(width).zip(wide.chunks_exact_mut(4)) {
        for (i, cell) in wide.iter_mut().enumerate() {
            *cell = if i < width { row[i] } else { f32::NEG_INFINITY };
        }
    }
    Rows { cells: wide, stride: 4, width }
}

/// Reduces the rows of every band into the reduced row of its bin, for one strip of columns. Gives the sum of all
/// cells it read.
#[inline(always)]
unsafe fn reduce_rows<V: Vector, B: Best<V>>(
    map: Rows,
    bands: &[Band],
    strip: Strip,
    reduced: Slots,
    stride: usize,
) -> V {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match strip.vectors {
            1 => reduce_strip::<V, B, 1>(map, bands, strip, reduced, stride),
            2 => reduce_strip::<V, B, 2>(map, bands, strip, reduced, stride),
            3 => reduce_strip::<V, B, 3>(map, bands, strip, reduced, stride),
            4 => reduce_strip::<V, B, 4>(map, bands, strip, reduced, stride),
            5 if !B::INDEXED => reduce_strip::<V, B, 5>(map, bands, strip, reduced, stride),
            6 if !B::INDEXED => reduce_strip::<V, B, 6>(map, bands, strip, reduced, stride),
            _ if !B::INDEXED => reduce_strip::<V, B, 7>(map, bands, strip, reduced, stride),
            _ => V::splat(0.0),
        }
    }
}

#[inline(always)]
unsafe fn reduce_strip<V: Vector, B: Best<V>, const K: usize>(
    map: Rows,
    bands: &[Band],
    strip: Strip,
    reduced: Slots,
    stride: usize,
) -> V {
    let offset = |k: usize| if k + 1 == K { strip.last } else { 4 * k };
    let columns = |k: usize| V::count_from((strip.column + offset(k)) as u32);
    let mut sum = V::splat(0.0);
    for band in bands {
        let to = band.bin * stride + strip.column;
        let mut best = [B::none(V::splat_index(band.rows.start * map.width as u32)); K];
        if band.resume {
            for (k, best) in best.iter_mut().enumerate() {
                // SAFETY: as for the store below, which was made for the band before.
                *best = unsafe { B::load(reduced, to + offset(k), V::LANES) }.sub_index(columns(k));
            }
        }
        for row in band.rows.range() {
            let at = row * map.stride + strip.column;
            let index = V::splat_index((row * map.width) as u32);
            // SAFETY: row and strip lie inside the plane.
            let cells: [V; K] = core::array::from_fn(|k| unsafe { span::load(map.cells, at + offset(k), V::LANES) });
            for (best, &value) in best.iter_mut().zip(&cells) {
                best.take(value, index);
            }
            sum = sum.add(super::tree_sum(&cells));
        }
        for (k, best) in best.into_iter().enumerate() {
            // SAFETY: the strip lies inside the reduced row.
            unsafe { best.add_index(columns(k)).store(reduced, to + offset(k), V::LANES) }
        }
    }
    sum
}

/// Brings a level's bins together, four at a time in the order of the output. Gives a mask that has a lane set if some
/// bin is zero.
#[inline(always)]
unsafe fn gather<V: Vector, B: Best<V>>(gather: &Gather, bins: usize, from: Slots, out: Slots) -> V {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match gather.unit {
            4 => gather_units::<V, B, 4>(gather, bins, from, out),
            2 => gather_units::<V, B, 2>(gather, bins, from, out),
            _ => gather_units::<V, B, 1>(gather, bins, from, out),
        }
    }
}

#[inline(always)]
unsafe fn gather_units<V: Vector, B: Best<V>, const U: usize>(
    gather: &Gather,
    bins: usize,
    from: Slots,
    out: Slots,
) -> V {
    let mut zeros = V::splat(0.0);
    // SAFETY: the plan's offsets lie inside what is gathered from, and every group inside the level's bins.
    unsafe {
        let mut finish = |best: [B; 4], at: usize, lanes: usize| {
            let best = B::reduce(best);
            zeros = zeros.or(best.value().eq(V::splat(0.0)));
            best.store(out, at, lanes);
        };
        let load = |offset: u32| B::load_unit::<U>(from, offset as usize);
        if bins == 1 {
            let mut best = load(gather.offsets.get_unchecked(0)[0]);
            for offsets in gather.offsets.get_unchecked(1..) {
                best = best.merge(load(offsets[0]));
            }
            finish([best; 4], 0, 1);
        } else {
            for (group, offsets) in gather.offsets.chunks_exact(gather.loads).enumerate() {
                let mut best = offsets.get_unchecked(0).map(load);
                for offsets in offsets.get_unchecked(1..) {
                    best = core::array::from_fn(|i| best[i].merge(load(offsets[i])));
                }
                finish(best, group_start(group, bins), bins.min(V::LANES));
            }
        }
    }
    zeros
}
