package dev.oaas.client;

import dev.oaas.OffloadException;
import dev.oaas.Prefer;
import dev.oaas.Timings;
import dev.oaas.net.Cancel;
import dev.oaas.net.Clock;
import dev.oaas.wire.Payload;
import dev.oaas.wire.WireException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A call's runs on surrogates. */
final class RemoteSide {
  /** For what cannot be timed by its own exchange, such as a name service. */
  private static final double GRACE_MS = 250;
  /** Waiting and handing on beyond this share of the run itself: the ticket's VMs are crowded. */
  private static final double CROWDED_SHARE = 0.5;
  /** After a failure of the remote side nobody waits for it again for this long, unless it said when. */
  private static final double HOLD_OFF_MS = 1_000;
  private static final double LONGEST_HOLD_OFF_MS = 30_000;

  private final CallContext call;

  RemoteSide(CallContext call) {
    this.call = call;
  }

  /** Sends it on a thread of the client's. */
  CompletableFuture<RemoteOutcome> start(Payload args, Payload state, Cancel abort) {
    CompletableFuture<RemoteOutcome> remote = new CompletableFuture<>();
    boolean weighed = call.options.prefer != Prefer.REMOTE && call.work.hasLocal();
    RemoteCall sent = new RemoteCall(
        call.spec, call.name, call.requestId, args, state, call.options.idempotent, weighed ? call.history.localMs(call.size) : null,
        call.history.runMs(call.size), call.endsAtMs, abort, call::attempted);
    call.host.threads.run(() -> {
      try {
        remote.complete(call.host.route.run(sent));
      } catch (RuntimeException | Error e) {
        remote.completeExceptionally(e);
      }
    });
    abort.onCancel(() -> remote.complete(RemoteOutcome.unknown("closed", null, false, false)));
    return remote;
  }

  /** The outcome; at the deadline one that is not known. */
  RemoteOutcome await(CompletableFuture<RemoteOutcome> remote) {
    RemoteOutcome outcome = await(remote, call.endsAtMs - Clock.nowMs() + GRACE_MS);
    if (outcome != null) return outcome;
    return RemoteOutcome.unknown("no answer within " + Math.round(call.options.deadlineMs) + " ms", null, false, true);
  }

  /** {@code null}: not within that time. */
  <T> T await(CompletableFuture<T> future, double waitMs) {
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

  /** Takes the result and the new state over. @throws WireException when they cannot be read; nothing has changed then */
  Settled accept(RemoteOutcome outcome) {
    TaskReply reply = outcome.reply;
    Work.Done done = call.work.read(reply.result, reply.state);
    learn(outcome);
    return new Settled(done.accept(), outcome, new Timings(outcome.t1Ms, outcome.t2Ms, reply.cloudMs, reply.queueMs, reply.handoffMs, 0, 0));
  }

  /** Enters an answer, whether anybody waits for it or not. */
  void learn(RemoteOutcome outcome) {
    TaskReply reply = outcome.reply;
    if (reply.queueMs + reply.handoffMs > CROWDED_SHARE * reply.cloudMs) call.host.tickets.refresh(call.spec);
    call.history.ranRemotely(RemoteRun.of(outcome), Clock.nowMs(), call.size);
  }

  /** Nobody waits for the remote side for a while after this. */
  void holdOff(RemoteOutcome outcome) {
    if (outcome.isFinal() || call.host.closing.isCancelled()) return;
    Double told = outcome.kind == RemoteOutcome.Kind.UNKNOWN ? null : outcome.retryAfterMs;
    double waitMs = told == null || told == 0 ? HOLD_OFF_MS : told;
    call.history.holdUntil(Clock.nowMs() + Math.min(waitMs, LONGEST_HOLD_OFF_MS));
  }

  /** Without a local implementation a refusal is waited out as long as the deadline allows. */
  Settled only(Payload args, Payload state) {
    while (true) {
      RemoteOutcome outcome;
      Cancel abort = Cancel.childOf(call.cancel);
      try {
        outcome = await(start(args, state, abort));
      } finally {
        abort.cancel();
        abort.release();
      }
      if (call.host.closing.isCancelled()) throw call.closed();
      if (outcome.kind == RemoteOutcome.Kind.OK) {
        try {
          return accept(outcome);
        } catch (WireException e) {
          throw call.failure(unreadable(e));
        }
      }
      boolean refused = outcome.kind == RemoteOutcome.Kind.UNAVAILABLE || outcome.kind == RemoteOutcome.Kind.REGION_SAYS_LOCAL;
      double delayMs = Math.max(50, outcome.retryAfterMs == null ? 0 : outcome.retryAfterMs);
      if (!refused || outcome.retryAfterMs == null || Clock.nowMs() + delayMs >= call.endsAtMs) throw call.failure(outcome);
      pause(delayMs);
    }
  }

  /** It has run, and what it answered cannot be read: the outcome is as good as unknown. */
  static RemoteOutcome unreadable(WireException e) {
    return RemoteOutcome.unknown("the result cannot be read: " + e.getMessage(), null, false, false);
  }

  private void pause(double delayMs) {
    CompletableFuture<Boolean> closed = new CompletableFuture<>();
    Runnable unlisten = call.cancel.onCancel(() -> closed.complete(true));
    Boolean ended = await(closed, delayMs);
    unlisten.run();
    if (ended != null) throw call.closed();
  }
}
