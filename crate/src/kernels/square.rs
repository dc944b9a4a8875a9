//! Sixteen bins of a small square map whose side is a constant, and the four bins and the one bin made from them. All is
//! done in registers, and no offset is looked up. Classic networks end in such maps. They are so small that loops and offsets
//! would take longer than the cells.

use super::{Accumulator, Flags, Stack, tree};
use crate::memory::maxima::Maxima;
use crate::memory::span;
use crate::plan::square::{BINS, bin};
use crate::vector::Vector;

/// The bins of a block of planes.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'a> {
    pub sixteen: Stack<'a>,
    pub four: Option<Stack<'a>>,
    pub one: Option<Stack<'a>>,
}

/// Reduces the bins of every plane, of `side x side` cells, one after the other in `cells`.
///
/// # Safety
/// `side` must be one of [`SIDES`](crate::plan::square::SIDES), `cells` hold a plane for each of `planes`, and `out` the bins of each.
#[inline(always)]
pub(super) unsafe fn reduce<V: Vector, A: Accumulator<V>>(
    side: usize,
    cells: &[f32],
    out: Outputs,
    planes: &mut [Flags<V>],
) {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match side {
            7 => reduce_planes::<V, A, 7, 2>(cells, out, planes),
            13 => reduce_planes::<V, A, 13, 4>(cells, out, planes),
            _ => reduce_planes::<V, A, 14, 4>(cells, out, planes),
        }
    }
}

/// Reduces the bins of every plane, of `SIDE x SIDE` cells, a row of which is read in `K` vectors.
///
/// # Safety
/// As [`reduce`].
#[inline(never)]
unsafe fn reduce_planes<V: Vector, A: Accumulator<V>, const SIDE: usize, const K: usize>(
    cells: &[f32],
    out: Outputs,
    planes: &mut [Flags<V>],
) {
    // Indices within a row of bins. Hidden from the compiler, which makes comparisons of constants into selections.
    let steps: [V; 4] = core::array::from_fn(|row| V::count_from(core::hint::black_box((row * SIDE) as u32)));
    for (i, flags) in planes.iter_mut().enumerate() {
        // SAFETY: the plane's cells and bins, by the caller's promise.
        unsafe {
            let cells = cells.get_unchecked(i * SIDE * SIDE..(i + 1) * SIDE * SIDE);
            let sixteen = out.sixteen.maxima.part::<A>(i * out.sixteen.stride, BINS * BINS);
            // Kept in registers here, and joined with those of other levels at the end.
            let mut sum = V::splat(-0.0);
            // A row that two rows of bins share is read once.
            let mut last = [V::splat(0.0); K];
            // Written out row by row, since loops are not always unrolled.
            let rows = [
                reduce_row::<V, A, SIDE, K>(cells, 0, steps, &mut last, &mut sum, sixteen),
                reduce_row::<V, A, SIDE, K>(cells, 1, steps, &mut last, &mut sum, sixteen),
                reduce_row::<V, A, SIDE, K>(cells, 2, steps, &mut last, &mut sum, sixteen),
                reduce_row::<V, A, SIDE, K>(cells, 3, steps, &mut last, &mut sum, sixteen),
            ];
            let zeros = rows.map(|row| row.value().eq(V::splat(0.0)));
            *flags = flags.join(Flags { sum, zeros: tree(&zeros, V::or) });
            merge_rows::<V, A>(rows, i, out);
        }
    }
}

/// Makes plane `i` of the coarser levels from its rows of four bins.
///
/// # Safety
/// As [`reduce`].
#[inline(always)]
unsafe fn merge_rows<V: Vector, A: Accumulator<V>>(rows: [A; BINS], i: usize, out: Outputs) {
    let [a, b, c, d] = rows;
    let joined = |a: A, b: A| [a.shuffle(b, V::join_low), a.shuffle(b, V::join_high)];
    let [[left, right], [low_left, low_right]] = [joined(a, b), joined(c, d)];
    let four = A::reduce([left, right, low_left, low_right]);
    // SAFETY: the bins of the plane, by the caller's promise.
    unsafe {
        if let Some(Stack { maxima, stride }) = out.four {
            four.store(maxima, i * stride, 4);
        } else {
            // One function, or the compiler would make a copy for each of these branches.
            four.force_evaluation();
        }
        if let Some(Stack { maxima, stride }) = out.one {
            A::reduce([four; 4]).store(maxima, i * stride, 1);
        }
    }
}

