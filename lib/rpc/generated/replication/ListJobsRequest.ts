// Original file: proto/master.proto


export interface ListJobsRequest {
}

export interface ListJobsRequest__Output {
}
