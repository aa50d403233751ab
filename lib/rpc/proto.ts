/** The services of proto/, loaded at run time; their static types are in generated/ (`deno task proto`). */
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync, type Options, type PackageDefinition } from "@grpc/proto-loader";
import { fileURLToPath } from "node:url";
import type { ProtoGrpcType as MasterTypes } from "./generated/master.ts";
import type { ProtoGrpcType as WorkerTypes } from "./generated/video_processing.ts";

/** The same as the flags of `deno task proto`, or the static types would lie. */
const OPTIONS: Options = { longs: String, enums: String, defaults: true, oneofs: true };

const load = (file: string) =>
  loadSync(fileURLToPath(new URL(`../../proto/${file}`, import.meta.url)), OPTIONS);

/** Every message and service of the worker's contract. */
export const workerPackage: PackageDefinition = load("video_processing.proto");

/** `WorkerService.service` is its definition, `new WorkerService(address, credentials)` a client of it. */
export const WorkerService: WorkerTypes["replication"]["VideoProcessingService"] =
  (loadPackageDefinition(workerPackage) as unknown as WorkerTypes).replication.VideoProcessingService;

/** Every message and service of the master's contract. */
export const masterPackage: PackageDefinition = load("master.proto");

/** As {@link WorkerService}, for masters. */
export const MasterService: MasterTypes["replication"]["MasterService"] =
  (loadPackageDefinition(masterPackage) as unknown as MasterTypes).replication.MasterService;
