import { open } from 'node:fs/promises';
import { type AsyncRecordBatchFileReader, type RecordBatch, RecordBatchReader } from 'apache-arrow';

/** How many record batches an Arrow IPC file has; undefined for a stream, which tells only at its end. */
export async function countBatches(path: string): Promise<number | undefined> {
  return withReader(path, async (reader) => (reader.isFile() ? reader.numRecordBatches : undefined));
}

/** The record batches of an Arrow IPC file or stream, or the one of that number. */
export async function* readBatches(path: string, group: number | undefined): AsyncGenerator<RecordBatch> {
  const handle = await open(path);
  try {
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    if (group === undefined) {
      yield* reader as AsyncIterable<RecordBatch>;
      return;
    }
    const batch = await (reader as AsyncRecordBatchFileReader).readRecordBatch(group);
    if (batch) yield batch;
  } finally {
    await handle.close();
  }
}

async function withReader<T>(path: string, read: (reader: RecordBatchReader) => Promise<T>): Promise<T> {
  const handle = await open(path);
  try {
    const reader = await RecordBatchReader.from(handle);
    await reader.open();
    return await read(reader);
  } finally {
    await handle.close();
  }
}
