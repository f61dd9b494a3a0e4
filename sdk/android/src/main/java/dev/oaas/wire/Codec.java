package dev.oaas.wire;

/** Values of declared types as bytes, and back; see {@code docs/jvm-wire.md} for the format and its bounds. */
public final class Codec {
  /** Content type of what {@link #encode} writes. */
  public static final String TYPE = "application/vnd.oaas.java";

  private final AllowList allowed;

  /** @param allowed classes of the app that may be written and read */
  public Codec(AllowList allowed) {
    this.allowed = allowed;
  }

  /** @throws WireException naming the class that is not carried, and why */
  public byte[] encode(Object value) {
    return new Encoder(allowed).encode(value);
  }

  /** @throws WireException for anything but what {@link #encode} writes of allowed classes */
  public Object decode(byte[] bytes) {
    return new Decoder(bytes, allowed).decode();
  }

  AllowList allowed() {
    return allowed;
  }
}
