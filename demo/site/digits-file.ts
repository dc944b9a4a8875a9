/** A plugin of Vite: the digits of the `mnist` package as one compressed file, under `virtual:digits-file`. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';
import { loadDigits } from '../data/node-assets.js';

const NAME = 'virtual:digits-file';
const RESOLVED = `\0${NAME}`;
const ADDRESS = '/digits.bin';

export function digitsFile(): Plugin {
  let isBuild = false;
  return {
    name: 'digits-file',
    configResolved: ({ command }) => {
      isBuild = command === 'build';
    },
    resolveId: (id) => (id === NAME ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return;
      if (!isBuild) return `export default ${JSON.stringify(ADDRESS)}`;
      const file = this.emitFile({ type: 'asset', name: 'digits.bin', source: await packDigits() });
      return `export default import.meta.ROLLUP_FILE_URL_${file}`;
    },
    configureServer({ middlewares }) {
      middlewares.use(ADDRESS, (_request, response, next) => {
        packDigits().then((file) => response.setHeader('content-length', file.length).end(file), next);
      });
    },
  };
}

/** Class after class: how many digits there are of it, as four bytes, then 28 x 28 bytes of ink each. All gzipped. */
async function packDigits(): Promise<Uint8Array> {
  const parts = (await loadDigits()).flatMap(({ values }) => {
    const count = new Uint8Array(4);
    new DataView(count.buffer).setUint32(0, values.length / 784);
    return [count, Uint8Array.from(values, (ink) => Math.round(255 * ink))];
  });
  return promisify(gzip)(Buffer.concat(parts));
}
