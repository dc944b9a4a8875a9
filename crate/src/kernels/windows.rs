//! Bins of levels so large that a list of what to load would take more memory than the bins: where each begins is worked out
//! from its bounds.

use super::{Accumulator, Flags};
use crate::geometry::bins::Bin;
use crate::memory::maxima::Maxima;
use crate::vector::Vector;

/// What the bins of a row read: columns of some rows.
#[derive(Clone, Copy)]
pub(super) struct Windows<'a> {
    /// How many rows, and how far they lie apart.
    pub rows: (usize, usize),
    pub columns: Columns<'a>,
    /// Elements that every bin has at least.
    pub unit: usize,
}

/// The columns of each bin of a row.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a> {
    /// Those of the bin.
    Bins(&'a [Bin]),
    /// So many each.
    Each(usize),
}

impl Windows<'_> {
    #[inline(always)]
    fn columns(self, bin: usize) -> Bin {
        match self.columns {
            Columns::Bins(bins) => bins[bin],
            Columns::Each(count) => Bin { start: (bin * count) as u32, end: ((bin + 1) * count) as u32 },
        }
    }
}

/// Gathers a row of bins, as many as `out` has.
///
/// # Safety
/// The windows of the bins must lie inside `from`.
#[inline(never)]
pub(super) unsafe fn gather_row<V: Vector, A: Accumulator<V>>(
    windows: Windows,
    (from, out): (Maxima, Maxima),
    flags: &mut Flags<V>,
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match windows.unit {
            4 => gather_units::<V, A, 4>(windows, from, out, flags),
            _ => gather_units::<V, A, 1>(windows, from, out, flags),
        }
    }
}

/// The same in loads of `U` elements, four bins at a time.
///
/// # Safety
/// As [`gather_row`].
#[inline(always)]
unsafe fn gather_units<V: Vector, A: Accumulator<V>, const U: usize>(
    windows: Windows,
    from: Maxima,
    out: Maxima,
    flags: &mut Flags<V>,
) {
    let bins = out.values.len();
    for first in (0..bins).step_by(V::LANES) {
        let lanes = V::LANES.min(bins - first);
        // SAFETY: the caller's promise. Where fewer than four bins are left, the last is made again.
        unsafe {
            let best = core::array::from_fn(|lane| {
                scan::<V, A, U>(windows.rows, windows.columns(first + lane.min(lanes - 1)), from)
            });
            let best = A::reduce(best);
            flags.zeros = flags.zeros.or(best.value().eq(V::splat(0.0)));
            best.store(out, first, lanes);
        }
    }
}

/// The best elements of a window: each lane has those of some columns.
///
/// # Safety
/// The window must lie inside the rows of `from`, and have `U` columns.
#[inline(always)]
unsafe fn scan<V: Vector, A: Accumulator<V>, const U: usize>(
    (rows, stride): (usize, usize),
    window: Bin,
    from: Maxima,
) -> A {
    let last = window.end as usize - U;
    // SAFETY: columns up to the last load's.
    let load = |row: usize, column: usize| unsafe { A::load_unit::<U>(from, row * stride + column.min(last)) };
    let mut best = load(0, window.start as usize);
    for row in 0..rows {
        for column in window.range().step_by(U) {
            best = best.merge(load(row, column));
        }
    }
    best
}
