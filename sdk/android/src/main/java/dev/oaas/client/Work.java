package dev.oaas.client;

import dev.oaas.wire.Payload;

/** One call's arguments and object: how it is written for a surrogate, run here, and how what comes back is taken over. */
interface Work {
  /** A local run that is done: its result, and how it takes effect. */
  final class Done {
    final Object result;
    private final Runnable commit;

    Done(Object result, Runnable commit) {
      this.result = result;
      this.commit = commit;
    }

    /** Takes the new state over; once, and only of the run whose result counts. */
    Object accept() {
      commit.run();
      return result;
    }
  }

  /** As the caller gave them. */
  Object[] arguments();

  /** Whether there is an implementation on the device. */
  boolean hasLocal();

  /** @throws dev.oaas.wire.WireException when an argument is of no declared type */
  Payload args();

  /** {@code null}: the object keeps none. */
  Payload state();

  /**
   * Runs on the device.
   *
   * @param aside on a copy of the state, because a remote run of the same call is in progress
   */
  Done runLocal(boolean aside) throws Throwable;

  /** Whether {@link #runLocal} can run aside. */
  boolean canRunAside();

  /**
   * Reads what a surrogate answered; nothing has changed yet.
   *
   * @throws dev.oaas.wire.WireException when it is not what the method returns
   */
  Done read(Payload result, Payload state);
}
