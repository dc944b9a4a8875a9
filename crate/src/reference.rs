//! The rules in plain loops, written to be read. Tests hold every kernel against these, bit for bit.

use crate::bins::adaptive;
use crate::shape::Stride;
use crate::{FeatureMap, Layout};

/// Calls `visit(level, bin rows, bin columns, bin's place in the output, cells of the plane)` for every bin, planes
/// outermost, then levels, then bins in row-major order.
fn for_each_bin(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    layout: Layout,
    mut visit: impl FnMut(usize, core::ops::Range<usize>, core::ops::Range<usize>, usize, Stride),
) {
    let row: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    for plane in 0..map.batch * map.channels {
        let at = (plane / map.channels, plane % map.channels);
        let cells = layout.cells(map, at.0, at.1);
        let mut first_bin = 0;
        for (level, &(rows, columns)) in levels.iter().enumerate() {
            let bins = layout.bins(map.channels, row, (first_bin, rows * columns), at);
            for i in 0..rows {
                for j in 0..columns {
                    let (y, x) = (adaptive(map.height, rows, i).range(), adaptive(map.width, columns, j).range());
                    visit(level, y, x, bins.at(i * columns + j), cells);
                }
            }
            first_bin += rows * columns;
        }
    }
}

/// The maximum of every bin and the flat position `row * width + column` it stands at.
///
/// A bin is scanned in row-major order, beginning with negative infinity at its first cell. A cell takes over if it is
/// greater or NaN: so the first of equal maxima wins, the last NaN wins over everything, and of zeros of both signs
/// the first stays. (PyTorch, `AdaptiveMaxPoolKernel.cpp`.)
pub fn forward(map: &FeatureMap, levels: &[(usize, usize)], layout: Layout, input: &[f32]) -> (Vec<f32>, Vec<u32>) {
    let bins: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    let len = map.batch * map.channels * bins;
    let (mut output, mut indices) = (vec![0.0; len], vec![0; len]);
    for_each_bin(map, levels, layout, |_, rows, columns, at, cells| {
        let (mut best, mut index) = (f32::NEG_INFINITY, rows.start * map.width + columns.start);
        for row in rows {
            for column in columns.clone() {
                let here = row * map.width + column;
                let value = input[cells.at(here)];
                if value > best || value.is_nan() {
                    (best, index) = (value, here);
                }
            }
        }
        output[at] = best;
        indices[at] = index as u32;
    });
    (output, indices)
}

/// The gradient with respect to the input: every bin's gradient is added to the cell its index names.
///
/// Each level gathers in a zeroed plane of its own, in row-major order of its bins; the planes are then added, the
/// last level first, which is the order of PyTorch's autograd.
pub fn backward(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    layout: Layout,
    grad_output: &[f32],
    indices: &[u32],
) -> Vec<f32> {
    let mut by_level = vec![vec![0.0_f32; map.len()]; levels.len()];
    for_each_bin(map, levels, layout, |level, _, _, at, cells| {
        by_level[level][cells.at(indices[at] as usize)] += grad_output[at];
    });
    by_level
        .into_iter()
        .rev()
        .reduce(|mut sum, level| {
            sum.iter_mut().zip(level).for_each(|(sum, grad)| *sum += grad);
            sum
        })
        .unwrap_or_else(|| vec![0.0; map.len()])
}
