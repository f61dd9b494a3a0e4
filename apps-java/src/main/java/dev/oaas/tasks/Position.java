package dev.oaas.tasks;

import java.util.ArrayList;
import java.util.List;

/**
 * A chess position on a 0x88 board: square = 16 rank + file, off the board iff square &amp; 0x88. Pieces: 1 pawn, 2 knight, 3 bishop, 4
 * rook, 5 queen, 6 king; white positive, black negative.
 */
final class Position {
  private static final String LETTERS = ".pnbrqk";
  private static final int[] KNIGHT = {31, 33, 14, 18, -31, -33, -14, -18};
  private static final int[] KING = {1, -1, 16, -16, 15, 17, -15, -17};
  private static final int[] DIAGONAL = {15, 17, -15, -17};
  private static final int[] STRAIGHT = {1, -1, 16, -16};
  private static final int[] PROMOTIONS = {5, 4, 3, 2};

  final byte[] board = new byte[128];
  int side;
  private int castle;
  private int enPassant;
  /** Squares of the kings, white first. */
  private final int[] kings = {-1, -1};

  static final class Move {
    final int from;
    final int to;
    final int promotion;
    /** For the search's order. */
    int key;

    Move(int from, int to, int promotion) {
      this.from = from;
      this.to = to;
      this.promotion = promotion;
    }

    /** Long algebraic notation: e2e4, e7e8q. */
    String notation() {
      return name(from) + name(to) + (promotion == 0 ? "" : "" + LETTERS.charAt(promotion));
    }

    private static String name(int square) {
      return "" + (char) ('a' + (square & 7)) + (char) ('1' + (square >> 4));
    }
  }

  /** What a move destroyed. */
  static final class Undo {
    final int castle;
    final int enPassant;
    byte captured;
    int takenAt;

    Undo(int castle, int enPassant, byte captured, int takenAt) {
      this.castle = castle;
      this.enPassant = enPassant;
      this.captured = captured;
      this.takenAt = takenAt;
    }
  }

  private Position() {}

  /**
   * Reads Forsyth-Edwards notation; the move counters may be left out.
   *
   * @throws IllegalArgumentException naming the part that is wrong
   */
  static Position parse(String fen) {
    if (fen == null) throw new IllegalArgumentException("a position is a FEN string, received null");
    String[] parts = fen.trim().split("\\s+");
    String[] rows = parts[0].split("/", -1);
    if (rows.length != 8) throw new IllegalArgumentException("a FEN has 8 ranks, received \"" + shorten(parts[0]) + '"');
    Position position = new Position();
    for (int i = 0; i < 8; i++) position.parseRank(rows[i], 7 - i);
    String turn = parts.length > 1 ? parts[1] : "";
    if (!turn.equals("w") && !turn.equals("b")) {
      throw new IllegalArgumentException("the side to move is w or b, received \"" + shorten(turn) + '"');
    }
    position.side = turn.equals("w") ? 1 : -1;
    if (position.kings[0] < 0 || position.kings[1] < 0) throw new IllegalArgumentException("each side needs a king");
    position.parseCastling(parts.length > 2 ? parts[2] : "-");
    String square = parts.length > 3 ? parts[3] : "-";
    position.enPassant = square.matches("[a-h][36]") ? square.charAt(0) - 'a' + 16 * (square.charAt(1) - '1') : -1;
    return position;
  }

  private void parseRank(String row, int rank) {
    int file = 0;
    for (char c : row.toCharArray()) {
      int piece = LETTERS.indexOf(Character.toLowerCase(c));
      if (c >= '1' && c <= '8') {
        file += c - '0';
      } else if (piece > 0 && file < 8) {
        int signed = Character.isLowerCase(c) ? -piece : piece;
        int square = 16 * rank + file++;
        board[square] = (byte) signed;
        int king = signed == 6 ? 0 : 1;
        // The first by square number, as in the JavaScript engine.
        if (piece == 6 && (kings[king] < 0 || square < kings[king])) kings[king] = square;
      } else {
        throw new IllegalArgumentException("\"" + c + "\" does not belong into rank \"" + shorten(row) + '"');
      }
    }
    if (file != 8) {
      throw new IllegalArgumentException("rank \"" + shorten(row) + "\" has " + file + " files instead of 8");
    }
  }

  private void parseCastling(String text) {
    for (char c : text.toCharArray()) {
      int right = "KQkq".indexOf(c);
      if (right >= 0) castle |= 1 << right;
    }
    // Rights that the pieces belie would let a king jump from anywhere.
    if (!home(0x04, 0x07, 1)) castle &= ~1;
    if (!home(0x04, 0x00, 1)) castle &= ~2;
    if (!home(0x74, 0x77, -1)) castle &= ~4;
    if (!home(0x74, 0x70, -1)) castle &= ~8;
  }

  private boolean home(int king, int rook, int of) {
    return board[king] == 6 * of && board[rook] == 4 * of;
  }

  private static String shorten(String text) {
    return text.length() > 80 ? text.substring(0, 80) : text;
  }

  /** Is the square attacked by the given side? */
  private boolean attacked(int square, int by) {
    for (int step = -1; step <= 1; step += 2) {
      int from = square - 16 * by + step;
      if ((from & 0x88) == 0 && board[from] == by) return true;
    }
    for (int step : KNIGHT) {
      int from = square + step;
      if ((from & 0x88) == 0 && board[from] == 2 * by) return true;
    }
    for (int i = 0; i < 8; i++) {
      int from = square + KING[i];
      if ((from & 0x88) == 0 && board[from] == 6 * by) return true;
      while ((from & 0x88) == 0 && board[from] == 0) from += KING[i];
      if ((from & 0x88) != 0) continue;
      int piece = board[from] * by;
      if (piece == 5 || piece == (i < 4 ? 4 : 3)) return true;
    }
    return false;
  }

