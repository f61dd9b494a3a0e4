/** Base of every error thrown on purpose by a port. */
export class OaasError extends Error {
  override readonly name: string = 'OaasError';
}

/** The store did not answer in time or refused for load; nothing is known about its content. */
export class StoreUnavailableError extends OaasError {
  override readonly name = 'StoreUnavailableError';
}
