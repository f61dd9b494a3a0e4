package dev.oaas.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.samples.Samples.Colour;
import dev.oaas.samples.Samples.Leaf;
import dev.oaas.samples.Samples.Line;
import dev.oaas.samples.Samples.Maths;
import dev.oaas.samples.Samples.Money;
import dev.oaas.samples.Samples.Node;
import dev.oaas.samples.Samples.Paint;
import dev.oaas.samples.Samples.Point;
import java.lang.reflect.Method;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class CodecTest {
  static AllowList allowed() {
    AllowList.Builder builder = AllowList.builder().add(Leaf.class);
    for (Method method : Maths.class.getMethods()) builder.signature(method);
    return builder.build();
  }

  private final Codec codec = new Codec(allowed());

  private Object roundTrip(Object value) {
    return codec.decode(codec.encode(value));
  }

  @Test
  void signaturesDeclareTheirTypesAndWhatThoseContain() {
    assertEquals(
        List.of("Colour", "Leaf", "Line", "Money", "Node", "Point", "Positive"),
        allowed().names().stream().map(name -> name.substring(name.indexOf('$') + 1)).toList());
  }

  @Test
  void scalarsKeepValueAndType() {
    Object[] values = {
      null, true, false, (byte) -1, (short) -300, '\uD800', 7, Integer.MIN_VALUE, Long.MAX_VALUE, 1.5f, -0.0, Double.NaN, Double.MIN_VALUE, "",
      "h\u00e9 \uD83D\uDE00", "unpaired \uDC00", new BigInteger("-12345678901234567890"), new BigDecimal("1.00E+40"), new UUID(1, -1), Colour.RED,
      Colour.GREEN,
    };
    for (Object value : values) assertEquals(value, roundTrip(value));
  }

  @Test
  void arraysKeepTheirType() {
    assertArrayEquals(new int[] {1, -2}, (int[]) roundTrip(new int[] {1, -2}));
    assertArrayEquals(new boolean[] {true, false}, (boolean[]) roundTrip(new boolean[] {true, false}));
    assertArrayEquals(new char[] {'\uD800'}, (char[]) roundTrip(new char[] {'\uD800'}));
    assertArrayEquals(new byte[0], (byte[]) roundTrip(new byte[0]));
    assertArrayEquals(new short[] {-1}, (short[]) roundTrip(new short[] {-1}));
    assertArrayEquals(new long[] {1L << 40}, (long[]) roundTrip(new long[] {1L << 40}));
    assertArrayEquals(new float[] {Float.NaN}, (float[]) roundTrip(new float[] {Float.NaN}));
    assertArrayEquals(new double[] {-0.0}, (double[]) roundTrip(new double[] {-0.0}));
    assertArrayEquals(new int[][] {{1}, null, {}}, (int[][]) roundTrip(new int[][] {{1}, null, {}}));
    Point[][] points = {{new Point(1, 2, "p")}, {}};
    assertArrayEquals(points, assertInstanceOf(Point[][].class, roundTrip(points)));
    assertArrayEquals(new String[] {"a", null}, assertInstanceOf(String[].class, roundTrip(new String[] {"a", null})));
  }

  @Test
  void collectionsKeepKindAndOrder() {
    Object[] values = {
      new ArrayList<>(Arrays.asList(1, null, "x")), new LinkedList<>(List.of(1, 2)), new HashSet<>(List.of("a", "b")),
      new LinkedHashSet<>(List.of(3, 1, 2)), new TreeSet<>(List.of(3, 1, 2)), new HashMap<>(Map.of("k", 1)),
      new LinkedHashMap<>(Map.of(List.of(1), Map.of())), new TreeMap<>(Map.of("b", 1, "a", 2)),
    };
    for (Object value : values) {
      Object back = roundTrip(value);
      assertEquals(value, back);
      assertEquals(value.getClass(), back.getClass());
    }
    assertEquals(List.of(1, 2), roundTrip(List.of(1, 2)));
    assertEquals(List.of(1, 2), new ArrayList<>(assertInstanceOf(ArrayDeque.class, roundTrip(new ArrayDeque<>(List.of(1, 2))))));
    assertEquals(new ArrayList<>(new LinkedHashSet<>(List.of(3, 1, 2))), new ArrayList<>((LinkedHashSet<?>) roundTrip(new LinkedHashSet<>(List.of(3, 1, 2)))));
  }

  @Test
  void recordsAndObjectsByTheirFields() {
    Line line = new Line(new Point(1, 0.5, "a"), null, List.of(new Point(2, 0, "b")));
    assertEquals(line, roundTrip(line));
    Leaf leaf = (Leaf) roundTrip(new Leaf("leaf", 12));
    assertEquals("leaf", leaf.label);
    assertEquals(12, leaf.weight());
    Money money = new Money(5, "EUR", List.of("a note"));
    assertEquals(money, roundTrip(money));
  }

  /** A surrogate's record is a plain class on an old Android: the same bytes must do for both. */
  @Test
  void recordsThatD8TurnedIntoClassesTravelBothWays() {
    Codec device = new Codec(AllowList.builder().add(Paint.class).add(Point.class).build());
    assertEquals("7 0.5 n", device.decode(device.encode(new Paint(7, 0.5, "n"))).toString());
    assertEquals("7 0.5 n", device.decode(renamed(device.encode(new Point(7, 0.5, "n")), "$Point", "$Paint")).toString());
    assertEquals(new Point(7, 0.5, "n"), device.decode(renamed(device.encode(new Paint(7, 0.5, "n")), "$Paint", "$Point")));
  }

  private static byte[] renamed(byte[] payload, String from, String to) {
    return new String(payload, StandardCharsets.ISO_8859_1).replace(from, to).getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void sharedAndCyclicReferencesStayWhatTheyWere() {
    Node a = new Node("a");
    a.next = new Node("b");
    a.next.next = a;
    a.children().add(a.next);
    Node back = (Node) roundTrip(a);
    assertSame(back, back.next.next);
    assertSame(back.next, back.children().get(0));
    int[] shared = {1};
    List<?> twice = (List<?>) roundTrip(Arrays.asList(shared, shared));
    assertSame(twice.get(0), twice.get(1));
    List<Object> self = new ArrayList<>();
    self.add(self);
    List<?> selfBack = (List<?>) roundTrip(self);
    assertSame(selfBack, selfBack.get(0));
  }

  @Test
  void whatIsNotDeclaredIsNotWritten() {
    assertTrue(assertThrows(WireException.class, () -> codec.encode(new Thread())).getMessage().contains("java.lang.Thread"));
    assertThrows(WireException.class, () -> codec.encode(new Object()));
    assertThrows(WireException.class, () -> codec.encode(String.class));
    assertThrows(WireException.class, () -> codec.encode((Runnable) () -> {}));
    assertThrows(WireException.class, () -> codec.encode(new Thread[0]));
    assertThrows(WireException.class, () -> codec.encode(new TreeSet<String>(java.util.Comparator.reverseOrder())));
    assertThrows(WireException.class, () -> AllowList.builder().add(java.io.File.class));
    assertThrows(WireException.class, () -> codec.encode(deep(5_000)));
    assertThrows(WireException.class, () -> codec.encode(List.of(new byte[Bounds.MAX_BYTES], "", "")));
  }

  private static Object deep(int levels) {
    List<Object> at = new ArrayList<>();
    Object outer = at;
    for (int i = 0; i < levels; i++) {
      List<Object> inner = new ArrayList<>();
      at.add(inner);
      at = inner;
    }
    return outer;
  }

  /** Draws a value of every kind that the codec carries. */
  private static Object draw(Random random, int depth) {
    int kind = random.nextInt(depth > 0 ? 22 : 13);
    int size = random.nextInt(5);
    switch (kind) {
      case 0: return null;
      case 1: return random.nextBoolean();
      case 2: return (byte) random.nextInt();
      case 3: return (short) random.nextInt();
      case 4: return (char) random.nextInt();
      case 5: return random.nextInt();
      case 6: return random.nextLong();
      case 7: return random.nextFloat();
      case 8: return Double.longBitsToDouble(random.nextLong());
      case 9: return drawText(random);
      case 10: return new BigInteger(random.nextInt(200), random);
      case 11: return random.nextBoolean() ? Colour.GREEN : Colour.RED;
      case 12: return new UUID(random.nextLong(), random.nextLong());
      case 13: return random.ints(size).boxed().toList();
      case 14: return new Point(random.nextInt(), random.nextDouble(), drawText(random));
      case 15: return new Money(random.nextLong(), drawText(random), random.nextBoolean() ? null : new ArrayList<>(List.of(drawText(random))));
      case 16: {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < size; i++) map.put(draw(random, depth - 1), draw(random, depth - 1));
        return map;
      }
      case 17: {
        java.util.Set<Object> set = new HashSet<>();
        for (int i = 0; i < size; i++) set.add(draw(random, depth - 1));
        return set;
      }
      case 18: {
        TreeMap<String, Object> map = new TreeMap<>();
        for (int i = 0; i < size; i++) map.put(drawText(random), draw(random, depth - 1));
        return map;
      }
      case 19: return new Line(null, new Point(size, 1, null), List.of());
      default: {
        List<Object> list = new ArrayList<>();
        for (int i = 0; i < size; i++) list.add(draw(random, depth - 1));
        return list;
      }
    }
  }

  private static String drawText(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(12); i > 0; i--) text.append((char) random.nextInt(random.nextBoolean() ? 128 : 65_536));
    return text.toString();
  }

  @Test
  void everyDrawnValueComesBackEqual() {
    Random random = new Random(2026);
    for (int i = 0; i < 20_000; i++) {
      Object value = draw(random, 4);
      assertEquals(value, roundTrip(value), () -> "value " + value);
    }
  }

  /** Whatever bytes come: a value or a WireException, never another exception, never a hang. */
  @Test
  void damagedPayloadsAreReadOrRefusedAndNothingElse() {
    Random random = new Random(7);
    int refused = 0;
    for (int i = 0; i < 40_000; i++) {
      byte[] bytes = codec.encode(draw(random, 4));
      for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
        if (bytes.length > 3) bytes[3 + random.nextInt(bytes.length - 3)] = (byte) random.nextInt();
      }
      if (random.nextInt(4) == 0) bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
      try {
        codec.decode(bytes);
      } catch (WireException e) {
        assertNotNull(e.getMessage());
        refused++;
      }
    }
    assertTrue(refused > 10_000, "damage was noticed only " + refused + " times");
  }
}
