//! Sixteen bins of small square NCHW planes, and the four and the one that they make up, in registers.
//!
//! The rows of a row of bins are reduced to one row, and a swizzle lays the columns of its bins side by side. With indices, each column keeps
//! the row of its greatest cell. It then becomes a word of twice the width: the cell above, and below it the number of the cell, counted down
//! from 255, so that the greatest word is that of the first of the greatest cells.

use core::mem::MaybeUninit;
use core::ops::Range;

use super::order::{Order, update, zipped};
use super::pass::Item;
use super::seen::Seen;
use crate::geometry::shape::PlaneStrides;
use crate::plan::square::{BINS, SIDES, bin};
use crate::vector::{BYTES, Native as V, Packed, Vector};

/// Rows of a row of bins.
const ROWS: usize = 4;
/// Cells of the largest plane.
const MOST_CELLS: usize = SIDES[SIDES.len() - 1] * SIDES[SIDES.len() - 1];

/// How planes of an item are pooled, if there are kernels for their size.
pub(crate) struct Squares<'a> {
    item: &'a Item<'a>,
    sixteen: PlaneStrides,
    four: Option<PlaneStrides>,
    one: Option<PlaneStrides>,
    /// The bytes before the rows of each row of bins. Of fewer than four, the last again.
    rows: [[usize; ROWS]; BINS],
    /// Where the columns of the bins of the first vector of a row are, and of the second.
    columns: &'static [[u8; BYTES]; 2],
}

/// The first columns of the bins of a vector, their second ones, and so on, by the places of their bytes: of bytes, and of halves, of which a row has two
/// vectors, each with two bins.
static COLUMNS: [[[[u8; BYTES]; 2]; 2]; SIDES.len()] = {
    let mut columns = [[[[0; BYTES]; 2]; 2]; SIDES.len()];
    let mut i = 0;
    while i < BYTES * 4 * SIDES.len() {
        let (byte, k, size, side) = (i % BYTES, i / BYTES % 2, i / BYTES / 2 % 2 + 1, SIDES[i / BYTES / 4]);
        let (lane, bins) = (byte / size, BINS / size);
        let column = of_four(side, k * (size - 1) * bins + lane % bins, lane / bins);
        let first = if k * (size - 1) == 1 { right(side) } else { 0 };
        columns[i / BYTES / 4][size - 1][k][byte] = ((column - first) * size + byte % size) as u8;
        i += 1;
    }
    columns
};

/// The first column of the second vector of halves in a row.
const fn right(side: usize) -> usize {
    side.saturating_sub(BYTES / 2)
}

/// The first to the fourth of the rows or columns of a bin. Of fewer, the last again.
const fn of_four(side: usize, i: usize, step: usize) -> usize {
    let bin = bin(side, i);
    let (cell, last) = (bin.start as usize + step, bin.end as usize - 1);
    if cell < last { cell } else { last }
}

impl<'a> Squares<'a> {
    pub fn new(item: &'a Item) -> Option<Self> {
        let levels = item.plan.squares()?.map(|level| level.map(|level| item.place(&item.plan.levels()[level])));
        let ([Some(sixteen), four, one], (side, _)) = (levels, item.plan.size()) else { return None };
        let size = item.input.kind().size();
        let rows = core::array::from_fn(|i| core::array::from_fn(|step| size * side * of_four(side, i, step)));
        let columns = &COLUMNS[SIDES.iter().position(|&other| side == other)?][size - 1];
        Some(Squares { item, sixteen, four, one, rows, columns })
    }
}

/// The greater words: cells, or for `INDEXED` those with their numbers.
#[inline(always)]
fn max<O: Order, const INDEXED: bool>(a: V, b: V) -> V {
    match (INDEXED, O::LANES) {
        (false, _) => O::max(a, b),
        (true, BYTES) => a.max_u16(b),
        (true, _) => a.max_index(b),
    }
}

/// See [`Kernel::pool_squares`](super::kernel::Kernel::pool_squares).
///
/// # Safety
/// As there.
pub(super) unsafe fn pool<O: Order, const INDEXED: bool>(
    squares: &Squares,
    channels: Range<usize>,
    flip: V,
    seen: &mut Seen,
) {
    // Bins of few cells often hold negative halves alone.
    let few = squares.item.plan.size().0 < BYTES / 2;
    // SAFETY: the caller's promise is the same.
    unsafe {
        if few || pool_by::<O, INDEXED>(squares, channels.clone(), flip, seen) {
            pool_by::<O::Full, INDEXED>(squares, channels, flip, seen);
        }
    }
}

