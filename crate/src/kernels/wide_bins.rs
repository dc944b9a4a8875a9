//! Bins wide enough to be read on their own, row after row, so that the map is read in the order in which it lies.
//!
//! A row of a bin is reduced to one vector before it is compared with the rows above it. So indices cost little: only the
//! row of the greatest cell is kept, and its column is looked up once, at the end of the bin.

use core::ops::Range;

use super::{Accumulator, Flags, tree, tree_sum};
use crate::geometry::bins::Bin;
use crate::memory::maxima::Maxima;
use crate::memory::span;
use crate::plan::{RUNS, WHOLE, WideBins};
use crate::vector::{IN_REGISTERS, Vector};

/// Reduces the bins of one plane.
///
/// # Safety
/// Rows, columns and groups must be those of a level of the plan that `cells`, in rows of `width`, and `out` were made for.
#[inline(never)]
pub(super) unsafe fn reduce<V: Vector, A: Accumulator<V>>(
    (rows, columns, groups): (&[Bin], &[Bin], &[WideBins]),
    map: (&[f32], usize),
    out: Maxima,
    flags: &mut Flags<V>,
) {
    for (i, rows) in rows.iter().enumerate() {
        for wide in groups {
            let bins = wide.bins.0..wide.bins.1;
            // SAFETY: the caller's promise is the same.
            unsafe {
                let best = if !A::INDEXED && wide.shared > 0 && IN_REGISTERS {
                    reduce_shared::<V, A>(rows, wide, map, flags)
                } else {
                    reduce_runs::<V, A>(rows, wide, map, flags)
                };
                let best = combine::<V, A>(best, bins.len());
                flags.zeros = flags.zeros.or(best.value().eq(V::splat(0.0)));
                let at = i * columns.len() + bins.start;
                if A::INDEXED {
                    store_found(best, map.0, columns.get_unchecked(bins), out, at);
                } else {
                    best.store(out, at, bins.len());
                }
            }
        }
    }
}

/// Stores bins from `at` on, whose indices are those of their rows' first cells, with the first cell of each that is equal to
/// its value.
///
/// # Safety
/// Rows and `columns` must lie inside `cells`, and as many bins in `out`.
#[inline(always)]
unsafe fn store_found<V: Vector, A: Accumulator<V>>(best: A, cells: &[f32], columns: &[Bin], out: Maxima, at: usize) {
    let found = best.value().lanes().into_iter().zip(best.index().lanes());
    for (i, ((value, row), columns)) in found.zip(columns).enumerate() {
        let row = row as usize;
        // SAFETY: the caller's promise.
        unsafe {
            let column = first_equal::<V>(cells.get_unchecked(row..), columns.range(), f32::from_bits(value));
            // Zeros of both signs are equal: the first of them counts.
            out.values.set(at + i, *cells.get_unchecked(row + column));
            out.indices.set(at + i, (row + column) as u32);
        }
    }
}

/// The first of `columns` that holds `value`, or the first of them where none does, since a NaN was in the way.
///
/// # Safety
/// Columns must lie inside the row, and be four at least.
#[inline(always)]
unsafe fn first_equal<V: Vector>(row: &[f32], columns: Range<usize>, value: f32) -> usize {
    const TOGETHER: usize = 32;
    let mut first = columns.start;
    while first < columns.end {
        let end = columns.end.min(first + TOGETHER);
        let last = columns.end - V::LANES;
        first = first.min(last);
        let mut equal = 0;
        for column in (first..end).step_by(V::LANES) {
            let column = column.min(last);
            // SAFETY: the columns lie inside the row.
            let found = unsafe { span::load::<V>(row, column, V::LANES) }.eq(V::splat(value));
            equal |= found.bits() << (column - first);
        }
        if equal != 0 {
            return first + equal.trailing_zeros() as usize;
        }
        first = end;
    }
    columns.start
}

