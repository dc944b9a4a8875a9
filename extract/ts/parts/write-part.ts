import { Compression, Table, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm';
import type { FailedInput, Row } from '../core/settings.js';
import { rowsToIpc } from './columns.js';
import { replaceFile } from './files.js';
import { markerFile, PART_KEY, partFile } from './names.js';

/**
 * Writes the part of a shard: its vectors and, in the metadata, the inputs that failed, so that both are there at once or not at all.
 * A shard without any vector leaves a file with the failed inputs alone. Equal arguments give equal bytes.
 */
export async function writePart(
  out: string,
  name: string,
  rows: readonly Row[],
  failed: readonly FailedInput[],
): Promise<void> {
  const [first] = rows;
  if (!first) {
    await replaceFile(markerFile(out, name), Buffer.from(`${JSON.stringify(failed)}\n`));
    return;
  }
  const vectorLength = first.vector.length;
  const table = Table.fromIPCStream(rowsToIpc(rows, vectorLength));
  const properties = new WriterPropertiesBuilder()
    // Vectors do not get much smaller, and are read sooner.
    .setCompression(Compression.UNCOMPRESSED)
    .setDictionaryEnabled(false)
    .setKeyValueMetadata(new Map([[PART_KEY, JSON.stringify({ vectorLength, failed })]]))
    .build();
  await replaceFile(partFile(out, name), writeParquet(table, properties));
}
