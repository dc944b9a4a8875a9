//! Tables of ranks. The cells of each channel are sorted once, such that the cell that a scan would choose ranks higher: a
//! maximum of ranks then names the cell, whatever the order in which it was found.

use super::emit::{Pooled, Sink};
use super::tables::{Lanes, build, pool_region};
use super::{Best, Block, REGION_CHANNELS, Workspace};
use crate::regions::{NOWHERE, RegionRule, Tables};
use crate::span::Span;
use crate::vector::{Native, Vector};

/// The rank of a bin without cells.
const EMPTY: usize = 0;
/// The rank of a cell that is never chosen.
const UNFIT: usize = 1;
/// The lowest rank of the others.
const LOWEST: usize = 2;

/// Vectors that hold the ranks of a block's channels.
const VECTORS: usize = REGION_CHANNELS / 8;

/// Ranks of eight channels.
struct Ranks;

impl Lanes for Ranks {
    #[inline(always)]
    fn max<V: Vector>(a: V, b: V) -> V {
        a.max_rank(b)
    }
}

/// Pools regions of a block, exactly whatever its cells hold.
///
/// # Safety
/// The block's channels and rows must lie inside the sink's output, and the workspace be the plan's.
#[inline(never)]
pub(super) unsafe fn pool(block: Block, rows: &[u32], tables: &Tables, sink: Sink, work: &Workspace) {
    let each = 2 * (block.cell_count() + LOWEST);
    // SAFETY: the caller's promise; the workspace has as many cells for each channel, twice as many ranks as words.
    unsafe {
        let table = work.tables.halves();
        for channel in 0..block.channels {
            rank(block, channel, work.sorting, work.ranked.part(channel * each, each), table);
        }
        build::<Native, Ranks, VECTORS>(block.plan, tables, work.tables);
        for (i, &row) in rows.iter().enumerate() {
            if let Some(&next) = rows.get(i + 1) {
                sink.touch(next as usize, block.channels);
            }
            pool_region::<Native, Ranks, VECTORS>(block.plan, tables, work.tables, row as usize, work.pooled, |_| None);
            for (level, place) in block.plan.pyramid().places.iter().enumerate() {
                let pooled =
                    work.pooled.part(REGION_CHANNELS / 2 * place.first, REGION_CHANNELS / 2 * place.bins).halves();
                sink.write(row as usize, level, block.channels, &Found { ranks: pooled, ranked: work.ranked, each });
            }
        }
    }
}

/// A level whose ranks are found.
struct Found<'a> {
    ranks: Span<'a, u16>,
    /// For each channel, `each` words apart, and each rank a value and an index.
    ranked: Span<'a, u32>,
    each: usize,
}

impl Found<'_> {
    #[inline(always)]
    fn place(&self, (channel, bin): (usize, usize)) -> usize {
        // SAFETY: a bin of the level, by the promise of who asks.
        let rank = unsafe { self.ranks.get(REGION_CHANNELS * bin + channel) };
        channel * self.each + 2 * rank as usize
    }
}

impl Pooled for Found<'_> {
    #[inline(always)]
    fn one(&self, at: (usize, usize)) -> Best {
        let place = self.place(at);
        // SAFETY: a rank that was given.
        unsafe { (f32::from_bits(self.ranked.get(place)), self.ranked.get(place + 1)) }
    }

    #[inline(always)]
    fn four(&self, at: [(usize, usize); 4]) -> (Native, Native) {
        // SAFETY: ranks that were given.
        let (low, high): (Native, Native) = unsafe {
            let [a, b, c, d] = at.map(|at| self.ranked.part(self.place(at), 2));
            (a.load_pairs(b), c.load_pairs(d))
        };
        (low.evens(high), low.odds(high))
    }
}

/// Sorts a channel's cells: writes the rank of each to the table, and what each rank stands for to `cells`.
///
/// # Safety
/// `sorting` must have four words a cell, `cells` two words a rank, and the table room for the block's ranks.
#[inline(never)]
unsafe fn rank(block: Block, channel: usize, sorting: Span<u32>, cells: Span<u32>, table: Span<u16>) {
    let count = block.cell_count();
    // SAFETY: the caller's promise.
    unsafe {
        let (a, b) = sorting.part(0, 4 * count).slice().split_at_mut(2 * count);
        let (mut keys, mut sorted) = (pairs(a), pairs(b));
        let cells = pairs(cells.slice());
        cells[EMPTY] = [0.0_f32.to_bits(), NOWHERE];
        cells[UNFIT] = [f32::MIN.to_bits(), NOWHERE];
        let fit = list(block, channel, keys, |index| table.set(REGION_CHANNELS * index + channel, UNFIT as u16));
        for shift in [0, 8, 16, 24] {
            sort_by_byte(&keys[..fit], sorted, shift);
            core::mem::swap(&mut keys, &mut sorted);
        }
        for (rank, &[_, index]) in (LOWEST..).zip(&keys[..fit]) {
            cells[rank] = [block.cell(channel, index as usize).to_bits(), index];
            table.set(REGION_CHANNELS * index as usize + channel, rank as u16);
        }
    }
}

fn pairs(words: &mut [u32]) -> &mut [[u32; 2]] {
    words.as_chunks_mut().0
}

/// Lists a channel's cells by their keys, those that are to rank lower among equals first. Gives their number; cells that
/// are never chosen go to `unfit`.
fn list(block: Block, channel: usize, keys: &mut [[u32; 2]], mut unfit: impl FnMut(usize)) -> usize {
    let nan_counts = matches!(block.plan.rule(), RegionRule::SppNet { .. });
    let mut count = 0;
    let mut add = |key: u32, index: usize| {
        keys[count] = [key, index as u32];
        count += 1;
    };
    // Backwards, as the first of equal cells is chosen.
    for index in (0..block.cell_count()).rev() {
        let value = block.cell(channel, index);
        if value > f32::MIN || (nan_counts && value <= f32::MIN) {
            add(key(value), index);
        } else if !nan_counts {
            unfit(index);
        }
    }
    if nan_counts {
        // Above all others, the last of them highest.
        for index in (0..block.cell_count()).filter(|&index| block.cell(channel, index).is_nan()) {
            add(u32::MAX, index);
        }
    }
    count
}

/// Orders as values do; zeros are equal.
fn key(value: f32) -> u32 {
    let bits = (value + 0.0).to_bits();
    bits ^ if bits >> 31 == 1 { u32::MAX } else { 1 << 31 }
}

/// One pass of a radix sort, which keeps the order of equal bytes.
fn sort_by_byte(from: &[[u32; 2]], to: &mut [[u32; 2]], shift: u32) {
    let byte = |key: u32| (key >> shift) as u8 as usize;
    let mut places = [0_u32; 256];
    for &[key, _] in from {
        places[byte(key)] += 1;
    }
    let mut before = 0;
    for place in &mut places {
        before += core::mem::replace(place, before);
    }
    for &pair in from {
        let place = &mut places[byte(pair[0])];
        to[*place as usize] = pair;
        *place += 1;
    }
}
