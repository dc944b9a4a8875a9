//! Sixteen bins of 4 x 4 cells of small square NCHW planes, and the four and the one that they make up, in lanes of 16 bits: halves, and bytes
//! with their indices.
//!
//! A byte with its index becomes one word: the byte above, and below it the number of the cell with all bits turned round, so that the greatest
//! word is that of the first of the greatest bytes.

use core::ops::Range;

use half::f16;

use super::order::{Halves, Order};
use super::pass::{Bins, Item};
use super::seen::Seen;
use crate::element::ElementType;
use crate::geometry::shape::PlaneStrides;
use crate::kernels::tree;
use crate::plan::square::{BINS, SIDES, bin};
use crate::vector::{BYTES, Native as V, Packed, Vector};

/// Words of a vector.
const LANES: usize = BYTES / 2;
/// Cells of the largest plane.
const MOST_CELLS: usize = SIDES[SIDES.len() - 1] * SIDES[SIDES.len() - 1];

/// Pools some planes of an item, if these are squares of halves without indices or of bytes with them, and bins have 4 x 4 cells. The answer
/// is whether it did: not where some bin holds negative halves alone, which are in another order.
///
/// # Safety
/// The item's buffers must have the lengths of its plan, and the channels lie inside them.
pub(crate) unsafe fn planes(item: &Item, channels: Range<usize>, seen: &mut Seen) -> bool {
    let Some(levels) = item.plan.squares() else { return false };
    let (is_halves, indexed) = (item.input.kind() == ElementType::F16, item.output.indices.len() > 0);
    if is_halves == indexed || item.plan.size().0 < LANES {
        return false;
    }
    let places = levels.map(|level| level.map(|level| item.place(&item.plan.levels()[level])));
    // SAFETY: the caller's promise is the same.
    unsafe {
        if indexed {
            planes_of::<true>(item, channels, places, seen)
        } else {
            planes_of::<false>(item, channels, places, seen)
        }
    }
}

/// Pools planes of bytes for `INDEXED`, of halves if not. The levels stand at these places.
///
/// # Safety
/// As [`planes`], for planes of which that is right.
#[inline(never)]
unsafe fn planes_of<const INDEXED: bool>(
    item: &Item,
    channels: Range<usize>,
    [sixteen, four, one]: [Option<PlaneStrides>; 3],
    seen: &mut Seen,
) -> bool {
    let side = item.plan.size().0;
    let size = if INDEXED { 1 } else { 2 };
    let (cells, output) = (side * side, item.output);
    let input =
        if INDEXED { item.input.cast::<u8>().as_mut_ptr() } else { item.input.cast::<f16>().as_mut_ptr().cast() };
    // Where the rows of bins begin, and the left and the right words of a row.
    let starts: [usize; BINS] = core::array::from_fn(|i| bin(side, i).start as usize * side);
    let right = side - LANES;
    let columns = [columns(side, 0, 0), columns(side, 2, right)];
    let turned: u8 = if item.input.kind() == ElementType::U8 { 0x80 } else { 0 };
    let bins = Written::<INDEXED> { output, turned };
    let mut numbers = [0_u8; MOST_CELLS + BYTES];
    for (number, cell) in numbers[..cells + BYTES].iter_mut().zip(0_u8..) {
        *number = !cell;
    }
    let mut copy = [0_u8; MOST_CELLS + BYTES];
    let (mut found, mut all) = (*seen, V::splat_index(0));
    for channel in channels {
        let first = item.cells.at(channel, 0);
        // SAFETY: cells and bins of the plane. Of bytes, a vector can be read from each.
        unsafe {
            let mut plane = input.add(size * first).cast_const();
            if INDEXED && first + cells + BYTES > item.input.len() {
                plane.copy_to(copy.as_mut_ptr(), cells);
                plane = copy.as_ptr();
            }
            let load = |cell: usize| {
                let words = V::load(plane.add(size * cell).cast());
                if !INDEXED {
                    return words;
                }
                V::load(numbers.as_ptr().add(cell).cast()).zip_low_u8(words.xor(V::splat_u8(turned)))
            };
            let mut row = |i: usize| {
                let mut part = |from: usize, columns: V| {
                    let from = starts[i] + from;
                    let cells = [load(from), load(from + side), load(from + 2 * side), load(from + 3 * side)];
                    if !INDEXED {
                        found.cells::<Halves<false>, 4>(&cells);
                    }
                    tree(&cells, V::max_i16).swizzle(columns)
                };
                let (left, right) = (part(0, columns[0]), part(right, columns[1]));
                left.zip_low(right).max_i16(left.zip_high(right))
            };
            let mut rows = [V::splat_index(0); BINS];
            for (i, to) in rows.iter_mut().enumerate() {
                *to = row(i);
            }
            // Two rows of bins in a vector.
            let pair = |a: V, b: V| a.join_low(b).max_i16(a.join_high(b));
            let (top, bottom) = (pair(rows[0], rows[1]), pair(rows[2], rows[3]));
            // Of four and of one, the lower halves of lanes of 32 bits.
            let rows = pair(top, bottom);
            let of_four = rows.max_i16(rows.shift_right::<16>());
            let columns = of_four.max_i16(of_four.join_high(of_four));
            let [left, right, ..] = columns.lanes().map(|lane| lane as i16);
            if !INDEXED {
                found.bin::<Halves<false>>(top);
                found.bin::<Halves<false>>(bottom);
                all = all.or(top.or(bottom));
            }
            if let Some(place) = sixteen {
                let at = place.at(channel, 0);
                if INDEXED {
                    for (i, words) in [top, bottom].into_iter().enumerate() {
                        let [low, high, ..] = Halves::<true>::words(words);
                        bins.store_four(low, at + LANES * i);
                        bins.store_four(high, at + LANES * i + V::LANES);
                    }
                } else {
                    let to = output.values.cast::<f16>().part(at, BYTES).as_mut_ptr();
                    top.store(to.cast());
                    bottom.store(to.add(LANES).cast());
                }
            }
            if let Some(place) = four {
                bins.store_four(of_four, place.at(channel, 0));
            }
            if let Some(place) = one {
                bins.store_one(left.max(right), place.at(channel, 0));
            }
        }
    }
    *seen = found;
    !all.sign_i16().any()
}

