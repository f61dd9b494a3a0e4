package dev.oaas.client;

import dev.oaas.Attempt;
import dev.oaas.Detailed;
import dev.oaas.OffloadException;
import dev.oaas.Prefer;
import dev.oaas.Timings;
import dev.oaas.decide.Decision;
import dev.oaas.decide.Where;
import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import dev.oaas.wire.Payload;
import dev.oaas.wire.WireException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One call of a method: decided, tried remotely or run here, with its fallbacks. Blocks the caller; single use. */
final class Call {
  /** Left between the local run that is to save a deadline and the deadline itself, as a share of the local time. */
  private static final double RESCUE_MARGIN = 0.2;
  /** For what cannot be timed by its own exchange, such as a name service. */
  private static final double GRACE_MS = 250;

  /** What a call came to, before the totals. */
  private static final class Settled {
    final Object result;
    final RemoteOutcome remote;
    final Timings timings;
    String reason;
    String cause;

    Settled(Object result, RemoteOutcome remote, Timings timings) {
      this.result = result;
      this.remote = remote;
      this.timings = timings;
    }

    Settled because(String why, String what) {
      reason = why;
      cause = what;
      return this;
    }
  }

  private final Host host;
  private final Spec spec;
  private final String name;
  private final MethodOptions options;
  private final Measurements measured;
  private final Work work;
  private final String requestId = UUID.randomUUID().toString();
  private final double startMs = Clock.nowMs();
  private final double endsAtMs;
  private final Cancel cancel;
  private final List<Attempt> attempts = Collections.synchronizedList(new ArrayList<>());

  Call(Method method, Work work) {
    host = method.host;
    spec = method.spec;
    name = method.name;
    options = method.options;
    measured = method.measured;
    this.work = work;
    endsAtMs = startMs + options.deadlineMs;
    cancel = Cancel.childOf(host.closing);
  }

  /** Ends what ties it to its client. */
  void release() {
    cancel.release();
  }

  Detailed<Object> run() throws Throwable {
    String reason;
    String why;
    Where where = Where.REMOTE;
    if (!work.hasLocal()) {
      reason = "no-local-implementation";
      why = "there is no local implementation";
    } else if (options.prefer == Prefer.REMOTE) {
      reason = "forced-remote";
      why = "the caller asked for remote";
    } else if (options.prefer == Prefer.LOCAL) {
      where = Where.LOCAL;
      reason = "forced-local";
      why = "the caller asked for local";
    } else {
      Decision decision = measured.decide(startMs);
      where = decision.where;
      reason = decision.code;
      why = decision.explain();
    }
    Settled settled = where == Where.LOCAL ? runLocal(false) : runRemote();
    return report(settled, reason, why);
  }

  private Detailed<Object> report(Settled settled, String planned, String why) {
    Where where = settled.remote == null ? Where.LOCAL : Where.REMOTE;
    measured.ranOn(where);
    Timings timings = settled.timings.withTotal(Clock.nowMs() - startMs);
    String reason = settled.reason == null ? planned : settled.reason;
    String full = settled.cause == null ? why : why + "; " + settled.cause;
    host.events.emit(l -> l.result(spec.appId, name, requestId, reason, timings));
    RemoteOutcome remote = settled.remote;
    List<String> hops = remote == null ? Collections.emptyList() : remote.reply.hops;
    List<Attempt> tried;
    synchronized (attempts) {
      tried = new ArrayList<>(attempts);
    }
    return new Detailed<>(settled.result, where, remote == null ? null : remote.region, remote == null ? null : remote.reply.vmId, hops,
        reason, full, timings, tried, requestId);
  }

  private Settled runRemote() throws Throwable {
    Payload args;
    Payload state;
    try {
      args = work.args();
      state = work.state();
    } catch (WireException e) {
      host.events.emit(l -> l.error(spec.appId + "." + name + " cannot travel: " + e.getMessage()));
      if (!work.hasLocal()) throw e;
      return fallBack(e.getMessage(), "fallback");
    }
    if (!work.hasLocal()) return remoteOnly(args, state);
    Cancel abort = Cancel.childOf(cancel);
    try {
      CompletableFuture<RemoteOutcome> remote = startRemote(args, state, abort);
      RemoteOutcome outcome = untilThreatened(remote);
      return outcome == null ? rescue(remote) : settleRemote(outcome);
    } finally {
      // Whatever is still in progress is not wanted any more.
      abort.cancel();
      abort.release();
    }
  }

