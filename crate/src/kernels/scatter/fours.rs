//! Halves, the same bin of four planes at a time: sums of different planes do not wait for each other.

use core::array::from_fn;
use core::hint::black_box;

use super::block::{Add, GradientBlock, Sums};
use crate::element::Real;
use crate::geometry::shape::{LevelRange, PlaneStrides};
use crate::vector::{Native, Packed, add_halves};

/// For elements that are `f16`. `NEAR`: the planes are fours, and the same bin or cell of neighbouring ones lies side by side. Else, the
/// cells and bins of a plane lie one after the other.
pub(super) enum Fours<const NEAR: bool> {}

impl<const NEAR: bool, T: Real> Add<T> for Fours<NEAR> {
    #[inline(never)]
    fn scatter(block: GradientBlock<T>, level: LevelRange, to: Sums<T>) {
        let mut nowhere = [T::ZERO; 4];
        // Hidden from the compiler, which would else make a branch of whether an index is that of a cell.
        let (cells, nowhere) = (block.map.cells(), black_box(nowhere.as_mut_ptr()));
        visit::<NEAR, T>(block, level, false, |planes, indices, bins| {
            // SAFETY: cells of the planes, and bins of the output.
            unsafe {
                let gradients = bins.map(|bin| block.gradients.output.as_ptr().add(bin).cast_mut());
                let sums = places::<NEAR, T>(to, planes, indices);
                let sums = from_fn(|k| if indices[k] < cells { sums[k] } else { nowhere });
                add(beside::<NEAR, T>(sums), beside::<NEAR, T>(gradients));
            }
        });
    }

    #[inline(never)]
    fn merge(block: GradientBlock<T>, level: LevelRange, from: Sums<T>, to: Sums<T>) {
        let cells = block.map.cells();
        visit::<NEAR, T>(block, level, block.names_most(level), |planes, indices, _| {
            // To move the first cell as well changes nothing.
            let indices = indices.map(|index| if index < cells { index } else { 0 });
            // SAFETY: cells of the planes. Those that were moved are zero afterwards.
            unsafe {
                let [sources, targets] =
                    [from, to].map(|sums| beside::<NEAR, T>(places::<NEAR, T>(sums, planes, indices)));
                add(targets, sources);
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
unsafe fn add<T>(to: [*mut T; 4], from: [*mut T; 4]) {
    let ([a, b, c, d], [e, f, g, h]) = (from, to);
    // SAFETY: the caller's promise.
    unsafe {
        let all = Native::gather_u16([a, b, c, d, e, f, g, h].map(|half| half.cast_const().cast()));
        add_halves(all).scatter_u16(to.map(<*mut T>::cast));
    }
}

/// Where cells are, or some places where there are no such cells. With `NEAR`, those of the first plane.
#[inline(always)]
fn places<const NEAR: bool, T: Copy>(sums: Sums<T>, planes: [usize; 4], cells: [usize; 4]) -> [*mut T; 4] {
    let place =
        |k| if NEAR { sums.place::<false>(planes[0], cells[k]) } else { sums.place::<true>(planes[k], cells[k]) };
    from_fn(|k| sums.memory.as_mut_ptr().wrapping_add(place(k)))
}

/// Elements of four planes, of which those of the first were given if `NEAR`.
///
/// # Safety
/// There must be such elements.
#[inline(always)]
unsafe fn beside<const NEAR: bool, T>(elements: [*mut T; 4]) -> [*mut T; 4] {
    // SAFETY: the caller's promise.
    from_fn(|k| if NEAR { unsafe { elements[k].add(k) } } else { elements[k] })
}

/// Calls `each(planes, indices, places of the bins in the output)` for every bin of a level, or for every cell if `whole`. Where fewer
/// than four planes are left, the last is repeated: what is written to it twice is the same. With `NEAR`, all places are that of the
/// first plane.
#[inline(always)]
fn visit<const NEAR: bool, T: Real>(
    block: GradientBlock<T>,
    level: LevelRange,
    whole: bool,
    mut each: impl FnMut([usize; 4], [usize; 4], [usize; 4]),
) {
    let planes = block.planes();
    let (rows, bins_of_row) = if whole { (&block.rows[..1], block.map.cells()) } else { (block.rows, level.bins) };
    // SAFETY: bins of the planes.
    let index = |place, beside| unsafe { block.index(place, beside) as usize };
    let rows_of = |bins: PlaneStrides| {
        if NEAR {
            for bin in 0..bins_of_row {
                for first in (0..planes).step_by(4) {
                    let place = bins.at(block.channels.0 + first, bin);
                    let indices = from_fn(|k| if whole { bin } else { index(place, k) });
                    each([first; 4], indices, [place; 4]);
                }
            }
        } else {
            for first in (0..planes).step_by(4) {
                let planes = from_fn(|k| (first + k).min(planes - 1));
                for bin in 0..bins_of_row {
                    let places = planes.map(|plane| bins.at(block.channels.0 + plane, bin));
                    each(planes, places.map(|place| if whole { bin } else { index(place, 0) }), places);
                }
            }
        }
    };
    let block = GradientBlock { rows, ..block };
    if NEAR { block.for_each_row::<false>(level, rows_of) } else { block.for_each_row::<true>(level, rows_of) }
}
