/** Tests that need the Python peers. */
import { findPython } from "./python.ts";

const found = await findPython();

/** A test that is handed a Python with grpcio; where there is none, it is ignored and says what to install. */
export function pythonTest(name: string, fn: (python: string) => Promise<void>): void {
  if (found.python === null) Deno.test.ignore(`${name} (${found.reason})`, () => {});
  else Deno.test(name, () => fn(found.python));
}