  private CompletableFuture<RemoteOutcome> startRemote(Payload args, Payload state, Cancel abort) {
    CompletableFuture<RemoteOutcome> remote = new CompletableFuture<>();
    Double estimate = options.prefer == Prefer.REMOTE || !work.hasLocal() ? null : measured.localEstimateMs();
    RemoteCall call = new RemoteCall(
        spec, name, requestId, args, state, options.idempotent, estimate, measured.runMs(), endsAtMs, abort, this::attempted);
    host.threads.run(() -> {
      try {
        remote.complete(host.route.run(call));
      } catch (RuntimeException | Error e) {
        remote.completeExceptionally(e);
      }
    });
    Runnable closed = () -> remote.complete(RemoteOutcome.unknown("closed", null, false, false));
    abort.onCancel(closed);
    return remote;
  }

  /** The remote outcome; {@code null}: an idempotent method must start here now to make its deadline. */
  private RemoteOutcome untilThreatened(CompletableFuture<RemoteOutcome> remote) {
    Double localMs = measured.cautiousLocalMs();
    boolean rescuable = options.idempotent && localMs != null && work.canRunAside();
    double waitMs = rescuable ? endsAtMs - Clock.nowMs() - localMs * (1 + RESCUE_MARGIN) : 0;
    // A device that could not make it even from the start has nothing to rescue.
    if (waitMs <= 0) return await(remote);
    return await(remote, waitMs);
  }

  private RemoteOutcome await(CompletableFuture<RemoteOutcome> remote) {
    RemoteOutcome outcome = await(remote, endsAtMs - Clock.nowMs() + GRACE_MS);
    return outcome != null ? outcome : RemoteOutcome.unknown("no answer within " + Math.round(options.deadlineMs) + " ms", null, false, true);
  }

