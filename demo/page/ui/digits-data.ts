import digitsUrl from 'virtual:digits-file';
import type { RawDigits } from '../../train/digits.js';
import { type DownloadProgress, download } from './download.js';

const PIXELS = 28 * 28;

/** Fetches the digits as `digits-file.ts` packed them. */
export async function loadDigits(onProgress: (progress: DownloadProgress) => void): Promise<RawDigits[]> {
  const packed = await download(digitsUrl, onProgress);
  const unpacking = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return unpack(new Uint8Array(await new Response(unpacking).arrayBuffer()));
}

function unpack(bytes: Uint8Array): RawDigits[] {
  const view = new DataView(bytes.buffer);
  let at = 0;
  return Array.from({ length: 10 }, (_, label) => {
    const start = at + 4;
    at = start + view.getUint32(at) * PIXELS;
    return { label, values: Float32Array.from(bytes.subarray(start, at), (ink) => ink / 255) };
  });
}
