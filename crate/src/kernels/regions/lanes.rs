//! Bins scanned cell by cell, a channel in every lane: the greatest cell of each, and where it stands.

use super::block::{ChannelBlock, VECTORS, level_of};
use super::tables::CellFlags;
use super::walk::{each_region, merge};
use super::writer::{RegionWriter, StorePrefetch};
use crate::geometry::bins::Bin;
use crate::geometry::region_rule::{NOWHERE, RegionRule};
use crate::kernels::{Accumulator, WithIndex};
use crate::memory::span::Span;
use crate::plan::regions::{RegionScratch, RegionSource};
use crate::tuning::REGION_CHANNELS;
use crate::vector::{IN_REGISTERS, Vector};

/// Vectors that are scanned together: as many as the registers hold beside their indices.
const TOGETHER: usize = if IN_REGISTERS { VECTORS } else { 1 };

/// Pools regions of a block, whose cells fill the first table.
///
/// # Safety
/// The block's channels and rows must lie inside the writer's output, and the workspace be the plan's.
#[inline(never)]
pub(super) unsafe fn pool<V: Vector>(
    block: ChannelBlock,
    rows: &[u32],
    flags: &CellFlags,
    writer: RegionWriter,
    work: &RegionScratch,
) {
    let plan = block.plan;
    // A NaN is chosen last, and of zeros the first, in the order of the scan and not of the finer bins.
    let nests = flags.in_any_order();
    // SAFETY: the caller's promise; finer levels come first.
    unsafe {
        each_region::<V>(block, rows, (writer, work.pooled), |region, level, ahead| match plan.source(region, level) {
            RegionSource::Level(parent) if nests => {
                merge::<V, WithIndex<V>>(plan, (parent, level), work.pooled, ahead);
            }
            _ if flags.nan => scan::<V, true>(block, (region, level), work, ahead),
            _ => scan::<V, false>(block, (region, level), work, ahead),
        });
    }
}

/// Scans every bin of a level. Meanwhile it prefetches the lines `ahead`, which the same
/// level of the next region fills.
///
/// # Safety
/// The workspace must be the plan's, with the cells of a block in its first table, and the lines `ahead` be written later.
#[inline(never)]
unsafe fn scan<V: Vector, const NAN: bool>(
    block: ChannelBlock,
    (region, level): (usize, usize),
    work: &RegionScratch,
    ahead: Option<StorePrefetch>,
) {
    let (plan, least) = (block.plan, block.least());
    let width = plan.size().1;
    let (rows, columns) = plan.level_bounds(region, level);
    // SAFETY: bins lie inside the map, and in what is pooled.
    unsafe {
        let out = level_of::<WithIndex<V>>(plan, level, work.pooled);
        let mut bin = 0;
        for &rows in rows {
            for &columns in columns {
                for first in (0..VECTORS).step_by(TOGETHER) {
                    let best = scan_bin::<V, NAN>((plan.rule(), least), (rows, columns), width, work.tables, first);
                    for (k, best) in best.into_iter().enumerate() {
                        best.store(out, REGION_CHANNELS * bin + V::LANES * (first + k), V::LANES);
                    }
                }
                if let Some(ahead) = ahead {
                    ahead.prefetch(bin);
                }
                bin += 1;
            }
        }
    }
}

/// The best cells of a bin, for some vectors of channels from the `first` on.
///
/// # Safety
/// The bin must lie inside the map of this width that the table holds.
#[inline(always)]
unsafe fn scan_bin<V: Vector, const NAN: bool>(
    (rule, least): (RegionRule, f32),
    (rows, columns): (Bin, Bin),
    width: usize,
    table: Span<f32>,
    first: usize,
) -> [WithIndex<V>; TOGETHER] {
    if rows.is_empty() || columns.is_empty() {
        return [WithIndex::first(V::splat(0.0), V::splat_index(NOWHERE)); TOGETHER];
    }
    // Indices are one too high for now, so that none is below all of them.
    let none = match rule {
        RegionRule::RoiPool { .. } => WithIndex::first(V::splat(least), V::splat_index(0)),
        RegionRule::SppNet { .. } => WithIndex::empty(V::splat_index(rows.start * width as u32 + columns.start + 1)),
    };
    let mut best = [none; TOGETHER];
    for row in rows.range() {
        let start = row * width + columns.start as usize;
        let mut index = V::splat_index(start as u32);
        for cell in start..start + columns.len() {
            let at = |k: usize| REGION_CHANNELS * cell + V::LANES * (first + k);
            // SAFETY: the caller's promise.
            let values: [V; TOGETHER] = core::array::from_fn(|k| unsafe { table.load(at(k), V::LANES) });
            index = index.add_index(V::splat_index(1));
            for (best, value) in best.iter_mut().zip(values) {
                if NAN { update_or_nan(best, value, index) } else { best.update(value, index) }
            }
        }
    }
    best.map(|best| best.add_index(V::splat_index(u32::MAX)))
}

/// As [`Accumulator::update`], but NaN is better than all before it.
#[inline(always)]
fn update_or_nan<V: Vector>(best: &mut WithIndex<V>, value: V, index: V) {
    let nan = value.ne(value);
    let most = best.value().pmax(value);
    // By their bits: a NaN that stays has not changed.
    let chosen = nan.or(most.ne_index(best.value()));
    let most = value.and(nan).or(most.and(nan.not()));
    *best = WithIndex::first(most, best.index().max_index(chosen.and(index)));
}
