import pyramidPool = require('pyramid-pool');
import onnx = require('pyramid-pool/onnx');

async function main(): Promise<void> {
  const { check } = await import('../check.js');
  console.log(JSON.stringify(await check({ ...pyramidPool, onnx })));
}

void main();
