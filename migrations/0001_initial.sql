CREATE TABLE registries_downloads (
  id TEXT PRIMARY KEY NOT NULL,
  package_id TEXT NOT NULL,
  version_id TEXT NOT NULL,
  user_id TEXT,
  ip_address TEXT,
  downloaded_at INTEGER NOT NULL
);

CREATE TABLE registries_stats (
  id TEXT PRIMARY KEY NOT NULL,
  package_id TEXT NOT NULL,
  date TEXT NOT NULL,
  downloads_count INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE users (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  username TEXT NOT NULL,
  email TEXT NOT NULL,
  email_verified INTEGER NOT NULL,
  image TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  subscription TEXT DEFAULT 'free',
  has_lifetime INTEGER DEFAULT 0,
  stripe_customer_id TEXT,
  metadata TEXT
);
CREATE UNIQUE INDEX users_email_unique ON users (email);
CREATE UNIQUE INDEX users_username_unique ON users (username);

CREATE TABLE verifications (
  id TEXT PRIMARY KEY NOT NULL,
  identifier TEXT NOT NULL,
  value TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  created_at INTEGER,
  updated_at INTEGER
);

CREATE TABLE accounts (
  id TEXT PRIMARY KEY NOT NULL,
  account_id TEXT NOT NULL,
  provider_id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  access_token TEXT,
  refresh_token TEXT,
  id_token TEXT,
  access_token_expires_at INTEGER,
  refresh_token_expires_at INTEGER,
  scope TEXT,
  password TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE courses (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
);

CREATE TABLE courses_progress (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  course_id TEXT NOT NULL,
  data TEXT NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE devices (
  id TEXT PRIMARY KEY NOT NULL,
  device_code TEXT NOT NULL,
  user_code TEXT NOT NULL,
  user_id TEXT REFERENCES users (id),
  client_id TEXT,
  scope TEXT,
  status TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  last_polled_at INTEGER,
  polling_interval INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE registries_packages (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  description TEXT,
  status TEXT NOT NULL DEFAULT 'draft',
  latest_version TEXT,
  is_public INTEGER DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX registry_packages_name_idx ON registries_packages (name);
CREATE INDEX registry_packages_user_id_idx ON registries_packages (user_id);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL,
  expires_at INTEGER NOT NULL,
  token TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ip_address TEXT,
  user_agent TEXT,
  user_id TEXT NOT NULL REFERENCES users (id)
);
CREATE UNIQUE INDEX sessions_token_unique ON sessions (token);

CREATE TABLE subscriptions (
  id TEXT PRIMARY KEY NOT NULL,
  user_id TEXT REFERENCES users (id),
  "plan" TEXT NOT NULL,
  reference_id TEXT NOT NULL,
  stripe_customer_id TEXT,
  stripe_subscription_id TEXT,
  status TEXT,
  period_start INTEGER,
  period_end INTEGER,
  cancel_at_period_end INTEGER,
  seats INTEGER
);

CREATE TABLE registries_versions (
  id TEXT PRIMARY KEY NOT NULL,
  package_id TEXT NOT NULL REFERENCES registries_packages (id),
  version TEXT NOT NULL,
  storage_key TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  checksum TEXT NOT NULL,
  changelog TEXT,
  engine_version TEXT,
  manifest TEXT,
  status TEXT NOT NULL DEFAULT 'pending',
  status_message TEXT,
  created_at INTEGER NOT NULL,
  guard TEXT
);
CREATE UNIQUE INDEX registry_versions_pkg_ver_idx ON registries_versions (package_id, version);
