/** Sends chunks away before their bytes come, rather than after. */
import { ServerInterceptingCall, type ServerInterceptor } from "@grpc/grpc-js";
import { requestListener } from "../rpc/interceptors.ts";
import type { ToStatus } from "../rpc/server_call.ts";
import type { Admission } from "./admission.ts";

export interface RefuseEarlyOptions {
  /** Of the method whose one message is a chunk, such as `/package.Service/Method`. */
  readonly path: string;
  readonly admission: Pick<Admission, "refusal">;
  readonly toStatus: ToStatus;
}

/**
 * Answers a call at once that would be sent away when its chunk has come. Calls whose chunk is on its way count as
 * others that are before it, so that no more of them can be in memory than there are places.
 */
export function refuseEarly({ path, admission, toStatus }: RefuseEarlyOptions): ServerInterceptor {
  let onTheirWay = 0;
  return (method, call) => {
    if (method.path !== path) return new ServerInterceptingCall(call);
    let isOnItsWay = false;
    const arrive = () => {
      if (isOnItsWay) onTheirWay--;
      isOnItsWay = false;
    };
    return new ServerInterceptingCall(call, {
      start(next) {
        const listener = requestListener({ onOver: arrive }).withOnReceiveMetadata((metadata, pass) => {
          const refusal = admission.refusal(onTheirWay);
          if (refusal) return call.sendStatus(toStatus(refusal));
          onTheirWay++;
          isOnItsWay = true;
          pass(metadata);
        });
        next(listener.build());
      },
    });
  };
}
