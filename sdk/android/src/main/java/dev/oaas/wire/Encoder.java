package dev.oaas.wire;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.UUID;

/** Writes one payload; single use. */
final class Encoder {
  private final AllowList allowed;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
  private final DataOutputStream out = new DataOutputStream(bytes);
  private final Map<Object, Integer> handles = new IdentityHashMap<>();
  private final Map<String, Integer> names = new HashMap<>();
  private int nextHandle;
  private int depth;
  /** Above 0 within a set's element or a map's key, where references are not written. */
  private int hashed;

  Encoder(AllowList allowed) {
    this.allowed = allowed;
  }

  byte[] encode(Object value) {
    try {
      out.write(Tag.HEADER);
      write(value);
      out.flush();
    } catch (IOException e) {
      throw new WireException("cannot write: " + e.getMessage(), e);
    }
    return bytes.toByteArray();
  }

  private void write(Object value) throws IOException {
    if (bytes.size() > Bounds.MAX_BYTES) {
      throw new WireException("more than " + Bounds.MAX_BYTES + " bytes: pass less, or a reference to it");
    }
    if (value == null) out.writeByte(Tag.NULL);
    else if (!writeScalar(value)) writeCompound(value);
  }

  private boolean writeScalar(Object value) throws IOException {
    if (value instanceof Boolean) out.writeByte((Boolean) value ? Tag.TRUE : Tag.FALSE);
    else if (value instanceof Byte) tagged(Tag.BYTE).writeByte((Byte) value);
    else if (value instanceof Short) tagged(Tag.SHORT).writeShort((Short) value);
    else if (value instanceof Character) tagged(Tag.CHAR).writeChar((Character) value);
    else if (value instanceof Integer) tagged(Tag.INT).writeInt((Integer) value);
    else if (value instanceof Long) tagged(Tag.LONG).writeLong((Long) value);
    // Not floatToIntBits: a NaN's payload is part of the value.
    else if (value instanceof Float) tagged(Tag.FLOAT).writeInt(Float.floatToRawIntBits((Float) value));
    else if (value instanceof Double) tagged(Tag.DOUBLE).writeLong(Double.doubleToRawLongBits((Double) value));
    else if (value instanceof String) writeString((String) value);
    else if (value.getClass() == BigInteger.class) writeBlock(tagged(Tag.BIG_INTEGER), ((BigInteger) value).toByteArray());
    else if (value.getClass() == BigDecimal.class) writeDecimal((BigDecimal) value);
    else if (value instanceof UUID) writeUuid((UUID) value);
    else if (value instanceof Enum) writeEnum((Enum<?>) value);
    else return false;
    return true;
  }

  private void writeString(String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    if (new String(utf8, StandardCharsets.UTF_8).equals(text)) {
      writeBlock(tagged(Tag.STRING), utf8);
      return;
    }
    tagged(Tag.STRING_UTF16);
    writeCount(text.length());
    out.writeChars(text);
  }

  private void writeDecimal(BigDecimal value) throws IOException {
    tagged(Tag.BIG_DECIMAL).writeInt(value.scale());
    writeBlock(out, value.unscaledValue().toByteArray());
  }

  private void writeUuid(UUID value) throws IOException {
    tagged(Tag.UUID).writeLong(value.getMostSignificantBits());
    out.writeLong(value.getLeastSignificantBits());
  }

  private void writeEnum(Enum<?> value) throws IOException {
    out.writeByte(Tag.ENUM);
    writeName(checked(value.getDeclaringClass()).getName());
    writeName(value.name());
  }

  private void writeCompound(Object value) throws IOException {
    Integer handle = handles.get(value);
    if (handle != null && hashed == 0) {
      tagged(Tag.REFERENCE);
      writeCount(handle);
      return;
    }
    if (++depth > Bounds.MAX_DEPTH) {
      throw new WireException("values within values deeper than " + Bounds.MAX_DEPTH + ", or a set or key that contains itself");
    }
    handles.put(value, nextHandle++);
    if (value.getClass().isArray()) writeArray(value);
    else if (value instanceof Collection && Platform.isPlatform(value.getClass())) writeCollection((Collection<?>) value);
    else if (value instanceof Map && Platform.isPlatform(value.getClass())) writeMap((Map<?, ?>) value);
    else writeObject(value);
    depth--;
  }

