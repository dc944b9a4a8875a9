//! Scans bins one by one. All other kernels for regions must give the same.

use super::block::{ChannelBlock, Selected};
use super::writer::RegionWriter;
use crate::geometry::bins::Bin;
use crate::geometry::region_rule::{NOWHERE, RegionRule};

/// Pools regions of a block.
///
/// # Safety
/// The block's channels and rows must lie inside the writer's output.
#[inline(never)]
pub(super) unsafe fn pool(block: ChannelBlock, rows: &[u32], writer: RegionWriter) {
    for &row in rows {
        for level in 0..block.plan.grids().len() {
            let (rows, columns) = block.plan.level_bounds(row as usize, level);
            // SAFETY: the caller's promise.
            let best = |channel: usize, bin: usize| unsafe {
                scan(block, channel, rows[bin / columns.len()], columns[bin % columns.len()])
            };
            // SAFETY: the caller's promise.
            unsafe { writer.write_each(row as usize, level, best) };
        }
    }
}

/// # Safety
/// The bin and the channel must lie inside the block.
unsafe fn scan(block: ChannelBlock, channel: usize, rows: Bin, columns: Bin) -> Selected {
    let width = block.plan.size().1;
    if rows.is_empty() || columns.is_empty() {
        return (0.0, NOWHERE);
    }
    let (start, nan_counts) = match block.plan.rule() {
        RegionRule::RoiPool { .. } => ((f32::MIN, NOWHERE), false),
        RegionRule::SppNet { .. } => ((f32::NEG_INFINITY, rows.start * width as u32 + columns.start), true),
    };
    let places = rows.range().flat_map(|row| columns.range().map(move |column| row * width + column));
    places.fold(start, |best, index| {
        // SAFETY: a cell of the bin.
        let value = unsafe { block.input.get(block.planes.at(channel, index)) };
        if value > best.0 || (nan_counts && value.is_nan()) { (value, index as u32) } else { best }
    })
}
