//! Forward over a block of NHWC channels of one item, lanes along the channels.

use core::ops::Range;

use super::{Best, CHANNEL_BLOCK, ItemOutput, Slots, repair};
use crate::bins::Bin;
use crate::plan::{PyramidPlan, Source};
use crate::shape::Planes;
use crate::span;
use crate::vector::Vector;

/// A block of neighbouring channels of one item.
#[derive(Clone, Copy)]
pub(crate) struct Channels {
    pub first: usize,
    pub len: usize,
    /// Channels of the map, which is the distance between cells.
    pub all: usize,
}

/// Pools some channels of one item, whose cells lie in `input` at `cells`.
///
/// # Safety
/// `input` and `output` must have the lengths of the plan for this item, and the channels lie inside them.
#[inline(never)]
pub(crate) unsafe fn channels<V: Vector, B: Best<V>>(
    plan: &PyramidPlan,
    input: &[f32],
    cells: Planes,
    output: ItemOutput,
    channels: Range<usize>,
) {
    let all = cells.step;
    let mut first = channels.start;
    // SAFETY: every block lies between the first and the last channel.
    unsafe {
        let item = input.get_unchecked(cells.first..);
        while first + CHANNEL_BLOCK <= channels.end {
            block::<V, B, 4>(plan, item, output, Channels { first, len: CHANNEL_BLOCK, all });
            first += CHANNEL_BLOCK;
        }
        while first < channels.end {
            let len = V::LANES.min(channels.end - first);
            block::<V, B, 1>(plan, item, output, Channels { first, len, all });
            first += len;
        }
    }
}

/// Pools `K` vectors of channels, or one that is not whole.
#[inline(never)]
unsafe fn block<V: Vector, B: Best<V>, const K: usize>(
    plan: &PyramidPlan,
    item: &[f32],
    output: ItemOutput,
    channels: Channels,
) {
    let mut sum = V::splat(0.0);
    let mut zeros = V::splat(0.0);
    for level in plan.in_order() {
        // SAFETY: the bins of the level lie inside the output.
        let out = unsafe { output.slots.part::<B>(output.bins(plan, level).first, level.bins() * channels.all) };
        let across = level.columns.len();
        for (i, &rows) in level.rows.iter().enumerate() {
            for (j, &columns) in level.columns.iter().enumerate() {
                // SAFETY: the bins of a plan lie inside its map, a nested level's inside their parent.
                let best: [B; K] = unsafe {
                    match level.source {
                        Source::Map => reduce::<V, B, K>(item, plan.size().1, (rows, columns), channels, &mut sum),
                        Source::Level { parent, rows, columns } => {
                            let parent = &plan.levels()[parent];
                            let bins = parent.bins() * channels.all;
                            let from = output.slots.part::<B>(output.bins(plan, parent).first, bins);
                            let across = parent.columns.len();
                            nested::<V, B, K>(from, across, i * rows * across + j * columns, (rows, columns), channels)
                        }
                    }
                };
                let at = (i * across + j) * channels.all + channels.first;
                for (k, best) in best.into_iter().enumerate() {
                    zeros = zeros.or(best.value().eq(V::splat(0.0)));
                    // SAFETY: the block's channels of this bin.
                    unsafe { best.store(out, at + 4 * k, lanes::<K>(channels)) }
                }
            }
        }
    }
    let (nan, zero) = (sum.ne(sum).any(), zeros.any());
    if nan || zero {
        let cells = Planes { first: 0, plane: 1, step: channels.all };
        for channel in channels.first..channels.first + channels.len {
            repair::plane(plan, item, cells, output, channel, nan, zero);
        }
    }
}

/// Lanes of the last vector of a block. Blocks of several vectors are whole.
#[inline(always)]
fn lanes<const K: usize>(channels: Channels) -> usize {
    if K > 1 { 4 } else { channels.len }
}

/// Reduces one bin over the map, in row-major order.
#[inline(always)]
unsafe fn reduce<V: Vector, B: Best<V>, const K: usize>(
    item: &[f32],
    width: usize,
    (rows, columns): (Bin, Bin),
    channels: Channels,
    sum: &mut V,
) -> [B; K] {
    let mut best = [B::none(V::splat_index(rows.start * width as u32 + columns.start)); K];
    for row in rows.range() {
        for column in columns.range() {
            let index = row * width + column;
            let at = index * channels.all + channels.first;
            let lanes = lanes::<K>(channels);
            // SAFETY: the cell lies inside the map, and the block inside its channels.
            let cells: [V; K] = core::array::from_fn(|k| unsafe { span::load(item, at + 4 * k, lanes) });
            for (best, &value) in best.iter_mut().zip(&cells) {
                best.take(value, V::splat_index(index as u32));
            }
            *sum = sum.add(super::tree_sum(&cells));
        }
    }
    best
}

/// Merges `rows x columns` bins of the parent, beginning with bin `first`.
#[inline(always)]
unsafe fn nested<V: Vector, B: Best<V>, const K: usize>(
    parent: Slots,
    parent_columns: usize,
    first: usize,
    (rows, columns): (usize, usize),
    channels: Channels,
) -> [B; K] {
    let load = |bin: usize, k: usize| {
        // SAFETY: a bin of the parent, and the block's channels of it.
        unsafe { B::load(parent, bin * channels.all + channels.first + 4 * k, lanes::<K>(channels)) }
    };
    let mut best: [B; K] = core::array::from_fn(|k| load(first, k));
    for row in 0..rows {
        // The first is merged with itself, which changes nothing.
        for bin in first + row * parent_columns..first + row * parent_columns + columns {
            best = core::array::from_fn(|k| best[k].merge(load(bin, k)));
        }
    }
    best
}
