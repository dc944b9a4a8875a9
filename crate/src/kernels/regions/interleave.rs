//! Blocks of channels that lie interleaved: the elements of a plane become vectors, a channel in every lane.

use crate::element::Elements;
use crate::geometry::shape::PlaneStrides;
use crate::kernels::transposed::transpose_bins;
use crate::memory::span::{self, Span};
use crate::vector::Vector;

/// Copies the first `count` elements of some planes to `to`, those of a cell side by side, `block` for each cell. Lanes without a channel
/// are left as they are. `staged` needs room for all elements where they are not `f32`.
///
/// # Safety
/// The planes must lie inside `from`, and `to` have room for `block * count` elements.
pub(super) unsafe fn interleave<V: Vector>(
    from: Elements,
    planes: PlaneStrides,
    (channels, count): (usize, usize),
    staged: Span<f32>,
    (to, block): (Span<f32>, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        match from.as_f32() {
            Some(cells) => interleave_f32::<V>(cells.shared(), planes, (channels, count), (to, block)),
            None => {
                let staged = staged.part(0, channels * count);
                from.widen_runs(planes.runs(0..channels, count), staged.exclusive());
                interleave_f32::<V>(staged.shared(), planes.packed(channels, count), (channels, count), (to, block));
            }
        }
    }
}

/// The same for `f32`.
///
/// # Safety
/// As [`interleave`].
#[inline(never)]
pub(super) unsafe fn interleave_f32<V: Vector>(
    from: &[f32],
    planes: PlaneStrides,
    (channels, count): (usize, usize),
    (to, block): (Span<f32>, usize),
) {
    // Four channels at a time; where those of a cell are no neighbours, four cells as well.
    let neighbours = planes.plane == 1;
    let whole = |n: usize| n / V::LANES * V::LANES;
    let (vectors, transposed) = (whole(channels), if neighbours { count } else { whole(count) });
    // SAFETY: the caller's promise.
    unsafe {
        let load = |channel: usize, cell: usize| span::load::<V>(from, planes.at(channel, cell), V::LANES);
        if neighbours {
            for cell in 0..count {
                for channel in (0..vectors).step_by(V::LANES) {
                    to.store(block * cell + channel, load(channel, cell), V::LANES);
                }
            }
        } else {
            for channel in (0..vectors).step_by(V::LANES) {
                for cell in (0..transposed).step_by(V::LANES) {
                    let columns = V::transpose(core::array::from_fn(|i| load(channel + i, cell)));
                    for (i, column) in columns.into_iter().enumerate() {
                        to.store(block * (cell + i) + channel, column, V::LANES);
                    }
                }
            }
        }
        for channel in 0..channels {
            for cell in if channel < vectors { transposed } else { 0 }..count {
                to.set(block * cell + channel, *from.get_unchecked(planes.at(channel, cell)));
            }
        }
    }
}

/// Elements that are converted at once.
const STAGED: usize = 64;

/// Copies interleaved elements back to planes, and rounds them to the planes' type.
///
/// # Safety
/// `from` must have `block * count` elements, and the planes lie inside `to` and be this thread's.
pub(super) unsafe fn separate<V: Vector>(
    (from, block): (Span<f32>, usize),
    to: Elements,
    planes: PlaneStrides,
    (channels, count): (usize, usize),
) {
    // SAFETY: the caller's promise.
    unsafe {
        if planes.plane == 1 {
            for cell in 0..count {
                to.narrow(planes.at(0, cell), from.part(block * cell, channels).shared());
            }
            return;
        }
        if let Some(to) = to.as_f32().filter(|_| planes.plane == count) {
            let to = to.part(planes.first, channels * count).as_mut_ptr();
            return transpose_bins::<V>(from.as_mut_ptr(), to, (block, count), (count, channels));
        }
        let mut staged = [0.0; STAGED];
        for channel in 0..channels {
            for first in (0..count).step_by(STAGED) {
                let staged = &mut staged[..STAGED.min(count - first)];
                for (i, element) in staged.iter_mut().enumerate() {
                    *element = from.get(block * (first + i) + channel);
                }
                to.narrow(planes.at(channel, first), staged);
            }
        }
    }
}
