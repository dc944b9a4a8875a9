//! Forward over a block of NHWC channels of one item, lanes along the channels.

use super::{Best, Slots, repair};
use crate::bins::Bin;
use crate::plan::{Level, PyramidPlan, Source};
use crate::shape::Stride;
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

/// Pools a block of channels. `item` holds the item's cells, `output` gives the slots of a level of the item.
///
/// # Safety
/// `item` and the slots must have the lengths of the plan for `channels.all` channels, and the block lie inside them.
#[inline(always)]
pub(crate) unsafe fn block<'a, V: Vector, B: Best<V>>(
    plan: &PyramidPlan,
    item: &[f32],
    channels: Channels,
    output: impl Fn(&Level) -> Slots<'a> + Copy,
) {
    let end = channels.first + channels.len;
    let mut at = channels.first;
    // SAFETY: every call stays between `first` and `end`.
    unsafe {
        while at + 4 * V::LANES <= end {
            vectors::<V, B, 4>(plan, item, Channels { first: at, len: 4 * V::LANES, ..channels }, output);
            at += 4 * V::LANES;
        }
        while at < end {
            let len = V::LANES.min(end - at);
            vectors::<V, B, 1>(plan, item, Channels { first: at, len, ..channels }, output);
            at += len;
        }
    }
}

#[inline(always)]
unsafe fn vectors<'a, V: Vector, B: Best<V>, const K: usize>(
    plan: &PyramidPlan,
    item: &[f32],
    channels: Channels,
    output: impl Fn(&Level) -> Slots<'a> + Copy,
) {
    let mut sum = V::splat(0.0);
    let mut zeros = V::splat(0.0);
    for level in plan.in_order() {
        let out = output(level);
        let across = level.columns.len();
        for bin in 0..level.bins() {
            let (i, j) = (bin / across, bin % across);
            // SAFETY: the bins of a plan lie inside its map, a nested level's inside their parent.
            let best: [B; K] = unsafe {
                match level.source {
                    Source::Map => {
                        let bins = (level.rows[i], level.columns[j]);
                        reduce::<V, B, K>(item, plan.size().1, bins, channels, &mut sum)
                    }
                    Source::Level { parent, rows, columns } => {
                        let parent = &plan.levels()[parent];
                        let first = i * rows * parent.columns.len() + j * columns;
                        nested::<V, B, K>(output(parent), parent.columns.len(), first, (rows, columns), channels)
                    }
                }
            };
            for (k, best) in best.into_iter().enumerate() {
                zeros = zeros.or(best.value().eq(V::splat(0.0)));
                // SAFETY: the block's channels of this bin.
                unsafe { best.store(out, bin * channels.all + channels.first + 4 * k, lanes::<K>(channels)) }
            }
        }
    }
    let (nan, zero) = (sum.ne(sum).any(), zeros.any());
    if nan || zero {
        for channel in channels.first..channels.first + channels.len {
            let stride = Stride { first: channel, step: channels.all };
            repair::plane::<B>(plan, item, stride, nan, zero, |level| (output(level), stride));
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
    for at in 1..rows * columns {
        let bin = first + at / columns * parent_columns + at % columns;
        best = core::array::from_fn(|k| best[k].merge(load(bin, k)));
    }
    best
}
