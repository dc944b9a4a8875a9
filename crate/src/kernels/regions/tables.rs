//! Tables of maxima over `2^i x 2^j` cells, and the bins of regions looked up in them.

use super::emit::Sink;
use super::{Block, Workspace};
use crate::regions::{RegionPlan, RegionRule, RegionSource, Tables};
use crate::span::Span;
use crate::vector::{Native, Vector};

/// What the lanes of a vector in a table hold.
pub(super) trait Lanes {
    fn max<V: Vector>(a: V, b: V) -> V;
}

/// Values of four channels, none of them NaN.
pub(super) struct Values;

impl Lanes for Values {
    #[inline(always)]
    fn max<V: Vector>(a: V, b: V) -> V {
        a.pmax(b)
    }
}

/// Pools all regions of a block whose cells can be compared by value alone.
///
/// # Safety
/// The block's channels and rows must lie inside the sink's output, and the workspace be the plan's.
#[inline(never)]
pub(super) unsafe fn pool_values(block: Block, tables: &Tables, sink: Sink, work: &Workspace) {
    let places = &block.plan.pyramid().places;
    for first in (0..block.channels).step_by(Native::LANES) {
        let count = Native::LANES.min(block.channels - first);
        let sink = Sink { channels: (sink.channels.0 + first, sink.channels.1), ..sink };
        // SAFETY: the caller's promise.
        unsafe {
            fill(block, first, count, work.tables);
            build::<Native, Values>(block.plan, tables, work.tables);
            for &row in block.plan.rows(block.item) {
                pool_region::<Native, Values>(block.plan, tables, work.tables, row as usize, work.pooled);
                for (level, place) in places.iter().enumerate() {
                    let pooled = work.pooled.part(Native::LANES * place.first, Native::LANES * place.bins);
                    if count == Native::LANES {
                        sink.write_vectors::<Native>(row as usize, level, pooled);
                    } else {
                        sink.write(row as usize, level, count, |channel, bin| {
                            (pooled.get(Native::LANES * bin + channel), 0)
                        });
                    }
                }
            }
        }
    }
}

/// Fills the table of single cells, a lane for each channel.
///
/// # Safety
/// The table must have room for the block's cells.
#[inline(never)]
unsafe fn fill(block: Block, first: usize, count: usize, table: Span<f32>) {
    let least = match block.plan.rule() {
        RegionRule::RoiPool { .. } => f32::MIN,
        RegionRule::SppNet { .. } => f32::NEG_INFINITY,
    };
    for channel in 0..count {
        for index in 0..block.cell_count() {
            let value = block.cell(first + channel, index);
            // NaN is not chosen where it does not count, and not here where it does.
            let value = if value > least { value } else { least };
            // SAFETY: the caller's promise.
            unsafe { table.set(Native::LANES * index + channel, value) };
        }
    }
}

/// Makes all tables from that of single cells: each from two places of one with half as many cells.
///
/// # Safety
/// `memory` must have room for the plan's tables.
#[inline(never)]
pub(super) unsafe fn build<V: Vector, L: Lanes>(plan: &RegionPlan, tables: &Tables, memory: Span<f32>) {
    let (height, width) = plan.size();
    let cells = height * width;
    for down in 0..tables.down {
        for across in 0..tables.across {
            let table = down * tables.across + across;
            let (half, apart) = match (down, across) {
                (0, 0) => continue,
                (0, _) => (table - 1, 1 << (across - 1)),
                _ => (table - tables.across, width << (down - 1)),
            };
            let (rows, columns) = (height + 1 - (1 << down).min(height + 1), width + 1 - (1 << across).min(width + 1));
            for row in 0..rows {
                for at in row * width..row * width + columns {
                    // SAFETY: the two halves lie inside the map, as the whole does.
                    unsafe {
                        let load = |cell: usize| memory.load::<V>(V::LANES * (half * cells + cell), V::LANES);
                        let best = L::max(load(at), load(at + apart));
                        memory.store(V::LANES * (table * cells + at), best, V::LANES);
                    }
                }
            }
        }
    }
}

