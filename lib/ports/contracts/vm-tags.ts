/**
 * Tags of a rented machine. The instance metadata service shows them to the agent, where ":" and "/" are not allowed in a
 * key, so only letters, digits and "-" are used.
 */
export const vmTags = {
  /** The deployment's name; the policies and the reaper go by it. */
  owner: 'oaas-owner',
  /** Home region of the geography. */
  region: 'oaas-region',
  /** Regional endpoint: ticket keys. */
  endpoint: 'oaas-endpoint',
  pool: 'oaas-pool',
  epoch: 'oaas-epoch',
  intent: 'oaas-intent',
  offer: 'oaas-offer',
  sharingLimit: 'oaas-sharing-limit',
  queueLimit: 'oaas-queue-limit',
  /** `1`: report every change of occupancy at once. */
  exact: 'oaas-exact',
  cores: 'oaas-cores',
  coreSpeed: 'oaas-core-speed',
  memoryMiB: 'oaas-memory-mib',
} as const;
