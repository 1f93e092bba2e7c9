CREATE TABLE "announcements" (
	"id" text PRIMARY KEY NOT NULL,
	"task" text,
	"text" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "ground_truth_versions" (
	"id" text PRIMARY KEY NOT NULL,
	"dataset_id" text NOT NULL,
	"version" integer NOT NULL,
	"state" text NOT NULL,
	"sha256" text NOT NULL,
	"images" integer NOT NULL,
	"objects" integer NOT NULL,
	"cell_types" jsonb NOT NULL,
	"pack_key" text NOT NULL,
	"public" boolean DEFAULT false NOT NULL,
	"note" text NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "methods" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text,
	"team_id" text,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"paper_url" text,
	"code_url" text,
	"authors" text DEFAULT '' NOT NULL,
	"architecture" text DEFAULT '' NOT NULL,
	"parameters" double precision,
	"pretraining" text DEFAULT '' NOT NULL,
	"extra_data" text DEFAULT '' NOT NULL,
	"test_images_seen" boolean DEFAULT false NOT NULL,
	"seconds_per_image" double precision,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "notices" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"text" text NOT NULL,
	"link" text,
	"read_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" text PRIMARY KEY NOT NULL,
	"to" text NOT NULL,
	"subject" text NOT NULL,
	"body" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"next_attempt_at" timestamp with time zone DEFAULT now() NOT NULL,
	"sent_at" timestamp with time zone,
	"failed_at" timestamp with time zone,
	"last_error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "quota_ledger" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "quota_ledger_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"holder" text NOT NULL,
	"task" text NOT NULL,
	"kind" text NOT NULL,
	"amount" integer DEFAULT 1 NOT NULL,
	"submission_id" text,
	"reason" text DEFAULT '' NOT NULL,
	"actor_id" text,
	"expires_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "rescore_items" (
	"rescore_id" text NOT NULL,
	"submission_id" text NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"failure" text,
	"finished_at" timestamp with time zone,
	CONSTRAINT "rescore_items_rescore_id_submission_id_pk" PRIMARY KEY("rescore_id","submission_id")
);
--> statement-breakpoint
CREATE TABLE "rescores" (
	"id" text PRIMARY KEY NOT NULL,
	"dataset_id" text NOT NULL,
	"reason" text NOT NULL,
	"evaluator_version" text NOT NULL,
	"ground_truth_version_id" text,
	"state" text DEFAULT 'running' NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "task_settings" (
	"task" text PRIMARY KEY NOT NULL,
	"open" boolean DEFAULT true NOT NULL,
	"closed_reason" text,
	"quota" integer,
	"quota_days" integer,
	"max_bytes" bigint,
	"updated_by" text,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "team_invitations" (
	"id" text PRIMARY KEY NOT NULL,
	"team_id" text NOT NULL,
	"sha256" text NOT NULL,
	"created_by" text,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "team_invitations_sha256_unique" UNIQUE("sha256")
);
--> statement-breakpoint
CREATE TABLE "team_members" (
	"team_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text DEFAULT 'member' NOT NULL,
	"joined_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "team_members_team_id_user_id_pk" PRIMARY KEY("team_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "teams" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "api_tokens" ADD COLUMN "scopes" jsonb DEFAULT '["read","submit"]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "evaluator_version" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "team_id" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "method_id" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "shown" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "credited_to" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "moderator_note" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "withdrawal_reason" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "was_published" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "any_category" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "files_deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "anonymous" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "anonymous_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "anonymous_number" integer;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "review_sha256" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "verified_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "verified_by" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "verified_note" text;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "featured" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "submissions" ADD COLUMN "radar" jsonb;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "affiliation" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "orcid" text;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "notice_preferences" jsonb DEFAULT '{}'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "suspended_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "suspended_reason" text;--> statement-breakpoint
ALTER TABLE "announcements" ADD CONSTRAINT "announcements_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ground_truth_versions" ADD CONSTRAINT "ground_truth_versions_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "ground_truth_versions" ADD CONSTRAINT "ground_truth_versions_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "methods" ADD CONSTRAINT "methods_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "methods" ADD CONSTRAINT "methods_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "notices" ADD CONSTRAINT "notices_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "quota_ledger" ADD CONSTRAINT "quota_ledger_submission_id_submissions_id_fk" FOREIGN KEY ("submission_id") REFERENCES "public"."submissions"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rescore_items" ADD CONSTRAINT "rescore_items_rescore_id_rescores_id_fk" FOREIGN KEY ("rescore_id") REFERENCES "public"."rescores"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rescore_items" ADD CONSTRAINT "rescore_items_submission_id_submissions_id_fk" FOREIGN KEY ("submission_id") REFERENCES "public"."submissions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rescores" ADD CONSTRAINT "rescores_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rescores" ADD CONSTRAINT "rescores_ground_truth_version_id_ground_truth_versions_id_fk" FOREIGN KEY ("ground_truth_version_id") REFERENCES "public"."ground_truth_versions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rescores" ADD CONSTRAINT "rescores_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "task_settings" ADD CONSTRAINT "task_settings_updated_by_users_id_fk" FOREIGN KEY ("updated_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_invitations" ADD CONSTRAINT "team_invitations_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_invitations" ADD CONSTRAINT "team_invitations_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_members" ADD CONSTRAINT "team_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "ground_truth_versions_once" ON "ground_truth_versions" USING btree ("dataset_id","version");--> statement-breakpoint
CREATE INDEX "methods_user" ON "methods" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "methods_team" ON "methods" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "notices_user" ON "notices" USING btree ("user_id","created_at");--> statement-breakpoint
CREATE INDEX "outbox_waiting" ON "outbox" USING btree ("next_attempt_at");--> statement-breakpoint
CREATE INDEX "quota_ledger_holder" ON "quota_ledger" USING btree ("holder","task","at");--> statement-breakpoint
CREATE UNIQUE INDEX "quota_ledger_once" ON "quota_ledger" USING btree ("submission_id","kind");--> statement-breakpoint
CREATE INDEX "team_members_user" ON "team_members" USING btree ("user_id");--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_method_id_methods_id_fk" FOREIGN KEY ("method_id") REFERENCES "public"."methods"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_verified_by_users_id_fk" FOREIGN KEY ("verified_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "submissions_team" ON "submissions" USING btree ("team_id");--> statement-breakpoint
CREATE UNIQUE INDEX "submissions_shown" ON "submissions" USING btree ("method_id","task","dataset_id") WHERE "submissions"."shown" and "submissions"."method_id" is not null;--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_anonymous_number_unique" UNIQUE("anonymous_number");--> statement-breakpoint
ALTER TABLE "submissions" ADD CONSTRAINT "submissions_review_sha256_unique" UNIQUE("review_sha256");--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_orcid_unique" UNIQUE("orcid");--> statement-breakpoint
-- the audit log can only grow, whoever asks
CREATE FUNCTION audit_events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_events is append-only: % is refused', TG_OP;
END
$$;
--> statement-breakpoint
CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE ON "audit_events"
  FOR EACH ROW EXECUTE FUNCTION audit_events_append_only();
--> statement-breakpoint
CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION audit_events_append_only();
--> statement-breakpoint
-- what had been submitted under one name by one person is one method, its submissions are versions
INSERT INTO "methods" ("id", "user_id", "name", "description", "paper_url", "code_url", "extra_data", "test_images_seen", "created_at")
SELECT DISTINCT ON (user_id, lower(method)) gen_random_uuid()::text, user_id, method, description, paper_url, code_url, training_data, test_images_seen, created_at
FROM "submissions" ORDER BY user_id, lower(method), created_at;
--> statement-breakpoint
UPDATE "submissions" s SET "method_id" = m."id" FROM "methods" m
WHERE m."user_id" IS NOT DISTINCT FROM s."user_id" AND lower(m."name") = lower(s."method");
--> statement-breakpoint
UPDATE "submissions" s SET "version" = n.version FROM (
  SELECT "id", row_number() OVER (PARTITION BY "method_id", "task", "dataset_id" ORDER BY "created_at", "id") AS version FROM "submissions"
) n WHERE n."id" = s."id";
--> statement-breakpoint
UPDATE "submissions" s SET "shown" = true, "was_published" = true FROM (
  SELECT DISTINCT ON ("method_id", "task", "dataset_id") "id" FROM "submissions"
  WHERE "visibility" = 'published' AND "state" = 'scored' ORDER BY "method_id", "task", "dataset_id", "published_at" DESC, "id"
) n WHERE n."id" = s."id";
