// Original file: proto/video_processing.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { DeleteVideoRequest as _replication_DeleteVideoRequest, DeleteVideoRequest__Output as _replication_DeleteVideoRequest__Output } from '../replication/DeleteVideoRequest.ts';
import type { DeleteVideoResponse as _replication_DeleteVideoResponse, DeleteVideoResponse__Output as _replication_DeleteVideoResponse__Output } from '../replication/DeleteVideoResponse.ts';
import type { GetCapabilitiesRequest as _replication_GetCapabilitiesRequest, GetCapabilitiesRequest__Output as _replication_GetCapabilitiesRequest__Output } from '../replication/GetCapabilitiesRequest.ts';
import type { GetCapabilitiesResponse as _replication_GetCapabilitiesResponse, GetCapabilitiesResponse__Output as _replication_GetCapabilitiesResponse__Output } from '../replication/GetCapabilitiesResponse.ts';
import type { GetShardPart as _replication_GetShardPart, GetShardPart__Output as _replication_GetShardPart__Output } from '../replication/GetShardPart.ts';
import type { GetShardRequest as _replication_GetShardRequest, GetShardRequest__Output as _replication_GetShardRequest__Output } from '../replication/GetShardRequest.ts';
import type { GetShardResponse as _replication_GetShardResponse, GetShardResponse__Output as _replication_GetShardResponse__Output } from '../replication/GetShardResponse.ts';
import type { GetVideoMetadataRequest as _replication_GetVideoMetadataRequest, GetVideoMetadataRequest__Output as _replication_GetVideoMetadataRequest__Output } from '../replication/GetVideoMetadataRequest.ts';
import type { GetVideoMetadataResponse as _replication_GetVideoMetadataResponse, GetVideoMetadataResponse__Output as _replication_GetVideoMetadataResponse__Output } from '../replication/GetVideoMetadataResponse.ts';
import type { HealthCheckRequest as _replication_HealthCheckRequest, HealthCheckRequest__Output as _replication_HealthCheckRequest__Output } from '../replication/HealthCheckRequest.ts';
import type { HealthCheckResponse as _replication_HealthCheckResponse, HealthCheckResponse__Output as _replication_HealthCheckResponse__Output } from '../replication/HealthCheckResponse.ts';
import type { ListShardsRequest as _replication_ListShardsRequest, ListShardsRequest__Output as _replication_ListShardsRequest__Output } from '../replication/ListShardsRequest.ts';
import type { ListShardsResponse as _replication_ListShardsResponse, ListShardsResponse__Output as _replication_ListShardsResponse__Output } from '../replication/ListShardsResponse.ts';
import type { ProcessChunkPart as _replication_ProcessChunkPart, ProcessChunkPart__Output as _replication_ProcessChunkPart__Output } from '../replication/ProcessChunkPart.ts';
import type { ProcessChunkRequest as _replication_ProcessChunkRequest, ProcessChunkRequest__Output as _replication_ProcessChunkRequest__Output } from '../replication/ProcessChunkRequest.ts';
import type { ProcessChunkResponse as _replication_ProcessChunkResponse, ProcessChunkResponse__Output as _replication_ProcessChunkResponse__Output } from '../replication/ProcessChunkResponse.ts';

