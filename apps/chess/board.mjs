// Chess position on a 0x88 board: square = 16 * rank + file, off the board iff square & 0x88.
// Pieces: 1 pawn, 2 knight, 3 bishop, 4 rook, 5 queen, 6 king; white positive, black negative.

export const startFen = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

const letters = '.pnbrqk';
const knightSteps = [31, 33, 14, 18, -31, -33, -14, -18];
const kingSteps = [1, -1, 16, -16, 15, 17, -15, -17];
const slides = { 3: [15, 17, -15, -17], 4: [1, -1, 16, -16], 5: kingSteps };
/** Castling rights as bits; a move from or to one of these squares ends them. */
const rights = { K: 1, Q: 2, k: 4, q: 8 };
const rightsOfSquare = { 4: 3, 7: 1, 0: 2, 116: 12, 119: 4, 112: 8 };

const nameOf = (square) => 'abcdefgh'[square & 7] + ((square >> 4) + 1);
const squareOf = (name) => 'abcdefgh'.indexOf(name[0]) + 16 * (Number(name[1]) - 1);

/**
 * @param {string} fen Forsyth-Edwards notation; the move counters may be left out
 * @throws RangeError naming the part that is wrong
 */
export function parseFen(fen) {
  if (typeof fen !== 'string') throw new RangeError(`a position is a FEN string, received ${typeof fen}`);
  const [placement = '', turn = '', castling = '-', enPassant = '-'] = fen.trim().split(/\s+/);
  const board = new Int8Array(128);
  const rows = placement.split('/');
  if (rows.length !== 8) throw new RangeError(`a FEN has 8 ranks, received "${placement.slice(0, 80)}"`);
  rows.forEach((row, i) => {
    let file = 0;
    for (const c of row) {
      const piece = letters.indexOf(c.toLowerCase());
      if (c >= '1' && c <= '8') file += Number(c);
      else if (piece > 0 && file < 8) board[16 * (7 - i) + file++] = c === c.toLowerCase() ? -piece : piece;
      else throw new RangeError(`"${c}" does not belong into rank "${row}"`);
    }
    if (file !== 8) throw new RangeError(`rank "${row}" has ${file} files instead of 8`);
  });
  if (turn !== 'w' && turn !== 'b') throw new RangeError(`the side to move is w or b, received "${turn}"`);
  const kings = [board.indexOf(6), board.indexOf(-6)];
  if (kings.includes(-1)) throw new RangeError('each side needs a king');
  let castle = 0;
  for (const c of castling) castle |= rights[c] ?? 0;
  // Rights that the pieces belie would let a king jump from anywhere.
  const home = (king, rook, side) => board[king] === 6 * side && board[rook] === 4 * side;
  if (!home(0x04, 0x07, 1)) castle &= ~rights.K;
  if (!home(0x04, 0x00, 1)) castle &= ~rights.Q;
  if (!home(0x74, 0x77, -1)) castle &= ~rights.k;
  if (!home(0x74, 0x70, -1)) castle &= ~rights.q;
  const ep = /^[a-h][36]$/.test(enPassant) ? squareOf(enPassant) : -1;
  return { board, side: turn === 'w' ? 1 : -1, castle, ep, kings };
}

/** Is the square attacked by the given side? */
export function attacked({ board }, square, by) {
  for (const side of [-1, 1]) {
    const from = square - 16 * by + side;
    if (!(from & 0x88) && board[from] === by) return true;
  }
  for (const step of knightSteps) {
    const from = square + step;
    if (!(from & 0x88) && board[from] === 2 * by) return true;
  }
  for (let i = 0; i < 8; i++) {
    const step = kingSteps[i];
    let from = square + step;
    if (!(from & 0x88) && board[from] === 6 * by) return true;
    while (!(from & 0x88) && board[from] === 0) from += step;
    if (from & 0x88) continue;
    const piece = board[from] * by;
    if (piece === 5 || piece === (i < 4 ? 4 : 3)) return true;
  }
  return false;
}

export const inCheck = (position, side) => attacked(position, position.kings[side === 1 ? 0 : 1], -side);

