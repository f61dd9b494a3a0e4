/** Numbers as people read them; units are named beside them. */

export const noValue = '–';

/** Milliseconds: whole from ten on. */
export const ms = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? noValue
    : value < 10
      ? value.toFixed(1)
      : Math.round(value).toLocaleString('en');

/** Requests per second. */
export const rate = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? noValue
    : value >= 100
      ? Math.round(value).toLocaleString('en')
      : value.toFixed(1);

/** USD per hour, always comparable: cents of a laptop's fleet and dollars of a real one. */
export const usd = (value: number | null | undefined): string =>
  value === null || value === undefined ? noValue : `$${value.toFixed(value >= 10 ? 2 : value >= 1 ? 3 : 4)}`;

export const time = (atMs: number): string =>
  new Date(atMs).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

export const seconds = (s: number): string =>
  s < 90 ? `${Math.round(s)} s` : s < 5_400 ? `${Math.round(s / 60)} min` : `${(s / 3_600).toFixed(1)} h`;

export const plural = (count: number, one: string, many: string = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

/** `local.medium@eu-north-1/on-demand` in words. */
export function offer(id: string): string {
  const match = /^(.+)@(.+)\/(.+)$/.exec(id);
  return match === null ? id : `${match[1]} in ${match[2]}${match[3] === 'spot' ? ' (spot)' : ''}`;
}

export const fleet = (entries: readonly { offer: string; count: number }[]): string =>
  entries.length === 0 ? 'none' : entries.map((entry) => `${entry.count} × ${offer(entry.offer)}`).join(', ');

/** How a fleet is dispatched, for someone who has not read the design. */
export const dispatchName: Record<string, string> = {
  jsq: 'exact occupancy',
  session: 'session tickets',
  capacity: 'static split',
  'round-robin': 'round robin',
  even: 'even split',
  sqrt: 'best static split',
};
