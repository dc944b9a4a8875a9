//! Eight rows transposed.

use super::order::{Order, load};
use super::pass::Rows;
use crate::element::Elements;
use crate::memory::span::Span;
use crate::vector::{Native as V, Packed, Vector};

/// Rows that are transposed together.
pub(super) const ROWS: usize = 8;

/// See [`Kernel::transpose`](super::kernel::Kernel::transpose).
///
/// # Safety
/// As there.
pub(super) unsafe fn rows<O: Order>(
    (from, first): (&Rows, usize),
    (to, at, apart): (&Elements, usize, usize),
    columns: usize,
) {
    let (of, to) = (from.of.cast(), to.cast());
    let begins: [usize; ROWS] = core::array::from_fn(|i| from.first + (first + i).min(from.count - 1) * from.apart);
    for column in (0..columns).step_by(O::LANES) {
        // The last vectors overlap those before.
        let column = column.min(columns.saturating_sub(O::LANES));
        // SAFETY: the caller's promise.
        unsafe {
            let eight = transpose::<O>(begins.map(|begin| load::<O>(of, begin + column)));
            store_columns::<O>(eight, to, at + column * apart, apart);
        }
    }
}

/// Eight rows, column by column: to interleave the first four with the last four moves the highest bit of a row's number behind the bits of
/// the column, and there are three such bits.
#[inline(always)]
fn transpose<O: Order>(rows: [V; ROWS]) -> [V; ROWS] {
    // Said in full: loops over few vectors are not always unrolled, and then go through memory.
    let interleave = |[a, b, c, d, e, f, g, h]: [V; ROWS]| {
        let zip = |a: V, b: V| (O::zip_low(a, b), O::zip_high(a, b));
        let ((a, b), (c, d), (e, f), (g, h)) = (zip(a, e), zip(b, f), zip(c, g), zip(d, h));
        [a, b, c, d, e, f, g, h]
    };
    interleave(interleave(interleave(rows)))
}

/// Stores columns of eight elements, `apart` from each other, from element `at` on, in their order.
///
/// # Safety
/// They must lie inside `to`.
#[inline(always)]
unsafe fn store_columns<O: Order>(columns: [V; ROWS], to: Span<O::Element>, at: usize, apart: usize) {
    debug_assert!(at + (O::LANES - 1) * apart + ROWS <= to.len());
    // SAFETY: the caller's promise.
    let column = |i: usize| unsafe { to.as_mut_ptr().add(at + i * apart) };
    for (i, vector) in columns.into_iter().enumerate() {
        // SAFETY: a whole column, or two.
        unsafe {
            if O::LANES == ROWS {
                vector.store(column(i).cast());
            } else {
                vector.store_parts(column(2 * i).cast(), column(2 * i + 1).cast());
            }
        }
    }
}
