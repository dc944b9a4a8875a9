//! The rules in plain loops, written to be read. Tests hold every kernel against these, bit for bit.

use core::ops::Range;

use crate::geometry::bins::{self, Rule};
use crate::geometry::region_rule::{NOWHERE, RegionRule};
use crate::geometry::roi_align::RoiAlign;
use crate::geometry::shape::{Arrangement, FeatureMap, LevelRange};

/// One bin: the cells it reads, and where they and its own values stand.
struct Bin {
    level: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    /// What an average divides by.
    divisor: f64,
    /// Its place in the output.
    at: usize,
    /// Its plane's cell 0 in the map, and the distance between cells.
    cells: (usize, usize),
}

/// Calls `visit` for every bin: planes outermost, then levels, then bins in row-major order.
fn for_each_bin(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: Rule,
    arrangement: impl Into<Arrangement>,
    mut visit: impl FnMut(Bin),
) {
    let arrangement = arrangement.into();
    let row: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    for item in 0..map.batch {
        for channel in 0..map.channels {
            let cells = arrangement.layout.cells(map, item);
            let mut before = 0;
            for (level, &(rows, columns)) in levels.iter().enumerate() {
                let bins =
                    arrangement.bins(map.channels, row, LevelRange { first: before, bins: rows * columns }, item);
                for bin in 0..rows * columns {
                    visit(Bin {
                        level,
                        rows: rule.bin(map.height, rows, bin / columns).range(),
                        columns: rule.bin(map.width, columns, bin % columns).range(),
                        divisor: (rule.divisor(map.height, rows, bin / columns)
                            * rule.divisor(map.width, columns, bin % columns)) as f64,
                        at: bins.at(channel, bin),
                        cells: (cells.at(channel, 0), cells.step),
                    });
                }
                before += rows * columns;
            }
        }
    }
}

