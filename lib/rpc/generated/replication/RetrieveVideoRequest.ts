// Original file: proto/master.proto


export interface RetrieveVideoRequest {
  'videoId'?: (string);
  /**
   * An addition: the proof of the result in place of the result, as JSON.
   */
  'proof'?: (boolean);
}

export interface RetrieveVideoRequest__Output {
  'videoId': (string);
  /**
   * An addition: the proof of the result in place of the result, as JSON.
   */
  'proof': (boolean);
}
