//! RoIAlign and its gradient, lanes along the channels. Samples and their weights are the same for every channel, so the plan has them.
//!
//! The order of the arithmetic is that of torchvision, whose bits these are.

mod backward;
mod forward;

pub(crate) use backward::backward;
pub(crate) use forward::forward;

use crate::element::ElementType;
use crate::geometry::roi_align::Sample;
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::align::AlignPlan;
use crate::vector::Vector;

/// Working memory of one thread that pools. Each part is a number of words.
pub(crate) struct ForwardWorkspace<'a> {
    /// The cells of a block of channels, interleaved.
    cells: Span<'a, f32>,
    /// The bins of one level of one region, likewise.
    pooled: Span<'a, f32>,
    /// Cells or bins that are converted.
    staged: Span<'a, f32>,
}

impl<'a> ForwardWorkspace<'a> {
    /// Takes all parts.
    pub fn take(plan: &AlignPlan, kind: ElementType, parts: &mut Parts<'a>) -> Self {
        let (height, width) = plan.size();
        let (block, bins) = (plan.block(), plan.most_bins());
        let staged = if kind == ElementType::F32 { 0 } else { block };
        ForwardWorkspace {
            cells: parts.take(&[block, height, width]),
            pooled: parts.take(&[block, bins]),
            staged: parts.take(&[staged, (height * width).max(bins)]),
        }
    }
}

/// Working memory of one thread that computes gradients.
pub(crate) struct BackwardWorkspace<'a> {
    /// The gradient of a block of channels by one level, interleaved.
    sums: Span<'a, f32>,
    /// The gradient by all levels so far, where there are several.
    total: Span<'a, f32>,
    /// Gradients of the bins of one level of one region, interleaved.
    bins: Span<'a, f32>,
    /// The same as they come, where they are converted.
    staged: Span<'a, f32>,
}

impl<'a> BackwardWorkspace<'a> {
    /// Takes all parts.
    pub fn take(plan: &AlignPlan, kind: ElementType, parts: &mut Parts<'a>) -> Self {
        let (height, width) = plan.size();
        let (block, bins) = (plan.block(), plan.most_bins());
        let staged = if kind == ElementType::F32 { 0 } else { block };
        let several = if plan.pyramid().places.len() > 1 { block } else { 0 };
        BackwardWorkspace {
            sums: parts.take(&[block, height, width]),
            total: parts.take(&[several, height, width]),
            bins: parts.take(&[block, bins]),
            staged: parts.take(&[staged, bins]),
        }
    }
}

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
