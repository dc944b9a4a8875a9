//! Gradients of averages where few bins share a cell: their shares are added in `f32`, which loses next to nothing in so few
//! additions and is the fastest for small maps.

use core::ops::Range;

use super::{Item, Work, gradients_of};
use crate::geometry::units::blocks;
use crate::memory::span::Span;
use crate::plan::{Level, PyramidPlan};
use crate::tuning::AVERAGE_SUMS;

/// The most bins that may share a cell: the sum of so many shares is off by at most 1e-6 of the sum of their magnitudes.
const FEW: usize = 16;

/// Whether few bins share a cell. Neighbouring bins of a level overlap by a cell, and where there are more bins than cells, many
/// hold the same.
pub(super) fn few(plan: &PyramidPlan) -> bool {
    let (height, width) = plan.size();
    let most = |bins: usize, size: usize| if size == 1 { bins } else { bins.div_ceil(size) + 1 };
    let of = |level: &Level| most(level.rows.len(), height).saturating_mul(most(level.columns.len(), width));
    plan.levels().iter().map(of).fold(0, usize::saturating_add) <= FEW
}

/// NCHW: a row of bins gives all of its rows of cells the same gradient.
///
/// # Safety
/// As [`backward`](super::backward), the cells must be zero, and `shares` be as long as a row.
pub(super) unsafe fn planes(
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
                    let share = (f64::from(*gradient) * level.scale(i, j)) as f32;
                    shares[columns.range()].iter_mut().for_each(|sum| *sum += share);
                }
                for row in cells[rows.start as usize * width..rows.end as usize * width].chunks_exact_mut(width) {
                    add(row, shares);
                }
            }
        }
    }
}

/// NHWC: the channels of a bin, cell after cell.
///
/// # Safety
/// As [`backward`](super::backward), and the cells must be zero.
pub(super) unsafe fn cells(item: Item, channels: Range<usize>, grad_output: &[f32], grad_input: Span<f32>, work: Work) {
    let (gathered, shares) = work.staged.split_at_mut(AVERAGE_SUMS / 2);
    for channels in blocks(channels, AVERAGE_SUMS / 2) {
        let shares = &mut shares[..channels.len()];
        for level in item.plan.levels().iter().rev() {
            for (i, rows) in level.rows.iter().enumerate() {
                for (j, columns) in level.columns.iter().enumerate() {
                    let bin = (item.bins(level), i * level.columns.len() + j);
                    let scale = level.scale(i, j);
                    let gradients = gradients_of(grad_output, bin, &channels, gathered);
                    shares
                        .iter_mut()
                        .zip(gradients)
                        .for_each(|(share, gradient)| *share = (f64::from(*gradient) * scale) as f32);
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
