package dev.oaas.client;

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
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** One call of a method: decided, tried remotely or run here, or both, with its fallbacks. Blocks the caller; single use. */
final class Call {
  /** Left between the local run that is to save a deadline and the deadline itself, as a share of the local time. */
  private static final double RESCUE_MARGIN = 0.2;

  private final CallContext call;
  private final LocalSide local;
  private final RemoteSide remote;
  /** What loses a race is let finish there, to be measured. */
  private History.Unmeasured finish = new History.Unmeasured(false, false);

  Call(Method method, Work work) {
    call = new CallContext(method, work);
    local = new LocalSide(call);
    remote = new RemoteSide(call);
  }

  /** Ends what ties it to its client. */
  void release() {
    call.cancel.release();
  }

  Detailed<Object> run() throws Throwable {
    Prefer prefer = call.options.prefer;
    if (!call.work.hasLocal()) return report(runRemote(null), "no-local-implementation", "there is no local implementation");
    if (prefer == Prefer.REMOTE) return report(runRemote(null), "forced-remote", "the caller asked for remote");
    if (prefer == Prefer.LOCAL) return report(local.run(false).settle(), "forced-local", "the caller asked for local");
    Decision decision = call.history.decide(call.startMs, call.options.hasDeadline ? call.options.deadlineMs : null, call.size);
    Settled settled = decision.where == Where.LOCAL ? local.run(false).settle() : runRemote(decision.hedgeMs);
    return report(settled, decision.code, decision.explain());
  }

  private Detailed<Object> report(Settled settled, String planned, String why) {
    RemoteOutcome outcome = settled.remote;
    Where where = outcome == null ? Where.LOCAL : Where.REMOTE;
    call.history.ended(where, call.size);
    Timings timings = settled.timings.withTotal(Clock.nowMs() - call.startMs);
    String reason = settled.reason == null ? planned : settled.reason;
    String full = settled.cause == null ? why : why + "; " + settled.cause;
    call.host.events.emit(l -> l.result(call.spec.appId, call.name, call.requestId, reason, timings));
    List<String> hops = outcome == null ? Collections.emptyList() : outcome.reply.hops;
    return new Detailed<>(settled.result, where, outcome == null ? null : outcome.region, outcome == null ? null : outcome.reply.vmId, hops,
        reason, full, timings, call.attempts(), call.requestId);
  }

  /** @param hedgeMs without an answer by then the device starts as well; {@code null}: it waits */
  private Settled runRemote(Double hedgeMs) throws Throwable {
    Payload args;
    Payload state;
    try {
      args = call.work.args();
      state = call.work.state();
    } catch (WireException e) {
      call.host.events.emit(l -> l.error(call.spec.appId + "." + call.name + " cannot travel: " + e.getMessage()));
      if (!call.work.hasLocal()) throw e;
      return fallBack(e.getMessage(), "fallback");
    }
    if (!call.work.hasLocal()) return remote.only(args, state);
    boolean race = hedgeMs != null && hedgeMs == 0;
    if (race) finish = call.history.unmeasured(call.size);
    // With a placement before it, the time of a run that is given up would tell nothing of the surrogate.
    boolean placed = !call.host.usesTickets() || call.host.held(call.spec) != null;
    Cancel abort = Cancel.childOf(call.cancel);
    boolean leave = false;
    try {
      double sentMs = Clock.nowMs();
      CompletableFuture<RemoteOutcome> answer = remote.start(args, state, abort);
      String why = race ? "race" : untilLate(answer, hedgeMs);
      if (why == null) return settleRemote(remote.await(answer));
      Settled first = runBoth(answer, why);
      if (first.remote == null && finish.remote) {
        leave = true;
        hear(answer, abort);
      } else if (first.remote == null && placed && !answer.isDone()) {
        call.history.gaveUpRemotely(Clock.nowMs() - sentMs, Clock.nowMs(), call.size);
      }
      return first;
    } finally {
      // Whatever is still in progress is not wanted any more.
      if (!leave) {
        abort.cancel();
        abort.release();
      }
    }
  }

