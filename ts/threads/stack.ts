/** The stack of a thread's instance. The kernels keep little on it; one page is the least a thread can have. */
export const STACK_BYTES = 1 << 16;
