package dev.oaas.wire;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.LinkedList;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** Reads one payload that anyone may have written; single use. Costs memory and time in proportion to the payload's length. */
final class Decoder {
  private final AllowList allowed;
  private final ByteBuffer in;
  /** {@code null}: begun and not finished, as a record within itself would be. */
  private final List<Object> handles = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private int depth;
  private int hashed;

  Decoder(byte[] bytes, AllowList allowed) {
    if (bytes.length > Bounds.MAX_BYTES) {
      throw new WireException("a payload of " + bytes.length + " bytes, at most " + Bounds.MAX_BYTES + " are read");
    }
    this.allowed = allowed;
    in = ByteBuffer.wrap(bytes);
  }

  Object decode() {
    for (byte expected : Tag.HEADER) {
      if (!in.hasRemaining() || in.get() != expected) throw new WireException("not a payload of this format and version");
    }
    try {
      Object value = read();
      if (in.hasRemaining()) throw fault(in.remaining() + " bytes after the value");
      return value;
    } catch (ClassCastException | IllegalArgumentException | ArrayStoreException | ArithmeticException e) {
      // Elements of a tree that do not compare, of an array that do not fit: the payload's fault.
      throw new WireException("at byte " + in.position() + ": " + e, e);
    }
  }

  private Object read() {
    int tag = unsignedByte();
    switch (tag) {
      case Tag.NULL:
        return null;
      case Tag.FALSE:
        return Boolean.FALSE;
      case Tag.TRUE:
        return Boolean.TRUE;
      case Tag.BYTE:
        return need(1).get();
      case Tag.SHORT:
        return need(2).getShort();
      case Tag.CHAR:
        return need(2).getChar();
      case Tag.INT:
        return need(4).getInt();
      case Tag.LONG:
        return need(8).getLong();
      case Tag.FLOAT:
        return Float.intBitsToFloat(need(4).getInt());
      case Tag.DOUBLE:
        return Double.longBitsToDouble(need(8).getLong());
      case Tag.STRING:
        return utf8(count(1));
      case Tag.STRING_UTF16:
        return utf16(count(2));
      case Tag.BIG_INTEGER:
        return bigInteger();
      case Tag.BIG_DECIMAL:
        int scale = need(4).getInt();
        return new BigDecimal(bigInteger(), scale);
      case Tag.UUID:
        return new UUID(need(16).getLong(), in.getLong());
      case Tag.REFERENCE:
        return reference();
      case Tag.ENUM:
        return enumConstant();
      default:
        return readNested(tag);
    }
  }

  private Object readNested(int tag) {
    if (++depth > Bounds.MAX_DEPTH) throw fault("values within values deeper than " + Bounds.MAX_DEPTH);
    Object value = readCompound(tag);
    depth--;
    return value;
  }

  private Object readCompound(int tag) {
    switch (tag) {
      case Tag.BOOLEANS:
      case Tag.BYTES:
      case Tag.SHORTS:
      case Tag.CHARS:
      case Tag.INTS:
      case Tag.LONGS:
      case Tag.FLOATS:
      case Tag.DOUBLES:
        return known(PrimitiveArrays.read(tag, count(PrimitiveArrays.width(tag)), in));
      case Tag.OBJECTS:
        return objects();
      case Tag.ARRAY_LIST:
        return elements(new ArrayList<>());
      case Tag.LINKED_LIST:
        return elements(new LinkedList<>());
      case Tag.ARRAY_DEQUE:
        return elements(new ArrayDeque<>());
      case Tag.PRIORITY_QUEUE:
        return elements(new PriorityQueue<>());
      case Tag.HASH_SET:
        return hashedElements(new HashSet<>());
      case Tag.LINKED_HASH_SET:
        return hashedElements(new LinkedHashSet<>());
      case Tag.TREE_SET:
        return hashedElements(new TreeSet<>());
      case Tag.HASH_MAP:
        return entries(new HashMap<>());
      case Tag.LINKED_HASH_MAP:
        return entries(new LinkedHashMap<>());
      case Tag.TREE_MAP:
        return entries(new TreeMap<>());
      case Tag.OBJECT:
        return object();
      case Tag.SERIALIZED:
        return serialized();
      default:
        throw fault("unknown tag " + tag);
    }
  }

  private Object objects() {
    int handle = begin();
    String name = name();
    Class<?> component = component(name, allowed);
    if (component == null) throw fault("an array of \"" + name + "\", which is not on the allow-list");
    Object[] array = (Object[]) Array.newInstance(component, count(1));
    handles.set(handle, array);
    for (int i = 0; i < array.length; i++) array[i] = read();
    return array;
  }

  private Object elements(Collection<Object> into) {
    handles.set(begin(), into);
    int size = count(1);
    for (int i = 0; i < size; i++) {
      Object element = read();
      if (element == null && (into instanceof ArrayDeque || into instanceof PriorityQueue)) throw fault("null in a queue");
      into.add(element);
    }
    return into;
  }

  private Object hashedElements(Collection<Object> into) {
    handles.set(begin(), into);
    int size = count(1);
    hashed++;
    for (int i = 0; i < size; i++) {
      Object element = read();
      if (element == null && into instanceof TreeSet) throw fault("null in a sorted set");
      into.add(element);
    }
    hashed--;
    return into;
  }

  private Object entries(Map<Object, Object> into) {
    handles.set(begin(), into);
    int size = count(2);
    for (int i = 0; i < size; i++) {
      hashed++;
      Object key = read();
      hashed--;
      if (key == null && into instanceof TreeMap) throw fault("null in a sorted map");
      into.put(key, read());
    }
    return into;
  }