/// Where bins are written.
struct Written<'a, const INDEXED: bool> {
    output: Bins<'a>,
    /// What is turned round of bytes.
    turned: u8,
}

impl<const INDEXED: bool> Written<'_, INDEXED> {
    /// Writes four words, the lower halves of lanes of 32 bits, to the bins from `at` on.
    ///
    /// # Safety
    /// The bins must lie inside the output.
    #[inline(always)]
    unsafe fn store_four(&self, words: V, at: usize) {
        let (byte, Bins { values, indices }) = (V::splat_index(0xff), self.output);
        // SAFETY: the caller's promise.
        unsafe {
            if INDEXED {
                let bytes = words.shift_right::<8>().xor(V::splat_index(u32::from(self.turned))).and(byte);
                bytes.store_u8(values.cast::<u8>().part(at, V::LANES).as_mut_ptr());
                indices.store(at, words.not().and(byte), V::LANES);
            } else {
                let halves = words.and(V::splat_index(0xffff));
                halves.store_u16(values.cast::<f16>().part(at, V::LANES).as_mut_ptr().cast());
            }
        }
    }

    /// Writes one word to bin `at`.
    ///
    /// # Safety
    /// The bin must lie inside the output.
    #[inline(always)]
    unsafe fn store_one(&self, word: i16, at: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            if INDEXED {
                self.output.values.cast().set(at, (word >> 8) as u8 ^ self.turned);
                self.output.indices.set(at, u32::from(!word as u8));
            } else {
                self.output.values.cast().set(at, f16::from_bits(word as u16));
            }
        }
    }
}

/// The first columns of two bins, their second ones, and so on, as bytes of words of which the first is column `from` of a row.
#[inline(never)]
fn columns(side: usize, first: usize, from: usize) -> V {
    let bytes: [u8; BYTES] = core::array::from_fn(|i| {
        let column = bin(side, first + i / 2 % 2).start as usize + i / 4;
        (2 * (column - from) + i % 2) as u8
    });
    // SAFETY: a vector of bytes.
    unsafe { V::load(bytes.as_ptr().cast()) }
}
