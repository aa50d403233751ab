/** A catalog without room, as SQLite sees it, on a disk that has some. */
import { DatabaseSync } from "node:sqlite";

/** From now on no job of a catalog, which nobody may have open, can be changed or deleted: SQLITE_FULL. */
export function fillCatalog(path: string): void {
  using db = new DatabaseSync(path);
  // SQLite has no number after the last one, and calls that full: https://sqlite.org/autoinc.html
  db.exec(`
    CREATE TABLE IF NOT EXISTS brim (number INTEGER PRIMARY KEY AUTOINCREMENT);
    INSERT OR IGNORE INTO brim VALUES (9223372036854775807);`);
  for (const change of ["update", "delete"]) {
    db.exec(`CREATE TRIGGER IF NOT EXISTS full_jobs_${change} BEFORE ${change} ON jobs
      BEGIN INSERT INTO brim VALUES (NULL); END;`);
  }
}
