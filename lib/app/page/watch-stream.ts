import type { PageHub } from './hub.ts';

/** A watcher that lets this much lie unread is dropped. */
const mostUnreadBytes = 4 * 1024 * 1024;

/** A watcher as the body of an answer. @param onEnd called once, whoever ends it */
export function watchStream(hub: PageHub, onEnd: () => void): ReadableStream<Uint8Array> {
  let stop = () => {};
  let over = false;
  const finish = (): void => {
    if (over) return;
    over = true;
    stop();
    onEnd();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = hub.watch({
          send(chunk) {
            controller.enqueue(chunk);
            return (controller.desiredSize ?? 0) > 0;
          },
          end() {
            finish();
            controller.close();
          },
        });
      },
      cancel: finish,
    },
    { highWaterMark: mostUnreadBytes, size: (chunk) => chunk?.byteLength ?? 0 },
  );
}
