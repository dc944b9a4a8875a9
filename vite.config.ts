import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { isolation } from './scripts/isolation.mjs';

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The demo. */
export default defineConfig({
  root: root('demo'),
  // The demo uses the built package, as its users do.
  resolve: { alias: { 'pyramid-pool': root('dist/browser/index.js') } },
  server: { headers: isolation },
  preview: { headers: isolation },
  build: {
    outDir: root('dist-demo'),
    emptyOutDir: true,
    target: 'es2022',
    rolldownOptions: { input: [root('demo/index.html'), root('demo/camera/index.html')] },
  },
  worker: { format: 'es' },
});
