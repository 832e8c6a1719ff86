import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import type { Clock } from "@pitlane/perf";
import { reasonOf } from "./errors.ts";
import type { PluginHost, SwapReport } from "./host.ts";
import { loadPlugins } from "./load.ts";

export interface WatchOptions {
  readonly clock: Pick<Clock, "sleep">;
  /** Quiet time after a change before it counts, in milliseconds: editors write in several steps. Default 30. */
  readonly quietMs?: number;
  /** Told when the folder can be watched no more. */
  readonly onError: (error: Error) => void;
}

/**
 * Calls `onChange` after a file was saved, whether it was written in place or replaced by another.
 *
 * The folder is watched and not the file, which many editors delete and make anew. `onChange` is not called again before what it returned
 * has ended; changes meanwhile count as one.
 *
 * @returns Ends it.
 */
export function watchPlugin(
  path: string,
  onChange: () => void | Promise<void>,
  { clock, quietMs = 30, onError }: WatchOptions,
): () => void {
  const file = basename(path);
  const stop = new AbortController();
  let isWaiting = false;
  let isChanged = false;
  const settle = async () => {
    isWaiting = true;
    try {
      while (isChanged) {
        isChanged = false;
        await clock.sleep(quietMs, stop.signal);
        if (!isChanged) await onChange();
      }
    } catch (error) {
      if (!stop.signal.aborted) onError(error as Error);
    } finally {
      isWaiting = false;
    }
  };
  const watcher: FSWatcher = watch(dirname(resolve(path)), { persistent: false }, (_, name) => {
    if (name !== null && name !== file) return;
    isChanged = true;
    if (!isWaiting) void settle();
  });
  watcher.on("error", onError);
  return () => {
    stop.abort();
    watcher.close();
  };
}

export interface HotReloadOptions {
  readonly host: Pick<PluginHost, "swap">;
  /** Name of the plugin in the host. */
  readonly name: string;
  /** Name of its definition, where the file has several; the first one when left out. */
  readonly plugin?: string;
  /** Its file, looked up from `cwd`. */
  readonly source: { readonly from: string; readonly cwd: string };
  readonly clock: Pick<Clock, "sleep">;
  readonly quietMs?: number;
  /** Performs the exchange: the host's own unless told. A session runs it between two inputs. */
  readonly swap?: PluginHost["swap"];
  readonly onReload: (report: SwapReport) => void;
  /** The new code does not load, start or take the state: the old one runs on. */
  readonly onFailure: (message: string) => void;
}

/**
 * Exchanges a plugin whenever its file is saved, with its state and its orders. For development: what was exchanged is not in the
 * journal, and such a run cannot be replayed.
 *
 * @returns Ends it.
 */
export function reloadOnSave(options: HotReloadOptions): () => void {
  const { host, name, source, clock, quietMs, onReload, onFailure } = options;
  const swap = options.swap ?? ((one, plugin) => host.swap(one, plugin));
  const reload = async () => {
    try {
      const plugins = await loadPlugins(source.from, { cwd: source.cwd });
      const wanted = options.plugin;
      const plugin = wanted === undefined ? plugins[0] : plugins.find((one) => one.name === wanted);
      if (plugin === undefined)
        return onFailure(`${source.from} has no plugin ${wanted} any more: the old one runs on`);
      onReload(await swap(name, plugin));
    } catch (error) {
      onFailure(`the old code of ${name} runs on: ${reasonOf(error)}`);
    }
  };
  const onError = (error: Error) => onFailure(`${source.from} is watched no more: ${error.message}`);
  return watchPlugin(resolve(source.cwd, source.from), reload, {
    clock,
    onError,
    ...(quietMs === undefined ? {} : { quietMs }),
  });
}