/// Reduces four runs, each pair of which is [`WHOLE`] vectors, one that both share, and as many more, over a row of bins. For
/// values alone: with indices, one vector less is not faster.
///
/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn reduce_shared<V: Vector, A: Accumulator<V>>(
    rows: &Bin,
    wide: &WideBins,
    (cells, width): (&[f32], usize),
    flags: &mut Flags<V>,
) -> [A; RUNS] {
    let WideBins { starts, lasts, shared, .. } = *wide;
    let mut pairs = [[V::splat(f32::NEG_INFINITY); 3]; 2];
    let mut row = rows.start as usize * width;
    let end = rows.end as usize * width;
    while row < end {
        let take = |best: &mut [V; 3], sum: &mut V, (start, last): (usize, usize)| {
            // SAFETY: runs lie inside the rows.
            let load = |offset: usize| unsafe { span::load(cells.get_unchecked(row + start..), offset, V::LANES) };
            let left: [V; WHOLE] = core::array::from_fn(|k| load(V::LANES * k));
            let between: V = load(V::LANES * WHOLE);
            let right: [V; WHOLE] =
                core::array::from_fn(|k| load(if k + 1 == WHOLE { last - start } else { V::LANES * (WHOLE + 1 + k) }));
            let most = [tree(&left, V::pmax), between, tree(&right, V::pmax)];
            *best = core::array::from_fn(|i| best[i].pmax(most[i]));
            *sum = sum.add(tree_sum(&[tree_sum(&left), between, tree_sum(&right)]));
        };
        take(&mut pairs[0], &mut flags.sum, (starts[0], lasts[1]));
        pairs[0].iter().for_each(|best| best.force_evaluation());
        flags.sum.force_evaluation();
        take(&mut pairs[1], &mut flags.sum, (starts[2], lasts[3]));
        row += width;
    }
    let first = V::mask(core::array::from_fn(|lane| lane < shared));
    let [[a, b], [c, d]] = pairs.map(|[left, between, right]| {
        let between = A::first(between, between);
        let parts = [between.keep(first), between.keep(first.not())];
        [A::first(left, left).merge(parts[0]), A::first(right, right).merge(parts[1])]
    });
    [a, b, c, d]
}

/// Reduces four runs over a row of bins.
///
/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn reduce_runs<V: Vector, A: Accumulator<V>>(
    rows: &Bin,
    wide: &WideBins,
    (cells, width): (&[f32], usize),
    flags: &mut Flags<V>,
) -> [A; RUNS] {
    let WideBins { starts, vectors, lasts, .. } = *wide;
    let mut best = [A::empty(V::splat_index(rows.start * width as u32)); RUNS];
    for row in rows.range() {
        let row = row * width;
        // SAFETY: runs lie inside the rows.
        let load = |at: [usize; RUNS]| at.map(|column| unsafe { span::load::<V>(cells, row + column, V::LANES) });
        let mut most = load(lasts);
        let mut sum = tree_sum(&most);
        // Without indices, rows need not be compared one by one.
        if !A::INDEXED {
            most = core::array::from_fn(|i| most[i].pmax(best[i].value()));
        }
        for vector in 0..vectors {
            let values = load(starts.map(|start| start + V::LANES * vector));
            most = core::array::from_fn(|i| most[i].pmax(values[i]));
            sum = sum.add(tree_sum(&values));
        }
        flags.sum = flags.sum.add(sum);
        for (best, most) in best.iter_mut().zip(most) {
            if A::INDEXED {
                best.update(most, V::splat_index(row as u32));
            } else {
                *best = A::first(most, most);
            }
        }
    }
    best
}

/// The bins made of four runs, a lane for each.
#[inline(always)]
fn combine<V: Vector, A: Accumulator<V>>(runs: [A; RUNS], bins: usize) -> A {
    let best = A::reduce(runs);
    match bins {
        1 => A::reduce([best; RUNS]),
        2 => {
            let pairs = best.shuffle(best.shuffle(best, V::join_high), V::zip_low);
            pairs.merge(pairs.shuffle(pairs, V::join_high))
        }
        _ => best,
    }
}
