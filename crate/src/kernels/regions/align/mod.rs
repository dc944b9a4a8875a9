//! RoIAlign and its gradient, lanes along the channels. Samples and their weights are the same for every channel, so the plan has them.
//!
//! The order of the arithmetic is that of torchvision, whose bits these are.

mod backward;
mod forward;

pub(crate) use backward::backward;
pub(crate) use forward::forward;

use crate::geometry::roi_align::Sample;
use crate::vector::Vector;

/// The four cells around a sample, and their weights.
struct Corners<V> {
    cells: [usize; 4],
    weights: [V; 4],
}

/// The cells around the samples of a row, in torchvision's order: upper left, upper right, lower left, lower right.
#[derive(Clone, Copy)]
struct RowSample<V> {
    rows: [u32; 2],
    weights: [V; 2],
}

impl<V: Vector> RowSample<V> {
    #[inline(always)]
    fn new(row: &Sample) -> Self {
        RowSample { rows: [row.low, row.high], weights: [V::splat(row.low_weight), V::splat(row.high_weight)] }
    }

    #[inline(always)]
    fn corners(self, column: &Sample) -> Corners<V> {
        let ([upper, lower], [left, right]) = (self.rows, [column.low, column.high]);
        let [top, bottom] = self.weights;
        let (near, far) = (V::splat(column.low_weight), V::splat(column.high_weight));
        Corners {
            cells: [upper + left, upper + right, lower + left, lower + right].map(|cell| cell as usize),
            weights: [top.mul(near), top.mul(far), bottom.mul(near), bottom.mul(far)],
        }
    }
}
