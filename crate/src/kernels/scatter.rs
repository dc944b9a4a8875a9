//! Adds the gradient of every bin to the cell its index names.
//!
//! PyTorch gathers each level in a zeroed plane of its own, bins in row-major order, and adds the planes, last level
//! first. Addition commutes, so one level at the end of that sum may be scattered straight into the result; the others
//! go through a scratch plane that is merged at the touched cells only. A plane is one thread's, so the bits do not
//! depend on the number of threads.

use crate::element::Real;
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{FeatureMap, Layout, LevelRange, PlaneStrides};
use crate::memory::span::{Span, prefetch};

/// What backward reads and writes.
#[derive(Clone, Copy)]
pub(crate) struct Gradients<'a, T> {
    pub output: &'a [T],
    pub indices: &'a [u32],
    pub input: Span<'a, T>,
}

/// Neighbouring channels of one item, whose gradients are added together: level by level over all of them, since two
/// additions in a row to the same cell would wait for each other.
#[derive(Clone, Copy)]
pub(crate) struct GradientBlock<'a, T> {
    pub pyramid: &'a Pyramid,
    pub map: &'a FeatureMap,
    pub gradients: Gradients<'a, T>,
    pub item: usize,
    /// Rows of the output that were pooled from the item, in the order in which their gradients are added.
    pub rows: &'a [u32],
    pub channels: (usize, usize),
}

/// Planes of sums of gradients. The block's first channel is plane 0.
#[derive(Clone, Copy)]
struct Sums<'a, T> {
    memory: Span<'a, T>,
    cells: PlaneStrides,
}

impl<T> Sums<'_, T> {
    /// Where a cell is. `FLAT`: the cells and bins of a plane lie one after the other, so that no stride is multiplied.
    #[inline(always)]
    fn at<const FLAT: bool>(&self, plane: usize, cell: usize) -> usize {
        self.cells.first + plane * self.cells.plane + if FLAT { cell } else { cell * self.cells.step }
    }
}

