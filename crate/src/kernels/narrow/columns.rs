//! Bins of rows that are reduced to one for each row of bins, a plane in every lane.

use super::order::{Order, load, store};
use super::pass::{Bins, Reduced};
use super::seen::Seen;
use crate::geometry::bins::Bin;
use crate::vector::{Native as V, Packed, Vector};

/// Makes the values of the bins of these rows and columns. The answer is whether the order is not right for some.
///
/// # Safety
/// As [`Kernel::reduce_columns`](super::kernel::Kernel::reduce_columns).
#[inline(never)]
pub(super) unsafe fn values<O: Order>(
    from: &Reduced,
    (rows, columns): (&[Bin], &[Bin]),
    (out, mut to): (&Bins, usize),
    flip: V,
    seen: &mut Seen,
) -> bool {
    let (mut found, mut all) = (*seen, V::splat_index(0));
    for row in 0..rows.len() {
        for columns in columns {
            for plane in (0..from.planes).step_by(O::LANES) {
                let first = (row * from.width + columns.start as usize) * from.line + plane;
                // SAFETY: the caller's promise.
                unsafe {
                    let keys = from.cells[0].cast();
                    let mut most = load::<O>(keys, first);
                    for column in 1..columns.len() {
                        most = O::max(most, load::<O>(keys, first + column * from.line));
                    }
                    let value = O::key(most, flip);
                    found.bin::<O>(value);
                    all = all.or(most);
                    store::<O>(out.values.cast(), to + plane, value);
                }
            }
            to += from.line;
        }
    }
    *seen = found;
    O::PARTIAL && all.sign_i16().any()
}

/// Makes the indices of bins whose values are made: that of the first column of those that have the value in the first row.
///
/// # Safety
/// As [`Kernel::reduce_columns`](super::kernel::Kernel::reduce_columns).
#[inline(never)]
pub(super) unsafe fn indices<O: Order>(
    from: &Reduced,
    (rows, columns): (&[Bin], &[Bin]),
    (out, mut to): (&Bins, usize),
    flip: V,
) {
    let width = V::splat_index(from.width as u32);
    for (i, rows) in rows.iter().enumerate() {
        for columns in columns {
            for plane in (0..from.planes).step_by(O::LANES) {
                let first = (i * from.width + columns.start as usize) * from.line + plane;
                // SAFETY: the caller's promise.
                unsafe {
                    let most = O::key(load::<O>(out.values.cast(), to + plane), flip);
                    let row = |column: usize| {
                        let at = first + column * from.line;
                        let other = O::eq(load::<O>(from.cells[0].cast(), at), most).not();
                        load::<O>(from.cells[1].cast(), at).set_masked(other)
                    };
                    let mut first_row = row(0);
                    for column in 1..columns.len() {
                        first_row = O::min_place(first_row, row(column));
                    }
                    let mut first_column = O::splat_place(u32::MAX);
                    for column in 0..columns.len() {
                        let other = O::eq(row(column), first_row).not();
                        first_column = O::min_place(first_column, O::splat_place(column as u32).set_masked(other));
                    }
                    let start = V::splat_index(rows.start * from.width as u32 + columns.start);
                    let (row, column) = (O::words(first_row), O::words(first_column));
                    for k in 0..O::WORDS {
                        let index = row[k].mul_index(width).add_index(column[k]).add_index(start);
                        out.indices.store(to + plane + V::LANES * k, index, V::LANES);
                    }
                }
            }
            to += from.line;
        }
    }
}