export interface VideoProcessingServiceClient extends grpc.Client {
  /**
   * How the worker is; never waits.
   */
  CheckHealth(argument: _replication_HealthCheckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  CheckHealth(argument: _replication_HealthCheckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  CheckHealth(argument: _replication_HealthCheckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  CheckHealth(argument: _replication_HealthCheckRequest, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  /**
   * How the worker is; never waits.
   */
  checkHealth(argument: _replication_HealthCheckRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  checkHealth(argument: _replication_HealthCheckRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  checkHealth(argument: _replication_HealthCheckRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  checkHealth(argument: _replication_HealthCheckRequest, callback: grpc.requestCallback<_replication_HealthCheckResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Removes every shard of one video, with its metadata.
   */
  DeleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  DeleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  DeleteVideo(argument: _replication_DeleteVideoRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  DeleteVideo(argument: _replication_DeleteVideoRequest, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Removes every shard of one video, with its metadata.
   */
  deleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  deleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  deleteVideo(argument: _replication_DeleteVideoRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  deleteVideo(argument: _replication_DeleteVideoRequest, callback: grpc.requestCallback<_replication_DeleteVideoResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * What media the worker can encode, and how fast: shown by encoding a second of video with each codec asked for,
   * one after another, when it is first asked for. Answers at once with what is known by then.
   */
  GetCapabilities(argument: _replication_GetCapabilitiesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  GetCapabilities(argument: _replication_GetCapabilitiesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  GetCapabilities(argument: _replication_GetCapabilitiesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  GetCapabilities(argument: _replication_GetCapabilitiesRequest, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What media the worker can encode, and how fast: shown by encoding a second of video with each codec asked for,
   * one after another, when it is first asked for. Answers at once with what is known by then.
   */
  getCapabilities(argument: _replication_GetCapabilitiesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  getCapabilities(argument: _replication_GetCapabilitiesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  getCapabilities(argument: _replication_GetCapabilitiesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  getCapabilities(argument: _replication_GetCapabilitiesRequest, callback: grpc.requestCallback<_replication_GetCapabilitiesResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The bytes of one shard, in one message.
   */
  GetShard(argument: _replication_GetShardRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  GetShard(argument: _replication_GetShardRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  GetShard(argument: _replication_GetShardRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  GetShard(argument: _replication_GetShardRequest, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The bytes of one shard, in one message.
   */
  getShard(argument: _replication_GetShardRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  getShard(argument: _replication_GetShardRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  getShard(argument: _replication_GetShardRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  getShard(argument: _replication_GetShardRequest, callback: grpc.requestCallback<_replication_GetShardResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * GetShard for shards of any size: a header first, then the bytes in parts.
   */
  GetShardStream(argument: _replication_GetShardRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_GetShardPart__Output>;
  GetShardStream(argument: _replication_GetShardRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_GetShardPart__Output>;
  /**
   * GetShard for shards of any size: a header first, then the bytes in parts.
   */
  getShardStream(argument: _replication_GetShardRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_GetShardPart__Output>;
  getShardStream(argument: _replication_GetShardRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_GetShardPart__Output>;
  
  /**
   * What is known of each shard of one video.
   */
  GetVideoMetadata(argument: _replication_GetVideoMetadataRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  GetVideoMetadata(argument: _replication_GetVideoMetadataRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  GetVideoMetadata(argument: _replication_GetVideoMetadataRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  GetVideoMetadata(argument: _replication_GetVideoMetadataRequest, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  /**
   * What is known of each shard of one video.
   */
  getVideoMetadata(argument: _replication_GetVideoMetadataRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  getVideoMetadata(argument: _replication_GetVideoMetadataRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  getVideoMetadata(argument: _replication_GetVideoMetadataRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  getVideoMetadata(argument: _replication_GetVideoMetadataRequest, callback: grpc.requestCallback<_replication_GetVideoMetadataResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The stored shards of one video, or of all.
   */
  ListShards(argument: _replication_ListShardsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  ListShards(argument: _replication_ListShardsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  ListShards(argument: _replication_ListShardsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  ListShards(argument: _replication_ListShardsRequest, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The stored shards of one video, or of all.
   */
  listShards(argument: _replication_ListShardsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  listShards(argument: _replication_ListShardsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  listShards(argument: _replication_ListShardsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  listShards(argument: _replication_ListShardsRequest, callback: grpc.requestCallback<_replication_ListShardsResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * Encodes one chunk and stores the result as a shard. Answers once the shard is durable.
   */
  ProcessChunk(argument: _replication_ProcessChunkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  ProcessChunk(argument: _replication_ProcessChunkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  ProcessChunk(argument: _replication_ProcessChunkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  ProcessChunk(argument: _replication_ProcessChunkRequest, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Encodes one chunk and stores the result as a shard. Answers once the shard is durable.
   */
  processChunk(argument: _replication_ProcessChunkRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  processChunk(argument: _replication_ProcessChunkRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  processChunk(argument: _replication_ProcessChunkRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  processChunk(argument: _replication_ProcessChunkRequest, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * ProcessChunk for chunks of any size: a header first, then the bytes in parts.
   */
  ProcessChunkStream(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  ProcessChunkStream(metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  ProcessChunkStream(options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  ProcessChunkStream(callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  /**
   * ProcessChunk for chunks of any size: a header first, then the bytes in parts.
   */
  processChunkStream(metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  processChunkStream(metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  processChunkStream(options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  processChunkStream(callback: grpc.requestCallback<_replication_ProcessChunkResponse__Output>): grpc.ClientWritableStream<_replication_ProcessChunkPart>;
  
}

export interface VideoProcessingServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * How the worker is; never waits.
   */
  CheckHealth: grpc.handleUnaryCall<_replication_HealthCheckRequest__Output, _replication_HealthCheckResponse>;
  
  /**
   * Removes every shard of one video, with its metadata.
   */
  DeleteVideo: grpc.handleUnaryCall<_replication_DeleteVideoRequest__Output, _replication_DeleteVideoResponse>;
  
  /**
   * What media the worker can encode, and how fast: shown by encoding a second of video with each codec asked for,
   * one after another, when it is first asked for. Answers at once with what is known by then.
   */
  GetCapabilities: grpc.handleUnaryCall<_replication_GetCapabilitiesRequest__Output, _replication_GetCapabilitiesResponse>;
  
  /**
   * The bytes of one shard, in one message.
   */
  GetShard: grpc.handleUnaryCall<_replication_GetShardRequest__Output, _replication_GetShardResponse>;
  
  /**
   * GetShard for shards of any size: a header first, then the bytes in parts.
   */
  GetShardStream: grpc.handleServerStreamingCall<_replication_GetShardRequest__Output, _replication_GetShardPart>;
  
  /**
   * What is known of each shard of one video.
   */
  GetVideoMetadata: grpc.handleUnaryCall<_replication_GetVideoMetadataRequest__Output, _replication_GetVideoMetadataResponse>;
  
  /**
   * The stored shards of one video, or of all.
   */
  ListShards: grpc.handleUnaryCall<_replication_ListShardsRequest__Output, _replication_ListShardsResponse>;
  
  /**
   * Encodes one chunk and stores the result as a shard. Answers once the shard is durable.
   */
  ProcessChunk: grpc.handleUnaryCall<_replication_ProcessChunkRequest__Output, _replication_ProcessChunkResponse>;
  
  /**
   * ProcessChunk for chunks of any size: a header first, then the bytes in parts.
   */
  ProcessChunkStream: grpc.handleClientStreamingCall<_replication_ProcessChunkPart__Output, _replication_ProcessChunkResponse>;
  
}

export interface VideoProcessingServiceDefinition extends grpc.ServiceDefinition {
  CheckHealth: MethodDefinition<_replication_HealthCheckRequest, _replication_HealthCheckResponse, _replication_HealthCheckRequest__Output, _replication_HealthCheckResponse__Output>
  DeleteVideo: MethodDefinition<_replication_DeleteVideoRequest, _replication_DeleteVideoResponse, _replication_DeleteVideoRequest__Output, _replication_DeleteVideoResponse__Output>
  GetCapabilities: MethodDefinition<_replication_GetCapabilitiesRequest, _replication_GetCapabilitiesResponse, _replication_GetCapabilitiesRequest__Output, _replication_GetCapabilitiesResponse__Output>
  GetShard: MethodDefinition<_replication_GetShardRequest, _replication_GetShardResponse, _replication_GetShardRequest__Output, _replication_GetShardResponse__Output>
  GetShardStream: MethodDefinition<_replication_GetShardRequest, _replication_GetShardPart, _replication_GetShardRequest__Output, _replication_GetShardPart__Output>
  GetVideoMetadata: MethodDefinition<_replication_GetVideoMetadataRequest, _replication_GetVideoMetadataResponse, _replication_GetVideoMetadataRequest__Output, _replication_GetVideoMetadataResponse__Output>
  ListShards: MethodDefinition<_replication_ListShardsRequest, _replication_ListShardsResponse, _replication_ListShardsRequest__Output, _replication_ListShardsResponse__Output>
  ProcessChunk: MethodDefinition<_replication_ProcessChunkRequest, _replication_ProcessChunkResponse, _replication_ProcessChunkRequest__Output, _replication_ProcessChunkResponse__Output>
  ProcessChunkStream: MethodDefinition<_replication_ProcessChunkPart, _replication_ProcessChunkResponse, _replication_ProcessChunkPart__Output, _replication_ProcessChunkResponse__Output>
}
