//! Bins scanned cell by cell, a channel in every lane.

use core::ops::Range;

use super::merge;
use super::order::{Order, Seen, has_negative_zero, load, store, vector_at};
use super::pass::{Item, Kernel, Nest, Pass};
use crate::element::ElementType;
use crate::geometry::bins::Bin;
use crate::kernels::tree;
use crate::memory::span::Span;
use crate::vector::{Native as V, Packed, Vector};

/// Vectors of channels that are scanned together.
const TOGETHER: usize = 4;

/// The passes in the order `O`.
pub(crate) struct Scan<O: Order, const INDEXED: bool> {
    seen: Seen,
    flip: V,
    order: core::marker::PhantomData<O>,
}

impl<O: Order, const INDEXED: bool> Scan<O, INDEXED> {
    pub fn new(kind: ElementType) -> Self {
        Scan { seen: Seen::nothing(), flip: O::flip(kind), order: core::marker::PhantomData }
    }
}

impl<O: Order, const INDEXED: bool> Kernel for Scan<O, INDEXED> {
    unsafe fn reduce_row(&mut self, pass: &Pass, (columns, first): (&[Bin], usize), rows: Bin) {
        let pass = &Typed::<O> {
            cells: pass.cells.cast(),
            cell_apart: pass.cell_apart,
            width: pass.width,
            values: pass.out.values.cast(),
            indices: pass.out.indices,
            bin_apart: pass.bin_apart,
            channels: pass.channels.clone(),
            flip: self.flip,
        };
        for (&columns, bin) in columns.iter().zip(first..) {
            // Values alone need no places. Others are counted row by row of the map, from a piece's first cell.
            let most = if INDEXED { O::PLACES } else { u32::MAX };
            let rows_of_piece = if INDEXED { (most / pass.width as u32).max(1) } else { most };
            let mut is_first = true;
            for rows in rows.pieces(rows_of_piece) {
                for columns in columns.pieces(if rows.len() > 1 { u32::MAX } else { most }) {
                    let piece = &Piece { rows, columns, is_first };
                    // SAFETY: the caller's promise.
                    unsafe { reduce_piece::<O, INDEXED>(pass, bin, piece, &mut self.seen) };
                    is_first = false;
                }
            }
        }
    }

    unsafe fn merge_level(&mut self, pass: &Pass, nest: &Nest) {
        // SAFETY: the caller's promise.
        unsafe {
            merge::values::<O::Full>(pass, nest, self.flip, &mut self.seen);
            if INDEXED {
                merge::indices::<O::Full>(pass, nest);
            }
        }
    }