/** Moves that obey how pieces move; some may leave the own king in check. A move is {from, to, promotion}. */
export function pseudoMoves(position) {
  const { board, side, ep, castle } = position;
  const moves = [];
  const add = (from, to, promotion = 0) => moves.push({ from, to, promotion });
  const addPawn = (from, to) => {
    if (to >> 4 === (side === 1 ? 7 : 0)) for (const promotion of [5, 4, 3, 2]) add(from, to, promotion);
    else add(from, to);
  };
  for (let from = 0; from < 120; from++) {
    if (from & 0x88) continue;
    const piece = board[from] * side;
    if (piece <= 0) continue;
    if (piece === 1) {
      const one = from + 16 * side;
      if (board[one] === 0) {
        addPawn(from, one);
        const two = one + 16 * side;
        if (from >> 4 === (side === 1 ? 1 : 6) && board[two] === 0) add(from, two);
      }
      for (const to of [one - 1, one + 1]) {
        if (!(to & 0x88) && (board[to] * side < 0 || to === ep)) addPawn(from, to);
      }
    } else if (piece === 2 || piece === 6) {
      for (const step of piece === 2 ? knightSteps : kingSteps) {
        const to = from + step;
        if (!(to & 0x88) && board[to] * side <= 0) add(from, to);
      }
      if (piece === 6) addCastling(position, from, castle, add);
    } else {
      for (const step of slides[piece]) {
        for (let to = from + step; !(to & 0x88); to += step) {
          if (board[to] * side > 0) break;
          add(from, to);
          if (board[to] !== 0) break;
        }
      }
    }
  }
  return moves;
}

function addCastling(position, king, castle, add) {
  const { board, side } = position;
  const [short, long] = side === 1 ? [1, 2] : [4, 8];
  const safe = (square) => !attacked(position, square, -side);
  if (castle & short && !board[king + 1] && !board[king + 2] && safe(king) && safe(king + 1)) add(king, king + 2);
  if (castle & long && !board[king - 1] && !board[king - 2] && !board[king - 3] && safe(king) && safe(king - 1)) {
    add(king, king - 2);
  }
}

/** Plays a move; answers what `undo` needs. */
export function play(position, { from, to, promotion }) {
  const { board, side } = position;
  const undo = { castle: position.castle, ep: position.ep, captured: board[to], takenAt: to };
  const piece = board[from] * side;
  if (piece === 1 && to === position.ep) {
    undo.takenAt = to - 16 * side;
    undo.captured = board[undo.takenAt];
    board[undo.takenAt] = 0;
  }
  board[to] = promotion ? promotion * side : board[from];
  board[from] = 0;
  if (piece === 6) {
    position.kings[side === 1 ? 0 : 1] = to;
    if (to - from === 2) moveRook(board, to + 1, to - 1);
    else if (to - from === -2) moveRook(board, to - 2, to + 1);
  }
  position.castle &= ~((rightsOfSquare[from] ?? 0) | (rightsOfSquare[to] ?? 0));
  position.ep = piece === 1 && Math.abs(to - from) === 32 ? (from + to) / 2 : -1;
  position.side = -side;
  return undo;
}

export function takeBack(position, { from, to, promotion }, undo) {
  const { board } = position;
  position.side = -position.side;
  const { side } = position;
  board[from] = promotion ? side : board[to];
  board[to] = 0;
  board[undo.takenAt] = undo.captured;
  if (board[from] * side === 6) {
    position.kings[side === 1 ? 0 : 1] = from;
    if (to - from === 2) moveRook(board, to - 1, to + 1);
    else if (to - from === -2) moveRook(board, to + 1, to - 2);
  }
  position.castle = undo.castle;
  position.ep = undo.ep;
}

function moveRook(board, from, to) {
  board[to] = board[from];
  board[from] = 0;
}

/** Moves after which the own king is not in check. */
export function legal(position) {
  return pseudoMoves(position).filter((move) => {
    const undo = play(position, move);
    const fine = !inCheck(position, -position.side);
    takeBack(position, move, undo);
    return fine;
  });
}

/** Long algebraic notation: e2e4, e7e8q. */
export const notation = (move) => nameOf(move.from) + nameOf(move.to) + (move.promotion ? letters[move.promotion] : '');
