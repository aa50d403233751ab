import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { attempting, StoreFullError, StoreUnwritableError } from "../../lib/store/store_errors.ts";

const failWith = (code: string) => () =>
  Promise.reject(Object.assign(new Error(`${code} (os error)`), { code }));

for (const code of ["ENOSPC", "EDQUOT", "EFBIG"]) {
  Deno.test(`attempting() calls ${code} a full store`, async () => {
    const error = await assertRejects(
      () => attempting("store it", failWith(code)),
      StoreFullError,
      "Cannot store it: ",
    );
    assertInstanceOf(error.cause, Error, "the cause is kept");
  });
}

for (const text of ["File too large (os error 27)", "Disk quota exceeded (os error 122)"]) {
  Deno.test(`attempting() calls "${text}", which Deno gives no code, a full store`, async () => {
    await assertRejects(() => attempting("store it", () => Promise.reject(new Error(text))), StoreFullError);
  });
}

for (const code of ["EACCES", "EROFS", "ENOENT", "ENOTDIR", "EIO", "EMFILE"]) {
  Deno.test(`attempting() calls ${code} an unwritable store`, async () => {
    const error = await assertRejects(
      () => attempting("store it", failWith(code)),
      StoreUnwritableError,
      "Cannot store it: ",
    );
    assertInstanceOf(error.cause, Error, "the cause is kept");
  });
}

Deno.test("attempting() calls a permission that Deno was not given an unwritable store", async () => {
  await assertRejects(
    () => attempting("store it", () => Promise.reject(new Deno.errors.NotCapable("run with --allow-write"))),
    StoreUnwritableError,
    "--allow-write",
  );
});

Deno.test("attempting() words what no permission for files would give, and advises no flag that does not help", async () => {
  const said = 'Requires all access to "/dev/shm/x", run again with the --allow-all flag';
  const error = await assertRejects(
    () => attempting('write "/dev/shm/x"', () => Promise.reject(new Deno.errors.NotCapable(said))),
    StoreUnwritableError,
  );
  assertEquals(
    error.message,
    'Cannot write "/dev/shm/x": Deno does not let programs use /dev, /proc or /sys without all permissions',
  );
});

const others: unknown[] = [
  new RangeError("a bug"),
  Object.assign(new Error("Node's own"), { code: "ERR_STREAM" }),
  new DOMException("stop", "AbortError"),
  "a string",
  undefined,
];
for (const other of others) {
  Deno.test(`attempting() lets ${other} through`, async () => {
    assertEquals(await attempting("store it", () => Promise.reject(other)).catch((error) => error), other);
  });
}
