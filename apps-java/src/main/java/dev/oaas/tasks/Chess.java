package dev.oaas.tasks;

import dev.oaas.Offloadable;
import java.util.List;

/** A chess engine: minimax with alpha-beta cuts. */
@Offloadable
public interface Chess {
  /** What the search found. */
  class Best {
    /** In long algebraic notation; null: none, mate or stalemate. */
    public String move;
    /** In centipawns for the side to move. */
    public int score;
    /** Positions visited. */
    public long nodes;
  }

  /** Searches to a depth of 1 to 7 plies. */
  Best bestMove(String fen, int depth);

  /** Number of move sequences of 1 to 6 moves: the published test of a move generator. */
  long perft(String fen, int depth);

  /** Every legal move in long algebraic notation, sorted. */
  List<String> legalMoves(String fen);
}
