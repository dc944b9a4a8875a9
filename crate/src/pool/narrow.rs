//! Runs the kernels for bytes and halves over a range of units.

use core::ops::Range;

use crate::element::Elements;
use crate::geometry::shape::FeatureMap;
use crate::kernels::narrow::{Bins, Item, Kernel, nhwc, squares, with_kernel};
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::pool::convert;

/// Pools a range of units. Indices are found where there is room for them.
///
/// # Safety
/// As [`forward_units`](crate::pool::forward::forward_units), for a map that the plan pools so.
pub(crate) unsafe fn forward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: Elements,
    (values, indices): (Elements, Span<u32>),
    units: Range<usize>,
    scratch: Span<f32>,
) {
    let (arrangement, channels) = (plan.pyramid().arrangement, map.channels);
    let output = Bins { values, indices };
    let run = |kernel: &mut dyn Kernel| {
        for (row, some) in plan.forward_units(map, input.kind()).items(units) {
            let cells = arrangement.layout.cells(map, row);
            let item = Item { plan, input, cells, output, channels, row, arrangement };
            // SAFETY: the caller's promise is the same, item by item.
            unsafe {
                nhwc::pool(&item, some.clone(), kernel);
                if kernel.take_faults(&item, some.clone()) {
                    convert::forward(plan, map, input, (values, indices), (row, some), scratch);
                }
            }
        }
    };
    with_kernel(input.kind(), indices.len() > 0, run);
}

/// Pools a range of units of small square planes of bytes, without indices.
///
/// # Safety
/// As [`forward`], for a plan of [`squares`](PyramidPlan::squares).
pub(crate) unsafe fn squares(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: Elements,
    values: Elements,
    units: Range<usize>,
) {
    let (arrangement, channels) = (plan.pyramid().arrangement, map.channels);
    let output = Bins { values, indices: Span::empty() };
    for (row, some) in plan.units(map).items(units) {
        let cells = arrangement.layout.cells(map, row);
        // SAFETY: the caller's promise is the same, item by item.
        unsafe { squares::planes(&Item { plan, input, cells, output, channels, row, arrangement }, some) };
    }
}
