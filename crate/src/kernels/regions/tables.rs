//! Tables of maxima over `2^k` cells of a row, and the bins of regions looked up in them.

use super::emit::{Ahead, Sink};
use super::{Block, REGION_CHANNELS, Workspace};
use crate::regions::{RegionPlan, RegionRule, RegionSource, Tables};
use crate::span::{self, Span};
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

/// Vectors that hold the values of a block's channels.
const VECTORS: usize = REGION_CHANNELS / 4;

/// Pools regions of a block, if its cells can be compared by value alone. Tells whether they can.
///
/// # Safety
/// The block's channels and `rows` must lie inside the sink's output, and the workspace be the plan's.
#[inline(never)]
pub(super) unsafe fn pool_values(block: Block, rows: &[u32], tables: &Tables, sink: Sink, work: &Workspace) -> bool {
    let places = &block.plan.pyramid().places;
    // SAFETY: the caller's promise.
    unsafe {
        if !fill::<Native>(block, work.tables) {
            return false;
        }
        build::<Native, Values, VECTORS>(block.plan, tables, work.tables);
        for (i, &row) in rows.iter().enumerate() {
            let next = rows.get(i + 1).filter(|_| block.channels == REGION_CHANNELS);
            let ahead = |level: usize| next.map(|&next| sink.ahead(next as usize, level));
            pool_region::<Native, Values, VECTORS>(block.plan, tables, work.tables, row as usize, work.pooled, ahead);
            for (level, place) in places.iter().enumerate() {
                let pooled = work.pooled.part(REGION_CHANNELS * place.first, REGION_CHANNELS * place.bins);
                if block.channels == REGION_CHANNELS {
                    sink.write_vectors::<Native>(row as usize, level, pooled);
                } else {
                    sink.write_slowly(row as usize, level, block.channels, &|channel: usize, bin: usize| {
                        (pooled.get(REGION_CHANNELS * bin + channel), 0)
                    });
                }
            }
        }
    }
    true
}

/// Fills the table of single cells, a lane for each channel. Tells whether all of them can be compared by value.
///
/// # Safety
/// The table must have room for the block's cells.
#[inline(never)]
unsafe fn fill<V: Vector>(block: Block, table: Span<f32>) -> bool {
    let cells = block.cell_count();
    let mut clamp = Clamp::<V>::new(block.plan.rule());
    // Four channels at a time; where those of a cell are no neighbours, four cells as well.
    let neighbours = block.planes.plane == 1;
    let whole = |n: usize| n / V::LANES * V::LANES;
    let (channels, turned) = (whole(block.channels), if neighbours { cells } else { whole(cells) });
    // SAFETY: the block's cells, and the caller's promise.
    unsafe {
        for channel in (0..channels).step_by(V::LANES) {
            let to = |cell: usize| REGION_CHANNELS * cell + channel;
            let load = |channel: usize, cell: usize| span::load(block.cells, block.planes.at(channel, cell), V::LANES);
            if neighbours {
                for cell in 0..cells {
                    table.store(to(cell), clamp.apply(load(channel, cell)), V::LANES);
                }
            } else {
                for cell in (0..turned).step_by(V::LANES) {
                    let vectors = V::transpose(core::array::from_fn(|i| clamp.apply(load(channel + i, cell))));
                    for (i, vector) in vectors.into_iter().enumerate() {
                        table.store(to(cell + i), vector, V::LANES);
                    }
                }
            }
        }
        for channel in 0..block.channels {
            for cell in if channel < channels { turned } else { 0 }..cells {
                let value = clamp.apply(V::splat(block.cell(channel, cell)));
                table.store(REGION_CHANNELS * cell + channel, value, 1);
            }
        }
    }
    !clamp.odd.any()
}

/// What becomes of cells before they are compared, and what was seen on the way.
struct Clamp<V> {
    nan_counts: bool,
    least: V,
    /// Lanes whose value does not tell which cell a scan would choose: there may be zeros of both signs, or NaN where it
    /// counts.
    odd: V,
}

impl<V: Vector> Clamp<V> {
    fn new(rule: RegionRule) -> Self {
        let (least, nan_counts) = match rule {
            RegionRule::RoiPool { .. } => (f32::MIN, false),
            RegionRule::SppNet { .. } => (f32::NEG_INFINITY, true),
        };
        Clamp { nan_counts, least: V::splat(least), odd: V::splat(0.0) }
    }

    #[inline(always)]
    fn apply(&mut self, value: V) -> V {
        self.odd = self.odd.or(value.ne_index(V::splat(-0.0)).not());
        if self.nan_counts {
            self.odd = self.odd.or(value.ne(value));
        }
        // NaN is not chosen where it does not count.
        self.least.pmax(value)
    }
}

/// Makes all tables from that of single cells: each from two places of the one before.
///
/// # Safety
/// `memory` must have room for the plan's tables.
#[inline(never)]
pub(super) unsafe fn build<V: Vector, L: Lanes, const N: usize>(plan: &RegionPlan, tables: &Tables, memory: Span<f32>) {
    let (height, width) = plan.size();
    let cells = height * width;
    for table in 1..tables.count {
        let apart = 1 << (table - 1);
        for row in 0..height {
            for at in row * width..(row + 1) * width + 1 - 2 * apart {
                // SAFETY: the two halves lie inside the row, as the whole does.
                unsafe {
                    let half = (table - 1) * cells + at;
                    let best = greater::<V, L, N>(load_cell(memory, half), load_cell(memory, half + apart));
                    store_cell::<V, N>(memory, table * cells + at, best);
                }
            }
        }
    }
}

