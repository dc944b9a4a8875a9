//! The entry points: arguments are checked here, then kernels run the plan.

pub(crate) mod align;
pub(crate) mod backward;
pub(crate) mod check;
mod convert;
mod floats;
pub(crate) mod forward;
mod narrow;
pub(crate) mod region_averages;
pub(crate) mod regions;
