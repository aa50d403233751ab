// Original file: proto/master.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelJobRequest as _replication_CancelJobRequest, CancelJobRequest__Output as _replication_CancelJobRequest__Output } from '../replication/CancelJobRequest.ts';
import type { DeleteVideoRequest as _replication_DeleteVideoRequest, DeleteVideoRequest__Output as _replication_DeleteVideoRequest__Output } from '../replication/DeleteVideoRequest.ts';
import type { Job as _replication_Job, Job__Output as _replication_Job__Output } from '../replication/Job.ts';
import type { JobUpdate as _replication_JobUpdate, JobUpdate__Output as _replication_JobUpdate__Output } from '../replication/JobUpdate.ts';
import type { ListJobsRequest as _replication_ListJobsRequest, ListJobsRequest__Output as _replication_ListJobsRequest__Output } from '../replication/ListJobsRequest.ts';
import type { ListJobsResponse as _replication_ListJobsResponse, ListJobsResponse__Output as _replication_ListJobsResponse__Output } from '../replication/ListJobsResponse.ts';
import type { RegisterWorkerRequest as _replication_RegisterWorkerRequest, RegisterWorkerRequest__Output as _replication_RegisterWorkerRequest__Output } from '../replication/RegisterWorkerRequest.ts';
import type { RegisterWorkerResponse as _replication_RegisterWorkerResponse, RegisterWorkerResponse__Output as _replication_RegisterWorkerResponse__Output } from '../replication/RegisterWorkerResponse.ts';
import type { RemoveVideoResponse as _replication_RemoveVideoResponse, RemoveVideoResponse__Output as _replication_RemoveVideoResponse__Output } from '../replication/RemoveVideoResponse.ts';
import type { RetrieveVideoChunk as _replication_RetrieveVideoChunk, RetrieveVideoChunk__Output as _replication_RetrieveVideoChunk__Output } from '../replication/RetrieveVideoChunk.ts';
import type { RetrieveVideoRequest as _replication_RetrieveVideoRequest, RetrieveVideoRequest__Output as _replication_RetrieveVideoRequest__Output } from '../replication/RetrieveVideoRequest.ts';
import type { UploadVideoChunk as _replication_UploadVideoChunk, UploadVideoChunk__Output as _replication_UploadVideoChunk__Output } from '../replication/UploadVideoChunk.ts';
import type { UploadVideoResponse as _replication_UploadVideoResponse, UploadVideoResponse__Output as _replication_UploadVideoResponse__Output } from '../replication/UploadVideoResponse.ts';
import type { VideoStatusRequest as _replication_VideoStatusRequest, VideoStatusRequest__Output as _replication_VideoStatusRequest__Output } from '../replication/VideoStatusRequest.ts';
import type { VideoStatusResponse as _replication_VideoStatusResponse, VideoStatusResponse__Output as _replication_VideoStatusResponse__Output } from '../replication/VideoStatusResponse.ts';
import type { WatchJobRequest as _replication_WatchJobRequest, WatchJobRequest__Output as _replication_WatchJobRequest__Output } from '../replication/WatchJobRequest.ts';