/// Reduces row `i` of bins, and stores it. `last` are the cells of the last row that was read, and `sum` that of all.
///
/// # Safety
/// `cells` must hold a plane, and `out` its bins.
#[inline(always)]
unsafe fn reduce_row<V: Vector, A: Accumulator<V>, const SIDE: usize, const K: usize>(
    cells: &[f32],
    i: usize,
    steps: [V; 4],
    last: &mut [V; K],
    sum: &mut V,
    out: Maxima,
) -> A {
    // Each vector serves as many neighbouring bins, beginning where the first of them does.
    let first = |j: usize| (bin(SIDE, j * K / BINS * BINS / K).start as usize).min(SIDE - V::LANES);
    let mut columns = |k: usize, sum: &mut V| {
        let at = [k, k + 1].map(|k| first(k * BINS / K));
        // SAFETY: two vectors of the plane's columns.
        let (best, cells, part) = unsafe { reduce_columns::<V, A, SIDE>(cells, i, at, steps, [last[k], last[k + 1]]) };
        [last[k], last[k + 1]] = cells;
        *sum = sum.add(part);
        best
    };
    let keep = |best: A, j: usize| {
        let inside = |lane: usize| bin(SIDE, j).range().contains(&(first(j) + lane));
        let all = bin(SIDE, j).len() == V::LANES;
        if all { best } else { best.keep(V::mask(core::array::from_fn(inside))) }
    };
    let [left, right] = if K < BINS {
        let [a, b] = columns(0, sum);
        [keep(a, 0).pair(keep(a, 1)), keep(b, 2).pair(keep(b, 3))]
    } else {
        let [a, b] = columns(0, sum);
        let left = keep(a, 0).pair(keep(b, 1));
        left.force_evaluation();
        sum.force_evaluation();
        let [c, d] = columns(2, sum);
        [left, keep(c, 2).pair(keep(d, 3))]
    };
    let start = bin(SIDE, i).start as usize * SIDE;
    let best = left.join(right).add_index(V::indices(core::array::from_fn(|j| (start + first(j)) as u32)));
    // SAFETY: a row of bins, by the caller's promise.
    unsafe { best.store(out, BINS * i, BINS) };
    best
}

/// Reduces the rows of row `i` of bins in two vectors of columns, of which indices are counted from the first cell. Gives
/// the cells of the last row as well, and the sum of those that were read: all but `last`, where the bins before end with
/// the row that these begin with.
///
/// # Safety
/// `cells` must hold a plane, in whose rows three columns follow each of `columns`.
#[inline(always)]
unsafe fn reduce_columns<V: Vector, A: Accumulator<V>, const SIDE: usize>(
    cells: &[f32],
    i: usize,
    columns: [usize; 2],
    steps: [V; 4],
    mut last: [V; 2],
) -> ([A; 2], [V; 2], V) {
    let rows = bin(SIDE, i);
    let load = |row: usize| {
        let row = (rows.start as usize + row) * SIDE;
        // SAFETY: the caller's promise.
        columns.map(|column| unsafe { span::load::<V>(cells, row + column, V::LANES) })
    };
    let mut sum = V::splat(-0.0);
    if i == 0 || bin(SIDE, i - 1).end == rows.start {
        last = load(0);
        sum = last[0].add(last[1]);
    }
    let mut best = last.map(|value| A::first(value, steps[0]));
    let mut take = |row: usize| {
        if row < rows.len() {
            last = load(row);
            sum = sum.add(last[0].add(last[1]));
            best[0].update(last[0], steps[row]);
            best[1].update(last[1], steps[row]);
        }
    };
    take(1);
    take(2);
    take(3);
    (best, last, sum)
}