  /** {@code null}: not within that time. */
  private <T> T await(CompletableFuture<T> future, double waitMs) {
    try {
      return future.get((long) Math.max(1, waitMs), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OffloadException(OffloadException.Code.ABORTED, "interrupted", null, e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Local and remote at once; the first result wins and the other is abandoned, with whatever it did to its copy of the state. */
  private Settled rescue(CompletableFuture<RemoteOutcome> remote) throws Throwable {
    String cause = "the answer was so late that the deadline needed a local run";
    emitFallback(cause);
    CompletableFuture<Object> first = new CompletableFuture<>();
    host.threads.run(() -> {
      try {
        first.complete(localRun(true));
      } catch (Throwable e) {
        first.completeExceptionally(e);
      }
    });
    remote.thenAccept(outcome -> {
      if (outcome.kind == RemoteOutcome.Kind.OK) first.complete(outcome);
    });
    cancel.onCancel(() -> first.completeExceptionally(aborted()));
    Object winner;
    try {
      winner = first.get();
    } catch (ExecutionException e) {
      throw e.getCause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OffloadException(OffloadException.Code.ABORTED, "interrupted", null, e);
    }
    if (winner instanceof RemoteOutcome) return settleRemote((RemoteOutcome) winner);
    return ((LocalRun) winner).settle().because("deadline-threatened", cause);
  }

  private Settled settleRemote(RemoteOutcome outcome) throws Throwable {
    if (outcome.kind == RemoteOutcome.Kind.OK) {
      try {
        return accept(outcome);
      } catch (WireException e) {
        // It has run, and what it answered cannot be read: the outcome is as good as unknown.
        String cause = "the result cannot be read: " + e.getMessage();
        return settleRemote(RemoteOutcome.unknown(cause, null, false, false));
      }
    }
    if (host.closing.isCancelled()) throw aborted();
    boolean unknown = outcome.kind == RemoteOutcome.Kind.UNKNOWN;
    if (outcome.kind == RemoteOutcome.Kind.TASK_FAILED || (unknown && !options.idempotent)) throw Failures.of(spec.appId + "." + name, options.idempotent, outcome);
    measured.holdOff(unknown ? null : outcome.retryAfterMs);
    return fallBack(outcome.cause, outcome.kind == RemoteOutcome.Kind.REGION_SAYS_LOCAL ? "region-says-local" : "fallback");
  }

  private Settled fallBack(String cause, String reason) throws Throwable {
    emitFallback(cause);
    return runLocal(false).because(reason, cause);
  }

  /** Without a local implementation a refusal is waited out as long as the deadline allows. */
  private Settled remoteOnly(Payload args, Payload state) throws Throwable {
    while (true) {
      RemoteOutcome outcome;
      Cancel abort = Cancel.childOf(cancel);
      try {
        outcome = await(startRemote(args, state, abort));
      } finally {
        abort.cancel();
        abort.release();
      }
      if (host.closing.isCancelled()) throw aborted();
      if (outcome.kind == RemoteOutcome.Kind.OK) {
        try {
          return accept(outcome);
        } catch (WireException e) {
          throw Failures.of(spec.appId + "." + name, options.idempotent, RemoteOutcome.unknown("the result cannot be read: " + e.getMessage(), null, false, false));
        }
      }
      boolean refused = outcome.kind == RemoteOutcome.Kind.UNAVAILABLE || outcome.kind == RemoteOutcome.Kind.REGION_SAYS_LOCAL;
      double delayMs = Math.max(50, outcome.retryAfterMs == null ? 0 : outcome.retryAfterMs);
      if (!refused || outcome.retryAfterMs == null || Clock.nowMs() + delayMs >= endsAtMs) throw Failures.of(spec.appId + "." + name, options.idempotent, outcome);
      pause(delayMs);
    }
  }

  private void pause(double delayMs) {
    CompletableFuture<Boolean> closed = new CompletableFuture<>();
    Runnable unlisten = cancel.onCancel(() -> closed.complete(true));
    Boolean ended = await(closed, delayMs);
    unlisten.run();
    if (ended != null) throw aborted();
  }

  private Settled accept(RemoteOutcome outcome) {
    TaskReply reply = outcome.reply;
    Work.Done done = work.read(reply.result, reply.state);
    measured.accepted(outcome);
    return new Settled(done.accept(), outcome, new Timings(outcome.t1Ms, outcome.t2Ms, reply.cloudMs, reply.queueMs, reply.handoffMs, 0, 0));
  }

  private Settled runLocal(boolean aside) throws Throwable {
    return localRun(aside).settle();
  }

  private LocalRun localRun(boolean aside) throws Throwable {
    double beganMs = Clock.nowMs();
    boolean alone = measured.beginLocal();
    boolean ok = false;
    try {
      Work.Done done = work.runLocal(aside);
      ok = true;
      double ms = Clock.nowMs() - beganMs;
      attempted(new Attempt(Where.LOCAL, "device", null, Attempt.Outcome.OK, null, ms));
      return new LocalRun(done, ms);
    } catch (Throwable e) {
      attempted(new Attempt(Where.LOCAL, "device", null, Attempt.Outcome.FAILED, String.valueOf(e.getMessage()), Clock.nowMs() - beganMs));
      throw e;
    } finally {
      measured.endLocal(alone, Clock.nowMs() - beganMs, ok);
    }
  }

  private void attempted(Attempt attempt) {
    attempts.add(attempt);
    host.events.emit(l -> l.attempt(spec.appId, name, requestId, attempt));
  }

  private void emitFallback(String cause) {
    host.events.emit(l -> l.fallback(spec.appId, name, requestId, cause));
  }

  private OffloadException aborted() {
    return new OffloadException(OffloadException.Code.CLOSED, "the client was closed during the call");
  }

  /** A local run whose effect is not taken over yet. */
  private static final class LocalRun {
    private final Work.Done done;
    private final double ms;

    LocalRun(Work.Done done, double ms) {
      this.done = done;
      this.ms = ms;
    }

    Settled settle() {
      return new Settled(done.accept(), null, new Timings(0, 0, 0, 0, 0, ms, 0));
    }
  }
}
