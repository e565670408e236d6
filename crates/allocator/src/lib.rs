//! The allocator of the process, set so that what a burst has taken goes back to the system.
//!
//! Whoever depends on this crate has it.

use std::hint::black_box;

/// Many small allocations on many threads: the system's allocator keeps more of the memory that a burst has taken.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_arena_max_object_size` of mimalloc 3, which the bindings do not name.
const ARENA_MAX_OBJECT_SIZE: libmimalloc_sys::mi_option_t = 45;
/// Larger allocations are mapped by themselves, and unmapped when they are freed: the 19 MiB of a password's hash would stay else.
const ARENA_MAX_OBJECT_KIB: std::ffi::c_long = 4096;
/// Just large enough to get pages of its own, which are given up when it is freed. They are never touched.
const BREATH_BYTES: usize = 640 << 10;

/// Sets the allocator's options: to be called before anything large is allocated.
#[expect(unsafe_code, reason = "an option of the allocator can be set by a call to C only")]
pub fn set_up() {
    // SAFETY: it stores a number in a table, and ignores options that it does not know.
    unsafe { libmimalloc_sys::mi_option_set(ARENA_MAX_OBJECT_SIZE, ARENA_MAX_OBJECT_KIB) }
}

/// Lets what has been free for a second go back to the system, to be called now and then. mimalloc looks for it only when whole pages are
/// given up, which a process that has nothing to do does not do.
pub fn breathe() {
    drop(black_box(Vec::<u8>::with_capacity(BREATH_BYTES)));
}
