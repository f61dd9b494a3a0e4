package dev.oaas.net;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Tells work in progress that its result is not wanted any more. */
public final class Cancel {
  private final Set<Runnable> listeners = new LinkedHashSet<>();
  private boolean cancelled;

  /** One that is cancelled with its parent, or by itself. Its parent forgets it on {@link #release}. */
  public static Cancel childOf(Cancel parent) {
    Cancel child = new Cancel();
    Runnable forward = child::cancel;
    child.release = parent.onCancel(forward);
    return child;
  }

  private Runnable release = () -> {};

  /** Ends the tie to the parent. */
  public void release() {
    release.run();
  }

  /** Whether it was cancelled. */
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /** Calls back on cancelling, at once when cancelled already. @return takes the callback away again */
  public Runnable onCancel(Runnable callback) {
    synchronized (this) {
      if (!cancelled) {
        listeners.add(callback);
        return () -> remove(callback);
      }
    }
    callback.run();
    return () -> {};
  }

  /** Cancels; safe to repeat. */
  public void cancel() {
    List<Runnable> called;
    synchronized (this) {
      if (cancelled) return;
      cancelled = true;
      called = new ArrayList<>(listeners);
      listeners.clear();
    }
    for (Runnable listener : called) listener.run();
  }

  private synchronized void remove(Runnable callback) {
    listeners.remove(callback);
  }
}
