import { assertEquals } from "@std/assert";
import { jsonText } from "../../lib/cli/json.ts";

Deno.test("jsonText() is JSON over several lines", () => {
  assertEquals(jsonText({ a: [1, null] }), '{\n  "a": [\n    1,\n    null\n  ]\n}');
});

Deno.test("jsonText() escapes what could reach the terminal, and means the same", () => {
  const text = "\x1b[2J\x9b\u2028\u202e\nline";
  const json = jsonText({ text });
  assertEquals(json, '{\n  "text": "\\u001b[2J\\u009b\\u2028\\u202e\\nline"\n}');
  assertEquals(JSON.parse(json), { text });
});
