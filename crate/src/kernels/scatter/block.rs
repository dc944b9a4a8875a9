//! The gradients of some planes, bin by bin.

use crate::element::Real;
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{FeatureMap, LevelRange, PlaneStrides};
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
pub(super) struct Sums<'a, T> {
    pub memory: Span<'a, T>,
    pub cells: PlaneStrides,
}

impl<T> Sums<'_, T> {
    /// Where a cell is. `FLAT`: the cells of a plane lie one after the other, so that no stride is multiplied.
    #[inline(always)]
    pub fn place<const FLAT: bool>(&self, plane: usize, cell: usize) -> usize {
        self.cells.first + plane * self.cells.plane + if FLAT { cell } else { cell * self.cells.step }
    }
}

/// How the gradients of a level are added.
pub(super) trait Add<T> {
    /// Adds every bin's gradient to its cell.
    fn scatter(block: GradientBlock<T>, level: LevelRange, to: Sums<T>);
    /// Adds the sums of the level's cells to the same cells of `to`, and zeroes them. A cell that several bins name is moved once.
    fn merge(block: GradientBlock<T>, level: LevelRange, from: Sums<T>, to: Sums<T>);
}

impl<T: Real> GradientBlock<'_, T> {
    /// Number of planes.
    pub(super) fn planes(self) -> usize {
        self.channels.1 - self.channels.0
    }

    /// Whether as many bins name cells as there are. PyTorch adds whole planes in any case.
    pub(super) fn names_most(self, level: LevelRange) -> bool {
        level.bins * self.rows.len() >= self.map.cells()
    }

    /// Calls `each` with where the bins of a level are, row by row of the output. `FLAT`: the bins of a plane lie one after the other. Those of
    /// the next row are brought to the cache meanwhile, as rows lie far apart.
    #[inline(always)]
    pub(super) fn for_each_row<const FLAT: bool>(self, level: LevelRange, mut each: impl FnMut(PlaneStrides)) {
        for (i, &row) in self.rows.iter().enumerate() {
            if let Some(&next) = self.rows.get(i + 1) {
                if FLAT { self.prefetch(level, next) } else { self.prefetch_apart(level, next) }
            }
            let bins = self.bins_of(level, row);
            each(PlaneStrides { step: if FLAT { 1 } else { bins.step }, ..bins });
        }
    }

    #[inline(always)]
    fn bins_of(self, level: LevelRange, row: u32) -> PlaneStrides {
        self.pyramid.bins_at(self.map.channels, level, row as usize)
    }

    /// The index of the bin `beside` places behind a bin. The bin of a region that holds no cell has one beyond the cells.
    ///
    /// # Safety
    /// Both must be bins of the output, which has as many indices.
    #[inline(always)]
    pub(super) unsafe fn index(self, bin: usize, beside: usize) -> u32 {
        // Volatile: indices were checked, but another thread may write shared memory, and then the index that is compared must be the
        // one that is used.
        // SAFETY: the caller's promise.
        unsafe { self.gradients.indices.as_ptr().add(bin).add(beside).read_volatile() }
    }

    /// Prefetches the bins of a level of a row. Inlined: as a function of its own it takes 2 % more of `f`, NCHW, backward.
    #[inline(always)]
    fn prefetch(self, level: LevelRange, row: u32) {
        for run in self.bins_of(level, row).runs(self.channels.0..self.channels.1, level.bins) {
            // SAFETY: bins of the output, which has as many indices.
            unsafe {
                prefetch(self.gradients.output.as_ptr().add(run.start), run.len());
                prefetch(self.gradients.indices.as_ptr().add(run.start), run.len());
            }
        }
    }

    /// [`prefetch`](Self::prefetch) as a function of its own: where bins lie far apart, the call is nothing beside what is read.
    #[inline(never)]
    fn prefetch_apart(self, level: LevelRange, row: u32) {
        self.prefetch(level, row);
    }
}
