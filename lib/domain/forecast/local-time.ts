const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

// A formatter costs ~50 µs to make and has no state: made once per zone.
const formatters = new Map<string, Intl.DateTimeFormat>();

/**
 * Offset of a time zone from UTC at an instant, in milliseconds (positive east), daylight saving included.
 *
 * @param timeZone IANA name, or a fixed "UTC", "UTC+5:30", "UTC-4"
 * @throws RangeError when the zone is unknown
 */
export function zoneOffsetMs(timeZone: string, atMs: number): number {
  const fixed = /^UTC(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$/.exec(timeZone);
  if (fixed) {
    const minutes = Number(fixed[2] ?? 0) * 60 + Number(fixed[3] ?? 0);
    return (fixed[1] === '-' ? -minutes : minutes) * MINUTE_MS;
  }
  const parts: Record<string, number> = {};
  for (const part of formatterOf(timeZone).formatToParts(atMs)) parts[part.type] = Number(part.value);
  const local = Date.UTC(
    parts.year ?? 0,
    (parts.month ?? 1) - 1,
    parts.day ?? 1,
    parts.hour ?? 0,
    parts.minute ?? 0,
    parts.second ?? 0,
  );
  return local - Math.floor(atMs / 1000) * 1000;
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', {
        timeZone,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (cause) {
      throw new RangeError(
        `unknown time zone "${timeZone}": use an IANA name such as "Europe/Berlin", or a fixed offset such as "UTC-4"`,
        { cause },
      );
    }
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** Milliseconds of wall-clock time since Monday 00:00 local, in [0, 7 days). */
export function localTimeOfWeekMs(timeZone: string, atMs: number): number {
  // 1970-01-01 was a Thursday: three days after Monday.
  const sinceMonday = atMs + zoneOffsetMs(timeZone, atMs) + 3 * DAY_MS;
  const week = 7 * DAY_MS;
  return ((sinceMonday % week) + week) % week;
}
