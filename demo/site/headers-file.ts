import type { Plugin } from 'vite';

/** Writes a `_headers` file, from which many hosts of static files take the headers to send. */
export function headersFile(headers: Readonly<Record<string, string>>): Plugin {
  const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
  return {
    name: 'headers-file',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: '_headers', source: `/*\n${lines.join('')}` });
    },
  };
}
