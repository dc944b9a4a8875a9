//! Gradients of averages. Cells that the same bins of every level hold have the same gradient: it is summed once, in `f64`, and
//! written to all of them.

use core::ops::Range;

use super::{Item, Work, add, gradients_of, narrow, shares};
use crate::geometry::bins::{Bin, covering};
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::blocks;
use crate::memory::span::Span;
use crate::plan::{Level, PyramidPlan};
use crate::tuning::AVERAGE_SUMS;

/// The gradient of some channels of one item: each bin's is shared out evenly among its cells. Every cell is written.
///
/// # Safety
/// As [`forward`](super::forward).
#[inline(never)]
pub(crate) unsafe fn backward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    (item, channels): (usize, Range<usize>),
    grad_output: &[f32],
    grad_input: Span<f32>,
    scratch: Span<f32>,
) {
    let item = Item { plan, map, item };
    // SAFETY: the caller's promise is the same.
    unsafe {
        // A row of a map that is wider goes the other way.
        if map.width <= AVERAGE_SUMS && shares::few(plan) {
            for run in item.cells().runs(channels.clone(), map.cells()) {
                grad_input.part(run.start, run.len()).exclusive().fill(0.0);
            }
            return match plan.layout() {
                Layout::Nchw => {
                    shares::planes(item, channels, grad_output, grad_input, scratch.part(0, map.width).exclusive());
                }
                Layout::Nhwc => shares::cells(item, channels, grad_output, grad_input, Work::of(scratch)),
            };
        }
        let Work { sums, staged } = Work::of(scratch);
        match plan.layout() {
            Layout::Nchw => planes(item, channels, grad_output, grad_input, sums),
            Layout::Nhwc => {
                for channels in blocks(channels, AVERAGE_SUMS) {
                    cells(item, channels, grad_output, grad_input, (sums, staged));
                }
            }
        }
    }
}

/// NCHW: sums the gradients of a row of some planes, a stretch of columns at a time, and writes them to all rows that are alike.
unsafe fn planes(item: Item, channels: Range<usize>, grad_output: &[f32], grad_input: Span<f32>, sums: &mut [f64]) {
    let (levels, width) = (item.plan.levels(), item.map.width);
    for columns in blocks(0..width, AVERAGE_SUMS) {
        for rows in alike(levels, |level| &level.rows, item.map.height) {
            for channels in blocks(channels.clone(), AVERAGE_SUMS / columns.len()) {
                let sums = &mut sums[..channels.len() * columns.len()];
                sums.fill(0.0);
                for level in levels.iter().rev() {
                    add_rows(item, level, &channels, (rows.start, &columns), grad_output, sums);
                }
                for (channel, sums) in channels.zip(sums.chunks_exact(columns.len())) {
                    for row in rows.clone() {
                        let at = item.cells().at(channel, row * width + columns.start);
                        // SAFETY: cells of this plane, which is this thread's.
                        narrow(sums, 1.0, unsafe { grad_input.part(at, columns.len()).exclusive() });
                    }
                }
            }
        }
    }
}

/// Adds what some columns of a row get from the bins of a level, plane after plane.
fn add_rows(
    item: Item,
    level: &Level,
    channels: &Range<usize>,
    (row, columns): (usize, &Range<usize>),
    grad_output: &[f32],
    sums: &mut [f64],
) {
    let bins = item.bins(level);
    let across = covering(&level.columns, columns.start).start..covering(&level.columns, columns.end - 1).end;
    for i in covering(&level.rows, row) {
        for j in across.clone() {
            let held = level.columns[j].range();
            let held = held.start.max(columns.start) - columns.start..held.end.min(columns.end) - columns.start;
            let bin = bins.at(channels.start, i * level.columns.len() + j);
            let scale = level.scale(i, j);
            for (plane, sums) in sums.chunks_exact_mut(columns.len()).enumerate() {
                let share = f64::from(grad_output[bin + plane * bins.plane]) * scale;
                sums[held.clone()].iter_mut().for_each(|sum| *sum += share);
            }
        }
    }
}

/// NHWC: sums the gradients of the channels of a cell, and writes them to all cells that are alike.
unsafe fn cells(
    item: Item,
    channels: Range<usize>,
    grad_output: &[f32],
    grad_input: Span<f32>,
    (sums, staged): (&mut [f64], &mut [f32]),
) {
    let levels = item.plan.levels();
    let sums = &mut sums[..channels.len()];
    for rows in alike(levels, |level| &level.rows, item.map.height) {
        for columns in alike(levels, |level| &level.columns, item.map.width) {
            sums.fill(0.0);
            for level in levels.iter().rev() {
                for i in covering(&level.rows, rows.start) {
                    for j in covering(&level.columns, columns.start) {
                        let bin = (item.bins(level), i * level.columns.len() + j);
                        let gradients = gradients_of(grad_output, bin, &channels, staged);
                        add(sums, gradients, level.scale(i, j));
                    }
                }
            }
            for cell in rows.clone().flat_map(|row| columns.clone().map(move |x| row * item.map.width + x)) {
                // SAFETY: these channels of the cell are this thread's.
                let to = unsafe { grad_input.part(item.cells().at(channels.start, cell), channels.len()).exclusive() };
                narrow(sums, 1.0, to);
            }
        }
    }
}

/// Cuts an axis of `size` cells where a bin of some level begins or ends.
fn alike<'a>(
    levels: &'a [Level],
    axis: impl Fn(&'a Level) -> &'a [Bin] + 'a,
    size: usize,
) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut start = 0;
    core::iter::from_fn(move || {
        (start < size).then(|| {
            let end = levels.iter().map(|level| change(axis(level), start)).fold(size, usize::min);
            let cells = start..end;
            start = end;
            cells
        })
    })
}

/// The first place after `cell` where a bin begins or ends.
fn change(bins: &[Bin], cell: usize) -> usize {
    let here = covering(bins, cell);
    let end = bins.get(here.start).map_or(usize::MAX, |bin| bin.end as usize);
    end.min(bins.get(here.end).map_or(usize::MAX, |bin| bin.start as usize))
}
