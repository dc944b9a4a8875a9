//! Writes the bins of regions to the output.

use super::block::Selected;
use crate::element::Elements;
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{OutputOrder, PlaneStrides};
use crate::kernels::transposed::transpose_bins;
use crate::memory::span::{Span, Word};
use crate::tuning::REGION_CHANNELS;
use crate::vector::Vector;

/// Where a block's regions are written.
#[derive(Clone, Copy)]
pub(super) struct RegionWriter<'a> {
    pub pyramid: &'a Pyramid,
    /// The block's first channel, and the channels of the map.
    pub channels: (usize, usize),
    pub output: Elements<'a>,
    /// Empty where indices are not asked for.
    pub indices: Span<'a, u32>,
    /// Room for one level of the block, where the output is not `f32`.
    pub staged: Span<'a, f32>,
}

impl<'a> RegionWriter<'a> {
    /// Where a level's bins are in a region's row. The block's first channel is plane 0.
    fn strides(&self, row: usize, level: usize) -> PlaneStrides {
        let (first, all) = self.channels;
        let bins = self.pyramid.bins_at(all, self.pyramid.levels[level], row);
        PlaneStrides { first: bins.at(first, 0), ..bins }
    }

    /// The lines that a level of a whole block will fill, to be prefetched while the region before is pooled: rows lie far apart, and the
    /// first store to a line that is not in the cache holds up those behind it. As many lines as the level has bins, since
    /// each bin of a block's channels fills one.
    #[inline(always)]
    pub fn store_prefetch(self, row: usize, level: usize) -> StorePrefetch<'a> {
        let strides = self.strides(row, level);
        let (mut first, mut apart) = (strides.first, strides.step);
        if strides.step == 1 {
            apart = REGION_CHANNELS;
            let Pyramid { arrangement, levels, .. } = self.pyramid;
            if arrangement.order == OutputOrder::Channels {
                // The channels of a block lie one after the other, each with all levels: the levels share out their lines.
                first += (REGION_CHANNELS - 1) * levels[level].first;
            }
        }
        StorePrefetch { values: self.output.as_f32(), indices: self.indices, first, apart }
    }

    /// Writes one level of a region: `best(channel, bin)` for `count` channels.
    ///
    /// # Safety
    /// Row, level and channels must lie inside the output.
    #[inline(never)]
    pub unsafe fn write(self, row: usize, level: usize, count: usize, best: &dyn Fn(usize, usize) -> Selected) {
        let bins = self.pyramid.levels[level].bins;
        let (strides, values, to) = self.target(row, level, count);
        let write = |channel: usize, bin: usize| {
            let (value, index) = best(channel, bin);
            // SAFETY: the caller's promise, and the staged part has room for a level.
            unsafe {
                values.set(to.at(channel, bin), value);
                if self.indices.len() > 0 {
                    self.indices.set(strides.at(channel, bin), index);
                }
            }
        };
        // In the order in which they lie in memory.
        if strides.step == 1 {
            (0..count).for_each(|channel| (0..bins).for_each(|bin| write(channel, bin)));
        } else {
            (0..bins).for_each(|bin| (0..count).for_each(|channel| write(channel, bin)));
        }
        // SAFETY: the caller's promise: the level was written as a whole.
        unsafe { self.finish(strides, count, bins) };
    }

    /// Writes one level of a region from what was pooled for `count` channels, interleaved in blocks of so many.
    ///
    /// # Safety
    /// As [`RegionWriter::write`]. There must be the values of the level's bins.
    pub unsafe fn write_values(self, row: usize, level: usize, count: usize, (pooled, block): (Span<f32>, usize)) {
        // SAFETY: the caller's promise.
        unsafe { self.write(row, level, count, &|channel, bin| (pooled.get(block * bin + channel), 0)) };
    }

    /// Writes one level of a region from what was pooled for a whole block of channels, of which `count` are there.
    ///
    /// # Safety
    /// As [`RegionWriter::write`]. There must be the values of the level's bins, and their indices if they are asked for.
    #[inline(always)]
    pub unsafe fn write_block<V: Vector>(
        self,
        row: usize,
        level: usize,
        count: usize,
        (best, indices): (Span<f32>, Span<u32>),
    ) {
        let bins = self.pyramid.levels[level].bins;
        // SAFETY: the caller's promise, and the staged part has room for a level.
        unsafe {
            let indexed = self.indices.len() > 0;
            if count < REGION_CHANNELS {
                return self.write(row, level, count, &|channel, bin| {
                    let at = REGION_CHANNELS * bin + channel;
                    (best.get(at), if indexed { indices.get(at) } else { 0 })
                });
            }
            let (strides, values, to) = self.target(row, level, count);
            move_block::<V, _>(best, values, to, bins);
            if indexed {
                move_block::<V, _>(indices, self.indices, strides, bins);
            }
            self.finish(strides, count, bins);
        }
    }

    /// Where a level's bins are in the output, and where their values are written first: there, or into working memory, to be
    /// converted.
    #[inline(always)]
    fn target(self, row: usize, level: usize, count: usize) -> (PlaneStrides, Span<'a, f32>, PlaneStrides) {
        let strides = self.strides(row, level);
        match self.output.as_f32() {
            Some(output) => (strides, output, strides),
            None => (strides, self.staged, strides.packed(count, self.pyramid.levels[level].bins)),
        }
    }

    /// Converts what was staged.
    unsafe fn finish(self, strides: PlaneStrides, count: usize, bins: usize) {
        if self.output.as_f32().is_none() {
            // SAFETY: the caller's promise: the level was staged as a whole, and lies inside the output.
            unsafe {
                self.output.narrow_runs(strides.runs(0..count, bins), self.staged.part(0, count * bins).shared())
            };
        }
    }
}

