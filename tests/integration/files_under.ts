/** The files in a folder and those below it, as paths relative to it, in order. */
export async function filesUnder(folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${folder}/${below}`)) {
    if (isDirectory) found.push(...await filesUnder(folder, `${below}${name}/`));
    else found.push(`${below}${name}`);
  }
  return found.sort();
}
