//! Averages of bins.

use core::ops::Range;

use super::{BLOCK, Item, Work, narrow};
use crate::geometry::bins::Bin;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::blocks;
use crate::memory::span::{Span, load};
use crate::plan::{Level, PyramidPlan};
use crate::tuning::AVERAGE_SUMS;
use crate::vector::{Native, Vector};

/// Averages some channels of one item.
///
/// # Safety
/// The buffers must have the lengths of the plan for `map`, the channels of the item must be this thread's, and
/// `scratch` must have the plan's `average_scratch` and no other holder.
#[inline(never)]
pub(crate) unsafe fn forward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    (item, channels): (usize, Range<usize>),
    input: &[f32],
    output: Span<f32>,
    scratch: Span<f32>,
) {
    let item = Item { plan, map, item };
    // SAFETY: the caller's promise is the same.
    unsafe {
        let work = Work::of(scratch);
        match plan.layout() {
            Layout::Nchw => channels.for_each(|channel| plane(item, channel, input, output, work.sums)),
            Layout::Nhwc => {
                for channels in blocks(channels, AVERAGE_SUMS) {
                    cells(item, channels, input, output, (work.sums, work.staged));
                }
            }
        }
    }
}

/// Averages one plane: sums the rows of every row of bins first, a stretch of columns at a time, then the columns of every bin.
unsafe fn plane(item: Item, channel: usize, input: &[f32], output: Span<f32>, sums: &mut [f64]) {
    let width = item.map.width;
    for level in item.plan.levels() {
        let bins = item.bins(level);
        for (i, rows) in level.rows.iter().enumerate() {
            let first = item.cells().at(channel, rows.start as usize * width);
            let mut summed = 0..0;
            for (j, columns) in level.columns.iter().enumerate() {
                let (mut sum, mut column) = (0.0, columns.start as usize);
                while column < columns.end as usize {
                    if !summed.contains(&column) {
                        summed = column..width.min(column + AVERAGE_SUMS);
                        let sums = &mut sums[..summed.len()];
                        sums.fill(0.0);
                        // SAFETY: the cells of these rows and columns.
                        unsafe {
                            add(sums, input, Grid { first: first + column, rows: (0, 1), columns: (width, rows.len()) })
                        };
                    }
                    let end = summed.end.min(columns.end as usize);
                    sum += total(&sums[column - summed.start..end - summed.start]);
                    column = end;
                }
                let average = (sum * level.scale(i, j)) as f32;
                let average = mend(item, channel, (level, i, j), input, average);
                // SAFETY: a bin of this plane.
                unsafe { output.set(bins.at(channel, i * level.columns.len() + j), average) };
            }
        }
    }
}

/// Averages neighbouring NHWC channels: sums them cell by cell of every bin.
unsafe fn cells(
    item: Item,
    channels: Range<usize>,
    input: &[f32],
    output: Span<f32>,
    (sums, staged): (&mut [f64], &mut [f32]),
) {
    let (sums, averages) = (&mut sums[..channels.len()], &mut staged[..channels.len()]);
    for level in item.plan.levels() {
        for (i, rows) in level.rows.iter().enumerate() {
            for (j, columns) in level.columns.iter().enumerate() {
                sums.fill(0.0);
                let step = item.cells().step;
                let first = rows.start as usize * item.map.width + columns.start as usize;
                let first = item.cells().at(channels.start, first);
                let rows = (item.map.width * step, rows.len());
                // SAFETY: these channels of the bin's cells.
                unsafe { add(sums, input, Grid { first, rows, columns: (step, columns.len()) }) };
                narrow(sums, level.scale(i, j), averages);
                if !averages.iter().fold(true, |finite, average| finite & average.is_finite()) {
                    for (average, channel) in averages.iter_mut().zip(channels.clone()) {
                        *average = mend(item, channel, (level, i, j), input, *average);
                    }
                }
                let bins = item.bins(level);
                let at = bins.at(channels.start, i * level.columns.len() + j);
                // SAFETY: these channels of the bin.
                unsafe {
                    if bins.plane == 1 {
                        output.part(at, channels.len()).exclusive().copy_from_slice(averages);
                    } else {
                        averages.iter().enumerate().for_each(|(k, &average)| output.set(at + k * bins.plane, average));
                    }
                }
            }
        }
    }
}

