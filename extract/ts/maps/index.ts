import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { ExtractError, reasonOf } from '../core/errors.js';
import type { FailedInput, Piece } from '../core/settings.js';
import { countBatches, readBatches } from './arrow-file.js';
import { findMapColumn } from './map-column.js';
import { readNpy } from './npy.js';
import { readParquet, readParquetSummary } from './parquet-file.js';

/** A feature map of the input. */
export interface StoredMap {
  readonly id: string;
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Ends of the names of files with maps. */
export const mapExtensions = ['.npy', '.parquet', '.arrow', '.arrows', '.ipc', '.feather'];

const isArrow = (path: string) => !['.npy', '.parquet'].includes(extname(path).toLowerCase());

/** The pieces that a file is read in: row groups, record batches, or the whole file. */
export async function piecesOf(root: string, file: Piece): Promise<Piece[]> {
  const groups = await countGroups(join(root, file.path));
  return groups === undefined ? [file] : Array.from({ length: groups }, (_, group) => ({ ...file, group }));
}

async function countGroups(path: string): Promise<number | undefined> {
  if (extname(path).toLowerCase() === '.npy') return undefined;
  try {
    return isArrow(path) ? await countBatches(path) : (await readParquetSummary(path)).rowGroups;
  } catch {
    // It is reported where its part is made.
    return undefined;
  }
}

/**
 * The maps of a piece. A map that cannot be read gives its id and the reason; where the file cannot be read, the file does.
 * Ids are those of the column `id`, or else made of the path.
 */
export async function* readMaps(
  root: string,
  piece: Piece,
  column: string | undefined,
): AsyncGenerator<StoredMap | FailedInput> {
  const path = join(root, piece.path);
  try {
    if (extname(path).toLowerCase() === '.npy') yield* mapsOfNpy(piece.path, await readFile(path));
    else {
      let first = 0;
      for await (const batch of batchesOf(path, piece.group)) {
        yield* mapsOfBatch(batch, piece, first, column);
        first += batch.numRows;
      }
    }
  } catch (error) {
    if (error instanceof ExtractError) throw error;
    yield { id: piece.path, reason: reasonOf(error, piece.path) };
  }
}

async function* batchesOf(path: string, group: number | undefined): AsyncGenerator<RecordBatch> {
  if (isArrow(path)) yield* readBatches(path, group);
  else yield* await readParquet(path, group === undefined ? {} : { rowGroups: [group] });
}

function* mapsOfNpy(id: string, file: Buffer): Generator<StoredMap> {
  const { data, shape } = readNpy(file);
  if (shape.length !== 3 && shape.length !== 4) {
    throw new Error(
      `it is of shape (${shape.join(', ')}), but must be (channels, height, width), or have a batch before`,
    );
  }
  const [channels, height, width] = shape.slice(-3) as [number, number, number];
  const count = shape.length === 4 ? shape[0]! : 1;
  const size = channels * height * width;
  if (size === 0) throw new Error(`it is of shape (${shape.join(', ')}): there is nothing in it`);
  for (let i = 0; i < count; i++) {
    yield {
      id: shape.length === 4 ? `${id}#${i}` : id,
      data: data.subarray(i * size, (i + 1) * size),
      dims: [1, channels, height, width],
    };
  }
}

function* mapsOfBatch(
  batch: RecordBatch,
  { path, group }: Piece,
  first: number,
  column: string | undefined,
): Generator<StoredMap | FailedInput> {
  const mapAt = findMapColumn(batch, column, path);
  const ids = batch.getChild('id');
  for (let row = 0; row < batch.numRows; row++) {
    const own: unknown = ids?.get(row);
    const place = group === undefined ? first + row : `${group}/${first + row}`;
    const id = own === null || own === undefined ? `${path}#${place}` : String(own);
    yield { id, ...mapAt(row) };
  }
}
