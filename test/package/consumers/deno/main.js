import * as pyramidPool from 'pyramid-pool';
import * as onnx from 'pyramid-pool/onnx';
import { check } from './check.js';

console.log(JSON.stringify(await check({ ...pyramidPool, onnx })));
