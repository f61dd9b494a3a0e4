package dev.oaas.samples;

import dev.oaas.Offloadable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** An app for tests. */
public final class Samples {
  private Samples() {}

  public record Point(int x, double y, String name) {}

  public record Line(Point from, Point to, List<Point> via) {}

  public record Positive(int value) {
    public Positive {
      if (value <= 0) throw new IllegalArgumentException("not positive: " + value);
    }
  }

  /** What D8 makes of {@code record Paint(int x, double y, String name)} for an Android without records. */
  public static final class Paint extends com.android.tools.r8.RecordTag {
    private final int x;
    private final double y;
    private final String name;

    public Paint(int x, double y, String name) {
      this.x = x;
      this.y = y;
      this.name = name;
    }

    @Override
    public String toString() {
      return x + " " + y + " " + name;
    }
  }

  public enum Colour {
    RED,
    GREEN {
      @Override
      public String toString() {
        return "a constant with a body";
      }
    }
  }

  /** May contain itself. */
  public static class Node {
    public String label;
    public Node next;
    protected final List<Node> children = new ArrayList<>();

    Node() {}

    public Node(String label) {
      this.label = label;
    }

    public List<Node> children() {
      return children;
    }
  }

  public static class Leaf extends Node {
    private int weight;
    transient int cached = 7;

    Leaf() {}

    public Leaf(String label, int weight) {
      super(label);
      this.weight = weight;
    }

    public int weight() {
      return weight;
    }
  }

  /** No constructor without parameters: only Java serialization carries it. */
  public static final class Money implements Serializable {
    private static final long serialVersionUID = 1L;
    private final long cents;
    private final String currency;
    private final List<String> notes;

    public Money(long cents, String currency, List<String> notes) {
      this.cents = cents;
      this.currency = currency;
      this.notes = notes;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Money && ((Money) other).cents == cents && ((Money) other).currency.equals(currency)
          && java.util.Objects.equals(((Money) other).notes, notes);
    }

    @Override
    public int hashCode() {
      return Long.hashCode(cents);
    }
  }

  /** Nothing may ever make or load one. */
  public static final class Gadget implements Serializable {
    private static final long serialVersionUID = 1L;
    public static final AtomicInteger TOUCHED = new AtomicInteger();

    private void readObject(java.io.ObjectInputStream in) {
      TOUCHED.incrementAndGet();
    }

    @Override
    public int hashCode() {
      return TOUCHED.incrementAndGet();
    }
  }

  @Offloadable(app = "sample", idempotent = true)
  public interface Maths {
    Line longer(Line line, int times);

    int sum(int[] values);

    Set<Colour> colours(Map<String, Colour> byName);

    Money richer(Money money);

    Node reversed(Node node);

    void nothing(String ignored);

    String maybe(boolean give);

    int fails(String message);

    Positive positive(int value);
  }

  public static class LocalMaths implements Maths {
    public static final AtomicInteger RUNS = new AtomicInteger();

    @Override
    public Line longer(Line line, int times) {
      Point to = line.to();
      return new Line(line.from(), new Point(to.x() * times, to.y() * times, to.name()), List.of(line.to()));
    }

    @Override
    public int sum(int[] values) {
      RUNS.incrementAndGet();
      int sum = 0;
      for (int value : values) sum += value;
      return sum;
    }

    @Override
    public Set<Colour> colours(Map<String, Colour> byName) {
      return Set.copyOf(byName.values());
    }

    @Override
    public Money richer(Money money) {
      return new Money(money.cents + 100, money.currency, money.notes);
    }

    @Override
    public Node reversed(Node node) {
      Node before = null;
      for (Node at = node; at != null; ) {
        Node next = at.next;
        at.next = before;
        before = at;
        at = next;
      }
      return before;
    }

    @Override
    public void nothing(String ignored) {
      RUNS.incrementAndGet();
    }

    @Override
    public String maybe(boolean give) {
      RUNS.incrementAndGet();
      return give ? "given" : null;
    }

    @Override
    public int fails(String message) {
      throw new IllegalStateException(message);
    }

    @Override
    public Positive positive(int value) {
      return new Positive(value);
    }
  }

  @Offloadable(app = "counter")
  public interface Counter {
    int add(int by);

    int slowAdd(int by, long ms);

    /** Slow only when the SDK runs it on one of its own threads, as a rescue. */
    int addSlowOnDevice(int by, long ms);
  }

  /** Keeps state. */
  public static class LocalCounter implements Counter {
    private int total;
    private final List<Integer> history = new ArrayList<>();

    @Override
    public int add(int by) {
      total += by;
      history.add(by);
      return total;
    }

    @Override
    public int slowAdd(int by, long ms) {
      total += by;
      try {
        Thread.sleep(ms);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      history.add(by);
      return total;
    }

    @Override
    public int addSlowOnDevice(int by, long ms) {
      return slowAdd(by, Thread.currentThread().getName().startsWith("oaas-") ? ms : 0);
    }

    public int total() {
      return total;
    }

    public List<Integer> history() {
      return history;
    }
  }
}
