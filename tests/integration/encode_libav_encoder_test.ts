import { createLibavEncoder } from "../../lib/encode/libav_encoder.ts";
import { testEncoderContract } from "./encode_contract.ts";

testEncoderContract({ name: "libav", create: createLibavEncoder });
