const quote = 34;
const backslash = 92;
const openings = new Set([91, 123]);
const closings = new Set([93, 125]);

/** Whether JSON text nests its arrays and objects deeper than so many levels, without parsing it. */
export function nestedDeeperThan(text: string, levels: number): boolean {
  // Every level takes a character to open it.
  if (text.length <= levels) return false;
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === backslash) i += 1;
      else if (code === quote) inString = false;
    } else if (code === quote) inString = true;
    else if (openings.has(code)) {
      depth += 1;
      if (depth > levels) return true;
    } else if (closings.has(code)) depth -= 1;
  }
  return false;
}
