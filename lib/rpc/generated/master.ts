import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { MasterServiceClient as _replication_MasterServiceClient, MasterServiceDefinition as _replication_MasterServiceDefinition } from './replication/MasterService.ts';
import type { RegisterWorkerRequest as _replication_RegisterWorkerRequest, RegisterWorkerRequest__Output as _replication_RegisterWorkerRequest__Output } from './replication/RegisterWorkerRequest.ts';
import type { RegisterWorkerResponse as _replication_RegisterWorkerResponse, RegisterWorkerResponse__Output as _replication_RegisterWorkerResponse__Output } from './replication/RegisterWorkerResponse.ts';
import type { RetrieveVideoChunk as _replication_RetrieveVideoChunk, RetrieveVideoChunk__Output as _replication_RetrieveVideoChunk__Output } from './replication/RetrieveVideoChunk.ts';
import type { RetrieveVideoRequest as _replication_RetrieveVideoRequest, RetrieveVideoRequest__Output as _replication_RetrieveVideoRequest__Output } from './replication/RetrieveVideoRequest.ts';
import type { UploadVideoChunk as _replication_UploadVideoChunk, UploadVideoChunk__Output as _replication_UploadVideoChunk__Output } from './replication/UploadVideoChunk.ts';
import type { UploadVideoResponse as _replication_UploadVideoResponse, UploadVideoResponse__Output as _replication_UploadVideoResponse__Output } from './replication/UploadVideoResponse.ts';
import type { VideoStatusRequest as _replication_VideoStatusRequest, VideoStatusRequest__Output as _replication_VideoStatusRequest__Output } from './replication/VideoStatusRequest.ts';
import type { VideoStatusResponse as _replication_VideoStatusResponse, VideoStatusResponse__Output as _replication_VideoStatusResponse__Output } from './replication/VideoStatusResponse.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  replication: {
    MasterService: SubtypeConstructor<typeof grpc.Client, _replication_MasterServiceClient> & { service: _replication_MasterServiceDefinition }
    RegisterWorkerRequest: MessageTypeDefinition<_replication_RegisterWorkerRequest, _replication_RegisterWorkerRequest__Output>
    RegisterWorkerResponse: MessageTypeDefinition<_replication_RegisterWorkerResponse, _replication_RegisterWorkerResponse__Output>
    RetrieveVideoChunk: MessageTypeDefinition<_replication_RetrieveVideoChunk, _replication_RetrieveVideoChunk__Output>
    RetrieveVideoRequest: MessageTypeDefinition<_replication_RetrieveVideoRequest, _replication_RetrieveVideoRequest__Output>
    UploadVideoChunk: MessageTypeDefinition<_replication_UploadVideoChunk, _replication_UploadVideoChunk__Output>
    UploadVideoResponse: MessageTypeDefinition<_replication_UploadVideoResponse, _replication_UploadVideoResponse__Output>
    VideoStatusRequest: MessageTypeDefinition<_replication_VideoStatusRequest, _replication_VideoStatusRequest__Output>
    VideoStatusResponse: MessageTypeDefinition<_replication_VideoStatusResponse, _replication_VideoStatusResponse__Output>
  }
}

