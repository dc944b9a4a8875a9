//! Averages of bins.

use core::ops::Range;

use super::sums::{Grid, sum};
use super::{Item, Work};
use crate::geometry::bins::Bin;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::blocks;
use crate::memory::span::Span;
use crate::plan::{Level, PyramidPlan};
use crate::tuning::AVERAGE_SUMS;

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
        let mut work = Work::of(scratch);
        match plan.layout() {
            Layout::Nchw => channels.for_each(|channel| plane(item, channel, input, output, &mut work)),
            Layout::Nhwc => {
                for channels in blocks(channels, AVERAGE_SUMS) {
                    cells(item, channels, input, output, &mut work);
                }
            }
        }
    }
}

/// Averages one plane: sums the rows of every row of bins first, some columns at a time, then the columns of every bin.
unsafe fn plane(item: Item, channel: usize, input: &[f32], output: Span<f32>, work: &mut Work) {
    let width = item.map.width;
    for level in item.plan.levels() {
        let bins = item.bins(level);
        for (i, rows) in level.rows.iter().enumerate() {
            let first = item.cells().at(channel, rows.start as usize * width);
            let mut summed = 0..0;
            for (j, columns) in level.columns.iter().enumerate() {
                let (mut all, mut column) = (0.0, columns.start as usize);
                while column < columns.end as usize {
                    if !summed.contains(&column) {
                        summed = column..width.min(column + AVERAGE_SUMS);
                        let grid = Grid { first: first + column, rows: (0, 1), columns: (width, rows.len()) };
                        // SAFETY: the cells of these rows and columns.
                        unsafe { sum(work, summed.len(), input, grid) };
                    }
                    let end = summed.end.min(columns.end as usize);
                    all += total(&work.staged[column - summed.start..end - summed.start]);
                    column = end;
                }
                let average = (all / level.divisor(i, j)) as f32;
                let average = mend(item, channel, (level, i, j), input, average);
                // SAFETY: a bin of this plane.
                unsafe { output.set(bins.at(channel, i * level.columns.len() + j), average) };
            }
        }
    }
}

/// Averages neighbouring NHWC channels: sums them cell by cell of every bin.
unsafe fn cells(item: Item, channels: Range<usize>, input: &[f32], output: Span<f32>, work: &mut Work) {
    let (width, step) = (item.map.width, item.cells().step);
    for level in item.plan.levels() {
        for (i, rows) in level.rows.iter().enumerate() {
            for (j, columns) in level.columns.iter().enumerate() {
                let first = item.cells().at(channels.start, rows.start as usize * width + columns.start as usize);
                let grid = Grid { first, rows: (width * step, rows.len()), columns: (step, columns.len()) };
                // SAFETY: these channels of the bin's cells.
                unsafe { sum(work, channels.len(), input, grid) };
                let averages = &mut work.staged[..channels.len()];
                if !divide(averages, level.divisor(i, j) as f32) {
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

/// Divides sums, and says whether all came out finite.
fn divide(sums: &mut [f32], by: f32) -> bool {
    sums.iter_mut().fold(true, |finite, sum| {
        *sum /= by;
        finite & sum.is_finite()
    })
}

/// The sum of all, in two sums that do not wait for each other.
#[inline(always)]
fn total(sums: &[f32]) -> f64 {
    let pairs = sums.chunks_exact(2);
    let last: f64 = pairs.remainder().iter().map(|&sum| f64::from(sum)).sum();
    let [a, b] = pairs.fold([0.0; 2], |all, sums| core::array::from_fn(|i| all[i] + f64::from(sums[i])));
    a + b + last
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
    (level.rows[i].range().map(row_sum).sum::<f64>() / level.divisor(i, j)) as f32
}
