CREATE TABLE "device_logins" (
	"device_sha256" text PRIMARY KEY NOT NULL,
	"user_sha256" text NOT NULL,
	"machine" text NOT NULL,
	"user_id" text,
	"refused_at" timestamp with time zone,
	"asked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "device_logins_user_sha256_unique" UNIQUE("user_sha256")
);
--> statement-breakpoint
ALTER TABLE "device_logins" ADD CONSTRAINT "device_logins_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;