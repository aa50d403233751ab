export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** A new folder, removed with all that is in it when disposed of. */
export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
