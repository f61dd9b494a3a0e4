package dev.oaas.client;

import dev.oaas.Attempt;
import dev.oaas.Timings;
import dev.oaas.decide.Where;
import dev.oaas.net.Clock;

/** A call's runs on the device. */
final class LocalSide {
  /** A run whose effect is not taken over yet. */
  static final class Run {
    private final Work.Done done;
    private final double ms;

    Run(Work.Done done, double ms) {
      this.done = done;
      this.ms = ms;
    }

    Settled settle() {
      return new Settled(done.accept(), null, new Timings(0, 0, 0, 0, 0, ms, 0));
    }
  }

  private final CallContext call;

  LocalSide(CallContext call) {
    this.call = call;
  }

  /** @param aside see {@link Work#runLocal} */
  Run run(boolean aside) throws Throwable {
    double beganMs = Clock.nowMs();
    // A run that shared the device measured the crowd, not the method.
    boolean alone = call.history.beginLocal();
    boolean ok = false;
    try {
      Work.Done done = call.work.runLocal(aside);
      ok = true;
      double ms = Clock.nowMs() - beganMs;
      call.attempted(new Attempt(Where.LOCAL, "device", null, Attempt.Outcome.OK, null, ms));
      return new Run(done, ms);
    } catch (Throwable e) {
      call.attempted(new Attempt(Where.LOCAL, "device", null, Attempt.Outcome.FAILED, String.valueOf(e.getMessage()), Clock.nowMs() - beganMs));
      throw e;
    } finally {
      boolean stillAlone = call.history.endLocal();
      if (ok && alone && stillAlone) call.history.ranLocally(Clock.nowMs() - beganMs, Clock.nowMs(), call.size);
    }
  }
}