impl<T: Real> GradientBlock<'_, T> {
    /// Adds the gradients of all levels to the result, whose cells are zero. Where there are several levels, each of
    /// `scratch` has room for the block's planes, which must be zero and are left so.
    pub fn add(self, scratch: [Span<T>; 2]) {
        match self.pyramid.arrangement.layout {
            Layout::Nchw => self.add_levels::<true>(scratch),
            Layout::Nhwc => self.add_levels::<false>(scratch),
        }
    }

    fn add_levels<const FLAT: bool>(self, scratch: [Span<T>; 2]) {
        let cells = self.pyramid.arrangement.layout.cells(self.map, self.item);
        let result =
            Sums { memory: self.gradients.input, cells: PlaneStrides { first: cells.at(self.channels.0, 0), ..cells } };
        let cells = PlaneStrides { first: 0, plane: self.map.cells(), step: 1 };
        let [rest, one] = scratch.map(|memory| Sums { memory, cells });
        match &self.pyramid.levels[..] {
            // The first or the last level may be added to the result directly: take the one with more bins.
            [first, others @ ..] if others.last().is_some_and(|last| first.bins > last.bins) => {
                self.scatter::<FLAT>(*first, result);
                self.fold::<FLAT>(others, rest, one);
                others.iter().for_each(|&level| self.merge::<FLAT>(level, rest, result));
            }
            levels => self.fold::<FLAT>(levels, result, one),
        }
    }

    /// Adds levels to `to`, whose touched cells are zero, the last level first.
    ///
    /// The first level to be added needs no plane of its own, and neither does a single bin, which touches a cell once.
    /// So of the last two levels, whose sum may be taken either way, a single bin comes second.
    fn fold<const FLAT: bool>(self, levels: &[LevelRange], to: Sums<T>, one: Sums<T>) {
        let (before, last) = match levels {
            [before @ .., second, last] if self.is_single(*last) => {
                self.scatter::<FLAT>(*second, to);
                (before, *last)
            }
            [before @ .., last] => (before, *last),
            [] => return,
        };
        self.scatter::<FLAT>(last, to);
        for &level in before.iter().rev() {
            self.scatter::<FLAT>(level, if self.is_single(level) { to } else { one });
            if !self.is_single(level) {
                self.merge::<FLAT>(level, one, to);
            }
        }
    }

    fn is_single(self, level: LevelRange) -> bool {
        level.bins == 1 && self.rows.len() == 1
    }

    /// Adds every bin's gradient to its cell.
    #[inline(never)]
    fn scatter<const FLAT: bool>(self, level: LevelRange, to: Sums<T>) {
        self.visit::<FLAT>(level, |plane, cell, bin| {
            let at = to.at::<FLAT>(plane, cell);
            // SAFETY: a cell of the plane, and a bin of the output.
            unsafe { to.memory.set(at, to.memory.get(at).add(*self.gradients.output.get_unchecked(bin))) }
        });
    }

    /// Adds the sums of the level's cells to the same cells of `to`, and zeroes them.
    #[inline(never)]
    fn merge<const FLAT: bool>(self, level: LevelRange, from: Sums<T>, to: Sums<T>) {
        let move_cell = |plane: usize, cell: usize| {
            let (source, target) = (from.at::<FLAT>(plane, cell), to.at::<FLAT>(plane, cell));
            // SAFETY: cells of the plane. A cell that several bins name is moved once: afterwards it is zero.
            unsafe {
                to.memory.set(target, to.memory.get(target).add(from.memory.get(source)));
                from.memory.set(source, T::ZERO);
            }
        };
        // Regions may have more bins than the plane has cells. PyTorch adds whole planes in any case.
        let cells = self.map.cells();
        if level.bins * self.rows.len() >= cells {
            let planes = self.channels.1 - self.channels.0;
            (0..planes).for_each(|plane| (0..cells).for_each(|cell| move_cell(plane, cell)));
        } else {
            self.visit::<FLAT>(level, |plane, cell, _| move_cell(plane, cell));
        }
    }

    /// Calls `each(plane, cell, place of the bin in the output)` for every bin of a level, in the order in which the
    /// output lies in memory. Bins of one plane come in row-major order in either.
    #[inline(always)]
    fn visit<const FLAT: bool>(self, level: LevelRange, mut each: impl FnMut(usize, usize, usize)) {
        let cells = self.map.cells();
        let planes = self.channels.1 - self.channels.0;
        let bins_of = |row: u32| {
            let bins = self.pyramid.bins_at(self.map.channels, level, row as usize);
            PlaneStrides { step: if FLAT { 1 } else { bins.step }, ..bins }
        };
        for (i, &row) in self.rows.iter().enumerate() {
            if let Some(&next) = self.rows.get(i + 1).filter(|_| FLAT) {
                self.prefetch(bins_of(next), level.bins);
            }
            let bins = bins_of(row);
            let mut visit_bin = |plane: usize, bin: usize| {
                let at = bins.at(self.channels.0 + plane, bin);
                // Volatile: indices were checked, but another thread may write shared memory, and then the index that
                // is compared must be the one that is used. The bin of a region that holds no cell has none either.
                // SAFETY: a bin of the output, which has as many indices.
                let cell = unsafe { self.gradients.indices.as_ptr().add(at).read_volatile() } as usize;
                if cell < cells {
                    each(plane, cell, at);
                }
            };
            if FLAT {
                (0..planes).for_each(|plane| (0..level.bins).for_each(|bin| visit_bin(plane, bin)));
            } else {
                (0..level.bins).for_each(|bin| (0..planes).for_each(|plane| visit_bin(plane, bin)));
            }
        }
    }

    /// Prefetches the bins of a level of a region, while those of another region are visited: rows lie far apart.
    #[inline(always)]
    fn prefetch(self, bins: PlaneStrides, count: usize) {
        for run in bins.runs(self.channels.0..self.channels.1, count) {
            // SAFETY: bins of the output, which has as many indices.
            unsafe {
                prefetch(self.gradients.output.as_ptr().add(run.start), run.len());
                prefetch(self.gradients.indices.as_ptr().add(run.start), run.len());
            }
        }
    }
}
