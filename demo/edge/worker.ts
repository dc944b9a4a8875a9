/** An edge worker that takes a feature map of any size and answers the vector of fixed length. */
import { createPyramidPool, PyramidPoolError } from 'pyramid-pool';
import { Refusal } from './refusal.js';
import { readRequest } from './request.js';

const usage = `\
POST / with a feature map as application/octet-stream: float32, little-endian, row by row.

  dims    1,256,13,13: the map's sizes, in the query or in the header x-dims
  levels  4,2,1 unless told; 2x3 stands for two rows of three bins
  layout  NCHW unless told, or NHWC

The answer is the pooled vector: float32, with its sizes in x-dims, or JSON where that is accepted.
`;

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      const { pathname } = new URL(request.url);
      if (pathname !== '/') throw new Refusal(404, 'not-found', 'there is nothing here but /');
      if (request.method === 'GET') return new Response(usage);
      return await pool(request);
    } catch (error) {
      return toRefusal(error).toResponse();
    }
  },
};

async function pool(request: Request): Promise<Response> {
  const { levels, layout, map } = await readRequest(request);
  using spp = await createPyramidPool({ levels, layout });
  const { data, dims } = spp.forward(map);
  if (request.headers.get('accept')?.includes('application/json')) {
    return Response.json({ dims, data: Array.from(data) });
  }
  const headers = { 'content-type': 'application/octet-stream', 'x-dims': dims.join() };
  return new Response(data as Float32Array<ArrayBuffer>, { headers });
}

function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof PyramidPoolError) {
    const status = error.code.startsWith('invalid-') ? 400 : 503;
    return new Refusal(status, error.code, error.message);
  }
  console.error(error);
  return new Refusal(500, 'internal', 'the worker failed');
}
