import type { Deployment } from '../ports/contracts/deployment.ts';

/** Physical names: needed where one region's stack refers to another's resource, which CloudFormation cannot import. */
export const names = {
  configTable: (d: Deployment) => `${d.name}-config`,
  stateTable: (d: Deployment, homeRegion: string) => `${d.name}-state-${homeRegion}`,
  bundleBucket: (d: Deployment, account: string, region: string) => `${d.name}-bundles-${account}-${region}`,
  ticketKeyParameter: (d: Deployment, homeRegion: string) => `/${d.name}/${homeRegion}/ticket-keys`,
  /** Under the prefix that Image Builder's service role may write to. */
  imageParameter: (d: Deployment, geographyId: string, architecture: string) =>
    `/imagebuilder/${d.name}/${geographyId}/${architecture}`,
  launchTemplate: (d: Deployment, geographyId: string, architecture: string) =>
    `${d.name}-${geographyId}-${architecture}`,
  surrogateRole: (d: Deployment, geographyId: string, region: string) => `${d.name}-surrogate-${geographyId}-${region}`,
} as const;

/** Stack ids are stable: they are what `cdk deploy` and the stateful resources hang on. */
export const stackIds = {
  global: (d: Deployment) => `${pascal(d.name)}-Global`,
  region: (d: Deployment, geographyId: string) => `${pascal(d.name)}-Region-${geographyId}`,
  dataCentre: (d: Deployment, geographyId: string, region: string) =>
    `${pascal(d.name)}-DataCentre-${geographyId}-${region}`,
  image: (d: Deployment) => `${pascal(d.name)}-Image`,
} as const;

function pascal(name: string): string {
  return name.replace(/(^|-)([a-z0-9])/g, (_, __, c: string) => c.toUpperCase());
}
