package dev.oaas.net;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads of one client: workers that may block, and one timer that must not. None keeps a process alive. */
public final class Threads {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final ExecutorService workers = Executors.newCachedThreadPool(daemons("oaas-worker-"));
  private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, daemons("oaas-timer-"));

  public Threads() {
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Runs on a worker; dropped when closed. */
  public void run(Runnable work) {
    try {
      workers.execute(work);
    } catch (RejectedExecutionException e) {
      // Closed: nobody waits for it any more.
    }
  }

  /** Runs on the timer's thread, so it must not block. @return cancels it */
  public Runnable after(double delayMs, Runnable quick) {
    try {
      Future<?> task = timer.schedule(quick, Math.max(0, (long) (delayMs * 1e6)), TimeUnit.NANOSECONDS);
      return () -> task.cancel(false);
    } catch (RejectedExecutionException e) {
      return () -> {};
    }
  }

  /** Runs on a worker later on. @return cancels it */
  public Runnable runAfter(double delayMs, Runnable work) {
    return after(delayMs, () -> run(work));
  }

  /** Takes no more work; what runs may end. */
  public void close() {
    timer.shutdownNow();
    workers.shutdown();
  }

  private static ThreadFactory daemons(String prefix) {
    return work -> {
      Thread thread = new Thread(work, prefix + NUMBER.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
