import { fileURLToPath } from 'node:url';
import webpack from 'webpack';

const path = fileURLToPath(new URL('public', import.meta.url));

webpack({ mode: 'production', entry: './main.js', output: { path } }, (error, stats) => {
  if (!error && !stats.hasErrors()) return;
  console.error(error ?? stats.toString());
  process.exitCode = 1;
});
