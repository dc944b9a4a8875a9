import * as pyramidPool from 'pyramid-pool';
import * as onnx from 'pyramid-pool/onnx';
import { check } from './check.js';

const show = (result) => {
  document.querySelector('#result').textContent = JSON.stringify(result);
};
check({ ...pyramidPool, onnx }).then(show, (error) => show({ error: String(error) }));
