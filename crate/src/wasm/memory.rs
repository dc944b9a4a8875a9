//! Blocks of memory, for tensors and for what the crate keeps between calls.

use std::alloc::{Layout as Block, alloc as allocate, dealloc};

use wasm_bindgen::prelude::wasm_bindgen;

/// Alignment of every allocation: one cache line, so that threads do not share one by accident.
const ALIGN: usize = 64;

/// Whole lines, so that blocks lie beside each other and leave nothing between them.
fn block(bytes: usize) -> Option<Block> {
    Block::from_size_align(bytes.max(1).checked_next_multiple_of(ALIGN)?, ALIGN).ok()
}

/// Address of `bytes` new bytes, or 0 where memory is exhausted.
#[wasm_bindgen]
pub fn alloc(bytes: usize) -> usize {
    // SAFETY: a block is never empty.
    block(bytes).map_or(0, |block| unsafe { allocate(block) } as usize)
}

/// Gives back what [`alloc`] gave for as many bytes.
#[wasm_bindgen]
pub fn free(address: usize, bytes: usize) {
    if let Some(block) = block(bytes) {
        // SAFETY: the caller's promise: from `alloc`, for as many bytes, and not in use any more.
        unsafe { dealloc(address as *mut u8, block) }
    }
}

/// Moves a value into memory of its own. Gives its address, or 0 where memory is exhausted.
pub(super) fn into_address<T>(value: T) -> usize {
    let address = alloc(size_of::<T>());
    if address != 0 {
        // SAFETY: just allocated, large enough and aligned.
        unsafe { (address as *mut T).write(value) };
    }
    address
}

/// Drops the value at an address, and frees its memory.
///
/// # Safety
/// `address` must be what [`into_address`] gave for a value of this type, and not in use any more.
pub(super) unsafe fn drop_at<T>(address: usize) {
    // SAFETY: the caller's promise.
    unsafe { (address as *mut T).drop_in_place() };
    free(address, size_of::<T>());
}
