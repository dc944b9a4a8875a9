import { join } from 'node:path';

/**
 * The key under which the metadata of a part have what its columns do not say, as JSON. One key, as the writer puts several in any
 * order, and equal parts must have equal bytes.
 */
export const PART_KEY = 'pyramid_pool_extract';

const PART = '.parquet';
const MARKER = '.failed.json';

/** How many digits of its hash, in hexadecimal, are in a part's name. */
const HASH_DIGITS = 16;

/** The name of a part: its number among the parts of its run, and the hash of all that it is made from. */
export const partName = (index: number, hash: string) =>
  `part-${String(index).padStart(6, '0')}-${hash.slice(0, HASH_DIGITS)}`;

/** Other programs, such as Spark, call their files much the same, and these must be left alone. */
const NAME = new RegExp(`^part-\\d{6,}-[0-9a-f]{${HASH_DIGITS}}$`);

export const partFile = (out: string, name: string) => join(out, `${name}${PART}`);

/** What a shard leaves of which no input gave a vector. */
export const markerFile = (out: string, name: string) => join(out, `${name}${MARKER}`);

/** The name of the part that a file is of, if it is one; and whether it is a part with vectors. */
export function partOfFile(file: string): { name: string; hasVectors: boolean } | undefined {
  const end = [PART, MARKER].find((it) => file.endsWith(it));
  const name = end && file.slice(0, -end.length);
  return name && NAME.test(name) ? { name, hasVectors: end === PART } : undefined;
}
