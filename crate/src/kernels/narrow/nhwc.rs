//! Forward over neighbouring NHWC channels of one item.

use core::ops::Range;

use super::pass::{Bins, Item, Kernel, Nest, Pass};
use crate::element::Elements;
use crate::geometry::shape::{Layout, Planes};
use crate::geometry::units::blocks;
use crate::kernels::turned::turn_some;
use crate::memory::scratch::Parts;
use crate::memory::slots::Slots;
use crate::memory::span::Span;
use crate::plan::Source;
use crate::vector::Native;

/// Pools some channels of one item.
///
/// # Safety
/// The item's buffers must have the lengths of its plan, and the channels lie inside them.
pub(crate) unsafe fn channels(item: &Item, channels: Range<usize>, kernel: &mut dyn Kernel) {
    let Item { plan, input, cells: Planes { first, step, .. }, .. } = *item;
    for level in plan.in_order() {
        // SAFETY: the bins of a plan lie inside its map, and a nested level's inside their parent.
        unsafe {
            let cells = input.part(first, input.len() - first);
            let (out, bin_apart) = item.bins_of(level);
            let (width, channels) = (plan.size().1, channels.clone());
            let pass = Pass { cells, width, cell_apart: step, out, bin_apart, channels };
            match level.source {
                Source::Map => {
                    for (i, &rows) in level.rows.iter().enumerate() {
                        kernel.reduce_row(&pass, (&level.columns, i * level.columns.len()), rows);
                    }
                }
                Source::Level { parent, rows, columns } => {
                    let parent = &plan.levels()[parent];
                    let bins = (level.rows.len(), level.columns.len());
                    let (from, _) = item.bins_of(parent);
                    kernel.merge_level(&pass, &Nest { from, across: parent.columns.len(), rows, columns, bins });
                }
            }
        }
    }
}

/// Pools some channels of one item into an output in the order of channels: in working memory, from where the bins are turned.
///
/// # Safety
/// As [`channels`], and `scratch` must have the plan's `output_scratch` and no other holder.
pub(crate) unsafe fn turned(item: &Item, all: Range<usize>, kernel: &mut dyn Kernel, scratch: Span<f32>) {
    let block = item.plan.output_block();
    let Slots { values, indices } = item.plan.output_scratch(&mut Parts::cut(scratch));
    let indexed = item.output.indices.len() > 0;
    let values = Elements::in_words(values, item.input.kind());
    let output = Bins { values, indices: if indexed { indices } else { Span::empty() } };
    for some in blocks(all, block) {
        let cells = Planes { first: item.cells.at(some.start, 0), ..item.cells };
        let pooled = Item { cells, output, channels: block, row: 0, arrangement: Layout::Nhwc.into(), ..*item };
        // SAFETY: the plan counts the pooled bins of a block, and channels and bins lie inside input and output.
        unsafe {
            channels(&pooled, 0..some.len(), kernel);
            turn_back(&pooled, item, some);
        }
    }
}

/// Turns the pooled bins of a block of channels into some channels of the output.
///
/// # Safety
/// `pooled` must have as many channels, and these lie inside the output.
unsafe fn turn_back(pooled: &Item, item: &Item, channels: Range<usize>) {
    for level in item.plan.levels() {
        let (bins, count) = (level.bins(), channels.len());
        let (from, to) = (pooled.place(level), item.place(level));
        // SAFETY: the bins of these channels, by the caller's promise.
        unsafe {
            for channel in 0..count {
                for bin in 0..bins {
                    let at = (from.at(channel, bin), to.at(channels.start + channel, bin));
                    pooled.output.values.copy_to(at.0, item.output.values, at.1);
                }
            }
            if item.output.indices.len() > 0 {
                let first = to.at(channels.start, 0);
                let from_span = pooled.output.indices.part(from.first, bins * from.step);
                let to_span = item.output.indices.part(first, to.extent(count, bins));
                let (from_at, to_at) = (from_span.as_mut_ptr().cast(), to_span.as_mut_ptr().cast());
                turn_some::<Native>(from_at, to_at, (from.step, to.plane), (bins, count));
            }
        }
    }
}
