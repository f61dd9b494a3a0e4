package dev.oaas.wire;

/** The state of an implementation, which travels with its calls: its instance fields. */
public final class State {
  private final Class<?> type;
  private final Shape shape;

  /** @throws WireException when it has fields but cannot be made from them */
  public State(Class<?> type) {
    this.type = type;
    shape = Shape.of(type);
    if (!shape.fields.isEmpty() && (!shape.canMake() || shape.isRecord())) {
      throw new WireException(type.getName() + " keeps state: to be made anew from it, it needs a constructor without parameters, and be no record");
    }
  }

  /** Whether there is anything to carry. */
  public boolean isEmpty() {
    return shape.fields.isEmpty();
  }

  /** Takes the state of one instance over into another. */
  public void copy(Object from, Object to) {
    if (!type.isInstance(from)) {
      throw new WireException("the state of a " + type.getName() + " is wanted, received " + (from == null ? "null" : from.getClass().getName()));
    }
    shape.copy(from, to);
  }

  /** A new instance, as the constructor makes it. */
  public Object makeEmpty() {
    Object made = shape.makeEmpty();
    if (made == null) throw new WireException(type.getName() + " needs a constructor without parameters");
    return made;
  }
}
