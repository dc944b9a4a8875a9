//! Bins scanned cell by cell, a channel in every lane.

use core::ops::Range;

use super::order::{Order, load, store, update};
use super::pass::Pass;
use super::seen::Seen;
use crate::geometry::bins::Bin;
use crate::kernels::tree;
use crate::memory::span::{Span, prefetch};
use crate::tuning::{NARROW_PIECE, NARROW_STREAMED};
use crate::vector::{Native as V, Packed, Vector};

/// Vectors of channels that are scanned together.
const TOGETHER: usize = 4;

/// See [`Kernel::reduce_row`](super::kernel::Kernel::reduce_row).
///
/// # Safety
/// As there.
#[inline(never)]
pub(super) unsafe fn row<O: Order, const INDEXED: bool>(
    pass: &Pass,
    (columns, first): (&[Bin], usize),
    rows: Bin,
    flip: V,
    seen: &mut Seen,
) {
    let pass = &Typed::<O> {
        cells: pass.cells.cast(),
        cell_apart: pass.cell_apart,
        width: pass.width,
        values: pass.out.values.cast(),
        indices: pass.out.indices,
        bin_apart: pass.bin_apart,
        channels: pass.channels.clone(),
        flip,
    };
    for (&columns, bin) in columns.iter().zip(first..) {
        // Large bins are read in the order of memory first, as much as stays in the cache.
        let row = columns.len() * pass.cell_apart * size_of::<O::Element>();
        let streams = rows.len() * row >= NARROW_STREAMED && pass.channels.len() == pass.cell_apart;
        let streamed = if streams { (NARROW_PIECE / row) as u32 } else { u32::MAX };
        // Values alone need no places. Others are counted row by row of the map, from a piece's first cell.
        let most = if INDEXED { O::PLACES } else { u32::MAX };
        let rows_of_piece = streamed.min(if INDEXED { most / pass.width as u32 } else { most });
        let mut is_first = true;
        for rows in rows.pieces(rows_of_piece.max(1)) {
            if streams {
                // SAFETY: cells of the bin.
                unsafe { prefetch_cells(pass, rows, columns) };
            }
            for columns in columns.pieces(if rows.len() > 1 { u32::MAX } else { most }) {
                let piece = &Piece { rows, columns, is_first };
                // SAFETY: the caller's promise.
                unsafe { reduce_channels::<O, INDEXED>(pass, bin, piece, seen) };
                is_first = false;
            }
        }
    }
}

/// Prefetches all channels of some cells, row by row.
///
/// # Safety
/// The map must have them.
#[inline(always)]
unsafe fn prefetch_cells<O: Order>(pass: &Typed<O>, rows: Bin, columns: Bin) {
    for row in rows.range() {
        let first = (row * pass.width + columns.start as usize) * pass.cell_apart;
        // SAFETY: cells of the row.
        unsafe { prefetch(pass.cells.as_mut_ptr().add(first), columns.len() * pass.cell_apart) };
    }
}

/// [`Pass`] over elements of a type.
struct Typed<'a, O: Order> {
    cells: Span<'a, O::Element>,
    width: usize,
    cell_apart: usize,
    values: Span<'a, O::Element>,
    indices: Span<'a, u32>,
    bin_apart: usize,
    channels: Range<usize>,
    flip: V,
}

/// Some cells of a bin, no more than places tell apart where these are asked for.
struct Piece {
    rows: Bin,
    columns: Bin,
    /// Whether these are the first cells of the bin. If not, the scan goes on from what stands in the output.
    is_first: bool,
}

/// Reduces a piece of one bin.
///
/// # Safety
/// As [`row`]; the piece must lie inside the bin.
#[inline(always)]
unsafe fn reduce_channels<O: Order, const INDEXED: bool>(pass: &Typed<O>, bin: usize, piece: &Piece, seen: &mut Seen) {
    let Range { start: mut first, end } = pass.channels;
    // SAFETY: the caller's promise.
    unsafe {
        while first + TOGETHER * O::LANES <= end {
            reduce::<O, INDEXED, TOGETHER>(pass, bin, piece, seen, first);
            first += TOGETHER * O::LANES;
        }
        while first < end {
            // The last vector overlaps the one before.
            reduce::<O, INDEXED, 1>(pass, bin, piece, seen, first.min(end - O::LANES));
            first += O::LANES;
        }
    }
}

