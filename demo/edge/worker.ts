/** An edge worker that reads handwritten digits off pictures of any size, and pools feature maps of any size. */
import { createPyramidPool, PyramidPoolError } from 'pyramid-pool';
import { recogniseDigits } from './digits.js';
import form from './form.html';
import { readMapRequest } from './map-request.js';
import { Refusal } from './refusal.js';

const poolUsage = `\
POST /pool with a feature map as application/octet-stream: float32, little-endian, row by row.

  dims         1,256,13,13: the map's sizes, in the query or in the header x-dims
  levels       4,2,1 unless told; 2x3 stands for two rows of three bins
  layout       NCHW unless told, or NHWC
  outputOrder  levels unless told, or channels: for each channel the bins of all levels

The answer is the pooled vector: float32, with its sizes in x-dims, or JSON where that is accepted.
`;

/** The content security policy of the form: its own scripts and styles, and nothing of other origins. */
const formHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:",
};

interface Route {
  readonly GET: () => Response;
  readonly POST: (request: Request) => Promise<Response>;
}

const routes: Readonly<Record<string, Route>> = {
  '/': { GET: () => new Response(form, { headers: formHeaders }), POST: recogniseDigits },
  '/pool': { GET: () => new Response(poolUsage), POST: poolMap },
};

export default {
  async fetch(request: Request): Promise<Response> {
    try {
      return await answer(request);
    } catch (error) {
      return toRefusal(error).toResponse();
    }
  },
};

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
  if (!route)
    throw new Refusal(404, 'not-found', `there is nothing here but ${Object.keys(routes).join(' and ')}`);
  const { method } = request;
  if (method === 'GET' || method === 'HEAD') return route.GET();
  if (method === 'POST') return route.POST(request);
  throw new Refusal(405, 'method-not-allowed', `${method} is not allowed, GET and POST are`, {
    allow: 'GET, POST',
  });
}

async function poolMap(request: Request): Promise<Response> {
  const { levels, layout, outputOrder, map } = await readMapRequest(request);
  using spp = await createPyramidPool({ levels, layout, outputOrder });
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
