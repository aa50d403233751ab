// Original file: proto/master.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { RegisterWorkerRequest as _replication_RegisterWorkerRequest, RegisterWorkerRequest__Output as _replication_RegisterWorkerRequest__Output } from '../replication/RegisterWorkerRequest.ts';
import type { RegisterWorkerResponse as _replication_RegisterWorkerResponse, RegisterWorkerResponse__Output as _replication_RegisterWorkerResponse__Output } from '../replication/RegisterWorkerResponse.ts';
import type { RetrieveVideoChunk as _replication_RetrieveVideoChunk, RetrieveVideoChunk__Output as _replication_RetrieveVideoChunk__Output } from '../replication/RetrieveVideoChunk.ts';
import type { RetrieveVideoRequest as _replication_RetrieveVideoRequest, RetrieveVideoRequest__Output as _replication_RetrieveVideoRequest__Output } from '../replication/RetrieveVideoRequest.ts';
import type { UploadVideoChunk as _replication_UploadVideoChunk, UploadVideoChunk__Output as _replication_UploadVideoChunk__Output } from '../replication/UploadVideoChunk.ts';
import type { UploadVideoResponse as _replication_UploadVideoResponse, UploadVideoResponse__Output as _replication_UploadVideoResponse__Output } from '../replication/UploadVideoResponse.ts';
import type { VideoStatusRequest as _replication_VideoStatusRequest, VideoStatusRequest__Output as _replication_VideoStatusRequest__Output } from '../replication/VideoStatusRequest.ts';
import type { VideoStatusResponse as _replication_VideoStatusResponse, VideoStatusResponse__Output as _replication_VideoStatusResponse__Output } from '../replication/VideoStatusResponse.ts';

export interface MasterServiceClient extends grpc.Client {
  GetVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  GetVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  GetVideoStatus(argument: _replication_VideoStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  GetVideoStatus(argument: _replication_VideoStatusRequest, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * A worker says that it is there, again and again, since a master that restarts has forgotten it.
   */
  RegisterWorker(argument: _replication_RegisterWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  RegisterWorker(argument: _replication_RegisterWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  RegisterWorker(argument: _replication_RegisterWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  RegisterWorker(argument: _replication_RegisterWorkerRequest, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  /**
   * A worker says that it is there, again and again, since a master that restarts has forgotten it.
   */
  registerWorker(argument: _replication_RegisterWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  registerWorker(argument: _replication_RegisterWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  registerWorker(argument: _replication_RegisterWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  registerWorker(argument: _replication_RegisterWorkerRequest, callback: grpc.requestCallback<_replication_RegisterWorkerResponse__Output>): grpc.ClientUnaryCall;
  
  RetrieveVideo(argument: _replication_RetrieveVideoRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_RetrieveVideoChunk__Output>;
  RetrieveVideo(argument: _replication_RetrieveVideoRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_RetrieveVideoChunk__Output>;
  retrieveVideo(argument: _replication_RetrieveVideoRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_RetrieveVideoChunk__Output>;
  retrieveVideo(argument: _replication_RetrieveVideoRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_RetrieveVideoChunk__Output>;
  
  UploadVideo(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  UploadVideo(metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  UploadVideo(options: grpc.CallOptions, callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  UploadVideo(callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  uploadVideo(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  uploadVideo(metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  uploadVideo(options: grpc.CallOptions, callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  uploadVideo(callback: grpc.requestCallback<_replication_UploadVideoResponse__Output>): grpc.ClientWritableStream<_replication_UploadVideoChunk>;
  
}

export interface MasterServiceHandlers extends grpc.UntypedServiceImplementation {
  GetVideoStatus: grpc.handleUnaryCall<_replication_VideoStatusRequest__Output, _replication_VideoStatusResponse>;
  
  /**
   * A worker says that it is there, again and again, since a master that restarts has forgotten it.
   */
  RegisterWorker: grpc.handleUnaryCall<_replication_RegisterWorkerRequest__Output, _replication_RegisterWorkerResponse>;
  
  RetrieveVideo: grpc.handleServerStreamingCall<_replication_RetrieveVideoRequest__Output, _replication_RetrieveVideoChunk>;
  
  UploadVideo: grpc.handleClientStreamingCall<_replication_UploadVideoChunk__Output, _replication_UploadVideoResponse>;
  
}

export interface MasterServiceDefinition extends grpc.ServiceDefinition {
  GetVideoStatus: MethodDefinition<_replication_VideoStatusRequest, _replication_VideoStatusResponse, _replication_VideoStatusRequest__Output, _replication_VideoStatusResponse__Output>
  RegisterWorker: MethodDefinition<_replication_RegisterWorkerRequest, _replication_RegisterWorkerResponse, _replication_RegisterWorkerRequest__Output, _replication_RegisterWorkerResponse__Output>
  RetrieveVideo: MethodDefinition<_replication_RetrieveVideoRequest, _replication_RetrieveVideoChunk, _replication_RetrieveVideoRequest__Output, _replication_RetrieveVideoChunk__Output>
  UploadVideo: MethodDefinition<_replication_UploadVideoChunk, _replication_UploadVideoResponse, _replication_UploadVideoChunk__Output, _replication_UploadVideoResponse__Output>
}