export interface MasterServiceClient extends grpc.Client {
  /**
   * The source stays until the video is deleted.
   */
  CancelJob(argument: _replication_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  CancelJob(argument: _replication_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  CancelJob(argument: _replication_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  CancelJob(argument: _replication_CancelJobRequest, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  /**
   * The source stays until the video is deleted.
   */
  cancelJob(argument: _replication_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  cancelJob(argument: _replication_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  cancelJob(argument: _replication_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  cancelJob(argument: _replication_CancelJobRequest, callback: grpc.requestCallback<_replication_Job__Output>): grpc.ClientUnaryCall;
  
  /**
   * Removes source, result and the shards at the workers; ends the job first.
   */
  DeleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  DeleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  DeleteVideo(argument: _replication_DeleteVideoRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  DeleteVideo(argument: _replication_DeleteVideoRequest, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  /**
   * Removes source, result and the shards at the workers; ends the job first.
   */
  deleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  deleteVideo(argument: _replication_DeleteVideoRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  deleteVideo(argument: _replication_DeleteVideoRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  deleteVideo(argument: _replication_DeleteVideoRequest, callback: grpc.requestCallback<_replication_RemoveVideoResponse__Output>): grpc.ClientUnaryCall;
  
  GetVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  GetVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  GetVideoStatus(argument: _replication_VideoStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  GetVideoStatus(argument: _replication_VideoStatusRequest, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  getVideoStatus(argument: _replication_VideoStatusRequest, callback: grpc.requestCallback<_replication_VideoStatusResponse__Output>): grpc.ClientUnaryCall;
  
  /**
   * The newest first.
   */
  ListJobs(argument: _replication_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _replication_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _replication_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _replication_ListJobsRequest, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  /**
   * The newest first.
   */
  listJobs(argument: _replication_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _replication_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _replication_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _replication_ListJobsRequest, callback: grpc.requestCallback<_replication_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  
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
  
  /**
   * What follows are additions to the Python project's calls.
   * The job as it is, its chunks, and what changes, until its state is final. Who reads slowly gets the last of
   * what is new about each.
   */
  WatchJob(argument: _replication_WatchJobRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_JobUpdate__Output>;
  WatchJob(argument: _replication_WatchJobRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_JobUpdate__Output>;
  /**
   * What follows are additions to the Python project's calls.
   * The job as it is, its chunks, and what changes, until its state is final. Who reads slowly gets the last of
   * what is new about each.
   */
  watchJob(argument: _replication_WatchJobRequest, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_JobUpdate__Output>;
  watchJob(argument: _replication_WatchJobRequest, options?: grpc.CallOptions): grpc.ClientReadableStream<_replication_JobUpdate__Output>;
  
}

export interface MasterServiceHandlers extends grpc.UntypedServiceImplementation {
  /**
   * The source stays until the video is deleted.
   */
  CancelJob: grpc.handleUnaryCall<_replication_CancelJobRequest__Output, _replication_Job>;
  
  /**
   * Removes source, result and the shards at the workers; ends the job first.
   */
  DeleteVideo: grpc.handleUnaryCall<_replication_DeleteVideoRequest__Output, _replication_RemoveVideoResponse>;
  
  GetVideoStatus: grpc.handleUnaryCall<_replication_VideoStatusRequest__Output, _replication_VideoStatusResponse>;
  
  /**
   * The newest first.
   */
  ListJobs: grpc.handleUnaryCall<_replication_ListJobsRequest__Output, _replication_ListJobsResponse>;
  
  /**
   * A worker says that it is there, again and again, since a master that restarts has forgotten it.
   */
  RegisterWorker: grpc.handleUnaryCall<_replication_RegisterWorkerRequest__Output, _replication_RegisterWorkerResponse>;
  
  RetrieveVideo: grpc.handleServerStreamingCall<_replication_RetrieveVideoRequest__Output, _replication_RetrieveVideoChunk>;
  
  UploadVideo: grpc.handleClientStreamingCall<_replication_UploadVideoChunk__Output, _replication_UploadVideoResponse>;
  
  /**
   * What follows are additions to the Python project's calls.
   * The job as it is, its chunks, and what changes, until its state is final. Who reads slowly gets the last of
   * what is new about each.
   */
  WatchJob: grpc.handleServerStreamingCall<_replication_WatchJobRequest__Output, _replication_JobUpdate>;
  
}

export interface MasterServiceDefinition extends grpc.ServiceDefinition {
  CancelJob: MethodDefinition<_replication_CancelJobRequest, _replication_Job, _replication_CancelJobRequest__Output, _replication_Job__Output>
  DeleteVideo: MethodDefinition<_replication_DeleteVideoRequest, _replication_RemoveVideoResponse, _replication_DeleteVideoRequest__Output, _replication_RemoveVideoResponse__Output>
  GetVideoStatus: MethodDefinition<_replication_VideoStatusRequest, _replication_VideoStatusResponse, _replication_VideoStatusRequest__Output, _replication_VideoStatusResponse__Output>
  ListJobs: MethodDefinition<_replication_ListJobsRequest, _replication_ListJobsResponse, _replication_ListJobsRequest__Output, _replication_ListJobsResponse__Output>
  RegisterWorker: MethodDefinition<_replication_RegisterWorkerRequest, _replication_RegisterWorkerResponse, _replication_RegisterWorkerRequest__Output, _replication_RegisterWorkerResponse__Output>
  RetrieveVideo: MethodDefinition<_replication_RetrieveVideoRequest, _replication_RetrieveVideoChunk, _replication_RetrieveVideoRequest__Output, _replication_RetrieveVideoChunk__Output>
  UploadVideo: MethodDefinition<_replication_UploadVideoChunk, _replication_UploadVideoResponse, _replication_UploadVideoChunk__Output, _replication_UploadVideoResponse__Output>
  WatchJob: MethodDefinition<_replication_WatchJobRequest, _replication_JobUpdate, _replication_WatchJobRequest__Output, _replication_JobUpdate__Output>
}
