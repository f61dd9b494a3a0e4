/**
 * App launches by hour of the day of Android users (Böhmer, Hecht, Schöning, Krüger, Bauer, MobileHCI 2011, figures 3 and 5,
 * doi:10.1145/2037373.2037383): the load curve behind Figure 4 of the OaaS paper. Local time, relative to the peak at 18 h.
 */
const LAUNCHES_BY_HOUR = [
  103604, 77053, 53633, 40332, 33438, 30949, 38161, 56895, 83488, 109550, 127069, 142642, 158876, 168082, 169018,
  172935, 173963, 179801, 184012, 176050, 163080, 153835, 141303, 123639,
];
const PEAK = Math.max(...LAUNCHES_BY_HOUR);

/** Share of the peak rate at an hour of the day, linear between the hours' values. */
export function bohmerShare(hour: number): number {
  const from = Math.floor(hour);
  const a = LAUNCHES_BY_HOUR[((from % 24) + 24) % 24]!;
  const b = LAUNCHES_BY_HOUR[(((from + 1) % 24) + 24) % 24]!;
  return (a + (b - a) * (hour - from)) / PEAK;
}

/** Mean rates of the slots of one day. */
export function bohmerDay(peakRatePerS: number, slotS: number): number[] {
  const slots = Math.round(86_400 / slotS);
  return Array.from({ length: slots }, (_, i) => peakRatePerS * bohmerShare(((i + 0.5) * slotS) / 3600));
}
