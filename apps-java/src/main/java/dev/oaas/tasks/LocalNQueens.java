package dev.oaas.tasks;

/** Depth-first search; counting with one bit per column and diagonal. */
public class LocalNQueens implements NQueens {
  @Override
  public long count(int n) {
    Checks.range("n", n, 1, 15);
    return place((1 << n) - 1, 0, 0, 0);
  }

  private static long place(int full, int columns, int left, int right) {
    if (columns == full) return 1;
    long ways = 0;
    for (int free = full & ~(columns | left | right); free != 0; ) {
      int bit = free & -free;
      free ^= bit;
      ways += place(full, columns | bit, (left | bit) << 1 & full, (right | bit) >> 1);
    }
    return ways;
  }

  @Override
  public int[] first(int n) {
    Checks.range("n", n, 1, 24);
    int[] queens = new int[n];
    return stand(queens, 0) ? queens : null;
  }

  private static boolean stand(int[] queens, int row) {
    if (row == queens.length) return true;
    for (int column = 0; column < queens.length; column++) {
      if (!fits(queens, row, column)) continue;
      queens[row] = column;
      if (stand(queens, row + 1)) return true;
    }
    return false;
  }

  private static boolean fits(int[] queens, int row, int column) {
    for (int above = 0; above < row; above++) {
      if (queens[above] == column || Math.abs(queens[above] - column) == row - above) return false;
    }
    return true;
  }
}
