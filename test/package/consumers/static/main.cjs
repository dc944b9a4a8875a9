const pyramidPool = require('pyramid-pool/static');
const { check } = require('./check.js');

check(pyramidPool).then((result) => console.log(JSON.stringify(result)));
