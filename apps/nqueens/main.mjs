function check(n, most) {
  if (!Number.isInteger(n) || n < 1 || n > most) {
    throw new RangeError(`n must be a whole number from 1 to ${most}, received ${n}`);
  }
}

/** In how many ways n queens stand on an n x n board without attacking each other. */
export function count(n) {
  check(n, 15);
  const full = 2 ** n - 1;
  const place = (columns, left, right) => {
    if (columns === full) return 1;
    let ways = 0;
    for (let free = full & ~(columns | left | right); free !== 0; ) {
      const bit = free & -free;
      free ^= bit;
      ways += place(columns | bit, ((left | bit) << 1) & full, (right | bit) >> 1);
    }
    return ways;
  };
  return place(0, 0, 0);
}

/** The first arrangement in lexical order: column of the queen in each row; null where there is none. */
export function first(n) {
  check(n, 24);
  const queens = [];
  const fits = (column) => queens.every((c, row) => c !== column && Math.abs(c - column) !== queens.length - row);
  const place = () => {
    if (queens.length === n) return true;
    for (let column = 0; column < n; column++) {
      if (!fits(column)) continue;
      queens.push(column);
      if (place()) return true;
      queens.pop();
    }
    return false;
  };
  return place() ? queens : null;
}
