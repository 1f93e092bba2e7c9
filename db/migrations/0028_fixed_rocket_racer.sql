CREATE TABLE "published_numbers" (
	"id" text PRIMARY KEY NOT NULL,
	"method" text NOT NULL,
	"year" integer NOT NULL,
	"metric" text NOT NULL,
	"value" text NOT NULL,
	"split" text NOT NULL,
	"protocol" text NOT NULL,
	"source" text NOT NULL,
	"key" text NOT NULL,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "published_numbers_key_unique" UNIQUE("key")
);
--> statement-breakpoint
ALTER TABLE "published_numbers" ADD CONSTRAINT "published_numbers_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE TRIGGER public_change AFTER INSERT OR UPDATE OR DELETE ON "published_numbers"
  FOR EACH ROW EXECUTE FUNCTION public_row_changed();
