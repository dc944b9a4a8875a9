//! Shapes, levels and bins: which cells a bin reads and where its value stands, whatever computes it.

pub mod bins;
pub(crate) mod pyramid;
pub(crate) mod region_rule;
pub(crate) mod roi_align;
pub(crate) mod shape;
pub(crate) mod units;
