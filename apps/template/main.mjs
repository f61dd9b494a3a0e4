// Each exported function that oaas.json lists under `methods` can be offloaded.

/** Arguments come in as given by the caller; the return value is the result. */
export function greet(name) {
  return `Hello, ${name}!`;
}

/** After the arguments comes a context. `ctx.state` travels to the surrogate and back. */
export function count(ctx) {
  ctx.state = { calls: (ctx.state?.calls ?? 0) + 1 };
  return ctx.state.calls;
}
