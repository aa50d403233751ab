import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { defineCommand } from "../../lib/cli/command.ts";
import { parseCommand } from "../../lib/cli/flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const COMMAND = defineCommand({
  name: "sample",
  summary: "Shows every kind of flag.",
  usage: "sample [flags] ADDRESS [video_id]",
  flags: {
    port: { kind: "integer", min: 0, max: 65535, default: 50061, help: "Port." },
    chunk_size: { kind: "integer", min: 1, help: "Bytes." },
    interval: { kind: "number", min: 0.1, default: 5, help: "Seconds." },
    video_path: { kind: "string", default: "a.mp4", help: "File." },
    output: { kind: "string", short: "o", help: "File." },
    json: { kind: "boolean", help: "JSON." },
    resume: { kind: "boolean", default: true, help: "Go on." },
    split: { kind: "choice", choices: ["auto", "keyframe", "bytes"], default: "auto", help: "How." },
    master: { kind: "address", help: "Master." },
    workers: { kind: "addresses", help: "Workers." },
  },
  positionals: {
    address: { kind: "address", required: true, help: "Worker." },
    video_id: { kind: "string", help: "Video." },
  },
});

const parse = (...args: string[]) => parseCommand(COMMAND, ["localhost:1", ...args]).flags;

function assertRefused(args: string[], message: string): void {
  assertEquals(assertThrows(() => parse(...args), UsageError).message, message);
}

Deno.test("parseCommand() gives defaults, and undefined where there is none", () => {
  const { flags, positionals } = parseCommand(COMMAND, ["localhost:1"]);
  assertEquals(flags, {
    port: 50061,
    chunk_size: undefined,
    interval: 5,
    video_path: "a.mp4",
    output: undefined,
    json: false,
    resume: true,
    split: "auto",
    master: undefined,
    workers: undefined,
  });
  assertEquals(positionals, { address: "localhost:1", video_id: undefined });
});

Deno.test("parseCommand() gives each flag the type that its declaration says", () => {
  const { flags, positionals } = parseCommand(COMMAND, [
    "localhost:1",
    "--chunk_size",
    "7",
    "--workers",
    "a:1",
  ]);
  const port: number = flags.port;
  const chunkSize: number | undefined = flags.chunk_size;
  const split: "auto" | "keyframe" | "bytes" = flags.split;
  const workers: readonly string[] | undefined = flags.workers;
  const address: string = positionals.address;
  // @ts-expect-error without a default it may be undefined
  const size: number = flags.chunk_size;
  // @ts-expect-error not declared
  flags.prot;
  assertEquals([port, chunkSize, split, workers, address, size], [
    50061,
    7,
    "auto",
    ["a:1"],
    "localhost:1",
    7,
  ]);
});

for (
  const args of [
    ["--video_path", "b.mp4"],
    ["--video-path", "b.mp4"],
    ["--video_path=b.mp4"],
    ["--video-path=b.mp4"],
  ]
) {
  Deno.test(`parseCommand() accepts ${args.join(" ")}`, () => {
    assertEquals(parse(...args).video_path, "b.mp4");
  });
}

Deno.test("parseCommand() accepts a short flag with its value behind it or after an equals sign", () => {
  assertEquals(parse("-o", "x").output, "x");
  assertEquals(parse("-o=x").output, "x");
  assertRefused(["-x"], "unknown flag -x");
});

Deno.test("parseCommand() reads a boolean from its presence, its negation or its value, never from the next word", () => {
  assertEquals(parse("--json").json, true);
  assertEquals(parse("--json=false").json, false);
  assertEquals(parse("--no-resume").resume, false);
  assertEquals(parse("--no_resume").resume, false);
  assertEquals(parseCommand(COMMAND, ["--json", "a:1", "false"]).positionals.video_id, "false");
  assertRefused(["--json=yes"], '--json must be true or false, not "yes"');
  assertRefused(["--no-json=true"], "--no-json takes no value");
});

Deno.test("parseCommand() leaves text as it is typed, whatever it looks like", () => {
  for (const text of ["0x10", "1e3", "007", "true", "-", "-5", "a=b", " ", "日本.mp4"]) {
    assertEquals(parse("--video_path", text).video_path, text);
    assertEquals(parse(`--video_path=${text}`).video_path, text);
  }
  assertEquals(parseCommand(COMMAND, ["a:1", "0x10"]).positionals.video_id, "0x10");
});

Deno.test("parseCommand() takes what follows -- for arguments", () => {
  assertEquals(parseCommand(COMMAND, ["--port", "1", "--", "a:1", "--json"]).positionals.video_id, "--json");
});

Deno.test("parseCommand() gives every value back that is written as --flag=value", () => {
  fc.assert(fc.property(fc.string({ minLength: 1, unit: "binary" }), (text) => {
    assertEquals(parse(`--video_path=${text}`, "--json").video_path, text);
  }));
});

