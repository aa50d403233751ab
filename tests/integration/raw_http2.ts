/** HTTP/2 by hand, for what no client would send. @see RFC 9113, section 4.1, the frame format. */

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7 } as const;
export const END_HEADERS = 4;

/** What every client sends first. */
export const PREFACE = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export function frame(
  type: number,
  { flags = 0, stream = 0, payload = new Uint8Array() }: {
    flags?: number;
    stream?: number;
    payload?: Uint8Array;
  } = {},
): Uint8Array {
  const head = new DataView(new ArrayBuffer(9));
  head.setUint32(0, payload.length << 8 | type); // 24 bits of length, 8 of type
  head.setUint8(4, flags);
  head.setUint32(5, stream);
  return joined([new Uint8Array(head.buffer), payload]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The header block of a gRPC call, nothing compressed. @see RFC 7541, section 6.2.2. */
export function callHeaders(path: string): Uint8Array {
  const fields = {
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "localhost",
    "content-type": "application/grpc",
    te: "trailers",
  };
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    return joined([new Uint8Array([bytes.length]), bytes]);
  };
  return joined(
    Object.entries(fields).flatMap(([name, value]) => [new Uint8Array([0]), text(name), text(value)]),
  );
}

/** What gRPC puts around a message. */
export function message(bytes: Uint8Array, { isCompressed = false, length = bytes.length } = {}): Uint8Array {
  const head = new DataView(new ArrayBuffer(5));
  head.setUint8(0, Number(isCompressed));
  head.setUint32(1, length);
  return joined([new Uint8Array(head.buffer), bytes]);
}

export interface RawConnection extends Disposable {
  /** @returns Whether the peer took all of it; false once it has closed the connection or takes no more. */
  write(bytes: Uint8Array): Promise<boolean>;
  closeWrite(): Promise<void>;
}

const BLOCKED_MS = 2_000;

/** A TCP connection to `host:port`, of which nothing is read. */
export async function connectRaw(address: string): Promise<RawConnection> {
  const [hostname, port] = address.split(":");
  const socket = await Deno.connect({ hostname: hostname!, port: Number(port) });
  return {
    async write(bytes) {
      const blocked = Promise.withResolvers<number>();
      const timer = setTimeout(() => blocked.resolve(0), BLOCKED_MS);
      try {
        for (let done = 0; done < bytes.length;) {
          const count = await Promise.race([socket.write(bytes.subarray(done)), blocked.promise]);
          if (count === 0) return false;
          done += count;
        }
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset) {
          return false;
        }
        throw error;
      } finally {
        clearTimeout(timer);
      }
    },
    closeWrite: () => socket.closeWrite(),
    [Symbol.dispose]: () => socket.close(),
  };
}
