/** Full minimax of tic-tac-toe from the empty board: 549,946 positions, the same work every time. */
export function minimaxPositions(): number {
  const board = new Int8Array(9);
  let visited = 0;
  const search = (player: 1 | -1): number => {
    visited += 1;
    const winner = winnerOf(board);
    if (winner !== 0) return winner;
    let best = -2;
    for (let i = 0; i < 9; i++) {
      if (board[i] !== 0) continue;
      board[i] = player;
      best = Math.max(best, player * search(player === 1 ? -1 : 1));
      board[i] = 0;
    }
    return best === -2 ? 0 : player * best;
  };
  search(1);
  return visited;
}

const LINES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3, 6, 1, 4, 7, 2, 5, 8, 0, 4, 8, 2, 4, 6];

function winnerOf(board: Int8Array): number {
  for (let i = 0; i < LINES.length; i += 3) {
    const a = board[LINES[i]!]!;
    if (a !== 0 && a === board[LINES[i + 1]!] && a === board[LINES[i + 2]!]) return a;
  }
  return 0;
}

/** Median CPU seconds of one run on this machine, after warming up: CPU time, so that other programs do not count. */
export function measureMinimaxS(runs: number): number {
  for (let i = 0; i < 3; i++) minimaxPositions();
  const times = Array.from({ length: runs }, () => {
    const start = process.cpuUsage();
    minimaxPositions();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  });
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}