/// Moves the bins of a whole block of channels into the output.
///
/// # Safety
/// `from` must have as many bins, and `strides` lie inside `to`.
#[inline(always)]
unsafe fn move_block<V: Vector, T: Word>(from: Span<T>, to: Span<T>, strides: PlaneStrides, bins: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if strides.plane == 1 {
            for first in (0..REGION_CHANNELS).step_by(V::LANES) {
                for bin in 0..bins {
                    let vector: V = from.load(REGION_CHANNELS * bin + first, V::LANES);
                    to.store(strides.at(first, bin), vector, V::LANES);
                }
            }
        } else {
            let to = to.part(strides.first, strides.extent(REGION_CHANNELS, bins)).as_mut_ptr();
            transpose_block::<V>(from.as_mut_ptr().cast(), to.cast(), (strides.plane, bins));
        }
    }
}

/// Transposes a whole block, whose channels are known to the compiler, into planes that lie `plane` apart.
///
/// # Safety
/// As [`transpose_bins`].
#[inline(never)]
unsafe fn transpose_block<V: Vector>(from: *const f32, to: *mut f32, (plane, bins): (usize, usize)) {
    // SAFETY: the caller's promise is the same.
    unsafe { transpose_bins::<V>(from, to, (REGION_CHANNELS, plane), (bins, REGION_CHANNELS)) }
}

/// Lines of the output that are written soon, prefetched for their stores.
#[derive(Clone, Copy)]
pub(super) struct StorePrefetch<'a> {
    values: Option<Span<'a, f32>>,
    indices: Span<'a, u32>,
    first: usize,
    apart: usize,
}

impl StorePrefetch<'_> {
    /// Prefetches the lines of a bin.
    ///
    /// # Safety
    /// The level must have that bin, and it must be written later.
    #[inline(always)]
    pub unsafe fn prefetch(self, bin: usize) {
        let at = self.first + bin * self.apart;
        // SAFETY: the caller's promise; there are as many indices as values, if any.
        unsafe {
            if let Some(values) = self.values {
                values.prefetch_store(at);
            }
            if self.indices.len() > 0 {
                self.indices.prefetch_store(at);
            }
        }
    }
}
