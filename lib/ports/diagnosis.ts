/** What a look at a deployed region found. */
export interface Finding {
  check: string;
  /** Where it was looked for. */
  region: string;
  status: 'ok' | 'warning' | 'failed';
  /** What was seen, with its value. */
  detail: string;
  /** What to do; null when nothing. */
  fix: string | null;
}
