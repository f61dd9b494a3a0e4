package dev.oaas.tasks;

import dev.oaas.Offloadable;
import java.util.List;

/** The towers of Hanoi. */
@Offloadable
public interface Hanoi {
  /** The moves as strings such as "AC"; disks from 0 to 16. */
  List<String> moves(int disks);

  /** Makes every move and counts them: 2^disks - 1; disks from 0 to 28. */
  long count(int disks);
}