/// Reduces a piece of one bin, for `K` vectors of channels from `first` on.
///
/// # Safety
/// As [`row`]; piece and vectors must lie inside the bin and the channels.
#[inline(always)]
unsafe fn reduce<O: Order, const INDEXED: bool, const K: usize>(
    pass: &Typed<O>,
    bin: usize,
    piece: &Piece,
    seen: &mut Seen,
    first: usize,
) {
    let flip = pass.flip;
    let to = |k: usize| bin * pass.bin_apart + first + O::LANES * k;
    // SAFETY: the channels of this bin, and of the cells it reads.
    unsafe {
        let (mut most, mut places) = ([O::lowest(); K], [O::splat_place(1); K]);
        if !piece.is_first {
            most = core::array::from_fn(|k| O::key(load::<O>(pass.values, to(k)), flip));
            places = [O::splat_place(0); K];
        }
        let (mut found, mut number) = (*seen, 1);
        for row in piece.rows.range() {
            for column in piece.columns.range() {
                let at = (row * pass.width + column) * pass.cell_apart + first;
                let cells: [V; K] = core::array::from_fn(|k| load::<O>(pass.cells, at + O::LANES * k));
                found.cells::<O, K>(&cells);
                let place = O::splat_place(number);
                for k in 0..K {
                    update::<O, INDEXED>((&mut most[k], &mut places[k]), O::key(cells[k], flip), place);
                }
                number += 1;
            }
            number += (pass.width - piece.columns.len()) as u32;
        }
        if O::PARTIAL && tree(&most, V::or).sign_i16().any() {
            *seen = found;
            return reduce_fully(pass, bin, piece, seen, (first, K));
        }
        let start = piece.rows.start * pass.width as u32 + piece.columns.start;
        for k in 0..K {
            let value = O::key(most[k], flip);
            found.bin::<O>(value);
            store::<O>(pass.values, to(k), value);
            if INDEXED && pass.indices.len() > 0 {
                store_places::<O>(places[k], pass.indices, to(k), (start, piece.is_first));
            }
        }
        *seen = found;
    }
}

/// [`reduce`] in the order of all cells, for so many vectors of channels of which some hold negative values alone. The same code serves
/// values alone.
///
/// # Safety
/// As [`reduce`].
#[cold]
#[inline(never)]
unsafe fn reduce_fully<O: Order>(
    pass: &Typed<O>,
    bin: usize,
    piece: &Piece,
    seen: &mut Seen,
    (first, vectors): (usize, usize),
) {
    let &Typed { cells, width, cell_apart, values, indices, bin_apart, ref channels, flip } = pass;
    let channels = channels.clone();
    let pass = &Typed::<O::Full> { cells, width, cell_apart, values, indices, bin_apart, channels, flip };
    for vector in 0..vectors {
        // SAFETY: the caller's promise is the same.
        unsafe { reduce::<O::Full, true, 1>(pass, bin, piece, seen, first + O::LANES * vector) };
    }
}

/// Stores the indices of places, which are counted from 1 at index `start`. Later pieces of a bin keep those that stand there where
/// they have none.
///
/// Not inlined: it would stand in a kernel once for each vector.
///
/// # Safety
/// `at + lanes` must not exceed the length.
#[inline(never)]
unsafe fn store_places<O: Order>(places: V, to: Span<u32>, at: usize, (start, is_first): (u32, bool)) {
    let start = V::splat_index(start.wrapping_sub(1));
    for (i, places) in O::words(places).into_iter().enumerate().take(O::WORDS) {
        let at = at + V::LANES * i;
        let mut indices = places.add_index(start);
        // SAFETY: the caller's promise.
        unsafe {
            if !is_first {
                // Later indices are higher.
                let found = places.ne_index(V::splat_index(0));
                indices = indices.and(found).max_index(to.load(at, V::LANES));
            }
            to.store(at, indices, V::LANES);
        }
    }
}
