package dev.oaas.tasks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Material and centre, captures of the most valuable pieces first; no state, no randomness, the same answers everywhere. */
public class LocalChess implements Chess {
  private static final int MATE = 100_000;
  private static final int INFINITY = 1_000_000_000;
  private static final int[] WORTH = {0, 100, 320, 330, 500, 900, 0};

  @Override
  public List<String> legalMoves(String fen) {
    Position position = Position.parse(fen);
    List<String> names = new ArrayList<>();
    for (Position.Move move : position.legal()) names.add(move.notation());
    Collections.sort(names);
    return names;
  }

  @Override
  public long perft(String fen, int depth) {
    Checks.range("depth", depth, 1, 6);
    return countLeaves(Position.parse(fen), depth);
  }

  private static long countLeaves(Position position, int depth) {
    List<Position.Move> moves = position.legal();
    if (depth == 1) return moves.size();
    long leaves = 0;
    for (Position.Move move : moves) {
      Position.Undo undo = position.play(move);
      leaves += countLeaves(position, depth - 1);
      position.takeBack(move, undo);
    }
    return leaves;
  }

  @Override
  public Best bestMove(String fen, int depth) {
    Checks.range("depth", depth, 1, 7);
    Position position = Position.parse(fen);
    Best best = new Best();
    int alpha = -INFINITY;
    for (Position.Move move : ordered(position)) {
      Position.Undo undo = position.play(move);
      int score = -search(position, depth - 1, -INFINITY, -alpha, 1, best);
      position.takeBack(move, undo);
      if (score > alpha) {
        alpha = score;
        best.move = move.notation();
      }
    }
    best.score = best.move != null ? alpha : position.inCheck(position.side) ? -MATE : 0;
    return best;
  }

  private static int search(Position position, int depth, int alpha, int beta, int ply, Best count) {
    count.nodes++;
    List<Position.Move> moves = ordered(position);
    if (moves.isEmpty()) return position.inCheck(position.side) ? ply - MATE : 0;
    if (depth == 0) return evaluate(position);
    int best = alpha;
    for (Position.Move move : moves) {
      Position.Undo undo = position.play(move);
      int score = -search(position, depth - 1, -beta, -best, ply + 1, count);
      position.takeBack(move, undo);
      if (score >= beta) return score;
      if (score > best) best = score;
    }
    return best;
  }

  /** Captures of the most valuable pieces by the least valuable first; otherwise in board order. */
  private static List<Position.Move> ordered(Position position) {
    List<Position.Move> moves = position.legal();
    for (Position.Move move : moves) {
      int taken = Math.abs(position.board[move.to]);
      move.key =
          taken == 0 && move.promotion == 0
              ? -1_000_000
              : WORTH[taken] * 10 - WORTH[Math.abs(position.board[move.from])] + move.promotion * 100;
    }
    moves.sort((a, b) -> Integer.compare(b.key, a.key));
    return moves;
  }

  private static int evaluate(Position position) {
    int score = 0;
    for (int square = 0; square < 120; square++) {
      int piece = position.board[square];
      if ((square & 0x88) != 0 || piece == 0) continue;
      int file = square & 7;
      int rank = square >> 4;
      int centre = Math.abs(piece) == 6 ? 0 : 12 - Math.abs(2 * file - 7) - Math.abs(2 * rank - 7);
      score += Integer.signum(piece) * (WORTH[Math.abs(piece)] + centre);
    }
    return score * position.side;
  }
}
