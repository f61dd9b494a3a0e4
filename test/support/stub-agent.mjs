// Stands in for the agent where only a machine's life matters: says ready, ends with its parent.
process.once('disconnect', () => process.exit(0));
process.send?.({ type: 'ready', vmId: process.env.OAAS_VM_ID });
setInterval(() => {}, 60_000);
