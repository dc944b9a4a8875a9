'use client';

import * as pyramidPool from 'pyramid-pool';
import * as onnx from 'pyramid-pool/onnx';
import { useEffect, useState } from 'react';
import { check } from '../check.js';

export default function Page() {
  const [result, setResult] = useState();
  useEffect(() => {
    check({ ...pyramidPool, onnx }).then(setResult, (error) => setResult({ error: String(error) }));
  }, []);
  return <pre id="result">{result && JSON.stringify(result)}</pre>;
}
