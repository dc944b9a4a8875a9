//! What the passes over the cells and bins of a level are given.

use core::ops::Range;

use crate::element::Elements;
use crate::geometry::shape::{Arrangement, PlaneStrides};
use crate::memory::span::Span;
use crate::plan::{Level, PyramidPlan};

/// Values of bins and, where they are asked for, their indices.
#[derive(Clone, Copy)]
pub(crate) struct Bins<'a> {
    pub values: Elements<'a>,
    /// Empty where indices are not asked for.
    pub indices: Span<'a, u32>,
}

impl Bins<'_> {
    /// # Safety
    /// `first + len` must not exceed the length.
    pub unsafe fn part(self, first: usize, len: usize) -> Self {
        // SAFETY: inside, by the caller's promise; there are as many indices as values where there are any.
        unsafe {
            let indices = if self.indices.len() > 0 { self.indices.part(first, len) } else { self.indices };
            Bins { values: self.values.part(first, len), indices }
        }
    }
}

/// One item of a batch, and its output.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a> {
    pub plan: &'a PyramidPlan,
    pub input: Elements<'a>,
    /// Where the item's cells lie in the input.
    pub cells: PlaneStrides,
    pub output: Bins<'a>,
    /// Channels and row of the output.
    pub channels: usize,
    pub row: usize,
    pub arrangement: Arrangement,
}

impl<'a> Item<'a> {
    /// Where the level's bins stand in the output.
    pub fn place(&self, level: &Level) -> PlaneStrides {
        self.arrangement.bins(self.channels, self.plan.pyramid().bins, level.range, self.row)
    }

    /// All bins of a level of an output whose channels lie side by side, and how far bins lie apart.
    ///
    /// # Safety
    /// The output must have the length of the plan.
    pub unsafe fn bins_of(&self, level: &Level) -> (Bins<'a>, usize) {
        let place = self.place(level);
        // SAFETY: the level's bins lie inside the output.
        (unsafe { self.output.part(place.first, level.bins() * place.step) }, place.step)
    }
}

/// Cells, a cell's channels side by side, and the bins of a level.
pub(crate) struct Pass<'a> {
    pub cells: Elements<'a>,
    /// Columns of the map.
    pub width: usize,
    /// Elements from one cell to the next.
    pub cell_apart: usize,
    pub out: Bins<'a>,
    /// Elements from one bin to the next.
    pub bin_apart: usize,
    pub channels: Range<usize>,
}

/// How a level nests in its parent: `rows x columns` of the parent's bins make up one bin.
pub(crate) struct Nest<'a> {
    pub from: Bins<'a>,
    /// Bins of the parent in a row.
    pub across: usize,
    pub rows: usize,
    pub columns: usize,
    /// Rows and columns of bins of the level.
    pub bins: (usize, usize),
}

impl Nest<'_> {
    /// The first of the parent's bins that make up a bin.
    #[inline(always)]
    pub fn first(&self, bin: usize) -> usize {
        bin / self.bins.1 * self.rows * self.across + bin % self.bins.1 * self.columns
    }
}

/// The cells of an NCHW plane, from element `first` on, in rows of `width`.
pub(crate) struct Plane<'a> {
    pub cells: &'a Elements<'a>,
    pub first: usize,
    pub width: usize,
}

/// Rows of elements, of which the first begins at element `first`, and which lie `apart`.
pub(crate) struct Rows<'a> {
    pub of: &'a Elements<'a>,
    pub first: usize,
    pub apart: usize,
    pub count: usize,
}

/// Reduced rows of some NCHW planes, transposed: the planes side by side in `line` elements for each cell.
pub(crate) struct Reduced<'a> {
    /// The greatest cell of each column of a row of bins, and the number of its row in the bin.
    pub cells: &'a [Elements<'a>; 2],
    /// Columns of the map.
    pub width: usize,
    pub line: usize,
    pub planes: usize,
}
