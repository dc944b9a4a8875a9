//! Writes the bins of regions to the output.

use super::block::Selected;
use super::interleave::separate;
use crate::element::{ElementType, Elements, Places};
use crate::geometry::pyramid::Pyramid;
use crate::geometry::shape::{OutputOrder, PlaneStrides};
use crate::memory::span::Span;
use crate::vector::Vector;

/// Where a block's regions are written.
#[derive(Clone, Copy)]
pub(super) struct RegionWriter<'a> {
    pub pyramid: &'a Pyramid,
    /// The block's first channel, and the channels of the map.
    pub channels: (usize, usize),
    /// Number of channels in the block.
    pub count: usize,
    pub output: Elements<'a>,
    /// Whether halves are written by their bits, or rounded.
    pub half_bits: bool,
    /// Empty where indices are not asked for.
    pub indices: Span<'a, u32>,
}

impl<'a> RegionWriter<'a> {
    /// Where a level's bins are in a region's row. The block's first channel is plane 0.
    #[inline(always)]
    fn strides(&self, row: usize, level: usize) -> PlaneStrides {
        let (first, all) = self.channels;
        let bins = self.pyramid.bins_at(all, self.pyramid.levels[level], row);
        PlaneStrides { first: bins.at(first, 0), ..bins }
    }

    /// The lines that a level of a block will fill, to be prefetched while the region before is pooled: rows lie far apart, and the
    /// first store to a line that is not in the cache holds up those behind it. As many places as the level has bins, each as far from the
    /// next as a bin of a block's channels takes.
    #[inline(always)]
    pub fn store_prefetch(self, row: usize, level: usize) -> StorePrefetch<'a> {
        let strides = self.strides(row, level);
        let (mut first, mut apart) = (strides.first, strides.step);
        if strides.step == 1 {
            apart = self.count;
            let Pyramid { arrangement, levels, .. } = self.pyramid;
            if arrangement.order == OutputOrder::Channels {
                // The channels of a block lie one after the other, each with all levels: the levels share out their lines.
                first += (self.count - 1) * levels[level].first;
            }
        }
        let indices = (self.indices.len() > 0).then(|| Places::of(self.indices, first, apart));
        StorePrefetch { values: self.output.places(first, apart), indices }
    }

    /// Writes one level of a region: `best(channel, bin)`, which come one by one.
    ///
    /// # Safety
    /// Row, level and channels must lie inside the output.
    pub unsafe fn write_each(self, row: usize, level: usize, best: impl Fn(usize, usize) -> Selected) {
        let strides = self.strides(row, level);
        for channel in 0..self.count {
            for bin in 0..self.pyramid.levels[level].bins {
                let (value, index) = best(channel, bin);
                let at = strides.at(channel, bin);
                // SAFETY: the caller's promise.
                unsafe {
                    self.output.set(at, value);
                    if self.indices.len() > 0 {
                        self.indices.set(at, index);
                    }
                }
            }
        }
    }

    /// Writes one level of a region from what was pooled for the channels, interleaved in blocks of so many. One function for all kernels,
    /// in which nothing else is called but what moves the elements.
    ///
    /// # Safety
    /// Row, level and channels must lie inside the output. There must be the values of the level's bins, and their indices if they are
    /// asked for.
    #[inline(never)]
    pub unsafe fn write<V: Vector>(
        &self,
        row: usize,
        level: usize,
        (values, indices): (Span<f32>, Span<u32>),
        block: usize,
    ) {
        let counts = (self.count, self.pyramid.levels[level].bins);
        let strides = self.strides(row, level);
        // SAFETY: the caller's promise; indices are moved as values are.
        unsafe {
            separate::<V>((values, block), (self.output, self.half_bits), strides, counts);
            if self.indices.len() > 0 {
                let to = Elements::in_memory(self.indices.as_words(), ElementType::F32);
                separate::<V>((indices.as_words(), block), (to, false), strides, counts);
            }
        }
    }
}

/// Lines of the output that are written soon, prefetched for their stores.
#[derive(Clone, Copy)]
pub(super) struct StorePrefetch<'a> {
    values: Places<'a>,
    /// None where indices are not asked for.
    indices: Option<Places<'a>>,
}

impl StorePrefetch<'_> {
    /// Prefetches the lines of a bin.
    ///
    /// # Safety
    /// The level must have that bin, and it must be written later.
    #[inline(always)]
    pub unsafe fn prefetch(self, bin: usize) {
        // SAFETY: the caller's promise; there are as many indices as values, if any.
        unsafe {
            self.values.prefetch_store(bin);
            if let Some(indices) = self.indices {
                indices.prefetch_store(bin);
            }
        }
    }
}