  boolean inCheck(int of) {
    return attacked(kings[of == 1 ? 0 : 1], -of);
  }

  /** Moves after which the own king is not in check. */
  List<Move> legal() {
    List<Move> moves = pseudo();
    List<Move> legal = new ArrayList<>(moves.size());
    for (Move move : moves) {
      Undo undo = play(move);
      if (!inCheck(-side)) legal.add(move);
      takeBack(move, undo);
    }
    return legal;
  }

  /** Moves that obey how pieces move; some may leave the own king in check. */
  private List<Move> pseudo() {
    List<Move> moves = new ArrayList<>(48);
    for (int from = 0; from < 120; from++) {
      if ((from & 0x88) != 0) continue;
      int piece = board[from] * side;
      if (piece <= 0) continue;
      if (piece == 1) addPawnMoves(moves, from);
      else if (piece == 2 || piece == 6) addSteps(moves, from, piece);
      else addSlides(moves, from, piece == 3 ? DIAGONAL : piece == 4 ? STRAIGHT : KING);
    }
    return moves;
  }

  private void addPawnMoves(List<Move> moves, int from) {
    int one = from + 16 * side;
    if ((one & 0x88) == 0 && board[one] == 0) {
      addPawnMove(moves, from, one);
      int two = one + 16 * side;
      if (from >> 4 == (side == 1 ? 1 : 6) && board[two] == 0) moves.add(new Move(from, two, 0));
    }
    for (int to = one - 1; to <= one + 1; to += 2) {
      if ((to & 0x88) == 0 && (board[to] * side < 0 || to == enPassant)) addPawnMove(moves, from, to);
    }
  }

  private void addPawnMove(List<Move> moves, int from, int to) {
    if (to >> 4 != (side == 1 ? 7 : 0)) moves.add(new Move(from, to, 0));
    else for (int promotion : PROMOTIONS) moves.add(new Move(from, to, promotion));
  }

  private void addSteps(List<Move> moves, int from, int piece) {
    for (int step : piece == 2 ? KNIGHT : KING) {
      int to = from + step;
      if ((to & 0x88) == 0 && board[to] * side <= 0) moves.add(new Move(from, to, 0));
    }
    if (piece == 6) addCastling(moves, from);
  }

  private void addSlides(List<Move> moves, int from, int[] steps) {
    for (int step : steps) {
      for (int to = from + step; (to & 0x88) == 0; to += step) {
        if (board[to] * side > 0) break;
        moves.add(new Move(from, to, 0));
        if (board[to] != 0) break;
      }
    }
  }

  private void addCastling(List<Move> moves, int king) {
    int shortRight = side == 1 ? 1 : 4;
    int longRight = side == 1 ? 2 : 8;
    if ((castle & shortRight) != 0 && board[king + 1] == 0 && board[king + 2] == 0 && safe(king) && safe(king + 1)) {
      moves.add(new Move(king, king + 2, 0));
    }
    boolean free = (castle & longRight) != 0 && board[king - 1] == 0 && board[king - 2] == 0 && board[king - 3] == 0;
    if (free && safe(king) && safe(king - 1)) moves.add(new Move(king, king - 2, 0));
  }

  private boolean safe(int square) {
    return !attacked(square, -side);
  }

  /** Plays a move; answers what `takeBack` needs. */
  Undo play(Move move) {
    Undo undo = new Undo(castle, enPassant, board[move.to], move.to);
    int piece = board[move.from] * side;
    if (piece == 1 && move.to == enPassant) {
      undo.takenAt = move.to - 16 * side;
      undo.captured = board[undo.takenAt];
      board[undo.takenAt] = 0;
    }
    board[move.to] = (byte) (move.promotion != 0 ? move.promotion * side : board[move.from]);
    board[move.from] = 0;
    if (piece == 6) {
      kings[side == 1 ? 0 : 1] = move.to;
      if (move.to - move.from == 2) moveRook(move.to + 1, move.to - 1);
      else if (move.to - move.from == -2) moveRook(move.to - 2, move.to + 1);
    }
    castle &= ~(rightsOf(move.from) | rightsOf(move.to));
    enPassant = piece == 1 && Math.abs(move.to - move.from) == 32 ? (move.from + move.to) / 2 : -1;
    side = -side;
    return undo;
  }

  void takeBack(Move move, Undo undo) {
    side = -side;
    board[move.from] = (byte) (move.promotion != 0 ? side : board[move.to]);
    board[move.to] = 0;
    board[undo.takenAt] = undo.captured;
    if (board[move.from] * side == 6) {
      kings[side == 1 ? 0 : 1] = move.from;
      if (move.to - move.from == 2) moveRook(move.to - 1, move.to + 1);
      else if (move.to - move.from == -2) moveRook(move.to + 1, move.to - 2);
    }
    castle = undo.castle;
    enPassant = undo.enPassant;
  }

  /** Castling rights that a move from or to the square ends. */
  private static int rightsOf(int square) {
    switch (square) {
      case 0x04:
        return 3;
      case 0x07:
        return 1;
      case 0x00:
        return 2;
      case 0x74:
        return 12;
      case 0x77:
        return 4;
      case 0x70:
        return 8;
      default:
        return 0;
    }
  }

  private void moveRook(int from, int to) {
    board[to] = board[from];
    board[from] = 0;
  }
}
