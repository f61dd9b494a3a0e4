/** What an experiment may use; everything is given, so that it can run anywhere. */
export interface ExperimentContext {
  seed: number;
  /** Folder with the request traces (see `oaas forecast`); when it has none, seeded synthetic ones stand in. */
  dataDir: string;
  /** Short runs that show that the experiment works; figures are not to be quoted. */
  quick: boolean;
  /** A recording to take in place of the experiment's own, for those that can (`decision`). */
  file?: string;
  /** Divides real waiting times of the live experiments (3 s between requests at 1). */
  speed: number;
  onProgress(message: string): void;
}

/** A table, written as CSV. */
export interface Table {
  name: string;
  /** Comment lines before it: when and where it was recorded. */
  head?: readonly string[];
  header: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}

/** A figure, written as SVG. */
export interface Figure {
  name: string;
  caption: string;
  svg: string;
}

/** The paper's (or our own) claim beside our number. */
export interface Claim {
  claim: string;
  ours: string;
  holds: boolean | 'not comparable';
}

export interface ExperimentReport {
  claims: Claim[];
  tables: Table[];
  figures: Figure[];
  /** Settings, scale recovered, what differs from the paper: one sentence each. */
  notes: string[];
  /** Names of the tables shown in the page itself; the others are only written as CSV. */
  shown?: string[];
}

/** One experiment. It may be asynchronous and drive any target, a running system included. */
export interface Experiment {
  name: string;
  title: string;
  source: string;
  run(context: ExperimentContext): Promise<ExperimentReport>;
}
