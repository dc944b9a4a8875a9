export interface DownloadProgress {
  readonly bytes: number;
  /** Unknown where the server compresses on the way. */
  readonly total: number | undefined;
}

/** Fetches a file and reports its progress. */
export async function download(
  url: string,
  onProgress: (progress: DownloadProgress) => void,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, signal ? { signal } : {});
  if (!response.ok || !response.body) throw new Error(`${url} could not be loaded (${response.status}).`);
  const total = response.headers.has('content-encoding')
    ? undefined
    : Number(response.headers.get('content-length')) || undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    bytes += value.length;
    onProgress({ bytes, total });
  }
  return joined(chunks, bytes);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export function megabytes({ bytes, total }: DownloadProgress): string {
  const inMegabytes = (count: number) => (count / 1e6).toFixed(1);
  return total ? `${inMegabytes(bytes)} of ${inMegabytes(total)} MB` : `${inMegabytes(bytes)} MB`;
}
