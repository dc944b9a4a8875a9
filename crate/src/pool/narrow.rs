//! Chooses how maxima of bytes and halves are found, and runs the kernels for them.

use core::ops::Range;

use crate::element::Elements;
use crate::geometry::shape::{FeatureMap, Layout};
use crate::geometry::units::blocks;
use crate::kernels::narrow::{Bins, Item, Kernel, Squares, nchw, nhwc, with_kernel};
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::PyramidPlan;
use crate::pool::convert;
use crate::tuning::{CACHE_LINE, MOST_SQUARES};

/// Pools some channels of an item. Indices are found where there is room for them.
///
/// # Safety
/// As [`forward_units`](crate::pool::forward::forward_units) for the units of these channels.
pub(crate) unsafe fn forward(
    plan: &PyramidPlan,
    map: &FeatureMap,
    input: Elements,
    (values, indices): (Elements, Span<u32>),
    (row, channels): (usize, Range<usize>),
    scratch: Span<f32>,
) {
    let (arrangement, kind, indexed) = (plan.pyramid().arrangement, input.kind(), indices.len() > 0);
    let (cells, output) = (arrangement.layout.cells(map, row), Bins { values, indices });
    let item = Item { plan, input, cells, output, channels: map.channels, row, arrangement };
    // SAFETY: the caller's promise is the same.
    let converted = |some| unsafe { convert::forward(plan, map, input, (values, indices), (row, some), scratch) };
    if !plan.pools_narrow(map, kind) || indexed && !plan.counts_cells(kind) {
        converted(channels);
    } else {
        let (is_nchw, squares) = (plan.layout() == Layout::Nchw, Squares::new(&item));
        with_kernel(kind, |kernel: &mut dyn Kernel| {
            let line = if is_nchw { CACHE_LINE / kind.size() } else { map.channels };
            for some in blocks(channels, if squares.is_some() { MOST_SQUARES } else { line }) {
                // SAFETY: the caller's promise is the same.
                unsafe {
                    if let Some(squares) = &squares {
                        kernel.pool_squares(squares, some.clone(), indexed);
                    } else if is_nchw {
                        let work = plan.narrow_scratch(kind, &mut Parts::cut(scratch));
                        nchw::pool(&item, some.clone(), kernel, &work);
                    } else {
                        nhwc::pool(&item, some.clone(), kernel);
                    }
                    if kernel.seen().take_faults(&item, some.clone()) {
                        converted(some);
                    }
                }
            }
        });
    }
}
