package dev.oaas.wire;

/** First byte of every value. */
final class Tag {
  static final int NULL = 0;
  static final int FALSE = 1;
  static final int TRUE = 2;
  static final int BYTE = 3;
  static final int SHORT = 4;
  static final int CHAR = 5;
  static final int INT = 6;
  static final int LONG = 7;
  static final int FLOAT = 8;
  static final int DOUBLE = 9;
  static final int STRING = 10;
  static final int STRING_UTF16 = 11;
  static final int BIG_INTEGER = 12;
  static final int BIG_DECIMAL = 13;
  static final int UUID = 14;
  static final int REFERENCE = 15;
  static final int ENUM = 16;
  static final int BOOLEANS = 20;
  static final int BYTES = 21;
  static final int SHORTS = 22;
  static final int CHARS = 23;
  static final int INTS = 24;
  static final int LONGS = 25;
  static final int FLOATS = 26;
  static final int DOUBLES = 27;
  static final int OBJECTS = 28;
  static final int ARRAY_LIST = 30;
  static final int LINKED_LIST = 31;
  static final int ARRAY_DEQUE = 32;
  static final int HASH_SET = 33;
  static final int LINKED_HASH_SET = 34;
  static final int TREE_SET = 35;
  static final int PRIORITY_QUEUE = 36;
  static final int HASH_MAP = 40;
  static final int LINKED_HASH_MAP = 41;
  static final int TREE_MAP = 42;
  static final int OBJECT = 50;
  static final int SERIALIZED = 51;

  static final byte[] HEADER = {0x4F, 0x4A, 0x01};

  private Tag() {}
}
