ALTER TABLE "outcomes" ADD COLUMN "families" jsonb;--> statement-breakpoint
-- receipts sign reports: what was added to a report after its score goes beside it
UPDATE "outcomes" SET "families" = "evaluations"."report" -> 'families'
FROM "evaluations"
WHERE "evaluations"."submission_id" = "outcomes"."submission_id"
  AND "evaluations"."evaluator_version" = "outcomes"."evaluator_version"
  AND "evaluations"."ground_truth_sha256" = "outcomes"."ground_truth_sha256"
  AND "evaluations"."protocol" = 'livecell-paper'
  AND "evaluations"."report" -> 'families' IS NOT NULL;
--> statement-breakpoint
UPDATE "evaluations" SET "report" = "report" - 'families' WHERE "report" -> 'families' IS NOT NULL;
