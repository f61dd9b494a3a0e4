package dev.oaas.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.oaas.samples.Samples.Colour;
import dev.oaas.samples.Samples.Line;
import dev.oaas.samples.Samples.Maths;
import dev.oaas.samples.Samples.Point;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private final JsonBinder binder = new JsonBinder(CodecTest.allowed());

  @Test
  void parsesEveryKind() {
    Object parsed = Json.parse(" {\"a\":[1,-0,2.5e3,true,false,null,\"\\u00e9\\n\\uD83D\\uDE00\"],\"b\":{},\"c\":12345678901234567890} ");
    Map<String, Object> expected = new LinkedHashMap<>();
    expected.put("a", Arrays.asList(1L, -0.0, 2500.0, true, false, null, "\u00e9\n\uD83D\uDE00"));
    expected.put("b", Map.of());
    expected.put("c", 12345678901234567890.0);
    assertEquals(expected, parsed);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", " ", "{", "[1,", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", ".5", "+1", "1e", "nul", "\"", "\"\\x\"", "\"\\u12\"", "\"\n\"", "[1] 2",
        "\u0000", "NaN", "-", "\"\\uFF1\u0661\"",
      })
  void refusesWhatIsNoJson(String text) {
    assertThrows(WireException.class, () -> Json.parse(text));
  }

  @Test
  void depthIsBounded() {
    StringBuilder deep = new StringBuilder();
    for (int i = 0; i < 100_000; i++) deep.append('[');
    assertThrows(WireException.class, () -> Json.parse(deep.toString()));
    List<Object> self = new ArrayList<>();
    self.add(self);
    assertThrows(WireException.class, () -> Json.write(self));
    assertThrows(WireException.class, () -> Json.write(Double.NaN));
  }

  private static Object draw(Random random, int depth) {
    switch (random.nextInt(depth > 0 ? 7 : 5)) {
      case 0: return null;
      case 1: return random.nextBoolean();
      case 2: return random.nextLong();
      case 3: {
        double number = random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20);
        // JSON does not tell a whole double from a long.
        return number == Math.rint(number) && Math.abs(number) < 1e15 ? (Object) (long) number : (Object) number;
      }
      case 4: {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) text.append((char) random.nextInt(65_536));
        return text.toString();
      }
      case 5: {
        List<Object> list = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) list.add(draw(random, depth - 1));
        return list;
      }
      default: {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) map.put("k" + random.nextInt(), draw(random, depth - 1));
        return map;
      }
    }
  }

  @Test
  void everyDrawnDocumentComesBackEqual() {
    Random random = new Random(42);
    for (int i = 0; i < 20_000; i++) {
      Object value = draw(random, 4);
      assertEquals(value, Json.parse(Json.write(value)));
    }
  }

  @Test
  void bindsToDeclaredTypes() throws Exception {
    assertArrayEquals(new int[] {1, 2}, (int[]) binder.fromJson(Json.parse("[1, 2.0]"), int[].class));
    assertEquals(new Point(1, 2, null), binder.fromJson(Json.parse("{\"x\":1,\"y\":2,\"name\":null}"), Point.class));
    var byName = Maths.class.getMethod("colours", Map.class).getGenericParameterTypes()[0];
    assertEquals(Map.of("a", Colour.RED), binder.fromJson(Json.parse("{\"a\":\"RED\"}"), byName));
    Line line = new Line(new Point(1, 0.5, "a"), null, List.of());
    assertEquals(line, binder.fromJson(Json.parse(Json.write(binder.toJson(line))), Line.class));
    assertNull(binder.fromJson(null, String.class));
    assertEquals(List.of("RED"), binder.toJson(Set.of(Colour.RED)));
  }

  @Test
  void mismatchesNameWhatWasWanted() {
    assertThrows(WireException.class, () -> binder.fromJson(1.5, int.class));
    assertThrows(WireException.class, () -> binder.fromJson(3_000_000_000L, int.class));
    assertThrows(WireException.class, () -> binder.fromJson(1e300, long.class));
    assertThrows(WireException.class, () -> binder.fromJson(null, int.class));
    assertThrows(WireException.class, () -> binder.fromJson("x", boolean.class));
    assertThrows(WireException.class, () -> binder.fromJson(Map.of("no", 1L), Point.class));
    assertThrows(WireException.class, () -> binder.fromJson(Map.of(), java.io.File.class));
    assertThrows(WireException.class, () -> binder.fromJson("BLUE", Colour.class));
  }
}
