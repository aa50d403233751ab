// Original file: proto/master.proto


export interface RegisterWorkerResponse {
  'success'?: (boolean);
  'message'?: (string);
}

export interface RegisterWorkerResponse__Output {
  'success': (boolean);
  'message': (string);
}
