//! The WASM boundary: addresses and numbers in, result codes out. Nothing here allocates on the way of a call, and
//! strings never cross.
//!
//! Callers keep three promises, which the safety notes below rest on: an address comes from [`memory`], [`plans`] or
//! [`regions`] and is still theirs, a [`jobs::Job`] describes buffers that are as long as its shape says, and no unit of a
//! job is run by two threads at a time.

use crate::element::ElementType;
use crate::error::PoolError;
use crate::geometry::bins::Rule;
use crate::geometry::shape::{Arrangement, Layout, OutputOrder};

#[cfg(feature = "allocator")]
mod allocator;
mod jobs;
mod memory;
mod operation;
mod plans;
mod regions;
mod version;

/// A rule of bins by its number.
fn rule(number: usize) -> Rule {
    match number {
        0 => Rule::Adaptive,
        1 => Rule::Sliding,
        _ => Rule::Padded,
    }
}

/// An arrangement by its number: 0 for NCHW maps and 1 for NHWC maps with an output in the order of levels, 2 and 3 for the same
/// maps with an output in the order of channels.
fn arrangement(number: usize) -> Arrangement {
    Arrangement {
        layout: if number.is_multiple_of(2) { Layout::Nchw } else { Layout::Nhwc },
        order: if number < 2 { OutputOrder::Levels } else { OutputOrder::Channels },
    }
}

/// An element type by its number.
fn element(number: usize) -> ElementType {
    ElementType::ALL[number.min(3)]
}

/// What stands for a plan that could not be made: 0 where memory is exhausted, 2 where a region is wrong, and 1 where sizes
/// are beyond what can be counted.
fn code(error: PoolError) -> usize {
    match error {
        PoolError::OutOfMemory => 0,
        PoolError::InvalidRegion { .. } => 2,
        _ => 1,
    }
}
