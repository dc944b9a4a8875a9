//! Halves, the same bin of four planes at a time: sums of different planes do not wait for each other.

use core::hint::black_box;

use super::block::{Add, GradientBlock, Sums};
use crate::element::Real;
use crate::geometry::shape::LevelRange;
use crate::vector::{Native, Packed, add_halves};

/// For elements that are `f16`. `FLAT`: the cells and bins of a plane lie one after the other, so that no stride is multiplied.
pub(super) enum Fours<const FLAT: bool> {}

impl<const FLAT: bool, T: Real> Add<T> for Fours<FLAT> {
    #[inline(never)]
    fn scatter(block: GradientBlock<T>, level: LevelRange, to: Sums<T>) {
        let mut nowhere = T::ZERO;
        // Hidden from the compiler, which would else make a branch of whether an index is that of a cell.
        let (cells, nowhere) = (block.map.cells(), black_box(&raw mut nowhere));
        visit::<FLAT, T>(block, level, false, |planes, indices, bins| {
            // SAFETY: cells of the planes, and bins of the output.
            unsafe {
                let gradients = bins.map(|bin| block.gradients.output.as_ptr().add(bin));
                let sums = places::<FLAT, T>(to, planes, indices);
                add(core::array::from_fn(|k| if indices[k] < cells { sums[k] } else { nowhere }), gradients);
            }
        });
    }

    #[inline(never)]
    fn merge(block: GradientBlock<T>, level: LevelRange, from: Sums<T>, to: Sums<T>) {
        let cells = block.map.cells();
        visit::<FLAT, T>(block, level, block.names_most(level), |planes, indices, _| {
            // To move the first cell as well changes nothing.
            let indices = indices.map(|index| if index < cells { index } else { 0 });
            let (sources, targets) = (places::<FLAT, T>(from, planes, indices), places::<FLAT, T>(to, planes, indices));
            // SAFETY: cells of the planes. Those that were moved are zero afterwards.
            unsafe {
                add(targets, sources.map(<*mut T>::cast_const));
                sources.iter().for_each(|source| source.write(T::ZERO));
            }
        });
    }
}

/// Adds elements to others, all of which are read before any is written.
///
/// # Safety
/// They must be halves, and those of `to` this thread's.
#[inline(always)]
unsafe fn add<T>(to: [*mut T; 4], from: [*const T; 4]) {
    let ([a, b, c, d], [e, f, g, h]) = (from, to);
    // SAFETY: the caller's promise.
    unsafe {
        let all = Native::gather_u16([a, b, c, d, e, f, g, h].map(<*const T>::cast));
        add_halves(all).scatter_u16(to.map(<*mut T>::cast));
    }
}

/// Where cells are, or some places where there are no such cells.
#[inline(always)]
fn places<const FLAT: bool, T: Copy>(sums: Sums<T>, planes: [usize; 4], cells: [usize; 4]) -> [*mut T; 4] {
    core::array::from_fn(|k| sums.memory.as_mut_ptr().wrapping_add(sums.place::<FLAT>(planes[k], cells[k])))
}

/// Calls `each(planes, indices, places of the bins in the output)` for every bin of a level, or for every cell if `whole`. Where fewer
/// than four planes are left, the last is repeated: what is written to it twice is the same.
#[inline(always)]
fn visit<const FLAT: bool, T: Real>(
    block: GradientBlock<T>,
    level: LevelRange,
    whole: bool,
    mut each: impl FnMut([usize; 4], [usize; 4], [usize; 4]),
) {
    let planes = block.planes();
    let (rows, bins_of_row) = if whole { (&block.rows[..1], block.map.cells()) } else { (block.rows, level.bins) };
    GradientBlock { rows, ..block }.for_each_row::<FLAT>(level, |bins| {
        for first in (0..planes).step_by(4) {
            let planes = core::array::from_fn(|k| (first + k).min(planes - 1));
            for bin in 0..bins_of_row {
                let places = planes.map(|plane| bins.at(block.channels.0 + plane, bin));
                // SAFETY: bins of the planes.
                let index = |at| if whole { bin } else { unsafe { block.index(at) as usize } };
                each(planes, places.map(index), places);
            }
        }
    });
}