  private void writeArray(Object array) throws IOException {
    if (array instanceof byte[]) writeBlock(tagged(Tag.BYTES), (byte[]) array);
    else if (array instanceof Object[]) writeObjects((Object[]) array);
    else PrimitiveArrays.write(array, out, this::writeCount);
  }

  private void writeObjects(Object[] array) throws IOException {
    out.writeByte(Tag.OBJECTS);
    Class<?> component = array.getClass().getComponentType();
    if (!Decoder.isComponent(component, allowed)) throw refused(component);
    writeName(component.getName());
    writeCount(array.length);
    for (Object element : array) write(element);
  }

  private void writeCollection(Collection<?> values) throws IOException {
    boolean set = values instanceof Set;
    out.writeByte(tagOf(values));
    writeCount(values.size());
    if (set) hashed++;
    for (Object element : values) write(element);
    if (set) hashed--;
  }

  private static int tagOf(Collection<?> values) {
    if (values instanceof SortedSet) return natural(((SortedSet<?>) values).comparator(), Tag.TREE_SET);
    if (values instanceof Set) {
      // Other sets keep an order of their own, which the reader keeps.
      return values.getClass() == HashSet.class && !(values instanceof LinkedHashSet) ? Tag.HASH_SET : Tag.LINKED_HASH_SET;
    }
    if (values instanceof LinkedList) return Tag.LINKED_LIST;
    if (values instanceof List) return Tag.ARRAY_LIST;
    if (values instanceof PriorityQueue) return natural(((PriorityQueue<?>) values).comparator(), Tag.PRIORITY_QUEUE);
    if (values instanceof Deque || values instanceof ArrayDeque) return Tag.ARRAY_DEQUE;
    if (values instanceof Queue) throw new WireException("a " + values.getClass().getName() + " is not carried: use an ArrayDeque");
    return Tag.ARRAY_LIST;
  }

  private static int natural(Object comparator, int tag) {
    if (comparator == null) return tag;
    throw new WireException("a sorted collection with a comparator of its own is not carried: use natural order, or a list");
  }

  private void writeMap(Map<?, ?> map) throws IOException {
    int tag = Tag.LINKED_HASH_MAP;
    if (map instanceof SortedMap) tag = natural(((SortedMap<?, ?>) map).comparator(), Tag.TREE_MAP);
    else if (map.getClass() == HashMap.class) tag = Tag.HASH_MAP;
    out.writeByte(tag);
    writeCount(map.size());
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      hashed++;
      write(entry.getKey());
      hashed--;
      write(entry.getValue());
    }
  }

  private void writeObject(Object value) throws IOException {
    Class<?> type = checked(value.getClass());
    Shape shape = Shape.of(type);
    if (!shape.canMake()) {
      writeSerialized(value, type);
      return;
    }
    out.writeByte(Tag.OBJECT);
    writeName(type.getName());
    writeCount(shape.fields.size());
    for (Map.Entry<String, Field> field : shape.fields.entrySet()) {
      writeName(field.getKey());
      write(shape.get(value, field.getValue()));
    }
  }

  private void writeSerialized(Object value, Class<?> type) throws IOException {
    if (!(value instanceof Serializable)) {
      throw new WireException(type.getName() + " needs a constructor without parameters, or must be Serializable or a record");
    }
    out.writeByte(Tag.SERIALIZED);
    writeName(type.getName());
    writeBlock(out, SerializedObjects.write(value));
  }

  private Class<?> checked(Class<?> type) {
    if (allowed.allows(type)) return type;
    throw refused(type);
  }

  private static WireException refused(Class<?> type) {
    return new WireException(type.getName() + " is not carried: it is neither declared by an offloadable method nor in the app's list of classes"
        + (Platform.isPlatform(type) ? " (and, being of the platform, cannot be)" : ""));
  }

  private DataOutputStream tagged(int tag) throws IOException {
    out.writeByte(tag);
    return out;
  }

  private void writeBlock(DataOutputStream to, byte[] block) throws IOException {
    writeCount(block.length);
    to.write(block);
  }

  private void writeName(String name) throws IOException {
    Integer known = names.get(name);
    if (known != null) {
      writeCount(known);
      return;
    }
    names.put(name, names.size() + 1);
    writeCount(0);
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    if (utf8.length > Bounds.MAX_NAME_BYTES) throw new WireException("a name of " + utf8.length + " bytes");
    writeBlock(out, utf8);
  }

  private void writeCount(int count) throws IOException {
    int rest = count;
    while ((rest & ~0x7F) != 0) {
      out.writeByte((rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    out.writeByte(rest);
  }
}
