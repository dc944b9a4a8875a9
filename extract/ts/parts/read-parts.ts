import { readdir, readFile } from 'node:fs/promises';
import type { FailedInput } from '../core/settings.js';
import { readParquet, readParquetSummary } from '../maps/parquet-file.js';
import { markerFile, PART_KEY, partFile, partOfFile } from './names.js';

/** What a part holds, in numbers, and the inputs that failed. */
export interface PartSummary {
  readonly vectors: number;
  /** Undefined where there are none. */
  readonly vectorLength: number | undefined;
  readonly failed: readonly FailedInput[];
}

/** The parts of a folder, by name. */
export async function listParts(out: string): Promise<Map<string, { hasVectors: boolean }>> {
  const parts = new Map<string, { hasVectors: boolean }>();
  for (const file of await readdir(out).catch(() => [])) {
    const part = partOfFile(file);
    if (part) parts.set(part.name, { hasVectors: part.hasVectors });
  }
  return parts;
}

/** Reads the end of a part. Undefined where the file is none that can be read, so that it is made again. */
export async function summarisePart(
  out: string,
  name: string,
  { hasVectors }: { hasVectors: boolean },
): Promise<PartSummary | undefined> {
  try {
    if (!hasVectors) {
      const failed = JSON.parse(await readFile(markerFile(out, name), 'utf8')) as FailedInput[];
      return { vectors: 0, vectorLength: undefined, failed };
    }
    const { rows, metadata } = await readParquetSummary(partFile(out, name));
    const { vectorLength, failed } = JSON.parse(metadata.get(PART_KEY)!) as PartSummary;
    return { vectors: rows, vectorLength, failed };
  } catch {
    return undefined;
  }
}

/** Files that are open at once. */
const AT_ONCE = 16;

/** Summaries of parts, of those that can be read. */
export async function summariseParts(
  out: string,
  parts: Iterable<[string, { hasVectors: boolean }]>,
): Promise<Map<string, PartSummary>> {
  const queue = [...parts];
  const summaries = new Map<string, PartSummary>();
  const work = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const summary = await summarisePart(out, ...next);
      if (summary) summaries.set(next[0], summary);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return summaries;
}

/** The ids of a part's vectors. */
export async function readIds(out: string, name: string): Promise<string[]> {
  const batches = await readParquet(partFile(out, name), { columns: ['id'] });
  return batches.flatMap((batch) => [...(batch.getChild('id') ?? [])] as string[]);
}

/** The vectors of a part by id. */
export async function readVectors(out: string, name: string): Promise<Map<string, Float32Array>> {
  const vectors = new Map<string, Float32Array>();
  for (const batch of await readParquet(partFile(out, name))) {
    const [ids, values] = [batch.getChild('id')!, batch.getChild('vector')!];
    for (let row = 0; row < batch.numRows; row++) {
      vectors.set(String(ids.get(row)), (values.get(row) as { toArray(): Float32Array }).toArray());
    }
  }
  return vectors;
}
