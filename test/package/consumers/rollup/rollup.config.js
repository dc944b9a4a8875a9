import { nodeResolve } from '@rollup/plugin-node-resolve';

export default {
  input: 'main.js',
  output: { dir: 'public' },
  plugins: [nodeResolve({ browser: true })],
};
