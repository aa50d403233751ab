import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { ChunkInfo as _replication_ChunkInfo, ChunkInfo__Output as _replication_ChunkInfo__Output } from './replication/ChunkInfo.ts';
import type { ChunkMetadata as _replication_ChunkMetadata, ChunkMetadata__Output as _replication_ChunkMetadata__Output } from './replication/ChunkMetadata.ts';
import type { CodecCapability as _replication_CodecCapability, CodecCapability__Output as _replication_CodecCapability__Output } from './replication/CodecCapability.ts';
import type { DeleteVideoRequest as _replication_DeleteVideoRequest, DeleteVideoRequest__Output as _replication_DeleteVideoRequest__Output } from './replication/DeleteVideoRequest.ts';
import type { DeleteVideoResponse as _replication_DeleteVideoResponse, DeleteVideoResponse__Output as _replication_DeleteVideoResponse__Output } from './replication/DeleteVideoResponse.ts';
import type { EncodeSettings as _replication_EncodeSettings, EncodeSettings__Output as _replication_EncodeSettings__Output } from './replication/EncodeSettings.ts';
import type { GetCapabilitiesRequest as _replication_GetCapabilitiesRequest, GetCapabilitiesRequest__Output as _replication_GetCapabilitiesRequest__Output } from './replication/GetCapabilitiesRequest.ts';
import type { GetCapabilitiesResponse as _replication_GetCapabilitiesResponse, GetCapabilitiesResponse__Output as _replication_GetCapabilitiesResponse__Output } from './replication/GetCapabilitiesResponse.ts';
import type { GetShardHeader as _replication_GetShardHeader, GetShardHeader__Output as _replication_GetShardHeader__Output } from './replication/GetShardHeader.ts';
import type { GetShardPart as _replication_GetShardPart, GetShardPart__Output as _replication_GetShardPart__Output } from './replication/GetShardPart.ts';
import type { GetShardRequest as _replication_GetShardRequest, GetShardRequest__Output as _replication_GetShardRequest__Output } from './replication/GetShardRequest.ts';
import type { GetShardResponse as _replication_GetShardResponse, GetShardResponse__Output as _replication_GetShardResponse__Output } from './replication/GetShardResponse.ts';
import type { GetVideoMetadataRequest as _replication_GetVideoMetadataRequest, GetVideoMetadataRequest__Output as _replication_GetVideoMetadataRequest__Output } from './replication/GetVideoMetadataRequest.ts';
import type { GetVideoMetadataResponse as _replication_GetVideoMetadataResponse, GetVideoMetadataResponse__Output as _replication_GetVideoMetadataResponse__Output } from './replication/GetVideoMetadataResponse.ts';
import type { HealthCheckRequest as _replication_HealthCheckRequest, HealthCheckRequest__Output as _replication_HealthCheckRequest__Output } from './replication/HealthCheckRequest.ts';
import type { HealthCheckResponse as _replication_HealthCheckResponse, HealthCheckResponse__Output as _replication_HealthCheckResponse__Output } from './replication/HealthCheckResponse.ts';
import type { ListShardsRequest as _replication_ListShardsRequest, ListShardsRequest__Output as _replication_ListShardsRequest__Output } from './replication/ListShardsRequest.ts';
import type { ListShardsResponse as _replication_ListShardsResponse, ListShardsResponse__Output as _replication_ListShardsResponse__Output } from './replication/ListShardsResponse.ts';
import type { ProcessChunkPart as _replication_ProcessChunkPart, ProcessChunkPart__Output as _replication_ProcessChunkPart__Output } from './replication/ProcessChunkPart.ts';
import type { ProcessChunkRequest as _replication_ProcessChunkRequest, ProcessChunkRequest__Output as _replication_ProcessChunkRequest__Output } from './replication/ProcessChunkRequest.ts';
import type { ProcessChunkResponse as _replication_ProcessChunkResponse, ProcessChunkResponse__Output as _replication_ProcessChunkResponse__Output } from './replication/ProcessChunkResponse.ts';
import type { Segment as _replication_Segment, Segment__Output as _replication_Segment__Output } from './replication/Segment.ts';
import type { VideoInfo as _replication_VideoInfo, VideoInfo__Output as _replication_VideoInfo__Output } from './replication/VideoInfo.ts';
import type { VideoProcessingServiceClient as _replication_VideoProcessingServiceClient, VideoProcessingServiceDefinition as _replication_VideoProcessingServiceDefinition } from './replication/VideoProcessingService.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  replication: {
    ChunkInfo: MessageTypeDefinition<_replication_ChunkInfo, _replication_ChunkInfo__Output>
    ChunkKind: EnumTypeDefinition
    ChunkMetadata: MessageTypeDefinition<_replication_ChunkMetadata, _replication_ChunkMetadata__Output>
    Codec: EnumTypeDefinition
    CodecCapability: MessageTypeDefinition<_replication_CodecCapability, _replication_CodecCapability__Output>
    DeleteVideoRequest: MessageTypeDefinition<_replication_DeleteVideoRequest, _replication_DeleteVideoRequest__Output>
    DeleteVideoResponse: MessageTypeDefinition<_replication_DeleteVideoResponse, _replication_DeleteVideoResponse__Output>
    EncodeSettings: MessageTypeDefinition<_replication_EncodeSettings, _replication_EncodeSettings__Output>
    GetCapabilitiesRequest: MessageTypeDefinition<_replication_GetCapabilitiesRequest, _replication_GetCapabilitiesRequest__Output>
    GetCapabilitiesResponse: MessageTypeDefinition<_replication_GetCapabilitiesResponse, _replication_GetCapabilitiesResponse__Output>
    GetShardHeader: MessageTypeDefinition<_replication_GetShardHeader, _replication_GetShardHeader__Output>
    GetShardPart: MessageTypeDefinition<_replication_GetShardPart, _replication_GetShardPart__Output>
    GetShardRequest: MessageTypeDefinition<_replication_GetShardRequest, _replication_GetShardRequest__Output>
    GetShardResponse: MessageTypeDefinition<_replication_GetShardResponse, _replication_GetShardResponse__Output>
    GetVideoMetadataRequest: MessageTypeDefinition<_replication_GetVideoMetadataRequest, _replication_GetVideoMetadataRequest__Output>
    GetVideoMetadataResponse: MessageTypeDefinition<_replication_GetVideoMetadataResponse, _replication_GetVideoMetadataResponse__Output>
    HealthCheckRequest: MessageTypeDefinition<_replication_HealthCheckRequest, _replication_HealthCheckRequest__Output>
    HealthCheckResponse: MessageTypeDefinition<_replication_HealthCheckResponse, _replication_HealthCheckResponse__Output>
    ListShardsRequest: MessageTypeDefinition<_replication_ListShardsRequest, _replication_ListShardsRequest__Output>
    ListShardsResponse: MessageTypeDefinition<_replication_ListShardsResponse, _replication_ListShardsResponse__Output>
    PixelFormat: EnumTypeDefinition
    Preset: EnumTypeDefinition
    ProcessChunkPart: MessageTypeDefinition<_replication_ProcessChunkPart, _replication_ProcessChunkPart__Output>
    ProcessChunkRequest: MessageTypeDefinition<_replication_ProcessChunkRequest, _replication_ProcessChunkRequest__Output>
    ProcessChunkResponse: MessageTypeDefinition<_replication_ProcessChunkResponse, _replication_ProcessChunkResponse__Output>
    Segment: MessageTypeDefinition<_replication_Segment, _replication_Segment__Output>
    VideoInfo: MessageTypeDefinition<_replication_VideoInfo, _replication_VideoInfo__Output>
    VideoProcessingService: SubtypeConstructor<typeof grpc.Client, _replication_VideoProcessingServiceClient> & { service: _replication_VideoProcessingServiceDefinition }
  }
}

