/** Where a deployment's endpoints are; each region's scaler enters its own. */
export interface RegionEntry {
  /** Home region. */
  id: string;
  geography: string;
  endpoint: string;
}

export interface RegionDirectory {
  list(): Promise<RegionEntry[]>;
  put(entry: RegionEntry): Promise<void>;
}
