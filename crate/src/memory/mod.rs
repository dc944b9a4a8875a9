//! Memory that kernels read and write: raw slices, maxima with their indices, working memory, and allocation that may fail.

pub(crate) mod maxima;
pub(crate) mod reserve;
pub(crate) mod scratch;
pub(crate) mod span;
