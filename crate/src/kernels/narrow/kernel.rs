//! The passes over cells and bins, for the type of elements that a map has.

use core::ops::Range;

use super::order::{Bytes, Halves, Order};
use super::pass::{Bins, Nest, Pass, Plane, Reduced, Rows};
use super::seen::Seen;
use super::squares::{self, Squares};
use super::{columns, merge, rows, scan, transpose};
use crate::element::{ElementType, Elements};
use crate::geometry::bins::Bin;
use crate::vector::Native as V;

/// The passes over elements of one type. They find indices where there is room for them.
pub(crate) trait Kernel {
    /// Pools some planes of a size that there are kernels for.
    ///
    /// # Safety
    /// The item's buffers must have the lengths of its plan, and the channels lie inside them.
    unsafe fn pool_squares(&mut self, squares: &Squares, channels: Range<usize>, indexed: bool);

    /// Reduces some rows of a row of bins, which have these columns and stand in the output from the second number on.
    ///
    /// # Safety
    /// `pass` must hold the rows and the bins, and its channels lie inside them.
    unsafe fn reduce_row(&mut self, pass: &Pass, bins: (&[Bin], usize), rows: Bin);

    /// Makes every bin of a nested level from its parent's.
    ///
    /// # Safety
    /// As [`Kernel::reduce_row`]; `nest` must be how the level nests.
    unsafe fn merge_level(&mut self, pass: &Pass, nest: &Nest);

    /// Reduces the rows of each of `bins` in a plane of so many columns to one row: the keys of its maxima and, for `indexed`, the numbers of
    /// their rows in the bin.
    ///
    /// # Safety
    /// The bins must lie inside the plane, a vector be readable from the beginning of each of its rows, and `to` have a row for each bin, and a
    /// vector more.
    unsafe fn reduce_rows(&mut self, plane: &Plane, bins: &[Bin], to: (&[Elements; 2], usize), indexed: bool);

    /// Makes the bins of these rows and columns, which stand in the output from that element on. The answer is whether some are halves of negative
    /// values alone, which come out wrong.
    ///
    /// # Safety
    /// There must be a reduced row for each of `rows` that has the columns, and the output have room for the bins of a line of planes.
    unsafe fn reduce_columns(&mut self, from: &Reduced, bins: (&[Bin], &[Bin]), out: (&Bins, usize)) -> bool;

    /// Transposes the columns of eight rows, from that one on, into columns that begin at `to` and lie `apart`. What would be the rows behind
    /// the last is the last again.
    ///
    /// # Safety
    /// The columns of a vector at least must be readable, and `to` have room for the columns.
    unsafe fn transpose(&self, from: (&Rows, usize), to: (&Elements, usize, usize), columns: usize);

    /// What was seen since it was taken last.
    fn seen(&mut self) -> &mut Seen;
}

/// The passes in the order `O`.
struct Passes<O: Order> {
    seen: Seen,
    flip: V,
    order: core::marker::PhantomData<O>,
}

impl<O: Order> Passes<O> {
    fn new(kind: ElementType) -> Self {
        Passes { seen: Seen::nothing(), flip: O::flip(kind), order: core::marker::PhantomData }
    }
}

/// Calls `run` with the kernel for elements of a type.
pub(crate) fn with_kernel(kind: ElementType, run: impl FnOnce(&mut dyn Kernel)) {
    let (mut halves, mut bytes) = (Passes::<Halves<false>>::new(kind), Passes::<Bytes>::new(kind));
    run(if kind == ElementType::F16 { &mut halves } else { &mut bytes });
}

impl<O: Order> Kernel for Passes<O> {
    unsafe fn pool_squares(&mut self, squares: &Squares, channels: Range<usize>, indexed: bool) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            if indexed {
                squares::pool::<O, true>(squares, channels, self.flip, &mut self.seen);
            } else {
                squares::pool::<O, false>(squares, channels, self.flip, &mut self.seen);
            }
        }
    }

    unsafe fn reduce_row(&mut self, pass: &Pass, bins: (&[Bin], usize), rows: Bin) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            if pass.out.indices.len() > 0 {
                scan::row::<O, true>(pass, bins, rows, self.flip, &mut self.seen);
            } else {
                scan::row::<O, false>(pass, bins, rows, self.flip, &mut self.seen);
            }
        }
    }

    unsafe fn merge_level(&mut self, pass: &Pass, nest: &Nest) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            merge::values::<O::Full>(pass, nest, self.flip, &mut self.seen);
            if pass.out.indices.len() > 0 {
                merge::indices::<O::Full>(pass, nest);
            }
        }
    }

    unsafe fn reduce_rows(&mut self, plane: &Plane, bins: &[Bin], to: (&[Elements; 2], usize), indexed: bool) {
        // SAFETY: the caller's promise is the same.
        unsafe {
            if indexed {
                rows::reduce::<O, true>(plane, bins, to, self.flip, &mut self.seen);
            } else {
                rows::reduce::<O, false>(plane, bins, to, self.flip, &mut self.seen);
            }
        }
    }

    unsafe fn reduce_columns(&mut self, from: &Reduced, bins: (&[Bin], &[Bin]), (out, to): (&Bins, usize)) -> bool {
        // SAFETY: the caller's promise is the same.
        unsafe {
            let is_wrong = columns::values::<O>(from, bins, (out, to), self.flip, &mut self.seen);
            if out.indices.len() > 0 {
                columns::indices::<O>(from, bins, (out, to), self.flip);
            }
            is_wrong
        }
    }

    unsafe fn transpose(&self, from: (&Rows, usize), to: (&Elements, usize, usize), columns: usize) {
        // SAFETY: the caller's promise is the same.
        unsafe { transpose::rows::<O>(from, to, columns) }
    }

    fn seen(&mut self) -> &mut Seen {
        &mut self.seen
    }
}
