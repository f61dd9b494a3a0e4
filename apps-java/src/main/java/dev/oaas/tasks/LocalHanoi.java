package dev.oaas.tasks;

import java.util.ArrayList;
import java.util.List;

/** The recursive solution. */
public class LocalHanoi implements Hanoi {
  private interface Move {
    void make(char from, char to);
  }

  @Override
  public List<String> moves(int disks) {
    Checks.range("disks", disks, 0, 16);
    List<String> list = new ArrayList<>();
    solve(disks, 'A', 'C', 'B', (from, to) -> list.add("" + from + to));
    return list;
  }

  @Override
  public long count(int disks) {
    Checks.range("disks", disks, 0, 28);
    long[] n = {0};
    solve(disks, 'A', 'C', 'B', (from, to) -> n[0]++);
    return n[0];
  }

  private static void solve(int disks, char a, char c, char b, Move move) {
    if (disks == 0) return;
    solve(disks - 1, a, b, c, move);
    move.make(a, c);
    solve(disks - 1, b, c, a, move);
  }
}
