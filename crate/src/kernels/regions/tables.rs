//! Tables of maxima over `2^k` cells of a row, and the bins of regions looked up in them.

use super::block::{ChannelBlock, VECTORS, level_of};
use super::interleave::interleave;
use super::walk::{each_region, merge};
use super::writer::{RegionWriter, StorePrefetch};
use crate::geometry::region_rule::RegionRule;
use crate::kernels::WithoutIndex;
use crate::kernels::carrier::HalfBits;
use crate::memory::span::Span;
use crate::plan::regions::{RegionPlan, RegionScratch, RegionSource, Tables};
use crate::tuning::REGION_CHANNELS;
use crate::vector::{Native, Vector};

/// Pools regions of a block, whose cells fill the first table and can be compared by value alone.
///
/// # Safety
/// The block's channels and `rows` must lie inside the writer's output, and the workspace be the plan's.
#[inline(never)]
pub(super) unsafe fn pool(
    block: ChannelBlock,
    rows: &[u32],
    tables: &Tables,
    writer: RegionWriter,
    work: &RegionScratch,
) {
    let plan = block.plan;
    // SAFETY: the caller's promise; finer levels come first.
    unsafe {
        build::<Native>(plan, tables, work.tables);
        each_region::<Native>(block, rows, (writer, work.pooled), |region, level, ahead| {
            match plan.source(region, level) {
                // Nothing is prefetched: those stores would hold up the few that these bins take.
                RegionSource::Level(parent) => {
                    merge::<Native, WithoutIndex<Native>>(plan, (parent, level), work.pooled, None);
                }
                source => {
                    let out = level_of::<WithoutIndex<Native>>(plan, level, work.pooled).values;
                    look_up::<Native>(plan, tables, (region, level), (work.tables, out), ahead);
                    if source == RegionSource::MapWithEmptyBins {
                        clear_empty_bins::<Native>(plan, region, level, out);
                    }
                }
            }
        });
    }
}

/// Whether the cells of a block hold something that keeps them from being compared by value alone, in any order.
pub(super) struct CellFlags {
    /// There is NaN, and the rule counts it or the cells are the bits of halves.
    pub nan: bool,
    /// There may be zeros of both signs.
    pub negative_zero: bool,
}

impl CellFlags {
    /// Whether the cells may be compared in any order.
    pub fn in_any_order(&self) -> bool {
        !self.nan && !self.negative_zero
    }
}

/// Fills the table of single cells, a lane for each channel. Where the rule does not count NaN, it and all below the least number
/// become that number.
///
/// # Safety
/// The table must have room for the block's cells.
pub(super) unsafe fn fill<V: Vector>(block: ChannelBlock, table: Span<f32>) -> CellFlags {
    // SAFETY: the caller's promise is the same.
    unsafe {
        match block.plan.rule() {
            RegionRule::RoiPool { .. } if !block.half_bits => fill_cells::<V, false>(block, table),
            _ => fill_cells::<V, true>(block, table),
        }
    }
}

/// The same, where NaN is found out or becomes the least number.
///
/// # Safety
/// As [`fill`].
#[inline(never)]
unsafe fn fill_cells<V: Vector, const NAN: bool>(block: ChannelBlock, table: Span<f32>) -> CellFlags {
    let cells = block.plan.set().cells();
    let (least, magnitude) = (V::splat(block.least()), V::splat_index(0x7fff_ffff));
    let infinity = V::splat_index(if block.half_bits { HalfBits::INFINITY } else { f32::INFINITY.to_bits() });
    let (mut greatest, mut negative_zero) = (infinity, V::splat(0.0));
    // SAFETY: the caller's promise.
    unsafe {
        if block.channels < REGION_CHANNELS {
            // Lanes without a channel must hold nothing that counts.
            table.part(0, REGION_CHANNELS * cells).exclusive().fill(0.0);
        }
        let input = (block.input, block.half_bits);
        interleave::<V>(input, block.planes, (block.channels, cells), (table, REGION_CHANNELS));
        for first in (0..REGION_CHANNELS * cells).step_by(V::LANES) {
            let value: V = table.load(first, V::LANES);
            negative_zero = negative_zero.or(value.eq_index(V::splat(-0.0)));
            if NAN {
                greatest = greatest.max_index(value.and(magnitude));
            } else {
                table.store(first, least.pmax(value), V::LANES);
            }
        }
    }
    CellFlags { nan: greatest.ne_index(infinity).any(), negative_zero: negative_zero.any() }
}

