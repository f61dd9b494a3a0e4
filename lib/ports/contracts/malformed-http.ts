import { type Problem, type ProblemType, problemBase, problemTitle, problemTypes } from './problem.ts';

/** What node's HTTP parser makes of bytes that are no request. */
export interface ParserError {
  code?: string;
  message: string;
}

/** The problem of a request that never became one. */
export function malformedHttp({ code, message }: ParserError): Problem {
  const [type, detail]: [ProblemType, string] =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? ['request-timeout', 'the request did not arrive in time; send it again, without pauses']
      : code === 'HPE_HEADER_OVERFLOW'
        ? ['header-too-large', 'the request line and headers are longer than 16384 bytes; send shorter ones']
        : ['invalid-request', `what was received is not an HTTP/1.1 request (${message}); correct it`];
  return { type: `${problemBase}${type}`, title: problemTitle(type), status: problemTypes[type], detail };
}

/** The same as the bytes of an answer that ends its connection. */
export function malformedHttpAnswer(error: ParserError): string {
  const problem = malformedHttp(error);
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
