//! Gradients of averages in NCHW where few bins share a cell: each row of bins is spread over its columns once, in `f32`, and
//! cells add up the rows that they are in.

use core::ops::Range;

use half::f16;

use super::{Axis, FEW, Item, alike};
use crate::element::{ElementType, Elements};
use crate::geometry::bins::covering;
use crate::geometry::shape::FeatureMap;
use crate::geometry::units::blocks;
use crate::kernels::carrier::Stored;
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
}

impl<'a> Spread<'a> {
    /// Where there is room for a plane, its rows are as wide as a vector, and there are several that may be alike.
    ///
    /// # Safety
    /// `scratch` must have the plan's `average_scratch` and no other holder.
    pub unsafe fn of(plan: &PyramidPlan, map: &FeatureMap, scratch: Span<'a, f32>) -> Option<Self> {
        // SAFETY: there are more words of working memory.
        let words = unsafe { scratch.part(0, 3 * AVERAGE_SUMS) };
        let row = map.width + Native::LANES - 1;
        let plane = plan.levels().iter().map(|level| level.rows.len()).sum::<usize>().saturating_mul(row);
        let wide = map.width >= Native::LANES && map.height > 1;
        (wide && plane <= words.len()).then_some(Spread { words, row, plane })
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
                for i in 0..level.rows.len() {
                    // SAFETY: the caller's promise, and there is room for so many planes.
                    unsafe { self.spread(item, &channels, (level, i), grad_output, first) };
                    first += self.row;
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
                let held = &held[..count];
                for rows in blocks(rows, AVERAGE_ROWS) {
                    // SAFETY: the caller's promise, and these rows of bins were spread.
                    unsafe {
                        match grad_input.kind() {
                            ElementType::F16 => self.add::<f16>(item, &channels, rows, held, grad_input.cast()),
                            _ => self.add::<f32>(item, &channels, rows, held, grad_input.cast()),
                        }
                    }
                }
            }
        }
    }

    /// Spreads a row of bins of some planes: that of the first from word `first` on. A vector writes beyond its bin, where the next
    /// bin is written after it.
    unsafe fn spread(
        self,
        item: Item,
        channels: &Range<usize>,
        (level, i): (&Level, usize),
        grad_output: Elements,
        first: usize,
    ) {
        let bins = item.bins(level);
        let mut written = 0;
        for (j, columns) in level.columns.iter().enumerate() {
            let (start, end) = (columns.start as usize, columns.end as usize);
            debug_assert!(start <= written, "no rule leaves a gap between bins");
            let (bin, cells) = (bins.at(channels.start, i * level.columns.len() + j), level.divisor(i, j) as f32);
            for k in 0..channels.len() {
                // SAFETY: a bin of the planes.
                let share = unsafe { grad_output.get(bin + k * bins.plane) } / cells;
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
        for k in 0..channels.len() {
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

    /// Adds the rows of bins that `rows` lie in, from the words `held` on in the first plane, and writes the sums to each of `rows`, two
    /// vectors at a time. Vectors that would go beyond the last column begin before it, and are written twice.
    unsafe fn add<C: Stored>(
        self,
        item: Item,
        channels: &Range<usize>,
        rows: Range<usize>,
        held: &[usize],
        grad_input: Span<C::Element>,
    ) {
        let width = item.map.width;
        for (k, channel) in channels.clone().enumerate() {
            for column in (0..width).step_by(2 * Native::LANES) {
                let columns: [usize; 2] =
                    core::array::from_fn(|i| (column + i * Native::LANES).min(width - Native::LANES));
                let mut cells = columns.map(|column| item.cells().at(channel, rows.start * width + column));
                let mut sums = [Native::splat(0.0); 2];
                // SAFETY: columns that were spread, and cells of these rows.
                unsafe {
                    for at in held {
                        for (sum, column) in sums.iter_mut().zip(columns) {
                            *sum = sum.add(self.words.load(at + k * self.plane + column, Native::LANES));
                        }
                    }
                    // Not by `map`, which makes a function of it.
                    let packed = [C::pack(sums[0]), C::pack(sums[1])];
                    for _ in rows.clone() {
                        for (packed, cell) in packed.iter().zip(&mut cells) {
                            C::store(*packed, grad_input.as_mut_ptr().add(*cell));
                            *cell += width;
                        }
                    }
                }
            }
        }
    }
}