#[inline(always)]
fn greater<V: Vector, L: Lanes, const N: usize>(a: [V; N], b: [V; N]) -> [V; N] {
    core::array::from_fn(|i| L::max(a[i], b[i]))
}

/// The vectors of a cell of a table, or of a bin.
///
/// # Safety
/// It must lie inside the memory.
#[inline(always)]
unsafe fn load_cell<V: Vector, const N: usize>(memory: Span<f32>, cell: usize) -> [V; N] {
    // SAFETY: the caller's promise.
    core::array::from_fn(|i| unsafe { memory.load(V::LANES * (N * cell + i), V::LANES) })
}

/// # Safety
/// As [`load_cell`].
#[inline(always)]
unsafe fn store_cell<V: Vector, const N: usize>(memory: Span<f32>, cell: usize, vectors: [V; N]) {
    for (i, vector) in vectors.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { memory.store(V::LANES * (N * cell + i), vector, V::LANES) }
    }
}

/// Pools one region: the vectors of each bin of all levels. Bins without cells come out as zero. Meanwhile it claims what lies
/// `ahead` for each level.
///
/// # Safety
/// `memory` must hold the plan's tables, `pooled` have room for all bins, and what lies ahead be written later.
#[inline(never)]
pub(super) unsafe fn pool_region<'a, V: Vector, L: Lanes, const N: usize>(
    plan: &RegionPlan,
    tables: &Tables,
    memory: Span<f32>,
    region: usize,
    pooled: Span<f32>,
    ahead: impl Fn(usize) -> Option<Ahead<'a>>,
) {
    for &level in plan.order() {
        let place = plan.pyramid().places[level];
        // SAFETY: a level's bins, and what the plan says of them, lie inside.
        unsafe {
            let out = pooled.part(V::LANES * N * place.first, V::LANES * N * place.bins);
            match plan.source(region, level) {
                RegionSource::Level(parent) => {
                    let from = plan.pyramid().places[parent];
                    let from = pooled.part(V::LANES * N * from.first, V::LANES * N * from.bins);
                    merge::<V, L, N>(plan.grids()[parent], plan.grids()[level], from, out);
                }
                source => {
                    look_up::<V, L, N>(
                        plan.level_parts(tables, region, level),
                        plan.size().1,
                        memory,
                        out,
                        ahead(level),
                    );
                    if source == RegionSource::MapWithHoles {
                        clear_holes::<V, N>(plan, region, level, out);
                    }
                }
            }
        }
    }
}

/// The maximum of every bin: in each of its rows that of two runs of cells, at either end.
#[inline(always)]
unsafe fn look_up<V: Vector, L: Lanes, const N: usize>(
    [rows, columns]: [&[[u32; 2]]; 2],
    width: usize,
    memory: Span<f32>,
    out: Span<f32>,
    ahead: Option<Ahead>,
) {
    let mut bin = 0;
    for &row in rows {
        let [first, last] = row.map(|part| part as usize);
        for &column in columns {
            let [left, right] = column.map(|part| part as usize);
            // SAFETY: the caller's promise: parts lie in the tables, and there are as many bins.
            unsafe {
                let of_row =
                    |row: usize| greater::<V, L, N>(load_cell(memory, row + left), load_cell(memory, row + right));
                let mut best = of_row(first);
                let mut row = first;
                while row < last {
                    row += width;
                    best = greater::<V, L, N>(best, of_row(row));
                }
                store_cell(out, bin, best);
                if let Some(ahead) = ahead {
                    ahead.claim(bin);
                }
            }
            bin += 1;
        }
    }
}

/// Makes the bins of a level from those of the finer level it divides.
#[inline(always)]
unsafe fn merge<V: Vector, L: Lanes, const N: usize>(
    fine: (usize, usize),
    coarse: (usize, usize),
    from: Span<f32>,
    out: Span<f32>,
) {
    // The usual ones as constants, for the compiler to unroll.
    // SAFETY: the caller's promise.
    unsafe {
        match (fine.0 / coarse.0, fine.1 / coarse.1) {
            (2, 2) => merge_groups::<V, L, N>(2, 2, fine.1, coarse, from, out),
            (3, 3) => merge_groups::<V, L, N>(3, 3, fine.1, coarse, from, out),
            (down, along) => merge_groups::<V, L, N>(down, along, fine.1, coarse, from, out),
        }
    }
}

/// The same, with groups of `down x along` bins; `fine` is the number of finer bins in a row.
#[inline(always)]
unsafe fn merge_groups<V: Vector, L: Lanes, const N: usize>(
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
                let mut best: [V; N] = load_cell(from, first);
                for i in 0..down {
                    // The very first bin is there already.
                    for j in usize::from(i == 0)..along {
                        best = greater::<V, L, N>(best, load_cell(from, first + i * fine + j));
                    }
                }
                store_cell(out, row * coarse.1 + column, best);
            }
        }
    }
}

/// Zeroes the bins that lie outside the map.
#[cold]
unsafe fn clear_holes<V: Vector, const N: usize>(plan: &RegionPlan, region: usize, level: usize, out: Span<f32>) {
    let (rows, columns) = plan.level_bounds(region, level);
    for (i, row) in rows.iter().enumerate() {
        for (j, column) in columns.iter().enumerate() {
            if row.is_empty() || column.is_empty() {
                // SAFETY: the caller's promise: a bin of the level.
                unsafe { store_cell(out, i * columns.len() + j, [V::splat(0.0); N]) };
            }
        }
    }
}
