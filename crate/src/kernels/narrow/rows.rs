//! The rows of rows of bins of NCHW planes, reduced to one each, a column in every lane.

use super::order::{Order, load, store, update};
use super::pass::Plane;
use super::seen::Seen;
use crate::element::Elements;
use crate::geometry::bins::Bin;
use crate::memory::span::Span;
use crate::vector::Native as V;

/// See [`Kernel::reduce_rows`](super::kernel::Kernel::reduce_rows).
///
/// # Safety
/// As there.
pub(super) unsafe fn reduce<O: Order, const INDEXED: bool>(
    plane: &Plane,
    bins: &[Bin],
    (to, first): (&[Elements; 2], usize),
    flip: V,
    seen: &mut Seen,
) {
    let width = plane.width;
    // SAFETY: the caller's promise.
    let (cells, to) =
        unsafe { (plane.cells.from(plane.first).cast(), [to[0].from(first).cast(), to[1].from(first).cast()]) };
    let vectors = width.div_ceil(O::LANES);
    let most = if INDEXED { 2 } else { 4 };
    // Narrow planes column by column of strips, wide ones in the order of memory.
    let together = if vectors <= most { bins.len() } else { 1 };
    for (i, bins) in bins.chunks(together).enumerate() {
        let mut done = 0;
        while done < vectors {
            let strip = Strip { first: i * together, bins, column: O::LANES * done };
            // SAFETY: the caller's promise. The last vectors overlap those before.
            done += unsafe {
                match vectors - done {
                    3 if !INDEXED && O::FLOATS => reduce_strip::<O, INDEXED, 3>((cells, width), strip, to, flip, seen),
                    3.. if !INDEXED => reduce_strip::<O, INDEXED, 4>((cells, width), strip, to, flip, seen),
                    _ => reduce_strip::<O, INDEXED, 2>((cells, width), strip, to, flip, seen),
                }
            }
        }
    }
}

/// Some vectors of columns of rows of bins.
#[derive(Clone, Copy)]
struct Strip<'a> {
    /// The number of the first row of bins.
    first: usize,
    bins: &'a [Bin],
    /// The first column.
    column: usize,
}

/// Reduces the rows of each of the bins for `K` vectors of columns, which stay in registers. Gives `K`.
///
/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn reduce_strip<O: Order, const INDEXED: bool, const K: usize>(
    (cells, width): (Span<O::Element>, usize),
    strip: Strip,
    [values, places]: [Span<O::Element>; 2],
    flip: V,
    seen: &mut Seen,
) -> usize {
    // A strip ends with the row at the latest. Where the row is shorter, vectors overlap.
    let last = width.saturating_sub(O::LANES);
    let column = strip.column.min(width.saturating_sub(O::LANES * K));
    let offset = |k: usize| (O::LANES * k).min(last);
    let mut found = *seen;
    for (i, rows) in (strip.first..).zip(strip.bins) {
        let (mut most, mut best) = ([O::lowest(); K], [O::splat_place(0); K]);
        for (row, number) in rows.range().zip(0..) {
            let at = row * width + column;
            // SAFETY: columns of a row of the bin.
            let cells: [V; K] = core::array::from_fn(|k| unsafe { load::<O>(cells, at + offset(k)) });
            found.cells::<O, K>(&cells);
            let place = O::splat_place(number);
            for k in 0..K {
                update::<O, INDEXED>((&mut most[k], &mut best[k]), O::key(cells[k], flip), place);
            }
        }
        let to = i * width + column;
        for k in 0..K {
            // SAFETY: columns of the bin's reduced row.
            unsafe {
                store::<O>(values, to + offset(k), most[k]);
                if INDEXED {
                    store::<O>(places, to + offset(k), best[k]);
                }
            }
        }
    }
    *seen = found;
    K
}
