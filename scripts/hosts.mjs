/**
 * @typedef {object} Host one kind of host, by the condition under which the package exports its code
 * @property {string} platform its file in ts/platform
 * @property {string} bytes likewise: how it gets from text or a URL to a WASM module
 * @property {string} payloads where `#wasm/*` lies, seen from dist/<host>: packed in dist/wasm, as it is in dist/node
 * @property {Record<string, string>} files modules beside its code
 */

/** @type {Record<string, Host>} */
export const hosts = {
  node: { platform: 'node.ts', bytes: 'bytes-node.ts', payloads: './*.js', files: {} },
  browser: { platform: 'browser.ts', bytes: 'bytes-browser.ts', payloads: '../wasm/*.js', files: {} },
  workerd: {
    platform: 'workerd.ts',
    bytes: 'bytes-workerd.ts',
    payloads: './*.js',
    // WASM must not be compiled at run time there: an import of the file gives a compiled module.
    files: {
      'simd.js': `\
export { createGlue } from '../wasm/simd-glue.js';
export { default as wasm } from '../wasm/simd.wasm';
export const pages = undefined;
`,
    },
  },
};

/**
 * An esbuild plugin that says what the specifiers of `ts/modules.d.ts` stand for: a file, a path that is left to the
 * user's resolver (`external`), or a module whose default export is a text. A star stands for what the specifier's star does.
 *
 * @param {Record<string, { path: string, external?: boolean } | { text: string }>} meanings
 */
export function specifiers(meanings) {
  return {
    name: 'specifiers',
    setup(build) {
      for (const [specifier, meaning] of Object.entries(meanings)) {
        const filter = new RegExp(`^${specifier.replace('*', '(.+)')}$`);
        build.onResolve({ filter }, ({ path }) => {
          if ('text' in meaning) return { path, namespace: 'text', pluginData: meaning.text };
          const star = filter.exec(path)[1];
          return { ...meaning, path: meaning.path.replace('*', star) };
        });
      }
      build.onLoad({ filter: /.*/, namespace: 'text' }, ({ pluginData }) => ({
        contents: pluginData,
        loader: 'text',
      }));
    },
  };
}
