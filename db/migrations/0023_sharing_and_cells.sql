CREATE TABLE "label_errors" (
	"id" text PRIMARY KEY NOT NULL,
	"dataset_id" text NOT NULL,
	"ground_truth_sha256" text NOT NULL,
	"image" integer NOT NULL,
	"file_name" text NOT NULL,
	"kind" text NOT NULL,
	"object" integer,
	"key" text NOT NULL,
	"box" jsonb NOT NULL,
	"agreement" double precision NOT NULL,
	"annotation_iou" double precision NOT NULL,
	"entries" jsonb NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "outcomes" ADD COLUMN "cells_key" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "licence" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "cells_shown" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "files_shared" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "label_errors" ADD CONSTRAINT "label_errors_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "label_errors" ADD CONSTRAINT "label_errors_decided_by_users_id_fk" FOREIGN KEY ("decided_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "label_errors_once" ON "label_errors" USING btree ("dataset_id","ground_truth_sha256","key");--> statement-breakpoint
-- public pages show confirmed label errors, and what may be shown of cells once they are there
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "label_errors"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
