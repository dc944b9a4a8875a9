//! Averages over bins, and their gradients. Sums have no ties, no NaN rule and no order that anyone relies on, so plain
//! loops over slices do, which the compiler turns into vectors.

use core::ops::Range;

use crate::plan::{Level, PyramidPlan};
use crate::shape::{FeatureMap, Layout, Planes};
use crate::span::Span;
use crate::units::blocks;

/// Some channels of one item, its cells and its bins.
#[derive(Clone, Copy)]
struct Item<'a> {
    plan: &'a PyramidPlan,
    map: &'a FeatureMap,
    item: usize,
}

impl Item<'_> {
    fn cells(&self) -> Planes {
        self.plan.layout().cells(self.map, self.item)
    }

    fn bins(&self, level: &Level) -> Planes {
        self.plan.pyramid().bins_at(self.map.channels, level.place, self.item)
    }
}

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
        match plan.layout() {
            Layout::Nchw => forward_planes(item, channels, input, output, scratch.part(0, map.width).exclusive()),
            Layout::Nhwc => forward_channels(item, channels, input, output, scratch),
        }
    }
}

/// Sums the rows of every row of bins first, then the columns of every bin.
unsafe fn forward_planes(item: Item, channels: Range<usize>, input: &[f32], output: Span<f32>, sums: &mut [f32]) {
    let width = item.map.width;
    for channel in channels {
        let first = item.cells().at(channel, 0);
        let cells = &input[first..first + item.map.cells()];
        for level in item.plan.levels() {
            // SAFETY: the level's bins of this plane.
            let out = unsafe { output.part(item.bins(level).at(channel, 0), level.bins()).exclusive() };
            for (i, (rows, out)) in level.rows.iter().zip(out.chunks_exact_mut(level.columns.len())).enumerate() {
                sums.fill(0.0);
                for row in cells[rows.start as usize * width..rows.end as usize * width].chunks_exact(width) {
                    add(sums, row);
                }
                for (j, (columns, out)) in level.columns.iter().zip(out).enumerate() {
                    *out = sums[columns.range()].iter().sum::<f32>() / level.area(i, j);
                }
            }
        }
    }
}

/// Sums all channels of one cell after the other, row by row: one long sum would lose digits.
unsafe fn forward_channels(item: Item, channels: Range<usize>, input: &[f32], output: Span<f32>, scratch: Span<f32>) {
    let width = item.map.width;
    // The scratch is made for planes: it has room for so many.
    for channels in blocks(channels, scratch.len()) {
        // SAFETY: inside the scratch, which is this thread's.
        let sums = unsafe { scratch.part(0, channels.len()).exclusive() };
        for level in item.plan.levels() {
            for (i, rows) in level.rows.iter().enumerate() {
                for (j, columns) in level.columns.iter().enumerate() {
                    let at = item.bins(level).at(channels.start, i * level.columns.len() + j);
                    // SAFETY: these channels of the bin.
                    let out = unsafe { output.part(at, channels.len()).exclusive() };
                    out.fill(0.0);
                    for row in rows.range() {
                        sums.fill(0.0);
                        for column in columns.range() {
                            let at = item.cells().at(channels.start, row * width + column);
                            add(sums, &input[at..at + channels.len()]);
                        }
                        add(out, sums);
                    }
                    let area = level.area(i, j);
                    out.iter_mut().for_each(|sum| *sum /= area);
                }
            }
        }
    }
}

/// The gradient of some channels of one item: each bin's is shared out evenly among its cells.
///
/// # Safety
/// As [`forward`]; the cells must be zero.
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
        match plan.layout() {
            Layout::Nchw => {
                backward_planes(item, channels, grad_output, grad_input, scratch.part(0, map.width).exclusive());
            }
            Layout::Nhwc => {
                backward_channels(item, channels, grad_output, grad_input, scratch);
            }
        }
    }
}

/// A row of bins gives all of its rows of cells the same gradient.
unsafe fn backward_planes(
    item: Item,
    channels: Range<usize>,
    grad_output: &[f32],
    grad_input: Span<f32>,
    shares: &mut [f32],
) {
    let width = item.map.width;
    for channel in channels {
        // SAFETY: the plane is this thread's.
        let cells = unsafe { grad_input.part(item.cells().at(channel, 0), item.map.cells()).exclusive() };
        for level in item.plan.levels().iter().rev() {
            let first = item.bins(level).at(channel, 0);
            let gradients = grad_output[first..first + level.bins()].chunks_exact(level.columns.len());
            for (i, (rows, gradients)) in level.rows.iter().zip(gradients).enumerate() {
                shares.fill(0.0);
                for (j, (columns, gradient)) in level.columns.iter().zip(gradients).enumerate() {
                    let share = gradient / level.area(i, j);
                    shares[columns.range()].iter_mut().for_each(|sum| *sum += share);
                }
                for row in cells[rows.start as usize * width..rows.end as usize * width].chunks_exact_mut(width) {
                    add(row, shares);
                }
            }
        }
    }
}

unsafe fn backward_channels(
    item: Item,
    channels: Range<usize>,
    grad_output: &[f32],
    grad_input: Span<f32>,
    scratch: Span<f32>,
) {
    for channels in blocks(channels, scratch.len()) {
        // SAFETY: inside the scratch, which is this thread's.
        let shares = unsafe { scratch.part(0, channels.len()).exclusive() };
        for level in item.plan.levels().iter().rev() {
            for (i, rows) in level.rows.iter().enumerate() {
                for (j, columns) in level.columns.iter().enumerate() {
                    let at = item.bins(level).at(channels.start, i * level.columns.len() + j);
                    let area = level.area(i, j);
                    let gradients = &grad_output[at..at + channels.len()];
                    shares.iter_mut().zip(gradients).for_each(|(share, gradient)| *share = gradient / area);
                    for cell in rows.range().flat_map(|row| columns.range().map(move |x| row * item.map.width + x)) {
                        // SAFETY: these channels of the cell are this thread's.
                        let cell = unsafe {
                            grad_input.part(item.cells().at(channels.start, cell), channels.len()).exclusive()
                        };
                        add(cell, shares);
                    }
                }
            }
        }
    }
}

/// Not inlined: its vector loop would stand in the WASM once for each use.
#[inline(never)]
fn add(sums: &mut [f32], values: &[f32]) {
    sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}