/// Pools planes in one order. The answer is whether it was the wrong one for some bins.
///
/// # Safety
/// As [`pool`].
unsafe fn pool_by<O: Order, const INDEXED: bool>(
    squares: &Squares,
    channels: Range<usize>,
    flip: V,
    seen: &mut Seen,
) -> bool {
    let (item, side) = (squares.item, squares.item.plan.size().0);
    let (input, mut end) = (item.input.cast::<O::Element>(), channels.end);
    let mut is_wrong = false;
    // SAFETY: cells of the item. What is read behind the last plane of the input lies in a copy of that.
    unsafe {
        if item.cells.at(end, 0) + O::LANES.saturating_sub(side) > input.len() {
            end -= 1;
            let mut copy = MaybeUninit::<[u8; MOST_CELLS + BYTES]>::uninit();
            let cells = input.part(item.cells.at(end, 0), side * side);
            cells.as_mut_ptr().copy_to_nonoverlapping(copy.as_mut_ptr().cast(), cells.len());
            is_wrong = pool_planes::<O, INDEXED>(squares, end..channels.end, copy.as_ptr().cast(), flip, seen);
        }
        let first = input.as_mut_ptr().add(item.cells.at(channels.start, 0)).cast::<u8>();
        is_wrong | pool_planes::<O, INDEXED>(squares, channels.start..end, first, flip, seen)
    }
}

/// The greatest cell of each column of four rows and, for `INDEXED`, the number of its row's first cell.
///
/// # Safety
/// The vectors must be readable.
#[inline(always)]
unsafe fn reduce<O: Order, const INDEXED: bool>(
    from: *const u8,
    rows: [usize; ROWS],
    flip: V,
    seen: &mut Seen,
) -> (V, V) {
    // SAFETY: the caller's promise.
    let cells = rows.map(|row| unsafe { V::load(from.add(row).cast()) });
    seen.cells::<O, ROWS>(&cells);
    let place = |row: usize| O::splat_place((rows[row] / size_of::<O::Element>()) as u32);
    let (mut most, mut best) = (O::key(cells[0], flip), place(0));
    let mut take = |row: usize| update::<O, INDEXED>((&mut most, &mut best), O::key(cells[row], flip), place(row));
    take(1);
    take(2);
    take(3);
    (most, best)
}

/// Lays the columns of bins side by side, as words for `INDEXED`.
#[inline(always)]
fn lay<O: Order, const INDEXED: bool>((most, best): (V, V), (columns, numbers): (V, V)) -> V {
    let most = most.swizzle(columns);
    if !INDEXED {
        return most;
    }
    let number = numbers.sub_index(best.swizzle(columns));
    max::<O, INDEXED>(O::zip_low(number, most), O::zip_high(number, most))
}

