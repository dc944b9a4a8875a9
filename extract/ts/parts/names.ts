import { join } from 'node:path';

/**
 * The key under which the metadata of a part have what its columns do not say, as JSON. One key, as the writer puts several in any
 * order, and equal parts must have equal bytes.
 */
export const PART_KEY = 'pyramid_pool_extract';

const PART = '.parquet';
const MARKER = '.failed.json';

export const partFile = (out: string, name: string) => join(out, `${name}${PART}`);

/** What a shard leaves of which no input gave a vector. */
export const markerFile = (out: string, name: string) => join(out, `${name}${MARKER}`);

/** The name of the part that a file is of, if it is one; and whether it is a part with vectors. */
export function partOfFile(file: string): { name: string; hasVectors: boolean } | undefined {
  if (!file.startsWith('part-')) return undefined;
  const end = [PART, MARKER].find((it) => file.endsWith(it));
  return end === undefined ? undefined : { name: file.slice(0, -end.length), hasVectors: end === PART };
}
