import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { answerOf, type Channel, type Reply } from './channel.js';
import { moduleFiles } from './modules.js';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The version of workerd, if it is there. */
export function workerdVersion(): string | undefined {
  try {
    const text = readFileSync(file('../../../node_modules/workerd/package.json'), 'utf8');
    return JSON.parse(text).version;
  } catch {
    return undefined;
  }
}

/** workerd, with the modules compiled ahead. */
export async function workerdChannel(): Promise<Channel> {
  const { Miniflare } = await import('miniflare');
  const script = (name: string) => ({
    type: 'ESModule' as const,
    path: name,
    contents: readFileSync(file(name), 'utf8'),
  });
  const worker = new Miniflare({
    compatibilityDate: '2026-04-01',
    modules: [
      script('workerd.mjs'),
      script('remote.mjs'),
      ...Object.entries(moduleFiles).map(([name, path]) => ({
        type: 'CompiledWasm' as const,
        path: `${name}.wasm`,
        contents: readFileSync(path),
      })),
    ],
  });
  await worker.ready;
  return {
    async ask(command) {
      const response = await worker.dispatchFetch('http://worker/', {
        method: 'POST',
        body: JSON.stringify(command),
      });
      return answerOf((await response.json()) as Reply);
    },
    close: () => worker.dispose(),
  };
}
