//! Bins wide enough to be read on their own: four runs of columns side by side, a vector each, row after row, so that
//! the map is read in the order in which it lies. Nothing is put down before the bins are whole.

use super::{Best, Flags, Slots, tree_sum};
use crate::bins::Bin;
use crate::plan::{RUNS, Runs};
use crate::span;
use crate::vector::Vector;

/// Reduces the bins of one plane, `across` in each row.
///
/// # Safety
/// Rows and runs must be those of a level of the plan that `cells`, in rows of `width`, and `out` were made for.
#[inline(never)]
pub(super) unsafe fn reduce<V: Vector, B: Best<V>>(
    (rows, runs, across): (&[Bin], &[Runs], usize),
    (cells, width): (&[f32], usize),
    out: Slots,
    flags: &mut Flags<V>,
) {
    for (i, rows) in rows.iter().enumerate() {
        for runs in runs {
            // SAFETY: the caller's promise is the same.
            unsafe {
                let best = reduce_runs::<V, B>(rows, runs, (cells, width), flags);
                best.store(out, i * across + runs.bins.0, runs.bins.1 - runs.bins.0);
            }
        }
    }
}

/// Reduces four runs over a row of bins, to as many lanes as they make up bins.
///
/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn reduce_runs<V: Vector, B: Best<V>>(
    rows: &Bin,
    runs: &Runs,
    (cells, width): (&[f32], usize),
    flags: &mut Flags<V>,
) -> B {
    let Runs { starts, vectors, lasts, .. } = *runs;
    let mut best = [B::none(V::splat_index(rows.start * width as u32)); RUNS];
    let mut sum = V::splat(0.0);
    for row in rows.range() {
        let row = row * width;
        // An index is counted from the run's start, which is added at the end.
        let mut take = |at: [usize; RUNS], index: [usize; RUNS]| {
            // SAFETY: runs lie inside the rows.
            let values = at.map(|column| unsafe { span::load::<V>(cells, row + column, V::LANES) });
            for ((best, &value), index) in best.iter_mut().zip(&values).zip(index) {
                best.take(value, V::splat_index((row + index) as u32));
            }
            sum = sum.add(tree_sum(&values));
        };
        for vector in 0..vectors {
            take(starts.map(|start| start + 4 * vector), [4 * vector; RUNS]);
        }
        take(lasts, core::array::from_fn(|i| lasts[i] - starts[i]));
    }
    flags.sum = flags.sum.add(sum);
    let best = B::reduce(core::array::from_fn(|i| best[i].add_index(V::count_from(starts[i] as u32))));
    let best = match runs.bins.1 - runs.bins.0 {
        1 => B::reduce([best; RUNS]),
        2 => {
            let pairs = best.shuffle(best.shuffle(best, V::join_high), V::zip_low);
            pairs.merge(pairs.shuffle(pairs, V::join_high))
        }
        _ => best,
    };
    flags.zeros = flags.zeros.or(best.value().eq(V::splat(0.0)));
    best
}
