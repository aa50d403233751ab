import { assertEquals, assertRejects } from "@std/assert";
import { readClientFlags, readServerFlags } from "../../lib/cli/connection_flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const NONE = { tls_ca: undefined, tls_cert: undefined, tls_key: undefined, token_file: undefined };

Deno.test("without connection flags there is neither TLS nor a token, on either side", async () => {
  for (const read of [readClientFlags, readServerFlags]) {
    assertEquals(await read(NONE), { tls: undefined, token: undefined });
  }
});

Deno.test("a client's certificate needs its key and an authority to trust", async () => {
  for (const half of [{ tls_cert: "c" }, { tls_key: "k" }]) {
    await assertRejects(
      () => readClientFlags({ ...NONE, tls_ca: "a", ...half }),
      UsageError,
      "--tls_cert and --tls_key",
    );
  }
  await assertRejects(
    () => readClientFlags({ ...NONE, tls_cert: "c", tls_key: "k" }),
    UsageError,
    "needs --tls_ca",
  );
});

Deno.test("a server's certificate needs its key, and an authority needs both", async () => {
  for (const half of [{ tls_cert: "c" }, { tls_key: "k" }]) {
    await assertRejects(
      () => readServerFlags({ ...NONE, ...half }),
      UsageError,
      "--tls_cert and --tls_key",
    );
  }
  await assertRejects(
    () => readServerFlags({ ...NONE, tls_ca: "a" }),
    UsageError,
    "--tls_ca needs",
  );
});

Deno.test("a file that cannot be read is named with its flag", async () => {
  // there is no permission to read anything here
  await assertRejects(
    () => readClientFlags({ ...NONE, token_file: "token.txt" }),
    UsageError,
    "--token_file token.txt: ",
  );
});
