import { useEffect, useState } from 'preact/hooks';
import { pagePaths } from '../../lib/ports/contracts/page.ts';
import type { RunningTask } from '../../lib/ports/contracts/wire.ts';
import { ask } from '../feed.ts';
import * as show from '../format.ts';
import { Scroll } from './scroll.tsx';

interface TaskList {
  tasks: RunningTask[];
  more: number;
  silent: string[];
}

const everyMs = 2_000;

/** Every task on every machine; asked of the machines only while it is open. */
export function Tasks({ pageKey }: { pageKey: string }) {
  const [open, setOpen] = useState(false);
  const [list, setList] = useState<TaskList | null>(null);
  useEffect(() => {
    if (!open) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const look = async (): Promise<void> => {
      const found = await ask<TaskList>(pageKey, pagePaths.tasks).catch(() => null);
      if (over) return;
      if (found !== null) setList(found);
      timer = setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [open, pageKey]);
  return (
    <details class="card tasks" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2>Running tasks</h2>
      </summary>
      {list === null ? (
        <p>Asking the machines …</p>
      ) : list.tasks.length === 0 ? (
        <p>No task is running at this moment.</p>
      ) : (
        <Scroll label="Running tasks">
          <table>
            <thead>
              <tr>
                <th scope="col">Task</th>
                <th scope="col">State</th>
                <th scope="col">Age</th>
                <th scope="col">Machine</th>
              </tr>
            </thead>
            <tbody>
              {list.tasks.map((task) => (
                <tr key={task.taskId}>
                  <td>
                    {task.appId}.{task.method}
                  </td>
                  <td>{task.state}</td>
                  <td>{show.ms(task.ageMs)} ms</td>
                  <td>{task.vmId}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {list !== null && list.more > 0 && <p>and {list.more} more</p>}
      {list !== null && list.silent.length > 0 && <p>no answer from {list.silent.join(', ')}</p>}
    </details>
  );
}
