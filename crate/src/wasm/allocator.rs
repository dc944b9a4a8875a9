//! The allocator of the module: a list of free blocks in the order of their addresses, of which the first that is large enough is taken.
//! The standard library's allocator takes 2 kB more of each download.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;
use core::ptr::{NonNull, null_mut};

use linked_list_allocator::hole::HoleList;
use spinning_top::Spinlock;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(Spinlock::new(FreeBlocks(None)));

/// Behind a lock that spins: threads share the memory, and a page's main thread must not wait.
struct Allocator(Spinlock<FreeBlocks>);

/// None before the first allocation.
struct FreeBlocks(Option<HoleList>);

// SAFETY: the list is in the memory that threads share.
unsafe impl Send for FreeBlocks {}

// SAFETY: blocks of the list do not overlap, and have the size and alignment that was asked for.
unsafe impl GlobalAlloc for Allocator {
    // Once in the module, not in each function that allocates.
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let blocks = &mut self.0.lock().0;
        let block = take(blocks, layout).or_else(|| {
            grow(blocks, layout)?;
            take(blocks, layout)
        });
        block.map_or(null_mut(), NonNull::as_ptr)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        if let (Some(blocks), Some(address)) = (&mut self.0.lock().0, NonNull::new(address)) {
            // SAFETY: the caller's promise: from `alloc`, with this layout.
            unsafe { blocks.deallocate(address, layout) };
        }
    }
}

/// The first free block that is large enough, or as much of it as is asked for.
fn take(blocks: &mut Option<HoleList>, layout: Layout) -> Option<NonNull<u8>> {
    let (block, _) = blocks.as_mut()?.allocate_first_fit(layout).ok()?;
    Some(block)
}

/// Bytes by which memory grows at least.
const PAGE: usize = 65536;
/// The first block, which is never free. All that the list gets later lies behind it, whether or not it begins where the last one ended:
/// hosts may grow the memory as well.
const FIRST: Layout = Layout::new::<[usize; 4]>();

/// Grows the memory by as much as a block takes, and lists it as free.
fn grow(blocks: &mut Option<HoleList>, layout: Layout) -> Option<()> {
    // Room for what is listed as free before the block, to align it, and behind it.
    let pages = layout.size().checked_add(layout.align() + 2 * FIRST.size())?.div_ceil(PAGE);
    let all = Layout::from_size_align(pages * PAGE, 1).ok()?;
    let before = memory_grow::<0>(pages);
    // Beyond the memory where it cannot grow. The last page is left, as no address is the end of it.
    let last = usize::MAX / PAGE;
    if before.saturating_add(pages) > last {
        return None;
    }
    let start = NonNull::new((before * PAGE) as *mut u8)?;
    // SAFETY: new memory, which nothing else uses.
    unsafe {
        match blocks {
            Some(blocks) => _ = blocks.deallocate(start, all),
            None => {
                let mut list = HoleList::new(start.as_ptr(), FIRST.size());
                list.allocate_first_fit(FIRST).ok()?;
                *blocks = Some(list);
                let rest = Layout::from_size_align(all.size() - FIRST.size(), 1).ok()?;
                blocks.as_mut()?.deallocate(start.add(FIRST.size()), rest);
            }
        }
    }
    Some(())
}