/// Stretches of cells in two directions: how far they lie apart, and how many there are.
#[derive(Clone, Copy)]
struct Grid {
    first: usize,
    rows: (usize, usize),
    columns: (usize, usize),
}

/// Adds stretches of cells to sums, element by element: no more than [`BLOCK`] of them at a time.
///
/// # Safety
/// The stretches, which are as long as `sums`, must lie inside `cells`.
#[inline(never)]
unsafe fn add(sums: &mut [f64], cells: &[f32], grid: Grid) {
    let across = BLOCK.min(grid.columns.1);
    for rows in blocks(0..grid.rows.1, BLOCK / across) {
        for columns in blocks(0..grid.columns.1, BLOCK) {
            let first = grid.first + rows.start * grid.rows.0 + columns.start * grid.columns.0;
            let block = Grid { first, rows: (grid.rows.0, rows.len()), columns: (grid.columns.0, columns.len()) };
            // SAFETY: inside, by the caller's promise.
            unsafe { add_block(sums, cells, block) };
        }
    }
}

/// # Safety
/// As [`add`].
#[inline(always)]
unsafe fn add_block(sums: &mut [f64], cells: &[f32], Grid { first, rows, columns }: Grid) {
    let offsets = |row: usize| (0..columns.1).map(move |column| row * rows.0 + column * columns.0);
    let (vectors, rest) = sums.split_at_mut(sums.len() / Native::LANES * Native::LANES);
    for (i, sums) in vectors.chunks_exact_mut(Native::LANES).enumerate() {
        let at = first + i * Native::LANES;
        let mut sum = Native::splat(0.0);
        for row in 0..rows.1 {
            for offset in offsets(row) {
                // SAFETY: inside, by the caller's promise.
                sum = sum.add(unsafe { load(cells, at + offset, Native::LANES) });
            }
        }
        // SAFETY: as many sums as lanes.
        unsafe { sum.add_to(sums.as_mut_ptr(), 1.0) };
    }
    for (i, to) in rest.iter_mut().enumerate() {
        let at = first + vectors.len() + i;
        // SAFETY: inside, by the caller's promise.
        let cell = |offset: usize| unsafe { *cells.get_unchecked(at + offset) };
        *to += f64::from((0..rows.1).flat_map(offsets).map(cell).fold(0.0, |sum, cell| sum + cell));
    }
}

/// The sum of all, in four sums that do not wait for each other.
#[inline(always)]
fn total(sums: &[f64]) -> f64 {
    let chunks = sums.chunks_exact(4);
    let rest: f64 = chunks.remainder().iter().sum();
    let [a, b, c, d] = chunks.fold([0.0; 4], |all, sums| core::array::from_fn(|i| all[i] + sums[i]));
    (a + b) + (c + d) + rest
}

/// An average that is finite, or that of the bin in `f64` throughout: sums of a few huge cells go beyond `f32`.
#[inline(always)]
fn mend(item: Item, channel: usize, bin: (&Level, usize, usize), input: &[f32], average: f32) -> f32 {
    if average.is_finite() { average } else { average_wide(item, channel, bin, input) }
}

#[cold]
#[inline(never)]
fn average_wide(item: Item, channel: usize, (level, i, j): (&Level, usize, usize), input: &[f32]) -> f32 {
    let cells = item.cells();
    let columns: Bin = level.columns[j];
    let row_sum = |row: usize| -> f64 {
        columns.range().map(|column| f64::from(input[cells.at(channel, row * item.map.width + column)])).sum()
    };
    (level.rows[i].range().map(row_sum).sum::<f64>() * level.scale(i, j)) as f32
}
