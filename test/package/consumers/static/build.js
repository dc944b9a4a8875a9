/** Bundles the scripts in two ways: split into modules that they share, and each as one file, a classic script. */
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

/** Scripts without a bundler name the package's files; a bundler finds them by the package's name. */
const byName = {
  name: 'by-name',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\/node_modules\/pyramid-pool\/dist\/browser\// }, ({ path, ...from }) => {
      const name = path.split('/').at(-1).replace('.js', '');
      return resolve(name === 'index' ? 'pyramid-pool' : `pyramid-pool/${name}`, from);
    });
  },
};

/** One file holds no `import()`, and so nothing that could be forbidden. */
const withoutForbidden = {
  name: 'without-forbidden',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^\.\/forbidden\.js$/ }, ({ path, ...from }) =>
      resolve('./nothing-forbidden.js', from),
    );
  },
};

const entryPoints = ['service-worker.js', 'audio-worklet.js', 'background.js'];
const options = { entryPoints, bundle: true, minify: true, target: 'es2022' };
await build({ ...options, plugins: [byName], format: 'esm', splitting: true, outdir: 'split' });
await build({ ...options, plugins: [byName, withoutForbidden], format: 'iife', outdir: 'one-file' });
for (const file of entryPoints) {
  if (/\bimport\(|createRequire/.test(readFileSync(`one-file/${file}`, 'utf8')))
    throw new Error(`${file} holds import()`);
}
