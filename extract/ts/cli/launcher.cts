#!/usr/bin/env node
/**
 * Starts the command. Images are decoded by the threads of libuv, four by default: their number is read when the first one is
 * needed, which loading a module does. So it is set here, before anything is loaded.
 */
import os = require('node:os');

process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, Math.min(1024, 2 * os.availableParallelism())));

import('./main.js').catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
