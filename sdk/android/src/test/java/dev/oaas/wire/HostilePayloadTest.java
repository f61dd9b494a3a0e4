package dev.oaas.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.oaas.samples.Samples.Gadget;
import dev.oaas.samples.Samples.Money;
import dev.oaas.samples.Samples.Point;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads that somebody wrote who means harm. */
class HostilePayloadTest {
  private final AllowList allowed = CodecTest.allowed();
  private final Codec codec = new Codec(allowed);

  /** Writes a payload by hand. */
  private static final class Forge {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);

    Forge() throws IOException {
      out.write(Tag.HEADER);
    }

    Forge tag(int tag) throws IOException {
      out.writeByte(tag);
      return this;
    }

    Forge n(long count) throws IOException {
      long rest = count;
      while (rest > 127) {
        out.writeByte((int) (rest & 127) | 128);
        rest >>>= 7;
      }
      out.writeByte((int) rest);
      return this;
    }

    Forge name(String name) throws IOException {
      byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
      n(0).n(utf8.length);
      out.write(utf8);
      return this;
    }

    Forge block(byte[] block) throws IOException {
      n(block.length);
      out.write(block);
      return this;
    }

    byte[] bytes() {
      return bytes.toByteArray();
    }
  }

  private static byte[] serialized(Object value) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    }
    return bytes.toByteArray();
  }

  private WireException refused(byte[] payload) {
    return assertTimeoutPreemptively(Duration.ofSeconds(20), () -> assertThrows(WireException.class, () -> codec.decode(payload)));
  }

  /** Says when it is initialised. */
  static final class Trap {
    static final AtomicInteger LOADED = new AtomicInteger();

    static class Inner {
      static {
        LOADED.incrementAndGet();
      }

      String field = "";
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "java.lang.ProcessBuilder", "java.lang.Runtime", "java.io.File", "java.net.URL", "javax.naming.InitialContext", "java.lang.Class",
        "dev.oaas.wire.HostilePayloadTest$Trap$Inner", "dev.oaas.samples.Samples$Gadget", "no.such.Class", "[I", "", "java.util.ArrayList",
      })
  void namesBeyondTheListAreNeverLookedUp(String name) throws IOException {
    for (int tag : new int[] {Tag.OBJECT, Tag.SERIALIZED, Tag.ENUM}) {
      assertTrue(refused(new Forge().tag(tag).name(name).n(0).n(0).bytes()).getMessage().contains("allow-list"));
    }
    if (!name.equals("[I") && !name.equals("java.util.ArrayList")) refused(new Forge().tag(Tag.OBJECTS).name(name).n(0).bytes());
    assertEquals(0, Trap.LOADED.get());
  }

  @Test
  void lengthsBeyondThePayloadAllocateNothing() throws IOException {
    for (int tag = Tag.BOOLEANS; tag <= Tag.DOUBLES; tag++) refused(new Forge().tag(tag).n(Integer.MAX_VALUE).bytes());
    for (int tag : new int[] {30, 31, 32, 33, 34, 35, 36, 40, 41, 42, Tag.STRING, Tag.STRING_UTF16, Tag.BIG_INTEGER}) {
      refused(new Forge().tag(tag).n(2_000_000_000L).bytes());
    }
    refused(new Forge().tag(Tag.OBJECTS).name("java.lang.String").n(1L << 30).bytes());
    refused(new Forge().tag(Tag.OBJECTS).name("[[[[[[[[[Ljava.lang.String;").n(0).bytes());
    refused(new Forge().tag(Tag.INTS).n(1L << 33).bytes());
  }

  @Test
  void structureIsChecked() throws IOException {
    refused(new byte[0]);
    refused(new byte[] {0x4F, 0x4A, 0x02, 0});
    refused(new Forge().bytes());
    refused(new Forge().tag(Tag.NULL).tag(Tag.NULL).bytes());
    refused(new Forge().tag(99).bytes());
    refused(new Forge().tag(Tag.REFERENCE).n(0).bytes());
    // A record within itself, a wrong and a missing field, a field of another type, a null for a primitive.
    refused(new Forge().tag(Tag.OBJECT).name(Point.class.getName()).n(3).name("x").tag(Tag.REFERENCE).n(0).bytes());
    refused(new Forge().tag(Tag.OBJECT).name(Point.class.getName()).n(3).name("z").tag(Tag.NULL).bytes());
    refused(new Forge().tag(Tag.OBJECT).name(Point.class.getName()).n(1).name("x").tag(Tag.NULL).bytes());
    refused(new Forge().tag(Tag.OBJECT).name(Point.class.getName()).n(3).name("x").tag(Tag.TRUE).name("y").tag(Tag.TRUE).name("name").tag(Tag.TRUE).bytes());
    refused(new Forge().tag(Tag.OBJECT).name(Point.class.getName()).n(3).name("x").tag(Tag.NULL).name("y").tag(Tag.NULL).name("name").tag(Tag.NULL).bytes());
    // A class that travels by its fields must not come serialised.
    refused(new Forge().tag(Tag.SERIALIZED).name(Point.class.getName()).n(0).bytes());
    Forge deep = new Forge();
    for (int i = 0; i < 100_000; i++) deep.tag(Tag.ARRAY_LIST).n(1);
    refused(deep.tag(Tag.NULL).bytes());
  }

  /** Sets within sets that share their elements cost 2^depth hash codes, unless sharing is refused there. */
  @Test
  void sharedElementsOfSetsAreRefused() throws IOException {
    Forge forge = new Forge().tag(Tag.ARRAY_LIST).n(2).tag(Tag.HASH_SET).n(0).tag(Tag.HASH_SET).n(1).tag(Tag.REFERENCE).n(1);
    assertTrue(refused(forge.bytes()).getMessage().contains("within a set"));
  }

  private void refusedSerialized(byte[] stream) throws IOException {
    refused(new Forge().tag(Tag.SERIALIZED).name(Money.class.getName()).block(stream).bytes());
    // As on a virtual machine without ObjectInputFilter.
    assertThrows(WireException.class, () -> SerializedObjects.read(stream, Money.class, allowed, false));
  }

  @Test
  void serialisedGadgetsNeverRun() throws IOException {
    refusedSerialized(serialized(new Gadget()));
    refusedSerialized(serialized(new Money(1, "EUR", hiding(new Gadget()))));
    refusedSerialized(serialized(new Money(1, "EUR", hiding(new java.io.File("/etc/passwd")))));
    refusedSerialized(serialized(new Money(1, "EUR", hiding(new java.net.URL("http://localhost:1/")))));
    refusedSerialized(serialized(new Money(1, "EUR", hiding(proxy()))));
    refusedSerialized(serialized(new Gadget[0]));
    refusedSerialized(serialized("not money"));
    refusedSerialized(new byte[] {1, 2, 3});
    assertEquals(0, Gadget.TOUCHED.get());
  }

  @Test
  void anAllowedObjectWithinAnotherStreamIsFine() {
    Money money = new Money(5, "EUR", List.of("note"));
    assertEquals(money, SerializedObjects.read(SerializedObjects.write(money), Money.class, allowed, true));
    // Without a filter nothing that has a length is let in, but plain fields are.
    assertThrows(WireException.class, () -> SerializedObjects.read(SerializedObjects.write(money), Money.class, allowed, false));
    Money plain = new Money(5, "EUR", null);
    assertEquals(plain, SerializedObjects.read(SerializedObjects.write(plain), Money.class, allowed, false));
  }

  @Test
  void serialisedBombsAreRefused() throws IOException {
    // Nested sets that double the work with each level ("SerialDOS").
    Set<Object> root = new HashSet<>();
    Set<Object> one = root;
    Set<Object> other = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      Set<Object> first = new HashSet<>();
      Set<Object> second = new HashSet<>();
      first.add("x");
      one.add(first);
      one.add(second);
      other.add(first);
      other.add(second);
      one = first;
      other = second;
    }
    // Its own hash code is never asked for here: it goes into a list.
    refusedSerialized(serialized(new Money(1, "EUR", hiding(root))));
    refusedSerialized(hugeArray());
  }

  @SuppressWarnings("unchecked")
  private static List<String> hiding(Object value) {
    List<Object> list = new ArrayList<>();
    list.add(value);
    return (List<String>) (List<?>) list;
  }

  private static Object proxy() {
    InvocationHandler handler = new SerializableHandler();
    return Proxy.newProxyInstance(HostilePayloadTest.class.getClassLoader(), new Class<?>[] {Runnable.class}, handler);
  }

  private static final class SerializableHandler implements InvocationHandler, Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public Object invoke(Object proxy, java.lang.reflect.Method method, Object[] args) {
      return null;
    }
  }

  /** A stream that announces an array of two thousand million references in a hundred bytes. */
  private static byte[] hugeArray() throws IOException {
    byte[] bytes = serialized(new String[] {"x"});
    // The length stands in the four bytes in front of the element: TC_STRING, length, "x".
    int at = bytes.length - 4 - 4;
    assertEquals(1, bytes[at + 3]);
    bytes[at] = 0x7F;
    bytes[at + 1] = (byte) 0xFF;
    return bytes;
  }

  @Test
  void hashMapsAnnounceNoHugeTables() throws IOException {
    HashMap<String, String> map = new HashMap<>();
    map.put("k", "v");
    byte[] bytes = serialized(map);
    assertFalse(bytes.length > 500);
    refusedSerialized(bytes);
  }
}