/// Pools one region: a vector for each bin of all levels. Bins without cells come out as zero.
///
/// # Safety
/// `memory` must hold the plan's tables, and `pooled` have room for all bins.
#[inline(never)]
pub(super) unsafe fn pool_region<V: Vector, L: Lanes>(
    plan: &RegionPlan,
    tables: &Tables,
    memory: Span<f32>,
    region: usize,
    pooled: Span<f32>,
) {
    for &level in plan.order() {
        let place = plan.pyramid().places[level];
        // SAFETY: a level's bins, and what the plan says of them, lie inside.
        unsafe {
            let out = pooled.part(V::LANES * place.first, V::LANES * place.bins);
            match plan.source(region, level) {
                RegionSource::Level(parent) => {
                    let from = plan.pyramid().places[parent];
                    let from = pooled.part(V::LANES * from.first, V::LANES * from.bins);
                    merge::<V, L>(plan.grids()[parent], plan.grids()[level], from, out);
                }
                source => {
                    look_up::<V, L>(plan.level_parts(tables, region, level), memory, out);
                    if source == RegionSource::MapWithHoles {
                        clear_holes(plan, region, level, out);
                    }
                }
            }
        }
    }
}

/// The maximum of every bin: that of four runs of cells that cover it, two at either end along each axis.
#[inline(always)]
unsafe fn look_up<V: Vector, L: Lanes>([rows, columns]: [&[[u32; 2]]; 2], memory: Span<f32>, out: Span<f32>) {
    let mut at = 0;
    for &row in rows {
        let [top, bottom] = row.map(|part| part as usize);
        for &column in columns {
            let [left, right] = column.map(|part| part as usize);
            // SAFETY: the caller's promise: parts lie in the tables, and there are as many bins.
            unsafe {
                let load = |at: usize| memory.load::<V>(at, V::LANES);
                let upper = L::max(load(top + left), load(top + right));
                let lower = L::max(load(bottom + left), load(bottom + right));
                out.store(at, L::max(upper, lower), V::LANES);
            }
            at += V::LANES;
        }
    }
}

/// Makes the bins of a level from those of the finer level it divides.
#[inline(always)]
unsafe fn merge<V: Vector, L: Lanes>(fine: (usize, usize), coarse: (usize, usize), from: Span<f32>, out: Span<f32>) {
    // The usual ones as constants, for the compiler to unroll.
    // SAFETY: the caller's promise.
    unsafe {
        match (fine.0 / coarse.0, fine.1 / coarse.1) {
            (2, 2) => merge_groups::<V, L>(2, 2, fine.1, coarse, from, out),
            (3, 3) => merge_groups::<V, L>(3, 3, fine.1, coarse, from, out),
            (down, along) => merge_groups::<V, L>(down, along, fine.1, coarse, from, out),
        }
    }
}

/// The same, with groups of `down x along` bins; `fine` is the number of finer bins in a row.
#[inline(always)]
unsafe fn merge_groups<V: Vector, L: Lanes>(
    down: usize,
    along: usize,
    fine: usize,
    coarse: (usize, usize),
    from: Span<f32>,
    out: Span<f32>,
) {
    for row in 0..coarse.0 {
        for column in 0..coarse.1 {
            let first = row * down * fine + column * along;
            // SAFETY: the caller's promise: bins of both levels.
            unsafe {
                let load = |bin: usize| from.load::<V>(V::LANES * bin, V::LANES);
                let mut best = load(first);
                for i in 0..down {
                    // The very first bin is there already.
                    for j in usize::from(i == 0)..along {
                        best = L::max(best, load(first + i * fine + j));
                    }
                }
                out.store(V::LANES * (row * coarse.1 + column), best, V::LANES);
            }
        }
    }
}

/// Zeroes the bins that lie outside the map.
#[cold]
unsafe fn clear_holes(plan: &RegionPlan, region: usize, level: usize, out: Span<f32>) {
    let (rows, columns) = plan.level_bounds(region, level);
    for (i, row) in rows.iter().enumerate() {
        for (j, column) in columns.iter().enumerate() {
            if row.is_empty() || column.is_empty() {
                // SAFETY: the caller's promise: a bin of the level.
                unsafe { out.part(Native::LANES * (i * columns.len() + j), Native::LANES).slice().fill(0.0) };
            }
        }
    }
}
