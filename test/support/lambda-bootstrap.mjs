// What the managed runtime does: imports the handler, then takes invocations from the Runtime API one after another. The clock of the
// initialization starts with this process, as it does on AWS.
import { request } from 'node:http';
import { performance } from 'node:perf_hooks';

const api = process.env.AWS_LAMBDA_RUNTIME_API;
const call = (method, path, body) =>
  new Promise((resolve, reject) => {
    const out = request(`http://${api}/2018-06-01/runtime/${path}`, { method }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('end', () => resolve({ headers: answer.headers, text: Buffer.concat(chunks).toString() }));
    });
    out.on('error', reject);
    out.end(body);
  });

const { handler } = await import(process.argv[2]);
await call('POST', 'init/ready', JSON.stringify({ initMs: performance.now() }));
for (;;) {
  const next = await call('GET', 'invocation/next');
  const id = next.headers['lambda-runtime-aws-request-id'];
  const begin = performance.now();
  let path = `invocation/${id}/response`;
  let answer;
  try {
    answer = await handler(JSON.parse(next.text), {
      awsRequestId: id,
      getRemainingTimeInMillis: () => 30_000,
    });
  } catch (error) {
    path = `invocation/${id}/error`;
    answer = { errorMessage: error.message, errorType: error.name };
  }
  await call('POST', path, JSON.stringify({ answer, ms: performance.now() - begin }));
}
