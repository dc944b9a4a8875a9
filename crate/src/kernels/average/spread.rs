//! Gradients of averages in NCHW where few bins share a cell: each row of bins is spread over its columns once, in `f32`, and
//! cells add up the rows that they are in.

use core::ops::Range;

use super::shared::Shares;
use super::{Axis, FEW, Item, alike};
use crate::element::Elements;
use crate::geometry::bins::covering;
use crate::geometry::shape::{FeatureMap, PlaneStrides};
use crate::geometry::units::blocks;
use crate::memory::span::Span;
use crate::plan::{Level, PyramidPlan};
use crate::tuning::{AVERAGE_ROWS, AVERAGE_SUMS};
use crate::vector::{Native, Vector};

/// Rows of bins, spread over their columns: those of all levels of one plane, then those of the next.
#[derive(Clone, Copy)]
pub(super) struct Spread<'a> {
    words: Span<'a, f32>,
    /// Words of a row: a vector may write beyond the last column.
    row: usize,
    /// Words of a plane.
    plane: usize,
    /// The gradients of a level's bins as `f32`.
    bins: Span<'a, f32>,
}

impl<'a> Spread<'a> {
    /// Where there is room for a plane, its rows are as wide as a vector, and there are several that may be alike.
    ///
    /// # Safety
    /// `scratch` must have the plan's `average_scratch` and no other holder.
    pub unsafe fn of(plan: &PyramidPlan, map: &FeatureMap, scratch: Span<'a, f32>) -> Option<Self> {
        let row = map.width + Native::LANES - 1;
        let plane = plan.levels().iter().map(|level| level.rows.len()).sum::<usize>().saturating_mul(row);
        let (all, most) = (plane.saturating_add(plan.pyramid().most_bins()), 3 * AVERAGE_SUMS);
        if map.width < Native::LANES || map.height == 1 || all > most {
            return None;
        }
        let planes = most / all;
        // SAFETY: there are more words of working memory.
        let (words, bins) =
            unsafe { (scratch.part(0, planes * plane), scratch.part(planes * plane, most - planes * plane)) };
        Some(Spread { words, row, plane, bins })
    }

    /// Writes every cell of some planes.
    ///
    /// # Safety
    /// As [`backward`](super::backward), and few bins may share a cell.
    pub unsafe fn planes(self, item: Item, channels: Range<usize>, grad_output: Elements, grad_input: Elements) {
        let levels = item.plan.levels();
        for channels in blocks(channels, self.words.len() / self.plane) {
            let mut first = 0;
            for level in levels.iter().rev() {
                // SAFETY: the caller's promise, and there is room for so many planes.
                unsafe {
                    let bins = item.bins(level).runs(channels.clone(), level.range.bins);
                    let gradients = self.bins.part(0, channels.len() * level.range.bins).exclusive();
                    grad_output.widen_runs(bins, gradients);
                    for i in 0..level.rows.len() {
                        self.spread(item, channels.len(), (level, i), gradients, first);
                        first += self.row;
                    }
                }
            }
            for rows in alike(levels, Axis::Rows, item.map.height) {
                let (mut held, mut count, mut first) = ([0; FEW], 0, 0);
                for level in levels.iter().rev() {
                    for i in covering(&level.rows, rows.start) {
                        held[count] = first + i * self.row;
                        count += 1;
                    }
                    first += level.rows.len() * self.row;
                }
                let (held, width) = (&held[..count], item.map.width);
                let shares = Shares { words: self.words, held, len: width, plane: self.plane };
                for rows in blocks(rows, AVERAGE_ROWS) {
                    let first = item.cells().at(channels.start, rows.start * width);
                    let cells = PlaneStrides { first, step: width, ..item.cells() };
                    // SAFETY: the caller's promise, and these rows of bins were spread.
                    unsafe { shares.write(grad_input, cells, (channels.len(), rows.len())) };
                }
            }
        }
    }

    /// Spreads a row of bins of some planes: that of the first from word `first` on. A vector writes beyond its bin, where the next
    /// bin is written after it.
    unsafe fn spread(self, item: Item, planes: usize, (level, i): (&Level, usize), gradients: &[f32], first: usize) {
        let mut written = 0;
        for (j, columns) in level.columns.iter().enumerate() {
            let (start, end) = (columns.start as usize, columns.end as usize);
            debug_assert!(start <= written, "no rule leaves a gap between bins");
            let (bin, cells) = (i * level.columns.len() + j, level.divisor(i, j) as f32);
            for k in 0..planes {
                // SAFETY: a bin of the planes.
                let share = unsafe { gradients.get_unchecked(bin + k * level.range.bins) } / cells;
                let row = first + k * self.plane;
                // SAFETY: columns of this row, or words behind it that nothing was written to yet.
                unsafe {
                    for column in start..written {
                        self.words.set(row + column, self.words.get(row + column) + share);
                    }
                    self.fill(row + written..row + end, share);
                }
            }
            written = end;
        }
        for k in 0..planes {
            let row = first + k * self.plane;
            // SAFETY: the columns that no bin holds.
            unsafe { self.fill(row + written..row + item.map.width, 0.0) };
        }
    }

    /// # Safety
    /// The words must lie inside, and as many as a vector may write behind them.
    #[inline(always)]
    unsafe fn fill(self, words: Range<usize>, value: f32) {
        for at in words.step_by(Native::LANES) {
            // SAFETY: the caller's promise.
            unsafe { self.words.store(at, Native::splat(value), Native::LANES) };
        }
    }
}
