package dev.oaas.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.Offloadable;
import dev.oaas.samples.Samples;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ImplementationsTest {
  private static final ClassLoader LOADER = ImplementationsTest.class.getClassLoader();
  private final Implementations app = load(Samples.LocalMaths.class, Samples.LocalCounter.class);

  private static Implementations load(Class<?>... types) {
    return Implementations.load(LOADER, List.of(types).stream().map(Class::getName).toList(), List.of());
  }

  private static Payload json(String text) {
    return Payload.ofJson(Json.parse(text));
  }

  private static Payload java(Object... args) {
    return Payload.ofBytes(Codec.TYPE, new Codec(CodecTest.allowed()).encode(args));
  }

  @Test
  void answersInTheTypeOfTheQuestion() throws Throwable {
    assertEquals(6L + 0, ((Number) app.invoke("sum", json("[[1,2,3]]"), null).result.json()).longValue());
    Reply reply = app.invoke("sum", java((Object) new int[] {1, 2, 3}), null);
    assertEquals(6, new Codec(CodecTest.allowed()).decode(reply.result.bytes()));
    assertNull(reply.state);
  }

  @Test
  void voidAndNullAreResults() throws Throwable {
    assertNull(app.invoke("nothing", json("[\"x\"]"), null).result.json());
    Reply reply = app.invoke("maybe", java(false), null);
    assertNull(new Codec(CodecTest.allowed()).decode(reply.result.bytes()));
  }

  @Test
  void stateGoesInAndComesOut() throws Throwable {
    Reply reply = app.invoke("add", json("[5]"), json("{\"total\":10,\"history\":[10]}"));
    assertEquals(15, ((Number) reply.result.json()).intValue());
    assertEquals(Json.parse("{\"history\":[10,5],\"total\":15}"), Json.parse(Json.write(reply.state.json())));
  }

  @Test
  void whatTheMethodThrowsComesAsItIs() {
    assertEquals("boom", assertThrows(IllegalStateException.class, () -> app.invoke("fails", json("[\"boom\"]"), null)).getMessage());
  }

  @Test
  void misfitsAreNamed() {
    assertTrue(assertThrows(WireException.class, () -> app.invoke("none", json("[]"), null)).getMessage().contains("sum"));
    assertThrows(WireException.class, () -> app.invoke("sum", json("[1,2]"), null));
    assertThrows(WireException.class, () -> app.invoke("sum", java("text"), null));
    assertThrows(WireException.class, () -> app.invoke("sum", java((Object) null, null), null));
    assertThrows(WireException.class, () -> app.invoke("fails", java((Object) new int[0]), null));
    assertThrows(WireException.class, () -> app.invoke("sum", Payload.ofBytes("application/x-java-serialized-object", new byte[4]), null));
    assertThrows(WireException.class, () -> app.invoke("add", json("[1]"), json("{\"total\":\"much\"}")));
  }

  /** One name for two methods. */
  public interface Ambiguous {
    @Offloadable
    int twice(int a);

    @Offloadable
    int twice(String a);
  }

  public static final class AmbiguousImplementation implements Ambiguous {
    @Override
    public int twice(int a) {
      return 2 * a;
    }

    @Override
    public int twice(String a) {
      return 2 * a.length();
    }
  }

  public static final class NoConstructor implements Samples.Counter {
    private final int start;

    public NoConstructor(int start) {
      this.start = start;
    }

    @Override
    public int add(int by) {
      return start + by;
    }

    @Override
    public int slowAdd(int by, long ms) {
      return start + by;
    }

    @Override
    public int addSlowOnDevice(int by, long ms) {
      return start + by;
    }
  }

  @Test
  void faultsOfTheAppAreFoundWhenItIsLoaded() {
    assertThrows(WireException.class, () -> load(AmbiguousImplementation.class));
    assertThrows(WireException.class, () -> load(NoConstructor.class));
    assertThrows(WireException.class, () -> load(Object.class));
    assertThrows(WireException.class, () -> Implementations.load(LOADER, List.of("no.such.Class"), List.of()));
    assertThrows(WireException.class, () -> Implementations.load(LOADER, List.of(Samples.LocalMaths.class.getName()), List.of("java.io.File")));
  }

  @Test
  void payloadsOfTheWire() {
    assertEquals(Map.of("type", "application/json", "json", 1L), Payload.fromJson(Map.of("type", "application/json", "json", 1L)).toJson());
    assertThrows(WireException.class, () -> Payload.fromJson(Map.of("json", 1L)));
    assertThrows(WireException.class, () -> Payload.fromJson(Map.of("type", "x", "base64", "!")));
  }
}
