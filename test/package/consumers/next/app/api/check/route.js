import * as pyramidPool from 'pyramid-pool';
import * as onnx from 'pyramid-pool/onnx';
import { check } from '../../../check.js';

export const dynamic = 'force-dynamic';

export async function GET() {
  return Response.json(await check({ ...pyramidPool, onnx }));
}
