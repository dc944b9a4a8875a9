import * as pyramidPool from 'pyramid-pool';
import * as onnx from 'pyramid-pool/onnx';
import { check } from './check.js';

export default {
  fetch: async () => Response.json(await check({ ...pyramidPool, onnx })),
};
