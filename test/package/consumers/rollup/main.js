import * as pyramidPool from 'pyramid-pool';
import { check } from './check.js';

const show = (result) => {
  document.querySelector('#result').textContent = JSON.stringify(result);
};
check(pyramidPool).then(show, (error) => show({ error: String(error) }));
