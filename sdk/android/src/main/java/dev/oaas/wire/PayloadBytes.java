package dev.oaas.wire;

import java.math.BigInteger;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The bytes of a payload that anyone may have written: numbers, texts and names, never more than there are. */
final class PayloadBytes {
  private final ByteBuffer bytes;
  private final List<String> names = new ArrayList<>();

  /** @throws WireException for what is too long, or begins as no payload does */
  PayloadBytes(byte[] payload) {
    if (payload.length > Bounds.MAX_BYTES) {
      throw new WireException("a payload of " + payload.length + " bytes, at most " + Bounds.MAX_BYTES + " are read");
    }
    bytes = ByteBuffer.wrap(payload);
    for (byte expected : Tag.HEADER) {
      if (!bytes.hasRemaining() || bytes.get() != expected) throw new WireException("not a payload of this format and version");
    }
  }

  int remaining() {
    return bytes.remaining();
  }

  byte[] block(int length) {
    byte[] block = new byte[length];
    bytes.get(block);
    return block;
  }

  /** Of a class or field: in full the first time, by its number afterwards. */
  String name() {
    int number = rawCount();
    if (number > names.size()) throw fault("a name that was not given (" + number + ")");
    if (number > 0) return names.get(number - 1);
    int length = count(1);
    if (length > Bounds.MAX_NAME_BYTES) throw fault("a name of " + length + " bytes");
    String name = utf8(length);
    names.add(name);
    return name;
  }

  BigInteger bigInteger() {
    int length = count(1);
    if (length == 0) throw fault("a number without digits");
    return new BigInteger(block(length));
  }

  String utf8(int length) {
    ByteBuffer slice = bytes.duplicate();
    // As Buffer: before Android 14 a ByteBuffer has no such methods of its own.
    ((Buffer) slice).limit(bytes.position() + length);
    ((Buffer) bytes).position(bytes.position() + length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
    } catch (CharacterCodingException e) {
      throw fault("a text that is not UTF-8");
    }
  }

  String utf16(int units) {
    char[] chars = new char[units];
    CharBuffer view = bytes.asCharBuffer();
    view.get(chars);
    ((Buffer) bytes).position(bytes.position() + 2 * units);
    return new String(chars);
  }

  /** An n that counts things of at least that many bytes each, all of which must still be there. */
  int count(int leastBytes) {
    int count = rawCount();
    if ((long) count * leastBytes > bytes.remaining()) throw fault("a length of " + count + " with " + bytes.remaining() + " bytes left");
    return count;
  }

  int rawCount() {
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

  int unsignedByte() {
    return need(1).get() & 0xFF;
  }

  ByteBuffer need(int wanted) {
    if (bytes.remaining() < wanted) throw fault("the payload ends within a value");
    return bytes;
  }

  /** Names the place. */
  WireException fault(String what) {
    return new WireException("at byte " + bytes.position() + ": " + what);
  }
}
