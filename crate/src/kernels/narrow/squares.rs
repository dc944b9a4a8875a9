//! Sixteen bins of small square NCHW planes of bytes without indices, and the four and the one that they make up. A row is one vector: the rows of a row
//! of bins are reduced, and one swizzle lays its bins side by side.

use core::ops::Range;

use super::order::{Bytes, Order};
use super::pass::Item;
use crate::memory::span::Span;
use crate::plan::square::{BINS, SIDES, bin};
use crate::vector::{Native as V, Packed, Vector};

/// The widest side of a square.
const WIDEST: usize = SIDES[SIDES.len() - 1];
/// Bytes of a vector.
const BYTES: usize = 16;

/// For each row of bins, the first columns of its bins, their second ones, and so on: of fewer than four, the last again.
fn columns(side: usize) -> V {
    let columns: [u8; BYTES] = core::array::from_fn(|lane| {
        let bin = bin(side, lane % BINS);
        (bin.start as usize + lane / BINS).min(bin.end as usize - 1) as u8
    });
    // SAFETY: a vector of bytes.
    unsafe { V::load(columns.as_ptr().cast()) }
}

/// The keys of the sixteen bins of a plane of `SIDE x SIDE` cells, in their order.
///
/// # Safety
/// A vector must be readable from the beginning of each row of the plane.
#[inline(always)]
unsafe fn reduce<const SIDE: usize>(plane: *const u8, columns: V, flip: V) -> V {
    let row = |i: usize| {
        let rows = bin(SIDE, i);
        let load = |step: usize| {
            // Of fewer than four rows, the last is read again.
            let row = (rows.start as usize + step).min(rows.end as usize - 1);
            // SAFETY: the caller's promise.
            Bytes::key(unsafe { V::load(plane.add(SIDE * row).cast()) }, flip)
        };
        load(0).max_u8(load(1)).max_u8(load(2).max_u8(load(3))).swizzle(columns)
    };
    let pair = |a: V, b: V| a.zip_low(b).max_u8(a.zip_high(b));
    let (top, bottom) = (pair(row(0), row(1)), pair(row(2), row(3)));
    top.join_low(bottom).max_u8(top.join_high(bottom))
}

/// The keys of the four bins that sixteen make up.
#[inline(always)]
fn four_of(sixteen: V) -> [u8; 4] {
    let rows = sixteen.zip_low(sixteen.join_high(sixteen));
    let rows = rows.max_u8(rows.join_high(rows));
    let [top, bottom, ..] = rows.max_u8(rows.odd_u8()).lanes();
    [top as u8, (top >> 16) as u8, bottom as u8, (bottom >> 16) as u8]
}

/// Pools some planes of an item. Finds no indices.
///
/// # Safety
/// The item's buffers must have the lengths of its plan, which must have [`squares`](crate::plan::PyramidPlan::squares), and the channels
/// lie inside them.
pub(crate) unsafe fn planes(item: &Item, channels: Range<usize>) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match item.plan.size().0 {
            7 => planes_of::<7>(item, channels),
            13 => planes_of::<13>(item, channels),
            _ => planes_of::<14>(item, channels),
        }
    }
}

/// # Safety
/// As [`planes`], for planes of `SIDE x SIDE` cells.
#[inline(never)]
unsafe fn planes_of<const SIDE: usize>(item: &Item, channels: Range<usize>) {
    let Some(levels) = item.plan.squares() else { return };
    let [sixteen, four, one] = levels.map(|level| level.map(|level| item.place(&item.plan.levels()[level])));
    let (flip, columns) = (Bytes::flip(item.input.kind()), columns(SIDE));
    let (input, output): (Span<u8>, Span<u8>) = (item.input.cast(), item.output.values.cast());
    let turned = flip.lanes()[0].to_le_bytes()[0];
    for channel in channels {
        let first = item.cells.at(channel, 0);
        // SAFETY: cells and bins of the plane. What is read behind the plane lies in the input, or in a copy of the plane.
        unsafe {
            let keys = if first + SIDE * SIDE + BYTES <= input.len() {
                reduce::<SIDE>(input.part(first, SIDE * SIDE).as_mut_ptr(), columns, flip)
            } else {
                let mut copy = [0; WIDEST * WIDEST + BYTES];
                copy[..SIDE * SIDE].copy_from_slice(input.part(first, SIDE * SIDE).shared());
                reduce::<SIDE>(copy.as_ptr(), columns, flip)
            };
            if let Some(place) = sixteen {
                keys.xor(flip).store(output.part(place.at(channel, 0), BYTES).as_mut_ptr().cast());
            }
            let keys = four_of(keys);
            if let Some(place) = four {
                let to = output.part(place.at(channel, 0), keys.len()).as_mut_ptr();
                to.cast::<[u8; 4]>().write(keys.map(|key| key ^ turned));
            }
            if let Some(place) = one {
                output.set(place.at(channel, 0), keys[0].max(keys[1]).max(keys[2].max(keys[3])) ^ turned);
            }
        }
    }
}