  private Object object() {
    int handle = begin();
    Class<?> type = allowedClass(name());
    Shape shape = Shape.of(type);
    if (!shape.canMake()) throw fault(type.getName() + " cannot be made from fields");
    int size = count(2);
    if (size != shape.fields.size()) {
      throw fault(type.getName() + " has " + shape.fields.size() + " fields, received " + size + ": do both sides run the same code?");
    }
    Object instance = shape.makeEmpty();
    handles.set(handle, instance);
    Map<String, Object> values = new HashMap<>();
    for (int i = 0; i < size; i++) {
      String name = name();
      Field field = shape.fields.get(name);
      if (field == null || values.containsKey(name)) throw fault(type.getName() + " has no (further) field \"" + name + "\"");
      Object value = read();
      values.put(name, value);
      if (instance != null) shape.set(instance, field, value);
    }
    if (instance != null) return instance;
    Object[] ordered = new Object[size];
    int i = 0;
    for (String name : shape.fields.keySet()) ordered[i++] = values.get(name);
    Object made = shape.makeRecord(ordered);
    handles.set(handle, made);
    return made;
  }

  private Object serialized() {
    int handle = begin();
    Class<?> type = allowedClass(name());
    if (Shape.of(type).canMake()) throw fault(type.getName() + " travels by its fields, never serialised");
    byte[] block = new byte[count(1)];
    in.get(block);
    Object value = SerializedObjects.read(block, type, allowed);
    handles.set(handle, value);
    return value;
  }

  private Object enumConstant() {
    Class<?> type = allowedClass(name());
    String constant = name();
    Object[] constants = type.getEnumConstants();
    if (constants == null) throw fault(type.getName() + " is no enum");
    for (Object candidate : constants) if (((Enum<?>) candidate).name().equals(constant)) return candidate;
    throw fault(type.getName() + " has no constant \"" + constant + "\"");
  }

  private Object reference() {
    int handle = rawCount();
    if (hashed > 0) throw fault("a back-reference within a set or a key");
    if (handle >= handles.size() || handles.get(handle) == null) throw fault("a back-reference to nothing (" + handle + ")");
    return handles.get(handle);
  }

  private Class<?> allowedClass(String name) {
    Class<?> type = allowed.find(name);
    if (type == null) throw fault("class \"" + name + "\" is not on the allow-list");
    return type;
  }

  /** Whether arrays of it may be made: allowed classes, what tags stand for, and abstractions that hold nothing by themselves. */
  static boolean isComponent(Class<?> component, AllowList allowed) {
    return component(component.getName(), allowed) == component;
  }

  private static Class<?> component(String name, AllowList allowed) {
    int dimensions = 0;
    while (dimensions < name.length() && name.charAt(dimensions) == '[') dimensions++;
    if (dimensions > 8) return null;
    Class<?> element;
    if (dimensions == 0) {
      element = plainComponent(name, allowed);
    } else if (name.charAt(name.length() - 1) == ';' && name.length() > dimensions + 2 && name.charAt(dimensions) == 'L') {
      element = plainComponent(name.substring(dimensions + 1, name.length() - 1), allowed);
    } else {
      element = name.length() == dimensions + 1 ? Components.primitive(name.charAt(dimensions)) : null;
    }
    if (element == null) return null;
    for (int i = 0; i < dimensions; i++) element = Array.newInstance(element, 0).getClass();
    return element;
  }

  private static Class<?> plainComponent(String name, AllowList allowed) {
    Class<?> plain = Components.platform(name);
    return plain != null ? plain : allowed.find(name);
  }

  private Object known(Object value) {
    handles.add(value);
    return value;
  }

  private int begin() {
    handles.add(null);
    return handles.size() - 1;
  }

  private String name() {
    int number = rawCount();
    if (number > names.size()) throw fault("a name that was not given (" + number + ")");
    if (number > 0) return names.get(number - 1);
    int length = count(1);
    if (length > Bounds.MAX_NAME_BYTES) throw fault("a name of " + length + " bytes");
    String name = utf8(length);
    names.add(name);
    return name;
  }

  private BigInteger bigInteger() {
    int length = count(1);
    if (length == 0) throw fault("a number without digits");
    byte[] digits = new byte[length];
    in.get(digits);
    return new BigInteger(digits);
  }

  private String utf8(int length) {
    ByteBuffer slice = in.duplicate();
    // As Buffer: before Android 14 a ByteBuffer has no such methods of its own.
    ((Buffer) slice).limit(in.position() + length);
    ((Buffer) in).position(in.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
    } catch (CharacterCodingException e) {
      throw fault("a text that is not UTF-8");
    }
  }

  private String utf16(int units) {
    char[] chars = new char[units];
    CharBuffer view = in.asCharBuffer();
    view.get(chars);
    ((Buffer) in).position(in.position() + 2 * units);
    return new String(chars);
  }

  /** An n that counts things of at least that many bytes each, all of which must still be there. */
  private int count(int leastBytes) {
    int count = rawCount();
    if ((long) count * leastBytes > in.remaining()) throw fault("a length of " + count + " with " + in.remaining() + " bytes left");
    return count;
  }

  private int rawCount() {
    long value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      int b = unsignedByte();
      value |= (long) (b & 0x7F) << shift;
      if ((b & 0x80) == 0) {
        if (value > Integer.MAX_VALUE) break;
        return (int) value;
      }
    }
    throw fault("a length beyond 31 bits");
  }

  private int unsignedByte() {
    return need(1).get() & 0xFF;
  }

  private ByteBuffer need(int bytes) {
    if (in.remaining() < bytes) throw fault("the payload ends within a value");
    return in;
  }

  private WireException fault(String what) {
    return new WireException("at byte " + in.position() + ": " + what);
  }
}
