/**
 * Bounds a piece of work that may take several calls: aborts it and rejects once the time is over, whether it heeds the signal or not.
 *
 * @throws TimeoutError (by name) when the budget is spent
 */
export async function withinBudget<T>(
  budgetMs: number,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`${what}: no answer within ${budgetMs} ms`);
      error.name = 'TimeoutError';
      reject(error);
      controller.abort(error);
    }, budgetMs);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
