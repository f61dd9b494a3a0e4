// Stands in for rapid-client.node, the compiled part of aws-lambda-ric that posts answers to the Runtime API: building it takes cmake, a C++
// compiler and a minute. Everything else (handler loading, context, events, errors, asking for the next event) is the package's own.
const Module = require('node:module');
const { Agent, request } = require('node:http');

const agent = new Agent({ keepAlive: true });
const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const post = (path, body, headers = {}) => {
  const options = { hostname, port, agent, method: 'POST', path: `/2018-06-01/runtime/invocation/${path}`, headers };
  request(options, (answer) => answer.resume()).end(body);
};
const transport = {
  next: () => Promise.reject(new Error('AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1 is to be "true"')),
  done: (id, body) => post(`${id}/response`, body),
  error: (id, body, xray) => post(`${id}/error`, body, { 'lambda-runtime-function-xray-error-cause': xray ?? '' }),
};

const load = Module._load;
Module._load = (name, ...rest) => (name.endsWith('rapid-client.node') ? transport : load(name, ...rest));
