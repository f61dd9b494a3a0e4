package dev.oaas.wire;

/** What a call on the surrogate came to. */
public final class Reply {
  /** The method's result. */
  public final Payload result;
  /** State after the call; {@code null} when the request had none. */
  public final Payload state;

  Reply(Payload result, Payload state) {
    this.result = result;
    this.state = state;
  }
}
