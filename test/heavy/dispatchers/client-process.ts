/** A client that places and runs tasks as fast as it can until it is killed. Arguments: agents' URL, key, dispatchers' ports. */
const [agents = '', key = '', ...ports] = process.argv.slice(2);

async function loop(): Promise<void> {
  for (;;) {
    const port = ports[Math.floor(Math.random() * ports.length)];
    const placed = await fetch(`http://127.0.0.1:${port}/v1/placements`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"appId": "demo", "method": "run"}',
    });
    const answer = (await placed.json()) as { ticket?: string };
    if (placed.status === 200 && answer.ticket !== undefined) {
      await (await fetch(agents, { method: 'POST', body: answer.ticket })).text();
    } else if (placed.status === 429 || placed.status === 503) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    } else {
      process.send?.({ type: 'unexpected', status: placed.status, answer });
    }
  }
}

process.once('disconnect', () => process.exit(0));
for (let i = 0; i < 3; i++) {
  loop().catch((error: Error) => process.send?.({ type: 'failed', message: error.message }));
}