    unsafe fn take_faults(&mut self, item: &Item, planes: Range<usize>) -> bool {
        if !O::FLOATS {
            return false;
        }
        let seen = core::mem::replace(&mut self.seen, Seen::nothing());
        // Maps behind a ReLU are full of zeros, but of one sign.
        let negative = |run: Range<usize>| {
            // SAFETY: cells of the item, which nobody writes.
            has_negative_zero(unsafe { item.input.part(run.start, run.len()).cast().shared() })
        };
        let (height, width) = item.plan.size();
        seen.has_nan() || (seen.has_zero() && item.cells.runs(planes, height * width).any(negative))
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

/// Reduces a piece of one bin, in blocks of vectors of channels. The last vector overlaps those before; it has fewer lanes only where
/// all channels are fewer.
///
/// # Safety
/// As [`Kernel::reduce_row`], and the piece must lie inside the bin.
#[inline(always)]
unsafe fn reduce_piece<O: Order, const INDEXED: bool>(pass: &Typed<O>, bin: usize, piece: &Piece, seen: &mut Seen) {
    let Range { start, end } = pass.channels;
    let mut first = start;
    // SAFETY: the caller's promise.
    unsafe {
        while first + TOGETHER * O::LANES <= end {
            reduce::<O, INDEXED, TOGETHER>(pass, bin, piece, seen, first, O::LANES);
            first += TOGETHER * O::LANES;
        }
        while first < end {
            let (at, lanes) = vector_at::<O>(first, start, end);
            reduce::<O, INDEXED, 1>(pass, bin, piece, seen, at, lanes);
            first = at + O::LANES;
        }
    }
}

/// Reduces a piece of one bin, for `K` vectors of channels.
///
/// # Safety
/// As [`reduce_piece`]; the `lanes` of each vector, of which there may be fewer only where it is the only one, must lie inside the
/// channels.
#[inline(always)]
unsafe fn reduce<O: Order, const INDEXED: bool, const K: usize>(
    pass: &Typed<O>,
    bin: usize,
    piece: &Piece,
    seen: &mut Seen,
    first: usize,
    lanes: usize,
) {
    let lanes = if K > 1 { O::LANES } else { lanes };
    let flip = pass.flip;
    let to = |k: usize| bin * pass.bin_apart + first + O::LANES * k;
    // SAFETY: the block's channels of this bin, and of the cells it reads.
    unsafe {
        let (mut most, mut places) = ([O::lowest(); K], [O::splat_place(1); K]);
        if INDEXED && !piece.is_first {
            most = core::array::from_fn(|k| O::key(load::<O>(pass.values, to(k), lanes), flip));
            places = [O::splat_place(0); K];
        }
        let (mut found, mut number) = (*seen, 1);
        for row in piece.rows.range() {
            for column in piece.columns.range() {
                let at = (row * pass.width + column) * pass.cell_apart + first;
                let cells: [V; K] = core::array::from_fn(|k| load::<O>(pass.cells, at + O::LANES * k, lanes));
                found.cells::<O, K>(&cells);
                let place = O::splat_place(number);
                for k in 0..K {
                    let before = most[k];
                    most[k] = O::max(before, O::key(cells[k], flip));
                    if INDEXED {
                        places[k] = O::max_place(places[k], O::eq(most[k], before).not().and(place));
                    }
                }
                number += 1;
            }
            number += (pass.width - piece.columns.len()) as u32;
        }
        if O::PARTIAL && tree(&most, V::or).sign_i16().any() {
            *seen = found;
            return reduce_fully::<O, INDEXED>(pass, bin, piece, seen, first, (K, lanes));
        }
        let start = piece.rows.start * pass.width as u32 + piece.columns.start;
        for k in 0..K {
            let value = O::key(most[k], flip);
            found.bin::<O>(value);
            store::<O>(pass.values, to(k), value, lanes);
            if INDEXED {
                store_places::<O>(places[k], pass.indices, to(k), lanes, (start, piece.is_first));
            }
        }
        *seen = found;
    }
}

/// [`reduce`] in the order of all cells, for vectors of channels of which some hold negative values alone.
///
/// # Safety
/// As [`reduce`].
#[cold]
#[inline(never)]
unsafe fn reduce_fully<O: Order, const INDEXED: bool>(
    pass: &Typed<O>,
    bin: usize,
    piece: &Piece,
    seen: &mut Seen,
    first: usize,
    (vectors, lanes): (usize, usize),
) {
    let &Typed { cells, width, cell_apart, values, indices, bin_apart, ref channels, flip } = pass;
    let channels = channels.clone();
    let pass = &Typed::<O::Full> { cells, width, cell_apart, values, indices, bin_apart, channels, flip };
    for k in 0..vectors {
        // SAFETY: the caller's promise is the same.
        unsafe { reduce::<O::Full, INDEXED, 1>(pass, bin, piece, seen, first + O::LANES * k, lanes) };
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
unsafe fn store_places<O: Order>(places: V, to: Span<u32>, at: usize, lanes: usize, (start, is_first): (u32, bool)) {
    if lanes < O::LANES {
        // SAFETY: the caller's promise; no vector has more lanes.
        unsafe {
            let (mut all, to) = ([0; 16], to.part(at, lanes).as_mut_ptr());
            all.as_mut_ptr().copy_from_nonoverlapping(to, lanes);
            store_places::<O>(places, Span::new(&mut all), 0, O::LANES, (start, is_first));
            to.copy_from_nonoverlapping(all.as_ptr(), lanes);
        }
        return;
    }
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
