import type { Plugin } from 'vite';

/** Puts a `_headers` file beside the page: many hosts of static files send what it says. */
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
