ALTER TABLE "datasets" ADD COLUMN "licence" text;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "source" text;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "protocol" text;--> statement-breakpoint
ALTER TABLE "submission_files" ADD COLUMN "score_threshold" double precision;