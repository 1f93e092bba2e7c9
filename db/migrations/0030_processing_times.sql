CREATE TABLE "processing_times" (
	"submission_id" text PRIMARY KEY NOT NULL,
	"hardware" text NOT NULL,
	"times" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "processing_times" ADD CONSTRAINT "processing_times_submission_id_submissions_id_fk" FOREIGN KEY ("submission_id") REFERENCES "public"."submissions"("id") ON DELETE cascade ON UPDATE no action;