//! What both ways over the cells of a block share: region after region, level after level, and levels made from finer ones.

use super::block::{ChannelBlock, VECTORS, level_of};
use super::writer::{RegionWriter, StorePrefetch};
use crate::kernels::{Accumulator, WithIndex};
use crate::memory::maxima::Maxima;
use crate::plan::regions::RegionPlan;
use crate::tuning::REGION_CHANNELS;
use crate::vector::Vector;

/// Pools regions of a block by `pool(region, level, lines of the next region)`, finer levels first, and writes what is in `pooled` then.
///
/// # Safety
/// The block's channels and rows must lie inside the writer's output, and `pool` fill the level in `pooled`.
#[inline(always)]
pub(super) unsafe fn each_region<V: Vector>(
    block: ChannelBlock,
    rows: &[u32],
    (writer, pooled): (RegionWriter, Maxima),
    pool: impl Fn(usize, usize, Option<StorePrefetch>),
) {
    for (i, &row) in rows.iter().enumerate() {
        let next = rows.get(i + 1);
        for &level in block.plan.order() {
            pool(row as usize, level, next.map(|&next| writer.store_prefetch(next as usize, level)));
        }
        for level in 0..block.plan.grids().len() {
            // SAFETY: the caller's promise; all levels are pooled.
            unsafe {
                let Maxima { values, indices } = level_of::<WithIndex<V>>(block.plan, level, pooled);
                writer.write::<V>(row as usize, level, (values, indices), REGION_CHANNELS);
            }
        }
    }
}

/// Makes the bins of a level from those of the finer level it divides. Meanwhile it prefetches the lines `ahead`, which the same
/// level of the next region fills.
///
/// # Safety
/// The bins of the finer level must be in what is pooled, and the lines `ahead` be written later.
#[inline(always)]
pub(super) unsafe fn merge<V: Vector, A: Accumulator<V>>(
    plan: &RegionPlan,
    (parent, level): (usize, usize),
    pooled: Maxima,
    ahead: Option<StorePrefetch>,
) {
    let (fine, coarse) = (plan.grids()[parent], plan.grids()[level]);
    // SAFETY: bins of both levels.
    unsafe {
        let maxima = (level_of::<A>(plan, parent, pooled), level_of::<A>(plan, level, pooled));
        // The usual one as constants, for the compiler to unroll; with indices there is more to do than to count.
        match (fine.0 / coarse.0, fine.1 / coarse.1) {
            (2, 2) if !A::INDEXED => merge_groups::<V, A>((2, 2), fine, maxima, ahead),
            group => merge_groups::<V, A>(group, fine, maxima, ahead),
        }
    }
}

/// The same, with groups of `down x along` of the finer bins.
///
/// # Safety
/// As [`merge`].
#[inline(always)]
unsafe fn merge_groups<V: Vector, A: Accumulator<V>>(
    (down, along): (usize, usize),
    fine: (usize, usize),
    (from, out): (Maxima, Maxima),
    ahead: Option<StorePrefetch>,
) {
    let mut bin = 0;
    for row in (0..fine.0).step_by(down) {
        for column in (0..fine.1).step_by(along) {
            let first = row * fine.1 + column;
            // SAFETY: the caller's promise.
            unsafe {
                let mut best = load::<V, A>(from, first);
                for i in 0..down {
                    // The very first bin is there already.
                    for j in usize::from(i == 0)..along {
                        let other = load::<V, A>(from, first + i * fine.1 + j);
                        best = core::array::from_fn(|k| best[k].merge(other[k]));
                    }
                }
                for (k, best) in best.into_iter().enumerate() {
                    best.store(out, REGION_CHANNELS * bin + V::LANES * k, V::LANES);
                }
                if let Some(ahead) = ahead {
                    ahead.prefetch(bin);
                }
            }
            bin += 1;
        }
    }
}

/// # Safety
/// The level must have the bin.
#[inline(always)]
unsafe fn load<V: Vector, A: Accumulator<V>>(from: Maxima, bin: usize) -> [A; VECTORS] {
    // SAFETY: the caller's promise.
    core::array::from_fn(|k| unsafe { A::load(from, REGION_CHANNELS * bin + V::LANES * k, V::LANES) })
}
