export default {
  // The tools lie one folder up.
  turbopack: { root: new URL('..', import.meta.url).pathname },
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'cross-origin-opener-policy', value: 'same-origin' },
        { key: 'cross-origin-embedder-policy', value: 'require-corp' },
      ],
    },
  ],
};
