import * as pyramidPool from 'pyramid-pool';
import { createPyramidPool } from 'pyramid-pool/static';
import { check } from './check.js';

const show = (result) => {
  document.querySelector('#result').textContent = JSON.stringify(result);
};

// Its sub-paths are found as well.
async function checkBoth() {
  const { runtime } = await createPyramidPool({ levels: [1] });
  if (runtime.variant !== 'simd') throw new Error(`pyramid-pool/static runs ${runtime.variant}`);
  return check(pyramidPool);
}

checkBoth().then(show, (error) => show({ error: String(error) }));
