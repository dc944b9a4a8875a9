//! Spatial pyramid pooling (He, Zhang, Ren, Sun 2014), forward and backward, with PyTorch's bits.
//!
//! A feature map of any height and width becomes a vector of fixed length: every level of the pyramid cuts the map
//! into `nh x nw` bins and keeps the maximum of each, so fully connected layers can follow convolutions over images of
//! any size. With adaptive bins, values, indices and gradients are those of PyTorch's
//! `adaptive_max_pool2d`, bit for bit; the bins may also follow the paper's rule or Caffe's.
//!
//! ```
//! use pyramid_pool::bins::Rule;
//! use pyramid_pool::{FeatureMap, Layout, PyramidPlan, backward, forward_with_indices};
//!
//! let map = FeatureMap { batch: 1, channels: 256, height: 13, width: 13 };
//! let plan = PyramidPlan::new(map.height, map.width, &[(4, 4), (2, 2), (1, 1)], Rule::Adaptive, Layout::Nchw)?;
//! let input = vec![1.0; map.len()];
//! let mut output = vec![0.0; plan.output_len(map.batch, map.channels)];
//! let mut indices = vec![0; output.len()];
//! forward_with_indices(&plan, &map, &input, &mut output, &mut indices)?;
//! assert_eq!(output.len(), 5376);
//!
//! let mut grad_input = vec![0.0; map.len()];
//! backward(&plan, &map, &output, &indices, &mut grad_input)?;
//! # Ok::<(), pyramid_pool::PoolError>(())
//! ```
//!
//! [`bins`] has the rules by which bins read cells. A [`PyramidPlan`] holds what depends on the size of a map alone, and
//! [`forward()`] and [`backward()`] pool by it. [`mod@reference`] has the same operations in plain loops, which all tests
//! compare with.

mod element;
mod error;
mod geometry;
mod kernels;
mod memory;
mod plan;
mod pool;
pub mod reference;
mod tuning;
mod vector;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use element::{Element, ElementType, Real};
pub use error::PoolError;
pub use geometry::bins;
pub use geometry::region_rule::{NOWHERE, RegionRule};
pub use geometry::roi_align::RoiAlign;
pub use geometry::shape::{Arrangement, FeatureMap, Layout, OutputOrder};
pub use plan::PyramidPlan;
pub use plan::align::AlignPlan;
pub use plan::regions::RegionPlan;
pub use pool::align::{align_regions, align_regions_backward};
pub use pool::backward::{average_backward, backward};
pub use pool::forward::{average, forward, forward_with_indices};
pub use pool::region_averages::{average_regions, average_regions_backward};
pub use pool::regions::{backward_regions, forward_regions, forward_regions_with_indices};
