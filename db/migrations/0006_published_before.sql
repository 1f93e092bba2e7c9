-- 0003 knew of those that are shown alone: whatever has been on the board leaves a tombstone, and its name is no secret
UPDATE "submissions" s SET "was_published" = true
WHERE NOT s."was_published" AND (
  (s."visibility" = 'published' AND s."state" = 'scored')
  OR (s."visibility" = 'hidden' AND s."published_at" IS NOT NULL)
  OR EXISTS (SELECT 1 FROM "audit_events" e WHERE e."submission_id" = s."id" AND e."kind" = 'approved')
);
