//! Averages of bins.

use core::ops::Range;

use half::f16;

use super::sums::{Grid, sum};
use super::{Item, Work, divide};
use crate::element::{ElementType, Elements};
use crate::geometry::bins::Bin;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::blocks;
use crate::memory::span::Span;
use crate::plan::{Level, PyramidPlan};
use crate::tuning::AVERAGE_SUMS;
use crate::vector::{Native, Packed, UNIT, Vector};

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
    input: Elements,
    output: Elements,
    scratch: Span<f32>,
) {
    let item = Item { plan, map, item };
    // SAFETY: the caller's promise is the same.
    unsafe {
        let mut work = Work::of(scratch);
        let input = Source::new(item, channels.clone(), input);
        match plan.layout() {
            Layout::Nchw => channels.for_each(|channel| plane(item, channel, &input, output, &mut work)),
            Layout::Nhwc => {
                for channels in blocks(channels, AVERAGE_SUMS) {
                    cells(item, channels, &input, output, &mut work);
                }
            }
        }
    }
}

/// The cells of some channels.
struct Source<'a> {
    cells: Elements<'a>,
    /// What sums are multiplied by to be those of the values.
    unit: f32,
    /// Whether some halves are infinite or NaN: sums do not show it.
    special: bool,
}

impl<'a> Source<'a> {
    /// # Safety
    /// The channels must lie inside the cells.
    unsafe fn new(item: Item, channels: Range<usize>, cells: Elements<'a>) -> Self {
        if cells.kind() != ElementType::F16 {
            return Source { cells, unit: 1.0, special: false };
        }
        let mut runs = item.cells().runs(channels, item.map.cells());
        // SAFETY: the caller's promise.
        let special = runs.any(|run| unsafe { !are_finite(cells.part(run.start, run.len()).cast()) });
        Source { cells, unit: UNIT, special }
    }
}

/// Averages one plane: sums the rows of every row of bins first, some columns at a time, then the columns of every bin.
unsafe fn plane(item: Item, channel: usize, input: &Source, output: Elements, work: &mut Work) {
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
                        unsafe { sum(work, summed.len(), input.cells, grid) };
                    }
                    let end = summed.end.min(columns.end as usize);
                    all += total(&work.staged[column - summed.start..end - summed.start]);
                    column = end;
                }
                let average = (all / level.divisor(i, j) * f64::from(input.unit)) as f32;
                // SAFETY: a bin of this plane.
                unsafe {
                    let average = mend(item, channel, (level, i, j), input, average);
                    output.set(bins.at(channel, i * level.columns.len() + j), average);
                }
            }
        }
    }
}

/// Averages neighbouring NHWC channels: sums them cell by cell of every bin.
unsafe fn cells(item: Item, channels: Range<usize>, input: &Source, output: Elements, work: &mut Work) {
    let (width, step) = (item.map.width, item.cells().step);
    for level in item.plan.levels() {
        for (i, rows) in level.rows.iter().enumerate() {
            for (j, columns) in level.columns.iter().enumerate() {
                let first = item.cells().at(channels.start, rows.start as usize * width + columns.start as usize);
                let grid = Grid { first, rows: (width * step, rows.len()), columns: (step, columns.len()) };
                // SAFETY: these channels of the bin's cells.
                unsafe { sum(work, channels.len(), input.cells, grid) };
                let averages = &mut work.staged[..channels.len()];
                if !divide(averages, input.unit, level.divisor(i, j) as f32) || input.special {
                    for (average, channel) in averages.iter_mut().zip(channels.clone()) {
                        // SAFETY: a bin of the channel.
                        *average = unsafe { mend(item, channel, (level, i, j), input, *average) };
                    }
                }
                let bins = item.bins(level);
                let at = bins.at(channels.start, i * level.columns.len() + j);
                // SAFETY: these channels of the bin.
                unsafe {
                    if bins.plane == 1 {
                        output.narrow(at, averages);
                    } else {
                        averages.iter().enumerate().for_each(|(k, &average)| output.set(at + k * bins.plane, average));
                    }
                }
            }
        }
    }
}

/// The sum of all, in two sums that do not wait for each other.
#[inline(always)]
fn total(sums: &[f32]) -> f64 {
    let pairs = sums.chunks_exact(2);
    let last: f64 = pairs.remainder().iter().map(|&sum| f64::from(sum)).sum();
    let [a, b] = pairs.fold([0.0; 2], |all, sums| core::array::from_fn(|i| all[i] + f64::from(sums[i])));
    a + b + last
}

/// An average that is finite, or that of the bin in `f64` throughout: sums of a few huge cells go beyond `f32`, and those of halves do not
/// show infinity and NaN.
#[inline(always)]
unsafe fn mend(item: Item, channel: usize, bin: (&Level, usize, usize), input: &Source, average: f32) -> f32 {
    if average.is_finite() && !input.special {
        return average;
    }
    // SAFETY: the caller's promise.
    let wide = unsafe { average_wide(item, channel, bin, input.cells) };
    if average.is_finite() && wide.is_finite() { average } else { wide }
}

#[cold]
#[inline(never)]
unsafe fn average_wide(item: Item, channel: usize, (level, i, j): (&Level, usize, usize), input: Elements) -> f32 {
    let cells = item.cells();
    let columns: Bin = level.columns[j];
    let row_sum = |row: usize| -> f64 {
        // SAFETY: a cell of the bin.
        let cell = |column: usize| unsafe { input.get(cells.at(channel, row * item.map.width + column)) };
        columns.range().map(|column| f64::from(cell(column))).sum()
    };
    (level.rows[i].range().map(row_sum).sum::<f64>() / level.divisor(i, j)) as f32
}

/// Whether all halves are finite.
///
/// # Safety
/// Nobody may write them.
#[inline(never)]
unsafe fn are_finite(halves: Span<f16>) -> bool {
    const TOGETHER: usize = 2 * Native::LANES;
    let whole = halves.len() / TOGETHER * TOGETHER;
    let mut greatest = Native::splat_u16(0);
    for at in (0..whole).step_by(TOGETHER) {
        // SAFETY: eight of them.
        let eight = unsafe { Native::load(halves.as_mut_ptr().add(at).cast()) };
        greatest = greatest.max_i16(eight.and(Native::splat_u16(0x7fff)));
    }
    let finite = !Native::splat_u16(0x7bff).max_i16(greatest).ne_index(Native::splat_u16(0x7bff)).any();
    // SAFETY: the caller's promise.
    finite && unsafe { halves.shared() }[whole..].iter().all(|half| half.to_bits() & 0x7fff < 0x7c00)
}