/// Pools planes that lie one after the other, the first in these bytes.
///
/// # Safety
/// As [`pool`]. A vector must be readable from the beginning of each row.
#[inline(never)]
unsafe fn pool_planes<O: Order, const INDEXED: bool>(
    squares: &Squares,
    channels: Range<usize>,
    mut plane: *const u8,
    flip: V,
    seen: &mut Seen,
) -> bool {
    let (item, size, side) = (squares.item, size_of::<O::Element>(), squares.item.plan.size().0);
    // SAFETY: a vector of bytes.
    let columns = squares.columns.each_ref().map(|columns| unsafe { V::load(columns.as_ptr().cast()) });
    // The numbers of the columns, counted down from 255.
    let numbers = [0, right(side) as u32].map(|first| O::splat_place(255 - first));
    let left = (columns[0], numbers[0].sub_index(O::of_bytes(columns[0])));
    let right = (size * right(side), (columns[1], numbers[1].sub_index(O::of_bytes(columns[1]))));
    let max = max::<O, INDEXED>;
    let zip = |a: V, b: V| max(a.zip_low(b), a.zip_high(b));
    let join = |a: V, b: V| max(a.join_low(b), a.join_high(b));
    let (mut found, mut all) = (*seen, V::splat_index(0));
    let mut rows = [all; BINS];
    for channel in channels {
        // SAFETY: cells and bins of the plane.
        unsafe {
            // A row of bins: as many columns of each as there is room for, bin beside bin.
            let mut reduce_row = |i: usize| {
                let mut reduce = |from| reduce::<O, INDEXED>(from, squares.rows[i], flip, &mut found);
                let mut columns = reduce(plane);
                let first = lay::<O, INDEXED>(columns, left);
                if size == 1 {
                    return first;
                }
                // One vector may hold the whole row.
                if right.0 > 0 {
                    columns = reduce(plane.add(right.0));
                }
                let second = lay::<O, INDEXED>(columns, right.1);
                if INDEXED { join(first, second) } else { zip(first, second) }
            };
            for (i, row) in rows.iter_mut().enumerate() {
                *row = reduce_row(i);
            }
            plane = plane.add(size * side * side);
            // Sixteen words in as many vectors as they take, and the pairs of rows that they make up.
            let [a, b, c, d] = rows;
            let (sixteen, pairs) = match size << usize::from(INDEXED) {
                1 => {
                    let all = join(zip(a, b), zip(c, d));
                    let pairs = max(all, all.shift_right_i16::<8>());
                    ([all; BINS], pairs)
                }
                2 => {
                    let (top, bottom) = (join(a, b), join(c, d));
                    ([top, bottom, top, bottom], join(top, bottom))
                }
                _ => (rows, a),
            };
            // Four words, below others where they are narrower than lanes of 32 bits.
            let halve = |a: V, b: V| max(a.even(b, 4), a.odd(b, 4));
            let four = match size << usize::from(INDEXED) {
                1 => halve(pairs, pairs).zip_low_u16(pairs),
                2 => max(pairs, pairs.shift_right::<16>()),
                _ => halve(max(a, b), max(c, d)),
            };
            let [a, b, c, d] = sixteen;
            let keys = if INDEXED { [a.odd(b, size), c.odd(d, size)] } else { [a, b] };
            let (to, at) = (item.output.values.cast::<O::Element>(), squares.sixteen.at(channel, 0));
            for (k, keys) in keys.into_iter().enumerate().take(size) {
                let values = O::key(keys, flip);
                found.bin::<O>(values);
                all = all.or(values);
                values.store(to.part(at + O::LANES * k, O::LANES).as_mut_ptr().cast());
            }
            if INDEXED {
                let zero = V::splat_index(0);
                let words = if O::LANES == BYTES { zipped(a, b, zero, zero) } else { sixteen };
                for (k, words) in words.into_iter().enumerate() {
                    item.output.indices.store(at + V::LANES * k, index(words), V::LANES);
                }
            }
            if let Some(place) = squares.four {
                store::<O, INDEXED, 4>(item, place.at(channel, 0), four, flip);
            }
            if let Some(place) = squares.one {
                let two = max(four, four.join_high(four));
                store::<O, INDEXED, 1>(item, place.at(channel, 0), max(two, two.odd(two, 4)), flip);
            }
        }
    }
    *seen = found;
    O::PARTIAL && all.sign_i16().any()
}

/// The index in a word of 32 bits.
#[inline(always)]
fn index(word: V) -> V {
    word.not().and(V::splat_index(0xff))
}

/// Writes the first `N` words, one or four, to the bins from `at` on. They are in lanes of 32 bits.
///
/// # Safety
/// The bins must lie inside the output.
#[inline(always)]
unsafe fn store<O: Order, const INDEXED: bool, const N: usize>(item: &Item, at: usize, words: V, flip: V) {
    let keys = match (INDEXED, O::LANES) {
        (false, _) => words,
        (true, BYTES) => words.shift_right::<8>(),
        (true, _) => words.shift_right::<16>(),
    };
    let values = O::key(keys, flip).and(V::splat_index(if O::LANES == BYTES { 0xff } else { 0xffff }));
    // SAFETY: the caller's promise.
    unsafe {
        let to = item.output.values.cast::<O::Element>().part(at, N).as_mut_ptr();
        match (N, O::LANES) {
            (1, BYTES) => to.cast::<u8>().write(values.lanes()[0] as u8),
            (1, _) => to.cast::<u16>().write(values.lanes()[0] as u16),
            (_, BYTES) => values.store_u8(to.cast()),
            _ => values.store_u16(to.cast()),
        }
        if INDEXED {
            item.output.indices.store(at, index(words), N);
        }
    }
}
