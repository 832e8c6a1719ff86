/** The version of the tables below, in the file's `user_version`. */
export const SCHEMA_VERSION = 1;

const REMEMBERED_INVALIDATIONS = 10_000;

/**
 * Triggers do what must happen in one step: an entry and its tags, an invalidation and what it deletes. So each method of the
 * tier is one statement, which SQLite makes atomic between processes by itself. SQLite's GLOB knows sets (`[a-z]`), ours
 * does not: `[` is written as a set of one. AUTOINCREMENT, because an epoch must never come twice.
 */
export const SCHEMA = `
  CREATE TABLE entries (
    key TEXT PRIMARY KEY,
    value TEXT,
    fresh_until_us INTEGER NOT NULL,
    stale_until_us INTEGER NOT NULL,
    tags TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tags (tag TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (tag, key)) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_by_key ON tags (key);
  CREATE TRIGGER entry_made AFTER INSERT ON entries WHEN new.tags <> '[]' BEGIN
    INSERT OR IGNORE INTO tags SELECT value, new.key FROM json_each(new.tags);
  END;
  CREATE TRIGGER entry_replaced AFTER UPDATE ON entries WHEN new.tags <> old.tags BEGIN
    DELETE FROM tags WHERE key = old.key;
    INSERT OR IGNORE INTO tags SELECT value, new.key FROM json_each(new.tags);
  END;
  CREATE TRIGGER entry_deleted AFTER DELETE ON entries WHEN old.tags <> '[]' BEGIN
    DELETE FROM tags WHERE key = old.key;
  END;

  CREATE TABLE invalidations (epoch INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, text TEXT NOT NULL) STRICT;
  CREATE TRIGGER key_invalidated AFTER INSERT ON invalidations WHEN new.kind = 'key' BEGIN
    DELETE FROM entries WHERE key = new.text;
  END;
  CREATE TRIGGER tag_invalidated AFTER INSERT ON invalidations WHEN new.kind = 'tag' BEGIN
    DELETE FROM entries WHERE key IN (SELECT key FROM tags WHERE tag = new.text);
  END;
  CREATE TRIGGER glob_invalidated AFTER INSERT ON invalidations WHEN new.kind = 'glob' BEGIN
    DELETE FROM entries WHERE key GLOB replace(new.text, '[', '[[]');
  END;
  CREATE TRIGGER invalidations_bounded AFTER INSERT ON invalidations BEGIN
    DELETE FROM invalidations WHERE epoch <= new.epoch - ${REMEMBERED_INVALIDATIONS};
  END;
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** One row, always: the epoch, whether there is an entry, and the entry. */
export const READ = `
  SELECT coalesce((SELECT max(epoch) FROM invalidations), 0), key IS NOT NULL, value, fresh_until_us, stale_until_us, tags
  FROM (SELECT ? AS wanted) LEFT JOIN entries ON key = wanted`;

/** Key, value, two ends, tags, epoch: changes one row, or none when overtaken since that epoch. */
export const WRITE = `
  INSERT INTO entries SELECT ?1, ?2, ?3, ?4, ?5
  WHERE ?6 <= coalesce((SELECT max(epoch) FROM invalidations), 0)
    AND ?6 >= coalesce((SELECT min(epoch) FROM invalidations) - 1, 0)
    AND NOT EXISTS (
      SELECT 1 FROM invalidations WHERE epoch > ?6 AND (
        kind = 'key' AND text = ?1
        OR kind = 'tag' AND text IN (SELECT value FROM json_each(?5))
        OR kind = 'glob' AND ?1 GLOB replace(text, '[', '[[]')))
  ON CONFLICT (key) DO UPDATE SET value = excluded.value, fresh_until_us = excluded.fresh_until_us,
    stale_until_us = excluded.stale_until_us, tags = excluded.tags`;

export const INVALIDATE = "INSERT INTO invalidations (kind, text) VALUES (?, ?)";

/** The last of the next `?2` keys after `?1`; null at the end. There is no index by time: each write would pay for it. */
export const NEXT_KEYS = "SELECT max(key) FROM (SELECT key FROM entries WHERE key > ?1 ORDER BY key LIMIT ?2)";

/** Deletes, of the keys after `?1` and up to `?2`, those whose end is not after the wall time `?3`. */
export const DELETE_ENDED = "DELETE FROM entries WHERE key > ?1 AND key <= ?2 AND stale_until_us <= ?3";
