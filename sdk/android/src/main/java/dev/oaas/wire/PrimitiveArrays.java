package dev.oaas.wire;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Arrays of primitives other than bytes: tag, count, big-endian elements. */
final class PrimitiveArrays {
  /** Writes an n. */
  interface CountWriter {
    void write(int count) throws IOException;
  }

  private PrimitiveArrays() {}

  static void write(Object array, DataOutputStream out, CountWriter count) throws IOException {
    if (array instanceof int[]) {
      int[] values = (int[]) array;
      begin(Tag.INTS, values.length, out, count);
      for (int value : values) out.writeInt(value);
    } else if (array instanceof long[]) {
      long[] values = (long[]) array;
      begin(Tag.LONGS, values.length, out, count);
      for (long value : values) out.writeLong(value);
    } else if (array instanceof double[]) {
      double[] values = (double[]) array;
      begin(Tag.DOUBLES, values.length, out, count);
      for (double value : values) out.writeLong(Double.doubleToRawLongBits(value));
    } else if (array instanceof float[]) {
      float[] values = (float[]) array;
      begin(Tag.FLOATS, values.length, out, count);
      for (float value : values) out.writeInt(Float.floatToRawIntBits(value));
    } else if (array instanceof char[]) {
      char[] values = (char[]) array;
      begin(Tag.CHARS, values.length, out, count);
      for (char value : values) out.writeChar(value);
    } else if (array instanceof short[]) {
      short[] values = (short[]) array;
      begin(Tag.SHORTS, values.length, out, count);
      for (short value : values) out.writeShort(value);
    } else {
      boolean[] values = (boolean[]) array;
      begin(Tag.BOOLEANS, values.length, out, count);
      for (boolean value : values) out.writeByte(value ? 1 : 0);
    }
  }

  private static void begin(int tag, int length, DataOutputStream out, CountWriter count) throws IOException {
    out.writeByte(tag);
    count.write(length);
  }

  /** Bytes of one element. */
  static int width(int tag) {
    switch (tag) {
      case Tag.BOOLEANS:
      case Tag.BYTES:
        return 1;
      case Tag.SHORTS:
      case Tag.CHARS:
        return 2;
      case Tag.INTS:
      case Tag.FLOATS:
        return 4;
      default:
        return 8;
    }
  }

  /** @param in holds at least {@code length * width(tag)} bytes */
  static Object read(int tag, int length, ByteBuffer in) {
    switch (tag) {
      case Tag.BOOLEANS:
        boolean[] booleans = new boolean[length];
        for (int i = 0; i < length; i++) booleans[i] = in.get() != 0;
        return booleans;
      case Tag.BYTES:
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
      case Tag.SHORTS:
        short[] shorts = new short[length];
        for (int i = 0; i < length; i++) shorts[i] = in.getShort();
        return shorts;
      case Tag.CHARS:
        char[] chars = new char[length];
        for (int i = 0; i < length; i++) chars[i] = in.getChar();
        return chars;
      case Tag.INTS:
        int[] ints = new int[length];
        for (int i = 0; i < length; i++) ints[i] = in.getInt();
        return ints;
      case Tag.LONGS:
        long[] longs = new long[length];
        for (int i = 0; i < length; i++) longs[i] = in.getLong();
        return longs;
      case Tag.FLOATS:
        float[] floats = new float[length];
        for (int i = 0; i < length; i++) floats[i] = Float.intBitsToFloat(in.getInt());
        return floats;
      default:
        double[] doubles = new double[length];
        for (int i = 0; i < length; i++) doubles[i] = Double.longBitsToDouble(in.getLong());
        return doubles;
    }
  }
}