  /** {@code null}: there is an outcome; else why an idempotent method must start here as well before there is one. */
  private String untilLate(CompletableFuture<RemoteOutcome> answer, Double hedgeMs) {
    if (!call.options.idempotent || !call.work.canRunAside()) return null;
    Double localMs = call.history.localWorstMs(call.size);
    double leftMs = localMs == null ? 0 : call.endsAtMs - Clock.nowMs() - localMs * (1 + RESCUE_MARGIN);
    // A device that could not make it even from the start has nothing to rescue.
    double rescueMs = leftMs > 0 ? leftMs : Double.POSITIVE_INFINITY;
    double lateMs = hedgeMs == null ? Double.POSITIVE_INFINITY : hedgeMs;
    double waitMs = Math.min(rescueMs, lateMs);
    if (waitMs == Double.POSITIVE_INFINITY || remote.await(answer, waitMs) != null) return null;
    return rescueMs < lateMs ? "deadline-threatened" : "answer-late";
  }

  /** Local and remote at once; the first result wins and the other is abandoned, with whatever it did to its copy of the state. */
  private Settled runBoth(CompletableFuture<RemoteOutcome> answer, String why) throws Throwable {
    boolean race = why.equals("race");
    String cause = why.equals("answer-late")
        ? "the answer was later than answers are"
        : "the answer was so late that the deadline needed a local run";
    if (!race) call.emitFallback(cause);
    CompletableFuture<Object> first = new CompletableFuture<>();
    Runnable compute = () -> {
      try {
        first.complete(local.run(true));
      } catch (Throwable e) {
        first.completeExceptionally(e);
      }
    };
    answer.thenAccept(outcome -> {
      if (outcome.kind == RemoteOutcome.Kind.OK) first.complete(outcome);
      else remote.holdOff(outcome);
    });
    Runnable unlisten = call.cancel.onCancel(() -> first.completeExceptionally(call.closed()));
    call.host.threads.run(compute);
    Object winner;
    try {
      winner = first.get();
    } catch (ExecutionException e) {
      throw e.getCause();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OffloadException(OffloadException.Code.ABORTED, "interrupted", null, e);
    } finally {
      unlisten.run();
    }
    if (winner instanceof RemoteOutcome) return settleRemote((RemoteOutcome) winner);
    Settled settled = ((LocalSide.Run) winner).settle();
    return race ? settled : settled.because(why, cause);
  }

  /** Learns of a remote run that nobody waits for. */
  private void hear(CompletableFuture<RemoteOutcome> answer, Cancel abort) {
    call.history.awaits(call.size);
    answer.whenComplete((outcome, failed) -> {
      abort.release();
      call.history.heard(call.size);
      if (outcome != null && outcome.kind == RemoteOutcome.Kind.OK) remote.learn(outcome);
    });
  }

  private Settled settleRemote(RemoteOutcome outcome) throws Throwable {
    if (outcome.kind == RemoteOutcome.Kind.OK) {
      try {
        return remote.accept(outcome);
      } catch (WireException e) {
        return settleRemote(RemoteSide.unreadable(e));
      }
    }
    if (call.host.closing.isCancelled()) throw call.closed();
    boolean unknown = outcome.kind == RemoteOutcome.Kind.UNKNOWN;
    if (outcome.kind == RemoteOutcome.Kind.TASK_FAILED || (unknown && !call.options.idempotent)) throw call.failure(outcome);
    remote.holdOff(outcome);
    return fallBack(outcome.cause, outcome.kind == RemoteOutcome.Kind.REGION_SAYS_LOCAL ? "region-says-local" : "fallback");
  }

  private Settled fallBack(String cause, String reason) throws Throwable {
    call.emitFallback(cause);
    return local.run(false).settle().because(reason, cause);
  }
}
