/** In place of `forbidden.js`. */
export const checkForbidden = async () => {};
