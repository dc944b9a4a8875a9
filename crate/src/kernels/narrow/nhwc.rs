//! Forward over neighbouring channels of one item that lie side by side: those of an NHWC map, and NCHW planes in working memory.

use core::ops::Range;

use super::kernel::Kernel;
use super::pass::{Item, Nest, Pass};
use crate::geometry::shape::PlaneStrides;
use crate::plan::{Level, Source};

/// Pools some channels of one item.
///
/// # Safety
/// The item's buffers must have the lengths of its plan, and the channels lie inside them, a vector of them
/// or more.
pub(crate) unsafe fn pool(item: &Item, channels: Range<usize>, kernel: &mut dyn Kernel) {
    for level in item.plan.in_order() {
        // SAFETY: the caller's promise is the same.
        unsafe { pool_level(item, level, channels.clone(), kernel) };
    }
}

/// Makes the bins of a level, whose parent's are made. Where they are made from a parent's, a vector of channels is enough.
///
/// # Safety
/// As [`pool`].
#[inline(never)]
pub(super) unsafe fn pool_level(item: &Item, level: &Level, channels: Range<usize>, kernel: &mut dyn Kernel) {
    let Item { plan, input, cells: PlaneStrides { first, step, .. }, .. } = *item;
    // SAFETY: the bins of a plan lie inside its map, and a nested level's inside their parent.
    unsafe {
        let cells = input.part(first, input.len() - first);
        let (out, bin_apart) = item.bins_of(level);
        let pass = Pass { cells, width: plan.size().1, cell_apart: step, out, bin_apart, channels };
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
