/** Bytes of the largest request with pictures. */
export const MOST_BYTES = 8 * 2 ** 20;

/** Pictures of the largest form. */
export const MOST_PICTURES = 32;

/** Pixels of the largest picture: to decode it takes up to 150 bytes a pixel, garbage among them, of the 128 MB that a worker has. */
export const MOST_PIXELS = 2 ** 19;

/** Megabytes that the JPEG decoder may take. */
export const JPEG_MEGABYTES = 48;

/** Bytes of the largest map that is taken, and of the largest vector that is given. */
export const MOST_MAP_BYTES = 16 * 2 ** 20;

/** A body that takes longer than this to arrive is refused. */
export const MOST_SECONDS = 10;
