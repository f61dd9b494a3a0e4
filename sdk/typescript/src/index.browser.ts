import type { OaasOptions } from './api.ts';
import { OaasClient } from './oaas.ts';
import { fetchTransport } from './transport-fetch.ts';

export type * from './api.ts';
export { type Decision, type DecisionInput, decide, decisionConstants } from './decide.ts';
export { OffloadError, type OffloadErrorCode } from './errors.ts';
export { type RegisteredApp, registerApp } from './register.ts';

/** A client of one OaaS system; see README.md. In browsers and React Native tasks travel through the region. */
export class OaaS extends OaasClient {
  constructor(options: OaasOptions) {
    super(options, fetchTransport);
  }
}
