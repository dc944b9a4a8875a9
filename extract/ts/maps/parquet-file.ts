import { openAsBlob } from 'node:fs';
import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import { ParquetFile } from 'parquet-wasm';

/** What the end of a Parquet file says. */
export interface ParquetSummary {
  readonly rowGroups: number;
  readonly rows: number;
  /** The names of its columns at the top. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Reads the end of a Parquet file. Throws where it has none, as a file that was cut off has. */
export function readParquetSummary(path: string): Promise<ParquetSummary> {
  return withParquet(path, async (file) => {
    const metadata = file.metadata();
    const about = metadata.fileMetadata();
    try {
      return {
        rowGroups: metadata.numRowGroups(),
        rows: about.numRows(),
        metadata: about.keyValueMetadata() as Map<string, string>,
      };
    } finally {
      about.free();
      metadata.free();
    }
  });
}

/** Reads some columns, or all, of some row groups, or all. Only what is asked for is read. */
export function readParquet(
  path: string,
  options: { columns?: string[]; rowGroups?: number[] } = {},
): Promise<RecordBatch[]> {
  return withParquet(path, async (file) => {
    const table = await file.read(options);
    return tableFromIPC(table.intoIPCStream()).batches;
  });
}

async function withParquet<T>(path: string, read: (file: ParquetFile) => Promise<T>): Promise<T> {
  const file = await ParquetFile.fromFile(await openAsBlob(path));
  try {
    return await read(file);
  } finally {
    file.free();
  }
}
