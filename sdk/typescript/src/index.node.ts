import type { OaasOptions } from './api.ts';
import { OaasClient } from './oaas.ts';
import { nodeTransport } from './transport-node.ts';

export type * from './api.ts';
export { type Decision, type DecisionInput, decide, decisionConstants } from './decide.ts';
export { OffloadError, type OffloadErrorCode } from './errors.ts';
export { type RegisteredApp, registerApp } from './register.ts';

/** A client of one OaaS system; see README.md. In Node tasks travel straight to the surrogate. */
export class OaaS extends OaasClient {
  constructor(options: OaasOptions) {
    super(options, nodeTransport);
  }
}
