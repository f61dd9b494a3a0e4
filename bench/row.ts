/** One line of the benchmark table: a figure beside the bar it is held to. */
export interface BenchRow {
  name: string;
  /** The measured figure in `unit`; a ratio against a peer of the same run wherever speed is claimed. */
  value: number;
  unit: string;
  bar?: { atMost: number } | { atLeast: number };
  /** The peer or bound it was measured against, and anything a reader must know. */
  note?: string;
}

export interface BenchOptions {
  /** Short runs that only show that the benchmark works; figures are not to be quoted. */
  quick: boolean;
  onProgress?: (message: string) => void;
}

export type Bench = (options: BenchOptions) => Promise<BenchRow[]>;

/** Whether a row keeps its bar; rows without one always do. */
export function withinBar(row: BenchRow): boolean {
  if (row.bar === undefined) return true;
  return 'atMost' in row.bar ? row.value <= row.bar.atMost : row.value >= row.bar.atLeast;
}
