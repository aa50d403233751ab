/** The tables of the catalog. Another layout is another version. */

/** `PRAGMA application_id`: "DVTm". */
export const APPLICATION_ID = 0x4456546d;
export const SCHEMA_VERSION = 2;

/** STRICT: a column holds its type or nothing is written. */
export const SCHEMA = `
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  video_id TEXT NOT NULL UNIQUE,
  original_filename TEXT NOT NULL,
  settings TEXT NOT NULL,
  priority INTEGER NOT NULL,
  traceparent TEXT NOT NULL,
  source_bytes INTEGER NOT NULL,
  source_sha256 TEXT NOT NULL,
  created_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  run INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER,
  chunks INTEGER NOT NULL,
  frames INTEGER NOT NULL,
  duration_seconds REAL NOT NULL,
  build TEXT NOT NULL,
  chunks_done INTEGER NOT NULL,
  chunks_reused INTEGER NOT NULL,
  frames_done INTEGER NOT NULL,
  shard_bytes INTEGER NOT NULL,
  result_file TEXT,
  result_bytes INTEGER,
  failure_stage TEXT,
  failure_message TEXT,
  notes TEXT NOT NULL
) STRICT;

CREATE TABLE chunks (
  job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  chunk_index INTEGER NOT NULL,
  start_seconds REAL NOT NULL,
  duration_seconds REAL NOT NULL,
  frames INTEGER NOT NULL,
  state TEXT NOT NULL,
  worker TEXT NOT NULL,
  shard_bytes INTEGER NOT NULL,
  PRIMARY KEY (job_id, chunk_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  job_id TEXT NOT NULL,
  chunk_index INTEGER NOT NULL,
  position INTEGER NOT NULL,
  worker TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  started_ms INTEGER NOT NULL,
  ended_ms INTEGER,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (job_id, chunk_index, position),
  FOREIGN KEY (job_id, chunk_index) REFERENCES chunks (job_id, chunk_index) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- workers that may have shards of a job, which may be gone; its id is what they are filed under
CREATE TABLE shard_notes (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id TEXT NOT NULL,
  worker TEXT NOT NULL,
  noted_ms INTEGER NOT NULL,
  UNIQUE (worker, job_id)
) STRICT;
`;
