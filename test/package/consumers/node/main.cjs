const pyramidPool = require('pyramid-pool');
const onnx = require('pyramid-pool/onnx');
const { check } = require('./check.js');

check({ ...pyramidPool, onnx }).then((result) => console.log(JSON.stringify(result)));