Deno.test("parseCommand() names an unknown flag, and the nearest one where there is one", () => {
  assertRefused(["--prot", "1"], "unknown flag --prot: did you mean --port?");
  assertRefused(["--chunk-sise=1"], "unknown flag --chunk-sise: did you mean --chunk_size?");
  assertRefused(["--worker", "a:1"], "unknown flag --worker: did you mean --workers?");
  assertRefused(["--vers"], "unknown flag --vers: did you mean --version?");
  assertRefused(["--zzzzzz"], "unknown flag --zzzzzz");
  assertRefused(["--constructor=1"], "unknown flag --constructor");
  assertRefused(["--__proto__=1"], "unknown flag --__proto__");
  assertRefused(["--no-port"], "unknown flag --no-port: did you mean --port?");
});

Deno.test("parseCommand() refuses a bad number with its flag, its range and what was typed", () => {
  const port = "--port must be a whole number from 0 to 65535, not ";
  for (const text of ["abc", "65536", "-1", "1.5", "0x10", "1e3", "NaN", "Infinity", "50061 ", "5_0"]) {
    assertRefused(["--port", text], port + JSON.stringify(text));
  }
  assertRefused(["--chunk_size", "-5"], '--chunk_size must be a whole number of at least 1, not "-5"');
  assertRefused(["--chunk-size", "0"], '--chunk_size must be a whole number of at least 1, not "0"');
  assertRefused(
    ["--chunk_size", "9007199254740993"],
    '--chunk_size must be a whole number of at least 1, not "9007199254740993"',
  );
  assertRefused(["--interval", "-.5"], '--interval must be a number of at least 0.1, not "-.5"');
  assertRefused(["--interval", "5s"], '--interval must be a number of at least 0.1, not "5s"');
  assertEquals(parse("--interval", "1.5").interval, 1.5);
  assertEquals(parse("--port", "0").port, 0);
  assertEquals(parse("--port", "65535").port, 65535);
});

Deno.test("parseCommand() keeps what was typed on one line of its message", () => {
  assertRefused(["--port", "1\n2"], '--port must be a whole number from 0 to 65535, not "1\\n2"');
});

Deno.test("parseCommand() refuses a flag whose value is missing", () => {
  assertRefused(["--port"], "--port needs a value");
  assertRefused(["--port="], "--port needs a value");
  assertRefused(["--port", ""], "--port needs a value");
  assertRefused(["--port", "--json"], "--port needs a value");
  assertRefused(["--video-path", "-o", "x"], "--video_path needs a value");
  assertRefused(["--output", "--", "x"], "--output needs a value");
});

Deno.test("parseCommand() refuses a flag that is given twice, in whatever spelling", () => {
  assertRefused(["--video_path", "a", "--video-path=b"], "--video_path is given twice");
  assertRefused(["--resume", "--no-resume"], "--resume is given twice");
  assertRefused(["--output", "a", "-o", "b"], "--output is given twice");
});

Deno.test("parseCommand() refuses what is none of the choices", () => {
  assertRefused(["--split", "frames"], '--split must be auto, keyframe or bytes, not "frames"');
});

Deno.test("parseCommand() refuses arguments that are missing, malformed or too many", () => {
  assertRefused(["id", "more"], 'unexpected argument "more"');
  assertThrows(() => parseCommand(COMMAND, []), UsageError, "ADDRESS is required");
  assertThrows(() => parseCommand(COMMAND, ["a"]), UsageError, "ADDRESS must be host:port");
  assertThrows(() => parseCommand(COMMAND, ["a:1", ""]), UsageError, "VIDEO_ID must not be empty");
  const health = defineCommand({
    name: "health",
    summary: "",
    usage: "",
    flags: { workers: { kind: "addresses", required: true, help: "" } },
  });
  assertThrows(() => parseCommand(health, []), UsageError, "--workers is required");
  assertThrows(() => parseCommand(health, ["--workers", "a:1", "x"]), UsageError, 'unexpected argument "x"');
});

Deno.test("parseCommand() accepts addresses by name, IPv4 and bracketed IPv6", () => {
  for (
    const text of ["localhost:1", "10.0.0.1:65535", "[::1]:50061", "[fe80::1%eth0]:5", "my_host-1.lan:80"]
  ) {
    assertEquals(parse("--master", text).master, text);
  }
  assertEquals(parse("--workers", "a:1, [::1]:2").workers, ["a:1", "[::1]:2"]);
});

Deno.test("parseCommand() says what is wrong with an address", () => {
  const refused = (text: string, problem: string) =>
    assertRefused(
      ["--master", text],
      `--master must be host:port, but ${JSON.stringify(text)} is ${problem}`,
    );
  for (const text of ["localhost", "localhost:", "10.0.0.1", "[::1]"]) {
    refused(text, "an address without a port");
  }
  for (const text of ["::1", "::1:50061", "fe80::1"]) refused(text, "an IPv6 address without brackets");
  for (const text of ["a:0", "a:65536", "a:x", "host:1:2", "a:-1"]) {
    refused(text, "an address whose port is not a whole number from 1 to 65535");
  }
  for (const text of ["http://a:1", "a b:1", ":1", "[::1:5"]) refused(text, "not an address");
});

Deno.test("parseCommand() refuses a list with an address that is bad or there twice", () => {
  assertRefused(["--workers", "a:1,b"], '--workers must be host:port, but "b" is an address without a port');
  assertRefused(["--workers", "a:1,,b:2"], '--workers must be host:port, but "" is not an address');
  assertRefused(["--workers", "a:1,b:1,a:1"], "--workers names a:1 twice");
});
