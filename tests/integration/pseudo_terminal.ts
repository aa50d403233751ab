/** Commands at a terminal, as a person has them. */
import { type RunningScript, type ScriptOptions, startCommand } from "./run_script.ts";

/** Ends the name of a test that is left out where no terminal can be made. */
export const WITHOUT_TERMINAL = "(needs script of util-linux: apt install bsdutils)";

/** Whether there is a `script` that takes the options used here, which not every system's does. */
export const HAS_TERMINAL = await hasScript();

export interface TerminalOptions extends Omit<ScriptOptions, "stdin" | "through"> {
  /** Default 80 by 24. */
  readonly columns?: number;
  readonly rows?: number;
}

/** What the terminal shows is its `stdout`. */
export interface TerminalCommand extends RunningScript {
  /** Types, such as `\x03` for Ctrl-C. */
  press(keys: string): Promise<void>;
}

/** Starts a command in the foreground of a terminal of its own, which is a process group of its own, too. */
export function startAtTerminal(
  command: readonly string[],
  { columns = 80, rows = 24, ...options }: TerminalOptions,
): TerminalCommand {
  const line = `stty cols ${columns} rows ${rows} && exec ${command.map(quoted).join(" ")}`;
  const run = startCommand(["script", "-qefc", line, "/dev/null"], { ...options, stdin: "piped" });
  const keyboard = run.child.stdin.getWriter();
  return {
    ...run,
    press: (keys) => keyboard.write(new TextEncoder().encode(keys)),
    async [Symbol.asyncDispose]() {
      await run[Symbol.asyncDispose]();
      await keyboard.close().catch(() => {}); // broken by now
    },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

async function hasScript(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", { args: ["--version"], stderr: "null" }).output();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
