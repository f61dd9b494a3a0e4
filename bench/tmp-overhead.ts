import { overhead } from './offload.ts';

for (const r of await overhead({ quick: true, onProgress: (t: string) => console.log(t) } as never))
  console.log(r.name, r.value.toFixed(3), r.note ?? '');
process.exit(0);
