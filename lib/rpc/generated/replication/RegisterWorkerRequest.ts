// Original file: proto/master.proto


export interface RegisterWorkerRequest {
  'workerAddress'?: (string);
}

export interface RegisterWorkerRequest__Output {
  'workerAddress': (string);
}
