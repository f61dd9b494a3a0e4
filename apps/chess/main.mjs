import { inCheck, legal, notation, parseFen, play, takeBack } from './board.mjs';

const mate = 100_000;
const worth = [0, 100, 320, 330, 500, 900, 0];

function wholeDepth(depth, most) {
  if (!Number.isInteger(depth) || depth < 1 || depth > most) {
    throw new RangeError(`depth must be a whole number from 1 to ${most}, received ${depth}`);
  }
}

/** Every legal move of the position in long algebraic notation, sorted. */
export function legalMoves(fen) {
  return legal(parseFen(fen)).map(notation).sort();
}

/** Number of move sequences of the given length: the published test of a move generator. */
export function perft(fen, depth) {
  wholeDepth(depth, 6);
  return countLeaves(parseFen(fen), depth);
}

function countLeaves(position, depth) {
  const moves = legal(position);
  if (depth === 1) return moves.length;
  let leaves = 0;
  for (const move of moves) {
    const undo = play(position, move);
    leaves += countLeaves(position, depth - 1);
    takeBack(position, move, undo);
  }
  return leaves;
}

/**
 * Minimax with alpha-beta cuts over material and centre.
 *
 * @param fen position
 * @param depth plies, 1 to 7
 * @returns the best move (null: none, mate or stalemate), its score in centipawns for the side to move, positions visited
 */
export function bestMove(fen, depth = 3) {
  wholeDepth(depth, 7);
  const position = parseFen(fen);
  const count = { nodes: 0 };
  let best = null;
  let alpha = -Infinity;
  for (const move of ordered(position)) {
    const undo = play(position, move);
    const score = -search(position, depth - 1, -Infinity, -alpha, 1, count);
    takeBack(position, move, undo);
    if (score > alpha) {
      alpha = score;
      best = notation(move);
    }
  }
  if (best === null) alpha = inCheck(position, position.side) ? -mate : 0;
  return { move: best, score: alpha, nodes: count.nodes };
}

function search(position, depth, alpha, beta, ply, count) {
  count.nodes += 1;
  const moves = ordered(position);
  if (moves.length === 0) return inCheck(position, position.side) ? ply - mate : 0;
  if (depth === 0) return evaluate(position);
  for (const move of moves) {
    const undo = play(position, move);
    const score = -search(position, depth - 1, -beta, -alpha, ply + 1, count);
    takeBack(position, move, undo);
    if (score >= beta) return score;
    if (score > alpha) alpha = score;
  }
  return alpha;
}

/** Captures of the most valuable pieces first; otherwise in board order, so that results are the same everywhere. */
function ordered(position) {
  const { board } = position;
  const gain = (move) =>
    worth[Math.abs(board[move.to])] * 10 - worth[Math.abs(board[move.from])] + move.promotion * 100;
  return legal(position)
    .map((move) => ({ move, key: board[move.to] || move.promotion ? gain(move) : -1_000_000 }))
    .sort((a, b) => b.key - a.key)
    .map(({ move }) => move);
}

/** Centipawns for the side to move. */
function evaluate({ board, side }) {
  let score = 0;
  for (let square = 0; square < 120; square++) {
    if (square & 0x88 || board[square] === 0) continue;
    const piece = Math.abs(board[square]);
    const file = square & 7;
    const rank = square >> 4;
    const centre = piece === 6 ? 0 : 6 - Math.abs(2 * file - 7) / 2 - Math.abs(2 * rank - 7) / 2;
    score += Math.sign(board[square]) * (worth[piece] + 2 * centre);
  }
  return Math.round(score * side);
}
