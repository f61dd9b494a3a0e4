function check(disks, most) {
  if (!Number.isInteger(disks) || disks < 0 || disks > most) {
    throw new RangeError(`disks must be a whole number from 0 to ${most}, received ${disks}`);
  }
}

/** Calls `move(from, to)` for each move of the tower from peg a to peg c. */
function solve(disks, a, c, b, move) {
  if (disks === 0) return;
  solve(disks - 1, a, b, c, move);
  move(a, c);
  solve(disks - 1, b, c, a, move);
}

/** The moves as strings such as "AC". */
export function moves(disks) {
  check(disks, 16);
  const list = [];
  solve(disks, 'A', 'C', 'B', (from, to) => list.push(from + to));
  return list;
}

/** Makes every move and counts them: 2^disks - 1. */
export function count(disks) {
  check(disks, 28);
  let n = 0;
  solve(disks, 0, 2, 1, () => {
    n += 1;
  });
  return n;
}
