//! One bin after the other.

use super::block::{Add, GradientBlock, Sums};
use crate::element::Real;
use crate::geometry::shape::LevelRange;

/// `FLAT`: the cells and bins of a plane lie one after the other, so that no stride is multiplied.
pub(super) enum Singly<const FLAT: bool> {}

impl<const FLAT: bool, T: Real> Add<T> for Singly<FLAT> {
    #[inline(never)]
    fn scatter(block: GradientBlock<T>, level: LevelRange, to: Sums<T>) {
        visit::<FLAT, T>(block, level, |plane, cell, bin| {
            let at = to.place::<FLAT>(plane, cell);
            // SAFETY: a cell of the plane, and a bin of the output.
            unsafe { to.memory.set(at, to.memory.get(at).add(*block.gradients.output.get_unchecked(bin))) }
        });
    }

    #[inline(never)]
    fn merge(block: GradientBlock<T>, level: LevelRange, from: Sums<T>, to: Sums<T>) {
        let move_cell = |plane: usize, cell: usize| {
            let (source, target) = (from.place::<FLAT>(plane, cell), to.place::<FLAT>(plane, cell));
            // SAFETY: cells of the plane. A cell that was moved is zero afterwards.
            unsafe {
                to.memory.set(target, to.memory.get(target).add(from.memory.get(source)));
                from.memory.set(source, T::ZERO);
            }
        };
        if block.names_most(level) {
            let cells = block.map.cells();
            (0..block.planes()).for_each(|plane| (0..cells).for_each(|cell| move_cell(plane, cell)));
        } else {
            visit::<FLAT, T>(block, level, |plane, cell, _| move_cell(plane, cell));
        }
    }
}

/// Calls `each(plane, cell, place of the bin in the output)` for every bin of a level, in the order in which the
/// output lies in memory. Bins of one plane come in row-major order in either.
#[inline(always)]
fn visit<const FLAT: bool, T: Real>(
    block: GradientBlock<T>,
    level: LevelRange,
    mut each: impl FnMut(usize, usize, usize),
) {
    let (cells, planes) = (block.map.cells(), block.planes());
    block.for_each_row::<FLAT>(level, |bins| {
        let mut visit_bin = |plane: usize, bin: usize| {
            let at = bins.at(block.channels.0 + plane, bin);
            // SAFETY: a bin of the planes.
            let cell = unsafe { block.index(at, 0) } as usize;
            if cell < cells {
                each(plane, cell, at);
            }
        };
        if FLAT {
            (0..planes).for_each(|plane| (0..level.bins).for_each(|bin| visit_bin(plane, bin)));
        } else {
            (0..level.bins).for_each(|bin| (0..planes).for_each(|plane| visit_bin(plane, bin)));
        }
    });
}
