//! Forward over neighbouring NHWC channels of one item.

use core::ops::Range;

use super::pass::{Item, Kernel, Nest, Pass};
use crate::geometry::shape::PlaneStrides;
use crate::plan::Source;

/// Pools some channels of one item.
///
/// # Safety
/// The item's buffers must have the lengths of its plan, and the channels lie inside them, a line of the cache
/// of them or more.
pub(crate) unsafe fn pool(item: &Item, channels: Range<usize>, kernel: &mut dyn Kernel) {
    let Item { plan, input, cells: PlaneStrides { first, step, .. }, .. } = *item;
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
