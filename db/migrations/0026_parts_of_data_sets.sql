ALTER TABLE "datasets" ADD COLUMN "part" jsonb;--> statement-breakpoint
ALTER TABLE "ground_truth_imports" ADD COLUMN "splitting" jsonb;--> statement-breakpoint
ALTER TABLE "ground_truth_versions" ADD COLUMN "part" jsonb;--> statement-breakpoint
ALTER TABLE "ground_truth_versions" ADD COLUMN "switch_at" timestamp with time zone;