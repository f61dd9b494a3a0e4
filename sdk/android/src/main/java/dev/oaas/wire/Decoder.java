package dev.oaas.wire;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
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

/** Reads one payload that anyone may have written; single use. Costs memory in proportion to the payload's length. */
final class Decoder {
  private final AllowList allowed;
  private final PayloadBytes in;
  /** {@code null}: begun and not finished, as a record within itself would be. */
  private final List<Object> handles = new ArrayList<>();
  private int depth;
  private int hashed;

  Decoder(byte[] bytes, AllowList allowed) {
    this.allowed = allowed;
    in = new PayloadBytes(bytes);
  }

  Object decode() {
    try {
      Object value = read();
      if (in.remaining() > 0) throw in.fault(in.remaining() + " bytes after the value");
      return value;
    } catch (ClassCastException | IllegalArgumentException | ArrayStoreException | ArithmeticException e) {
      // Elements of a tree that do not compare, of an array that do not fit: the payload's fault.
      throw new WireException(in.fault(e.toString()).getMessage(), e);
    }
  }

  private Object read() {
    int tag = in.unsignedByte();
    switch (tag) {
      case Tag.NULL:
        return null;
      case Tag.FALSE:
        return Boolean.FALSE;
      case Tag.TRUE:
        return Boolean.TRUE;
      case Tag.BYTE:
        return in.need(1).get();
      case Tag.SHORT:
        return in.need(2).getShort();
      case Tag.CHAR:
        return in.need(2).getChar();
      case Tag.INT:
        return in.need(4).getInt();
      case Tag.LONG:
        return in.need(8).getLong();
      case Tag.FLOAT:
        return Float.intBitsToFloat(in.need(4).getInt());
      case Tag.DOUBLE:
        return Double.longBitsToDouble(in.need(8).getLong());
      case Tag.STRING:
        return in.utf8(in.count(1));
      case Tag.STRING_UTF16:
        return in.utf16(in.count(2));
      case Tag.BIG_INTEGER:
        return in.bigInteger();
      case Tag.BIG_DECIMAL:
        int scale = in.need(4).getInt();
        return new BigDecimal(in.bigInteger(), scale);
      case Tag.UUID:
        return uuid();
      case Tag.REFERENCE:
        return reference();
      case Tag.ENUM:
        return enumConstant();
      default:
        return readNested(tag);
    }
  }

  private Object readNested(int tag) {
    if (++depth > Bounds.MAX_DEPTH) throw in.fault("values within values deeper than " + Bounds.MAX_DEPTH);
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
        return known(primitives(tag));
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
        throw in.fault("unknown tag " + tag);
    }
  }

  private UUID uuid() {
    ByteBuffer bits = in.need(16);
    return new UUID(bits.getLong(), bits.getLong());
  }

  private Object primitives(int tag) {
    int length = in.count(PrimitiveArrays.width(tag));
    return PrimitiveArrays.read(tag, length, in.need(0));
  }

  private Object objects() {
    int handle = begin();
    String name = in.name();
    Class<?> component = component(name, allowed);
    if (component == null) throw in.fault("an array of \"" + name + "\", which is not on the allow-list");
    Object[] array = (Object[]) Array.newInstance(component, in.count(1));
    handles.set(handle, array);
    for (int i = 0; i < array.length; i++) array[i] = read();
    return array;
  }

  private Object elements(Collection<Object> into) {
    handles.set(begin(), into);
    int size = in.count(1);
    for (int i = 0; i < size; i++) {
      Object element = read();
      if (element == null && (into instanceof ArrayDeque || into instanceof PriorityQueue)) throw in.fault("null in a queue");
      into.add(element);
    }
    return into;
  }

  private Object hashedElements(Collection<Object> into) {
    handles.set(begin(), into);
    int size = in.count(1);
    hashed++;
    for (int i = 0; i < size; i++) {
      Object element = read();
      if (element == null && into instanceof TreeSet) throw in.fault("null in a sorted set");
      into.add(element);
    }
    hashed--;
    return into;
  }

  private Object entries(Map<Object, Object> into) {
    handles.set(begin(), into);
    int size = in.count(2);
    for (int i = 0; i < size; i++) {
      hashed++;
      Object key = read();
      hashed--;
      if (key == null && into instanceof TreeMap) throw in.fault("null in a sorted map");
      into.put(key, read());
    }
    return into;
  }

  private Object object() {
    int handle = begin();
    Class<?> type = allowedClass(in.name());
    Shape shape = Shape.of(type);
    if (!shape.canMake()) throw in.fault(type.getName() + " cannot be made from fields");
    int size = in.count(2);
    if (size != shape.fields.size()) {
      throw in.fault(type.getName() + " has " + shape.fields.size() + " fields, received " + size + ": do both sides run the same code?");
    }
    Object instance = shape.makeEmpty();
    handles.set(handle, instance);
    Map<String, Object> values = new HashMap<>();
    for (int i = 0; i < size; i++) {
      String name = in.name();
      Field field = shape.fields.get(name);
      if (field == null || values.containsKey(name)) throw in.fault(type.getName() + " has no (further) field \"" + name + "\"");
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
    Class<?> type = allowedClass(in.name());
    if (Shape.of(type).canMake()) throw in.fault(type.getName() + " travels by its fields, never serialised");
    byte[] block = in.block(in.count(1));
    Object value = SerializedObjects.read(block, type, allowed);
    handles.set(handle, value);
    return value;
  }

  private Object enumConstant() {
    Class<?> type = allowedClass(in.name());
    String constant = in.name();
    Object[] constants = type.getEnumConstants();
    if (constants == null) throw in.fault(type.getName() + " is no enum");
    for (Object candidate : constants) if (((Enum<?>) candidate).name().equals(constant)) return candidate;
    throw in.fault(type.getName() + " has no constant \"" + constant + "\"");
  }

  private Object reference() {
    int handle = in.rawCount();
    if (hashed > 0) throw in.fault("a back-reference within a set or a key");
    if (handle >= handles.size() || handles.get(handle) == null) throw in.fault("a back-reference to nothing (" + handle + ")");
    return handles.get(handle);
  }

  private Class<?> allowedClass(String name) {
    Class<?> type = allowed.find(name);
    if (type == null) throw in.fault("class \"" + name + "\" is not on the allow-list");
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
}