/// Makes all tables from that of single cells: each value from two of the table before.
///
/// # Safety
/// `memory` must have room for the plan's tables.
#[inline(never)]
unsafe fn build<V: Vector>(plan: &RegionPlan, tables: &Tables, memory: Span<f32>) {
    let (height, width) = plan.size();
    let cells = height * width;
    for table in 1..tables.count {
        let apart = 1 << (table - 1);
        for row in 0..height {
            for at in row * width..(row + 1) * width + 1 - 2 * apart {
                // SAFETY: the two halves lie inside the row, as the whole does.
                unsafe {
                    let half = (table - 1) * cells + at;
                    let best = greater::<V>(load_cell(memory, half), load_cell(memory, half + apart));
                    store_cell::<V>(memory, table * cells + at, best);
                }
            }
        }
    }
}

#[inline(always)]
fn greater<V: Vector>(a: [V; VECTORS], b: [V; VECTORS]) -> [V; VECTORS] {
    core::array::from_fn(|i| a[i].pmax(b[i]))
}

/// The vectors of a cell of a table, or of a bin.
///
/// # Safety
/// It must lie inside the memory.
#[inline(always)]
unsafe fn load_cell<V: Vector>(memory: Span<f32>, cell: usize) -> [V; VECTORS] {
    // SAFETY: the caller's promise.
    core::array::from_fn(|i| unsafe { memory.load(REGION_CHANNELS * cell + V::LANES * i, V::LANES) })
}

/// # Safety
/// As [`load_cell`].
#[inline(always)]
unsafe fn store_cell<V: Vector>(memory: Span<f32>, cell: usize, vectors: [V; VECTORS]) {
    for (i, vector) in vectors.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { memory.store(REGION_CHANNELS * cell + V::LANES * i, vector, V::LANES) }
    }
}

/// The maximum of every bin of a level: in each of its rows that of two runs of cells, at either end. Bins without cells get
/// any value. Meanwhile it prefetches the lines `ahead`, which the same
/// level of the next region fills.
///
/// # Safety
/// `memory` must hold the plan's tables, `out` have the level's bins, and the lines `ahead` be written later.
#[inline(always)]
unsafe fn look_up<V: Vector>(
    plan: &RegionPlan,
    tables: &Tables,
    (region, level): (usize, usize),
    (memory, out): (Span<f32>, Span<f32>),
    ahead: Option<StorePrefetch>,
) {
    let [rows, columns] = plan.level_parts(tables, region, level);
    let width = plan.size().1;
    let mut bin = 0;
    for &row in rows {
        let [first, last] = row.map(|part| part as usize);
        for &column in columns {
            let [left, right] = column.map(|part| part as usize);
            // SAFETY: the caller's promise: parts lie in the tables, and there are as many bins.
            unsafe {
                let of_row = |row: usize| greater::<V>(load_cell(memory, row + left), load_cell(memory, row + right));
                let mut best = of_row(first);
                let mut row = first;
                while row < last {
                    row += width;
                    best = greater::<V>(best, of_row(row));
                }
                store_cell(out, bin, best);
                if let Some(ahead) = ahead {
                    ahead.prefetch(bin);
                }
            }
            bin += 1;
        }
    }
}

/// Zeroes the bins that lie outside the map.
#[cold]
unsafe fn clear_empty_bins<V: Vector>(plan: &RegionPlan, region: usize, level: usize, out: Span<f32>) {
    let (rows, columns) = plan.level_bounds(region, level);
    for (i, row) in rows.iter().enumerate() {
        for (j, column) in columns.iter().enumerate() {
            if row.is_empty() || column.is_empty() {
                // SAFETY: the caller's promise: a bin of the level.
                unsafe { store_cell(out, i * columns.len() + j, [V::splat(0.0); VECTORS]) };
            }
        }
    }
}
