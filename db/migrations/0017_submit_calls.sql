CREATE TABLE "submit_calls" (
	"user_id" text NOT NULL,
	"key" text NOT NULL,
	"sha256" text NOT NULL,
	"submission_ids" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "submit_calls_user_id_key_pk" PRIMARY KEY("user_id","key")
);
--> statement-breakpoint
ALTER TABLE "submit_calls" ADD CONSTRAINT "submit_calls_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "submit_calls_time" ON "submit_calls" USING btree ("created_at");