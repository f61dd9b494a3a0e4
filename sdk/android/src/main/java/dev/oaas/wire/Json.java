package dev.oaas.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON (RFC 8259) as {@code Map}, {@code List}, {@code String}, {@code Boolean}, {@code null} and numbers: a {@code Long} where the text is a whole number
 * that fits, else a {@code Double}. Android's {@code org.json} is no part of a plain JVM, hence this.
 */
public final class Json {
  private static final int MAX_DEPTH = 200;
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private final String text;
  private int at;
  private int depth;

  private Json(String text) {
    this.text = text;
  }

  /** @throws WireException naming the place, for anything but one JSON value */
  public static Object parse(String text) {
    Json reader = new Json(text);
    Object value = reader.value();
    reader.skipSpace();
    if (reader.at != text.length()) throw reader.fault("something after the value");
    return value;
  }

  /** @throws WireException for a value that JSON does not have, such as {@code NaN} */
  public static String write(Object value) {
    StringBuilder out = new StringBuilder();
    write(value, out, 0);
    return out.toString();
  }

  private Object value() {
    skipSpace();
    if (at >= text.length()) throw fault("nothing");
    char c = text.charAt(at);
    switch (c) {
      case '{':
        return nested(true);
      case '[':
        return nested(false);
      case '"':
        return string();
      case 't':
        return word("true", Boolean.TRUE);
      case 'f':
        return word("false", Boolean.FALSE);
      case 'n':
        return word("null", null);
      default:
        return number();
    }
  }

  private Object nested(boolean object) {
    if (++depth > MAX_DEPTH) throw fault("values within values deeper than " + MAX_DEPTH);
    at++;
    Object value = object ? object() : array();
    depth--;
    return value;
  }

  private Map<String, Object> object() {
    Map<String, Object> map = new LinkedHashMap<>();
    if (accept('}')) return map;
    do {
      skipSpace();
      if (at >= text.length() || text.charAt(at) != '"') throw fault("a name is missing");
      String name = string();
      if (!accept(':')) throw fault("a colon is missing");
      map.put(name, value());
    } while (accept(','));
    if (!accept('}')) throw fault("a brace is missing");
    return map;
  }

  private List<Object> array() {
    List<Object> list = new ArrayList<>();
    if (accept(']')) return list;
    do list.add(value());
    while (accept(','));
    if (!accept(']')) throw fault("a bracket is missing");
    return list;
  }

  private String string() {
    at++;
    int begin = at;
    // Most strings have no escape: one copy.
    while (at < text.length() && plain(text.charAt(at))) at++;
    if (at < text.length() && text.charAt(at) == '"') return text.substring(begin, at++);
    StringBuilder out = new StringBuilder(text.substring(begin, at));
    while (true) {
      if (at >= text.length()) throw fault("a string without end");
      char c = text.charAt(at++);
      if (c == '"') return out.toString();
      if (c == '\\') out.append(escaped());
      else if (c < ' ') throw fault("a control character in a string");
      else out.append(c);
    }
  }

  private static boolean plain(char c) {
    return c != '"' && c != '\\' && c >= ' ';
  }

  private char escaped() {
    if (at >= text.length()) throw fault("a string without end");
    char c = text.charAt(at++);
    switch (c) {
      case '"':
      case '\\':
      case '/':
        return c;
      case 'b':
        return '\b';
      case 'f':
        return '\f';
      case 'n':
        return '\n';
      case 'r':
        return '\r';
      case 't':
        return '\t';
      case 'u':
        return hex();
      default:
        throw fault("an unknown escape");
    }
  }

  private char hex() {
    if (at + 4 > text.length()) throw fault("four hex digits are missing");
    int code = 0;
    for (int i = 0; i < 4; i++) {
      char c = text.charAt(at++);
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) throw fault("not a hex digit");
      code = code << 4 | digit;
    }
    return (char) code;
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) throw fault("not a value");
    at += word.length();
    return value;
  }

  private Object number() {
    int begin = at;
    boolean whole = true;
    if (peek() == '-') at++;
    if (peek() == '0') at++;
    else digits();
    if (peek() == '.') {
      whole = false;
      at++;
      digits();
    }
    if (peek() == 'e' || peek() == 'E') {
      whole = false;
      at++;
      if (peek() == '+' || peek() == '-') at++;
      digits();
    }
    String number = text.substring(begin, at);
    // A minus zero is no whole number.
    if (whole && number.length() <= 20 && !number.equals("-0")) {
      try {
        return Long.valueOf(number);
      } catch (NumberFormatException e) {
        return Double.valueOf(number);
      }
    }
    return Double.valueOf(number);
  }

  private void digits() {
    int begin = at;
    while (peek() >= '0' && peek() <= '9') at++;
    if (at == begin) throw fault("not a value");
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private boolean accept(char c) {
    skipSpace();
    if (peek() != c || at >= text.length()) return false;
    at++;
    return true;
  }

  private void skipSpace() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
  }

  private WireException fault(String what) {
    return new WireException("no JSON at character " + at + ": " + what);
  }

  private static void write(Object value, StringBuilder out, int depth) {
    if (depth > MAX_DEPTH) throw new WireException("values within values deeper than " + MAX_DEPTH + ": not for JSON");
    if (value == null || value instanceof Boolean) out.append(value);
    else if (value instanceof CharSequence || value instanceof Character) quote(value.toString(), out);
    else if (value instanceof Double || value instanceof Float) writeDouble(((Number) value).doubleValue(), value, out);
    else if (value instanceof Number) out.append(value);
    else if (value instanceof Map) writeMap((Map<?, ?>) value, out, depth);
    else if (value instanceof Iterable) writeArray((Iterable<?>) value, out, depth);
    else throw new WireException("JSON has no " + value.getClass().getName());
  }

  private static void writeDouble(double number, Object value, StringBuilder out) {
    if (Double.isNaN(number) || Double.isInfinite(number)) throw new WireException("JSON has no " + value);
    // Whole numbers as JavaScript writes them.
    if (number == Math.rint(number) && Math.abs(number) < 1e15 && (number != 0 || 1 / number > 0)) out.append((long) number);
    else out.append(value);
  }

  private static void writeMap(Map<?, ?> map, StringBuilder out, int depth) {
    out.append('{');
    boolean first = true;
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!first) out.append(',');
      first = false;
      quote(String.valueOf(entry.getKey()), out);
      out.append(':');
      write(entry.getValue(), out, depth + 1);
    }
    out.append('}');
  }

  private static void writeArray(Iterable<?> values, StringBuilder out, int depth) {
    out.append('[');
    boolean first = true;
    for (Object value : values) {
      if (!first) out.append(',');
      first = false;
      write(value, out, depth + 1);
    }
    out.append(']');
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') out.append('\\').append(c);
      // An unpaired surrogate would not survive UTF-8.
      else if (c < ' ' || Character.isSurrogate(c) && !paired(text, i)) escape(c, out);
      else out.append(c);
    }
    out.append('"');
  }

  private static boolean paired(String text, int i) {
    if (Character.isHighSurrogate(text.charAt(i))) return i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1));
    return i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
  }

  private static void escape(char c, StringBuilder out) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) out.append(HEX[c >> shift & 0xF]);
  }
}
