//! Samples of RoIAlign, planned for one call: where the bins of every region sample the map, and with which weights.

use crate::error::PoolError;
use crate::geometry::roi_align::{RoiAlign, Sample, SampledAxis};
use crate::geometry::shape::Arrangement;
use crate::memory::reserve::reserve;
use crate::memory::scratch::Parts;
use crate::memory::span::Span;
use crate::plan::region_rows::REGION_LEN;
use crate::plan::region_set::RegionSet;

/// A pyramid of RoIAlign planned for regions of feature maps of one height, width and batch size.
#[derive(Clone, Debug)]
pub struct AlignPlan {
    set: RegionSet,
    /// For each region and level how bins are sampled.
    levels: Vec<SampledLevel>,
    /// Which samples each bin has along an axis, in the order of `grids`.
    bins: Vec<SampledBin>,
    /// All samples. Those along the height are offsets of rows: cells from the first one of a plane.
    samples: Vec<Sample>,
}

/// How the bins of one level of a region are sampled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SampledLevel {
    /// Samples of a bin along the height and along the width, inside the map or not.
    grid: (u32, u32),
    /// What the sum of a bin's samples is divided by.
    pub count: f32,
}

/// Samples of one bin along one axis that lie inside the map.
#[derive(Clone, Copy, Debug)]
struct SampledBin {
    first: u32,
    len: u32,
}

/// One level of a region: the bins along each axis, and how they are sampled.
#[derive(Clone, Copy)]
pub(crate) struct LevelSamples<'a> {
    pub level: SampledLevel,
    samples: &'a [Sample],
    rows: &'a [SampledBin],
    columns: &'a [SampledBin],
}

impl<'a> LevelSamples<'a> {
    /// The samples of every bin in row-major order: those along the height, those along the width, and whether some lie outside the map.
    #[inline(always)]
    pub fn bins(self) -> impl Iterator<Item = (&'a [Sample], &'a [Sample], bool)> {
        let of = move |bin: &SampledBin| {
            // SAFETY: the plan made as many samples.
            unsafe { self.samples.get_unchecked(bin.first as usize..bin.first as usize + bin.len as usize) }
        };
        let (down, along) = self.level.grid;
        self.rows.iter().flat_map(move |row| {
            let rows = of(row);
            self.columns.iter().map(move |column| {
                let outside = down > 0 && along > 0 && (row.len < down || column.len < along);
                (rows, of(column), outside)
            })
        })
    }
}

impl AlignPlan {
    /// Plans a pyramid of `levels` (rows and columns of bins, in the order of the output) over `regions` of maps, whose
    /// `size` is the number of items, the height and the width. A region is five numbers: item, left, top, right and bottom, in pixels of the image.
    ///
    /// # Errors
    /// As [`RegionPlan::new`](crate::RegionPlan::new).
    pub fn new(
        size: (usize, usize, usize),
        levels: &[(usize, usize)],
        rule: RoiAlign,
        arrangement: impl Into<Arrangement>,
        regions: &[f32],
    ) -> Result<Self, PoolError> {
        let set = RegionSet::new(size, levels, arrangement.into(), regions)?;
        let (height, width) = set.size();
        let mut plan = AlignPlan {
            levels: reserve(set.count_all(levels.len())?)?,
            bins: reserve(set.count_all(set.grids.stride())?)?,
            set,
            samples: Vec::new(),
        };
        for region in regions.chunks_exact(REGION_LEN) {
            for &(rows, columns) in levels {
                let down = rule.axis((region[2], region[4]), height, rows);
                let along = rule.axis((region[1], region[3]), width, columns);
                plan.add_axis(&down, rows, width as u32)?;
                plan.add_axis(&along, columns, 1)?;
                let count = u64::from(down.grid) * u64::from(along.grid);
                plan.levels.push(SampledLevel { grid: (down.grid, along.grid), count: count.max(1) as f32 });
            }
        }
        Ok(plan)
    }

    /// Adds the samples of `n` bins, as offsets of so many cells for each cell of the axis.
    fn add_axis(&mut self, axis: &SampledAxis, n: usize, step: u32) -> Result<(), PoolError> {
        for bin in 0..n {
            let (first, end) = axis.inside(bin);
            let len = end - first;
            let place = u32::try_from(self.samples.len()).map_err(|_| PoolError::OutOfMemory)?;
            self.samples.try_reserve(len as usize).map_err(|_| PoolError::OutOfMemory)?;
            let samples = &mut self.samples;
            axis.samples(bin, (first, end), |sample| {
                samples.push(Sample { low: sample.low * step, high: sample.high * step, ..sample });
            });
            self.bins.push(SampledBin { first: place, len });
        }
        Ok(())
    }

    /// Length of an output for maps of `channels` channels: a row for each region.
    pub fn output_len(&self, channels: usize) -> usize {
        self.set.output_len(channels)
    }

    /// Height and width of the maps.
    pub fn size(&self) -> (usize, usize) {
        self.set.size()
    }

    pub(crate) fn set(&self) -> &RegionSet {
        &self.set
    }

    pub(crate) fn samples(&self, region: usize, level: usize) -> LevelSamples<'_> {
        let (rows, columns) = self.set.grids.span(region, level);
        LevelSamples {
            level: self.levels[region * self.set.grids.all().len() + level],
            samples: &self.samples,
            rows: &self.bins[rows],
            columns: &self.bins[columns],
        }
    }

    /// Number of words of working memory that a thread needs to pool.
    pub(crate) fn forward_scratch(&self) -> usize {
        Parts::count(|parts| {
            AlignScratch::take(self, parts);
        })
    }

    /// Number of words of working memory that a thread needs for a gradient.
    pub(crate) fn backward_scratch(&self) -> usize {
        Parts::count(|parts| {
            AlignBackwardScratch::take(self, parts);
        })
    }
}

/// Working memory of one thread that pools. Each part is a number of words.
pub(crate) struct AlignScratch<'a> {
    /// The cells of a block of channels, interleaved.
    pub cells: Span<'a, f32>,
    /// The bins of one level of one region, likewise.
    pub pooled: Span<'a, f32>,
}

impl<'a> AlignScratch<'a> {
    /// Takes all parts.
    pub fn take(plan: &AlignPlan, parts: &mut Parts<'a>) -> Self {
        let set = plan.set();
        let (block, cells, bins) = (set.interleaved(), set.cells(), set.pyramid.most_bins());
        AlignScratch { cells: parts.take(&[block, cells]), pooled: parts.take(&[block, bins]) }
    }
}

/// Working memory of one thread that computes gradients.
pub(crate) struct AlignBackwardScratch<'a> {
    /// The gradient of a block of channels by one level, interleaved.
    pub sums: Span<'a, f32>,
    /// The gradient by all levels so far, where there are several.
    pub total: Span<'a, f32>,
    /// Gradients of the bins of one level of one region, interleaved.
    pub bins: Span<'a, f32>,
}

impl<'a> AlignBackwardScratch<'a> {
    /// Takes all parts.
    pub fn take(plan: &AlignPlan, parts: &mut Parts<'a>) -> Self {
        let set = plan.set();
        let (block, cells, bins) = (set.interleaved(), set.cells(), set.pyramid.most_bins());
        let several = if set.pyramid.levels.len() > 1 { block } else { 0 };
        AlignBackwardScratch {
            sums: parts.take(&[block, cells]),
            total: parts.take(&[several, cells]),
            bins: parts.take(&[block, bins]),
        }
    }
}