/// The maximum of every bin and the flat position `row * width + column` it stands at.
///
/// A bin is scanned in row-major order, beginning with negative infinity at its first cell. A cell takes over if it is
/// greater or NaN: so the first of equal maxima wins, the last NaN wins over everything, and of zeros of both signs
/// the first stays. (PyTorch, `AdaptiveMaxPoolKernel.cpp`.)
pub fn forward(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: Rule,
    arrangement: impl Into<Arrangement>,
    input: &[f32],
) -> (Vec<f32>, Vec<u32>) {
    let bins: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    let len = map.batch * map.channels * bins;
    let (mut output, mut indices) = (vec![0.0; len], vec![0; len]);
    for_each_bin(map, levels, rule, arrangement, |bin| {
        let (mut best, mut index) = (f32::NEG_INFINITY, bin.rows.start * map.width + bin.columns.start);
        for row in bin.rows {
            for column in bin.columns.clone() {
                let here = row * map.width + column;
                let value = input[bin.cells.0 + here * bin.cells.1];
                if value > best || value.is_nan() {
                    (best, index) = (value, here);
                }
            }
        }
        output[bin.at] = best;
        indices[bin.at] = index as u32;
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
    rule: Rule,
    arrangement: impl Into<Arrangement>,
    grad_output: &[f32],
    indices: &[u32],
) -> Vec<f32> {
    let mut by_level = vec![vec![0.0_f32; map.len()]; levels.len()];
    for_each_bin(map, levels, rule, arrangement, |bin| {
        by_level[bin.level][bin.cells.0 + indices[bin.at] as usize * bin.cells.1] += grad_output[bin.at];
    });
    add_levels(by_level)
}

fn add_levels(by_level: Vec<Vec<f32>>) -> Vec<f32> {
    let add = |mut sum: Vec<f32>, level: Vec<f32>| {
        sum.iter_mut().zip(level).for_each(|(sum, grad)| *sum += grad);
        sum
    };
    by_level.into_iter().rev().reduce(add).unwrap_or_default()
}

/// The average of every bin, summed in double precision. Padding counts as cells where the rule pads.
pub fn average(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: Rule,
    arrangement: impl Into<Arrangement>,
    input: &[f32],
) -> Vec<f64> {
    let mut output = vec![0.0; map.batch * map.channels * levels.iter().map(|&(r, c)| r * c).sum::<usize>()];
    for_each_bin(map, levels, rule, arrangement, |bin| {
        let cells = bin.rows.flat_map(|row| bin.columns.clone().map(move |column| row * map.width + column));
        let sum: f64 = cells.map(|cell| f64::from(input[bin.cells.0 + cell * bin.cells.1])).sum();
        output[bin.at] = sum / bin.divisor;
    });
    output
}

/// The gradient of [`average`]: every bin's is shared out evenly among its cells.
pub fn average_backward(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: Rule,
    arrangement: impl Into<Arrangement>,
    grad_output: &[f32],
) -> Vec<f64> {
    let mut grad_input = vec![0.0; map.len()];
    for_each_bin(map, levels, rule, arrangement, |bin| {
        for row in bin.rows {
            for column in bin.columns.clone() {
                let cell = bin.cells.0 + (row * map.width + column) * bin.cells.1;
                grad_input[cell] += f64::from(grad_output[bin.at]) / bin.divisor;
            }
        }
    });
    grad_input
}

/// One bin of a region: its level, its channel, the place of that channel's cell 0 and the distance between cells, and
/// its own place in the output.
struct RegionBin {
    level: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    cells: (usize, usize),
    at: usize,
}

/// Calls `visit` for every bin of every region: regions outermost, then levels, channels, and bins in row-major order.
fn for_each_region_bin(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RegionRule,
    arrangement: impl Into<Arrangement>,
    regions: &[f32],
    mut visit: impl FnMut(RegionBin),
) {
    let arrangement = arrangement.into();
    let all: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    let axis = |ends: (f32, f32), size: usize, n: usize| {
        let mut axis = Vec::new();
        rule.bins(ends, size, n, |bin: bins::Bin| axis.push(bin.range()));
        axis
    };
    for (row, region) in regions.chunks_exact(5).enumerate() {
        let cells = arrangement.layout.cells(map, region[0] as usize);
        let mut first = 0;
        for (level, &(rows, columns)) in levels.iter().enumerate() {
            let down = axis((region[2], region[4]), map.height, rows);
            let across = axis((region[1], region[3]), map.width, columns);
            let place = arrangement.bins(map.channels, all, LevelRange { first, bins: rows * columns }, row);
            first += rows * columns;
            for channel in 0..map.channels {
                for bin in 0..rows * columns {
                    visit(RegionBin {
                        level,
                        rows: down[bin / columns].clone(),
                        columns: across[bin % columns].clone(),
                        cells: (cells.at(channel, 0), cells.step),
                        at: place.at(channel, bin),
                    });
                }
            }
        }
    }
}

/// The maximum of every bin of every region, and the position it stands at, scanned in row-major order.
///
/// torchvision's rule begins with the lowest finite value, so NaN is never chosen and [`NOWHERE`] may be; a bin outside the
/// map is 0 (torchvision, `roi_pool_kernel.cpp`). SPP-net's windows have maxima as [`forward`] has.
pub fn forward_regions(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RegionRule,
    arrangement: impl Into<Arrangement>,
    regions: &[f32],
    input: &[f32],
) -> (Vec<f32>, Vec<u32>) {
    let all: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    let len = regions.len() / 5 * map.channels * all;
    let (mut output, mut indices) = (vec![0.0; len], vec![NOWHERE; len]);
    for_each_region_bin(map, levels, rule, arrangement, regions, |bin| {
        if bin.rows.is_empty() || bin.columns.is_empty() {
            return;
        }
        let (mut best, mut index) = match rule {
            RegionRule::RoiPool { .. } => (f32::MIN, NOWHERE),
            RegionRule::SppNet { .. } => (f32::NEG_INFINITY, (bin.rows.start * map.width + bin.columns.start) as u32),
        };
        for row in bin.rows {
            for column in bin.columns.clone() {
                let here = row * map.width + column;
                let value = input[bin.cells.0 + here * bin.cells.1];
                let wins = matches!(rule, RegionRule::SppNet { .. }) && value.is_nan();
                if value > best || wins {
                    (best, index) = (value, here as u32);
                }
            }
        }
        output[bin.at] = best;
        indices[bin.at] = index;
    });
    (output, indices)
}

/// The gradient with respect to the map: as [`backward`], each level in a plane of its own, regions in their order.
pub fn backward_regions(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RegionRule,
    arrangement: impl Into<Arrangement>,
    regions: &[f32],
    (grad_output, indices): (&[f32], &[u32]),
) -> Vec<f32> {
    let mut by_level = vec![vec![0.0_f32; map.len()]; levels.len()];
    for_each_region_bin(map, levels, rule, arrangement, regions, |bin| {
        if indices[bin.at] != NOWHERE {
            by_level[bin.level][bin.cells.0 + indices[bin.at] as usize * bin.cells.1] += grad_output[bin.at];
        }
    });
    add_levels(by_level)
}

/// The average of every bin of every region, summed in double precision; 0 where a bin has no cells.
pub fn average_regions(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RegionRule,
    arrangement: Arrangement,
    regions: &[f32],
    input: &[f32],
) -> Vec<f64> {
    let all: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    let mut output = vec![0.0; regions.len() / 5 * map.channels * all];
    for_each_region_bin(map, levels, rule, arrangement, regions, |bin| {
        let area = bin.rows.len() * bin.columns.len();
        let cells = bin.rows.flat_map(|row| bin.columns.clone().map(move |column| row * map.width + column));
        let sum: f64 = cells.map(|cell| f64::from(input[bin.cells.0 + cell * bin.cells.1])).sum();
        output[bin.at] = if area == 0 { 0.0 } else { sum / area as f64 };
    });
    output
}

/// The gradient of [`average_regions`]: every bin's is shared out evenly among its cells.
pub fn average_regions_backward(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RegionRule,
    arrangement: Arrangement,
    regions: &[f32],
    grad_output: &[f32],
) -> Vec<f64> {
    let mut grad_input = vec![0.0; map.len()];
    for_each_region_bin(map, levels, rule, arrangement, regions, |bin| {
        let area = (bin.rows.len() * bin.columns.len()) as f64;
        for row in bin.rows {
            for column in bin.columns.clone() {
                let cell = bin.cells.0 + (row * map.width + column) * bin.cells.1;
                grad_input[cell] += f64::from(grad_output[bin.at]) / area;
            }
        }
    });
    grad_input
}

/// One sample of a bin of a region: cells of its four corners and their weights, or nothing outside the map.
type Corners = Option<[(usize, f32); 4]>;

/// The cells at both sides of a position on an axis of `size` cells, each with its weight; nothing outside.
fn around(position: f32, size: usize) -> Option<[(usize, f32); 2]> {
    // Not a number is outside as well.
    if !(position >= -1.0 && position <= size as f32) {
        return None;
    }
    let position = if position <= 0.0 { 0.0 } else { position };
    let low = position as usize;
    if low >= size - 1 {
        return Some([(size - 1, 1.0), (size - 1, 0.0)]);
    }
    let far = position - low as f32;
    Some([(low, 1.0 - far), (low + 1, far)])
}

/// Calls `visit` for every bin of every region, with its level, its place in the output, cell 0 of its plane and the distance between
/// cells, all of its samples in row-major order, and what their sum is divided by.
///
/// Everything is in `f32`, in the order of torchvision's `roi_align_kernel.cpp`.
fn for_each_aligned_bin(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RoiAlign,
    arrangement: impl Into<Arrangement>,
    regions: &[f32],
    mut visit: impl FnMut(usize, usize, (usize, usize), &[Corners], f32),
) {
    let arrangement = arrangement.into();
    let all: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    let offset = if rule.aligned { 0.5 } else { 0.0 };
    for (row, region) in regions.chunks_exact(5).enumerate() {
        let [left, top, right, bottom] = core::array::from_fn(|i| region[1 + i] * rule.spatial_scale - offset);
        let least = |extent: f32| if !rule.aligned && extent < 1.0 { 1.0 } else { extent };
        let (width, height) = (least(right - left), least(bottom - top));
        let cells = arrangement.layout.cells(map, region[0] as usize);
        let mut first = 0;
        for (level, &(rows, columns)) in levels.iter().enumerate() {
            let bin = (height / rows as f32, width / columns as f32);
            let samples = |length: f32| match rule.sampling_ratio {
                0 => length.ceil() as i32,
                ratio => ratio as i32,
            };
            let grid = (samples(bin.0), samples(bin.1));
            let count = grid.0.saturating_mul(grid.1).max(1) as f32;
            let place = arrangement.bins(map.channels, all, LevelRange { first, bins: rows * columns }, row);
            first += rows * columns;
            for i in 0..rows * columns {
                let mut corners = Vec::new();
                for y in 0..grid.0 {
                    let y = top + (i / columns) as f32 * bin.0 + (y as f32 + 0.5) * bin.0 / grid.0 as f32;
                    for x in 0..grid.1 {
                        let x = left + (i % columns) as f32 * bin.1 + (x as f32 + 0.5) * bin.1 / grid.1 as f32;
                        let (down, along) = (around(y, map.height), around(x, map.width));
                        corners.push(down.zip(along).map(|(down, along)| {
                            let corner =
                                |i: usize, j: usize| (down[i].0 * map.width + along[j].0, down[i].1 * along[j].1);
                            [corner(0, 0), corner(0, 1), corner(1, 0), corner(1, 1)]
                        }));
                    }
                }
                for channel in 0..map.channels {
                    visit(level, place.at(channel, i), (cells.at(channel, 0), cells.step), &corners, count);
                }
            }
        }
    }
}

/// torchvision's `roi_align`: the average of every bin's samples, each interpolated between four cells.
///
/// A sample outside the map is zero, but reads the first cell of its plane with weights of zero: so it is NaN where that cell is not
/// finite.
pub fn align_regions(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RoiAlign,
    arrangement: impl Into<Arrangement>,
    regions: &[f32],
    input: &[f32],
) -> Vec<f32> {
    let all: usize = levels.iter().map(|&(rows, columns)| rows * columns).sum();
    let mut output = vec![0.0; regions.len() / 5 * map.channels * all];
    for_each_aligned_bin(map, levels, rule, arrangement, regions, |_, at, (first, step), samples, count| {
        let mut sum = 0.0;
        for corners in samples {
            let [a, b, c, d] =
                corners.unwrap_or([(0, 0.0); 4]).map(|(cell, weight)| weight * input[first + cell * step]);
            sum += a + b + c + d;
        }
        output[at] = sum / count;
    });
    output
}

/// The gradient of [`align_regions`], level by level, with every addition in its place: regions in their order, then bins, samples and
/// corners.
pub fn align_regions_backward(
    map: &FeatureMap,
    levels: &[(usize, usize)],
    rule: RoiAlign,
    arrangement: impl Into<Arrangement>,
    regions: &[f32],
    grad_output: &[f32],
) -> Vec<Vec<f32>> {
    let mut by_level = vec![vec![0.0_f32; map.len()]; levels.len()];
    for_each_aligned_bin(map, levels, rule, arrangement, regions, |level, at, (first, step), samples, count| {
        for (cell, weight) in samples.iter().flatten().flatten() {
            by_level[level][first + cell * step] += grad_output[at] * weight / count;
        }
    });
    by_level
}
