/** Takes in what Deno exports of its traces, as a collector does. */
import { assert } from "@std/assert";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it is the first of its trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  /** 2: it failed. */
  readonly status: { readonly code: number };
  readonly facts: Readonly<Record<string, unknown>>;
}

export interface OtlpReceiver extends AsyncDisposable {
  /** What a process needs to export to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Those of this project, without those that Deno adds of its own. */
  named(name: string): ReceivedSpan[];
  /** @throws {AssertionError} Unless there is exactly one. */
  only(name: string): ReceivedSpan;
  /** From its parent up, Deno's own among them. */
  ancestors(span: ReceivedSpan): ReceivedSpan[];
}

/** An OTLP/HTTP endpoint on the loopback interface; a process that has ended has sent it all. */
export function startOtlpReceiver(): OtlpReceiver {
  const spans = new Map<string, ReceivedSpan & { readonly scope: string }>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.json();
    for (const { scopeSpans } of body.resourceSpans ?? []) {
      for (const { scope, spans: batch } of scopeSpans) {
        for (const span of batch) {
          spans.set(span.spanId, { ...span, scope: scope.name, facts: factsOf(span.attributes) });
        }
      }
    }
    return Response.json({});
  });
  const named = (name: string) =>
    [...spans.values()].filter((span) => span.name === name && span.scope === "transcoder");
  return {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    },
    named,
    only(name) {
      const [span, ...others] = named(name);
      assert(span && others.length === 0, `${others.length + (span ? 1 : 0)} spans are named ${name}`);
      return span;
    },
    ancestors(span) {
      const above: ReceivedSpan[] = [];
      for (let next = spans.get(span.parentSpanId); next; next = spans.get(next.parentSpanId)) {
        above.push(next);
      }
      return above;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

type WireValue = Readonly<Record<string, unknown>>;

const factsOf = (attributes: readonly { readonly key: string; readonly value: WireValue }[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
