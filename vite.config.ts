import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { digitsFile } from './demo/site/digits-file.js';
import { headersFile } from './demo/site/headers-file.js';
import { isolation } from './scripts/isolation.mjs';

const root = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The demo. */
export default defineConfig({
  root: root('demo'),
  // It works in any folder of a host.
  base: './',
  // The demo uses the built package, as its users do.
  resolve: {
    alias: [
      { find: /^pyramid-pool$/, replacement: root('dist/browser/index.js') },
      { find: /^pyramid-pool\/onnx$/, replacement: root('dist/browser/onnx.js') },
    ],
  },
  // The API reference, which scripts/docs.mjs writes.
  publicDir: root('target/site'),
  plugins: [digitsFile(), headersFile(isolation)],
  // Its own way to its files must stay as it is.
  optimizeDeps: {
    exclude: ['onnxruntime-web'],
    // Found late, in views and workers, they would make the page load twice.
    include: ['comlink', 'uplot', 'onnx-proto', '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
  },
  server: { headers: isolation },
  preview: { headers: isolation },
  worker: { format: 'es', plugins: () => [digitsFile()] },
  build: {
    outDir: root('dist-demo'),
    emptyOutDir: true,
    target: 'es2022',
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { input: [root('demo/index.html'), root('demo/camera/index.html')] },
  },
});
