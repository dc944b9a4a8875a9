//! Memory that kernels read and write: raw slices, working memory, and allocation that may fail.

pub(crate) mod reserve;
pub(crate) mod scratch;
pub(crate) mod slots;
pub(crate) mod span;
