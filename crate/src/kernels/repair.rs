//! Repairs the fast result of a kernel: NaN, which it passes over, and the sign of zeros, which depends on the order of
//! the scan.

use super::ItemOutput;
use crate::geometry::bins::covering;
use crate::geometry::shape::PlaneStrides;
use crate::plan::{Level, PyramidPlan};

/// A plane whose fast result is in the output.
struct Plane<'a> {
    plan: &'a PyramidPlan,
    input: &'a [f32],
    cells: PlaneStrides,
    output: ItemOutput<'a>,
    channel: usize,
}

/// Repairs one plane, whose cells are in `input` at `cells`. `nan` says that some cell may be NaN, `zero` that some bin may be
/// a zero of the wrong sign.
#[cold]
#[inline(never)]
pub(crate) fn plane(
    plan: &PyramidPlan,
    input: &[f32],
    cells: PlaneStrides,
    output: ItemOutput,
    channel: usize,
    nan: bool,
    zero: bool,
) {
    let plane = Plane { plan, input, cells, output, channel };
    if zero {
        plane.mend_zeros();
    }
    if nan {
        plane.mend_nans();
    }
}

impl Plane<'_> {
    fn cell(&self, index: usize) -> f32 {
        self.input[self.cells.at(self.channel, index)]
    }

    fn is_indexed(&self) -> bool {
        self.output.maxima.indices.len() > 0
    }

    /// Writes every NaN cell, in row-major order, into the bins that hold it: the last one stays.
    fn mend_nans(&self) {
        let (height, width) = self.plan.size();
        for row in 0..height {
            for column in 0..width {
                let value = self.cell(row * width + column);
                if value.is_nan() {
                    self.spread(value, row, column);
                }
            }
        }
    }

    fn spread(&self, value: f32, row: usize, column: usize) {
        for level in self.plan.levels() {
            let bins = self.output.bins(self.plan, level);
            for i in covering(&level.rows, row) {
                for j in covering(&level.columns, column) {
                    let at = bins.at(self.channel, i * level.columns.len() + j);
                    // SAFETY: `i` and `j` are bins of the level, for which the output has room.
                    unsafe {
                        self.output.maxima.values.set(at, value);
                        if self.is_indexed() {
                            self.output.maxima.indices.set(at, (row * self.plan.size().1 + column) as u32);
                        }
                    }
                }
            }
        }
    }

    /// Gives every bin whose maximum is zero the sign of its first zero.
    fn mend_zeros(&self) {
        for level in self.plan.levels() {
            let bins = self.output.bins(self.plan, level);
            for bin in 0..level.bins() {
                let at = bins.at(self.channel, bin);
                // SAFETY: a bin of the level, for which the output has room.
                unsafe {
                    if self.output.maxima.values.get(at) == 0.0 {
                        self.output.maxima.values.set(at, self.first_zero(level, bin));
                    }
                }
            }
        }
    }

    fn first_zero(&self, level: &Level, bin: usize) -> f32 {
        let width = self.plan.size().1;
        let (rows, columns) = (level.rows[bin / level.columns.len()], level.columns[bin % level.columns.len()]);
        let mut cells = rows.range().flat_map(|row| columns.range().map(move |column| self.cell(row * width + column)));
        cells.find(|&value| value == 0.0).unwrap_or(0.0)
    }
}
