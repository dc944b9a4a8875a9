//! Adds the gradient of every bin to the cell its index names.
//!
//! PyTorch gathers each level in a zeroed plane of its own, bins in row-major order, and adds the planes, last level
//! first. Addition commutes, so one level at the end of that sum may be scattered straight into the result; the others
//! go through a scratch plane that is merged at the touched cells only. A plane is one thread's, so the bits do not
//! depend on the number of threads.

mod block;
mod fours;
mod singly;

pub(crate) use block::{GradientBlock, Gradients};

use block::{Add, Sums};
use fours::Fours;
use singly::Singly;

use crate::element::{ElementType, Real};
use crate::geometry::shape::{Arrangement, Layout, LevelRange, OutputOrder, PlaneStrides};
use crate::memory::span::Span;
use crate::vector::IN_REGISTERS;

impl<T: Real> GradientBlock<'_, T> {
    /// Adds the gradients of all levels to the result, whose cells are zero. Each of `scratch` that
    /// [`gradient_scratch`](crate::plan::gradient_scratch) finds to be needed has room for the block's planes, which must be zero and are
    /// left so.
    pub fn add(self, scratch: [Span<T>; 2]) {
        let planes = PlaneStrides { first: 0, plane: self.map.cells(), step: 1 };
        let halves = T::TYPE == ElementType::F16 && IN_REGISTERS;
        match self.pyramid.arrangement {
            Arrangement { layout: Layout::Nchw, .. } if halves => self.add_levels::<Fours<false>>(scratch, planes),
            Arrangement { layout: Layout::Nchw, .. } => self.add_levels::<Singly<true>>(scratch, planes),
            Arrangement { order: OutputOrder::Levels, .. } if halves => {
                // The same cell of neighbouring planes lies side by side in scratch too.
                let (first, end) = self.channels;
                let whole = end - self.planes() % 4;
                let beside = PlaneStrides { first: 0, plane: 1, step: whole - first };
                GradientBlock { channels: (first, whole), ..self }.add_levels::<Fours<true>>(scratch, beside);
                GradientBlock { channels: (whole, end), ..self }.add_levels::<Singly<false>>(scratch, planes);
            }
            _ => self.add_levels::<Singly<false>>(scratch, planes),
        }
    }

    /// Cells of `scratch` lie as `planes` says.
    fn add_levels<A: Add<T>>(self, scratch: [Span<T>; 2], planes: PlaneStrides) {
        let cells = self.pyramid.arrangement.layout.cells(self.map, self.item);
        let result =
            Sums { memory: self.gradients.input, cells: PlaneStrides { first: cells.at(self.channels.0, 0), ..cells } };
        let [sums, one] = scratch.map(|memory| Sums { memory, cells: planes });
        match &self.pyramid.levels[..] {
            // The first or the last level may be added to the result directly: take the one with more bins.
            [first, others @ ..] if others.last().is_some_and(|last| first.bins > last.bins) => {
                A::scatter(self, *first, result);
                self.fold::<A>(others, sums, one);
                others.iter().for_each(|&level| A::merge(self, level, sums, result));
            }
            levels => self.fold::<A>(levels, result, sums),
        }
    }

    /// Adds levels to `to`, whose touched cells are zero, the last level first.
    ///
    /// The first level to be added needs no plane of its own, and neither does a single bin, which touches a cell once.
    /// So of the last two levels, whose sum may be taken either way, a single bin comes second. Only levels before these take `one`:
    /// where there are none it is empty.
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
}
