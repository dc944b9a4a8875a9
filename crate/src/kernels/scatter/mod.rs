//! Adds the gradient of every bin to the cell its index names.
//!
//! PyTorch gathers each level in a zeroed plane of its own, bins in row-major order, and adds the planes, last level
//! first. Addition commutes, so one level at the end of that sum may be scattered straight into the result; the others
//! go through a scratch plane that is merged at the touched cells only. A plane is one thread's, so the bits do not
//! depend on the number of threads.

mod fours;
mod singly;

use fours::Fours;
use singly::Singly;

use crate::element::{ElementType, Real};
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{FeatureMap, Layout, LevelRange, PlaneStrides};
use crate::memory::span::{Span, prefetch};
use crate::vector::IN_REGISTERS;

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

/// How the gradients of a level are added.
trait Add<T> {
    /// Adds every bin's gradient to its cell.
    fn scatter(block: GradientBlock<T>, level: LevelRange, to: Sums<T>);
    /// Adds the sums of the level's cells to the same cells of `to`, and zeroes them. A cell that several bins name is moved once.
    fn merge(block: GradientBlock<T>, level: LevelRange, from: Sums<T>, to: Sums<T>);
}

impl<T: Real> GradientBlock<'_, T> {
    /// Adds the gradients of all levels to the result, whose cells are zero. Where there are several levels, each of
    /// `scratch` has room for the block's planes, which must be zero and are left so.
    pub fn add(self, scratch: [Span<T>; 2]) {
        match self.pyramid.arrangement.layout {
            _ if T::TYPE == ElementType::F16 && IN_REGISTERS => self.add_levels::<Fours>(scratch),
            Layout::Nchw => self.add_levels::<Singly<true>>(scratch),
            Layout::Nhwc => self.add_levels::<Singly<false>>(scratch),
        }
    }

    fn add_levels<A: Add<T>>(self, scratch: [Span<T>; 2]) {
        let cells = self.pyramid.arrangement.layout.cells(self.map, self.item);
        let result =
            Sums { memory: self.gradients.input, cells: PlaneStrides { first: cells.at(self.channels.0, 0), ..cells } };
        let cells = PlaneStrides { first: 0, plane: self.map.cells(), step: 1 };
        let [rest, one] = scratch.map(|memory| Sums { memory, cells });
        match &self.pyramid.levels[..] {
            // The first or the last level may be added to the result directly: take the one with more bins.
            [first, others @ ..] if others.last().is_some_and(|last| first.bins > last.bins) => {
                A::scatter(self, *first, result);
                self.fold::<A>(others, rest, one);
                others.iter().for_each(|&level| A::merge(self, level, rest, result));
            }
            levels => self.fold::<A>(levels, result, one),
        }
    }

    /// Adds levels to `to`, whose touched cells are zero, the last level first.
    ///
    /// The first level to be added needs no plane of its own, and neither does a single bin, which touches a cell once.
    /// So of the last two levels, whose sum may be taken either way, a single bin comes second.
    fn fold<A: Add<T>>(self, levels: &[LevelRange], to: Sums<T>, one: Sums<T>) {
        let (before, last) = match levels {
            [before @ .., second, last] if self.is_single(*last) => {
                A::scatter(self, *second, to);
                (before, *last)
            }
            [before @ .., last] => (before, *last),
            [] => return,
        };
        A::scatter(self, last, to);
        for &level in before.iter().rev() {
            A::scatter(self, level, if self.is_single(level) { to } else { one });
            if !self.is_single(level) {
                A::merge(self, level, one, to);
            }
        }
    }

    fn is_single(self, level: LevelRange) -> bool {
        level.bins == 1 && self.rows.len() == 1
    }

    /// Number of planes.
    fn planes(self) -> usize {
        self.channels.1 - self.channels.0
    }

    /// Whether as many bins name cells as there are. PyTorch adds whole planes in any case.
    fn names_most(self, level: LevelRange) -> bool {
        level.bins * self.rows.len() >= self.map.cells()
    }

    /// Calls `each` with where the bins of a level are, row by row of the output. `prefetched`: those of the next row are brought to the
    /// cache meanwhile, as rows lie far apart.
    #[inline(always)]
    fn for_each_row(self, level: LevelRange, prefetched: bool, mut each: impl FnMut(PlaneStrides)) {
        let bins_of = |row: u32| self.pyramid.bins_at(self.map.channels, level, row as usize);
        for (i, &row) in self.rows.iter().enumerate() {
            if let Some(&next) = self.rows.get(i + 1).filter(|_| prefetched) {
                self.prefetch(bins_of(next), level.bins);
            }
            each(bins_of(row));
        }
    }

    /// The index of a bin. The bin of a region that holds no cell has one beyond the cells.
    ///
    /// # Safety
    /// It must be a bin of the output, which has as many indices.
    #[inline(always)]
    unsafe fn index(self, bin: usize) -> u32 {
        // Volatile: indices were checked, but another thread may write shared memory, and then the index that is compared must be the
        // one that is used.
        // SAFETY: the caller's promise.
        unsafe { self.gradients.indices.as_ptr().add(bin).read_volatile() }
    }

    /// Prefetches the bins of a level of a row.
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
