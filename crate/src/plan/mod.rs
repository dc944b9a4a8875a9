//! Everything about a call that does not depend on the values in the map, worked out once: bounds of bins, which level is made from which,
//! what a kernel loads, and the working memory it takes. `PyramidPlan` is for whole maps, `RegionPlan` for regions of them.

pub(crate) mod align;
mod level;
mod level_kernel;
mod nchw;
mod pyramid_plan;
pub(crate) mod region_averages;
mod region_grids;
mod region_rows;
pub(crate) mod region_set;
pub(crate) mod regions;
mod scratch;
pub(crate) mod square;
mod strips;
mod transposed;
mod wide_bins;

pub(crate) use level::{Level, Source};
pub(crate) use level_kernel::{Gather, LevelKernel, group_start};
pub use pyramid_plan::PyramidPlan;
pub(crate) use scratch::{AVERAGE_SCRATCH, ConvertScratch, NarrowScratch, NchwScratch, gradient_scratch};
pub(crate) use strips::Strip;
pub(crate) use transposed::CELLS as TRANSPOSED_CELLS;
pub(crate) use wide_bins::{RUNS, WHOLE, WideBins};
