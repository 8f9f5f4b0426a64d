-- ## accounts: Who uses the marketplace and how they log in.

-- A person with an account.
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL UNIQUE, -- Where mail goes.
  name TEXT NOT NULL, -- What it is called.
  locale TEXT NOT NULL,
  timezone TEXT,
  avatar_id INTEGER REFERENCES files (id) ON DELETE SET NULL, -- Which of the files, if any.
  referred_by INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()), -- When the row was made, in Unix seconds.
  deleted_at INTEGER -- In Unix seconds.
);
CREATE INDEX users_avatar_id ON users (avatar_id);
CREATE INDEX users_referred_by ON users (referred_by);

-- Addresses of a person.
CREATE TABLE user_emails (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- Which of the users.
  address TEXT NOT NULL UNIQUE,
  verified_at INTEGER, -- In Unix seconds.
  is_primary INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1))
);
CREATE INDEX user_emails_user_id ON user_emails (user_id);

-- How a person proves who they are, where there is a password.
CREATE TABLE user_passwords (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE UNIQUE, -- Which of the users.
  hash TEXT NOT NULL,
  changed_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);

-- A login that lasts.
CREATE TABLE user_sessions (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- Which of the users.
  token TEXT NOT NULL UNIQUE,
  ip_address TEXT,
  user_agent TEXT,
  expires_at INTEGER NOT NULL DEFAULT (unixepoch()), -- When it ends by itself, in Unix seconds.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX user_sessions_user_id ON user_sessions (user_id);

-- A login by another service.
CREATE TABLE oauth_accounts (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  provider TEXT NOT NULL,
  subject TEXT NOT NULL,
  access_token TEXT,
  expires_at INTEGER -- When it ends by itself, in Unix seconds.
);
CREATE INDEX oauth_accounts_user_id ON oauth_accounts (user_id);

-- What gives one-time codes.
CREATE TABLE two_factor_devices (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  kind TEXT NOT NULL, -- Which sort it is.
  secret BLOB NOT NULL,
  confirmed_at INTEGER -- In Unix seconds.
);
CREATE INDEX two_factor_devices_user_id ON two_factor_devices (user_id);

-- What one may be.
CREATE TABLE roles (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  description TEXT -- A few sentences.
);

-- What one may do.
CREATE TABLE permissions (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  description TEXT -- A few sentences.
);

-- What each role may do.
CREATE TABLE role_permissions (
  role_id INTEGER NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  permission_id INTEGER NOT NULL REFERENCES permissions (id),
  PRIMARY KEY (role_id, permission_id)
);

-- Who is what.
CREATE TABLE user_roles (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role_id INTEGER NOT NULL REFERENCES roles (id),
  granted_by INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  granted_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  PRIMARY KEY (user_id, role_id)
);
CREATE INDEX user_roles_granted_by ON user_roles (granted_by);

-- A key for programs.
CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  name TEXT NOT NULL, -- What it is called.
  prefix TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  scopes TEXT NOT NULL, -- JSON text.
  last_used_at INTEGER, -- In Unix seconds.
  expires_at INTEGER -- When it ends by itself, in Unix seconds.
);
CREATE INDEX api_keys_user_id ON api_keys (user_id);

-- Where something is sent or billed.
CREATE TABLE addresses (
  id INTEGER PRIMARY KEY,
  user_id INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  line1 TEXT NOT NULL,
  line2 TEXT,
  city TEXT NOT NULL,
  postcode TEXT NOT NULL,
  country_code TEXT NOT NULL REFERENCES countries (code), -- Which of the countries.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX addresses_user_id ON addresses (user_id);
CREATE INDEX addresses_country_code ON addresses (country_code);

-- ## sellers: Shops and the people behind them.

-- A firm that sells here.
CREATE TABLE sellers (
  id INTEGER PRIMARY KEY,
  owner_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  name TEXT NOT NULL UNIQUE, -- What it is called.
  legal_name TEXT NOT NULL,
  tax_number TEXT,
  rating REAL, -- Of five.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  approved_by INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX sellers_owner_id ON sellers (owner_id);
CREATE INDEX sellers_approved_by ON sellers (approved_by);

-- Who works for a seller.
CREATE TABLE seller_members (
  seller_id INTEGER NOT NULL REFERENCES sellers (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id),
  role TEXT NOT NULL,
  invited_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  joined_at INTEGER, -- In Unix seconds.
  PRIMARY KEY (seller_id, user_id)
);

-- Papers that a seller had to hand in.
CREATE TABLE seller_documents (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id) ON DELETE CASCADE, -- Which of the sellers.
  file_id INTEGER NOT NULL REFERENCES files (id), -- Which of the files.
  kind TEXT NOT NULL, -- Which sort it is.
  reviewed_by INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  reviewed_at INTEGER, -- In Unix seconds.
  verdict TEXT
);
CREATE INDEX seller_documents_seller_id ON seller_documents (seller_id);
CREATE INDEX seller_documents_file_id ON seller_documents (file_id);
CREATE INDEX seller_documents_reviewed_by ON seller_documents (reviewed_by);

-- Where a seller's money goes.
CREATE TABLE seller_bank_accounts (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id) ON DELETE CASCADE, -- Which of the sellers.
  iban TEXT NOT NULL UNIQUE,
  holder TEXT NOT NULL,
  verified_at INTEGER, -- In Unix seconds.
  currency_code TEXT NOT NULL REFERENCES currencies (code) -- Which of the currencies.
);
CREATE INDEX seller_bank_accounts_seller_id ON seller_bank_accounts (seller_id);
CREATE INDEX seller_bank_accounts_currency_code ON seller_bank_accounts (currency_code);

-- What a seller may subscribe to.
CREATE TABLE seller_plans (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  monthly_fee INTEGER NOT NULL, -- In cents.
  commission REAL NOT NULL
);

-- What a seller did subscribe to.
CREATE TABLE seller_subscriptions (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id) ON DELETE CASCADE, -- Which of the sellers.
  plan_id INTEGER NOT NULL REFERENCES seller_plans (id), -- Which of the seller plans.
  starts_on TEXT NOT NULL, -- As YYYY-MM-DD.
  ends_on TEXT -- As YYYY-MM-DD.
);
CREATE INDEX seller_subscriptions_seller_id ON seller_subscriptions (seller_id);
CREATE INDEX seller_subscriptions_plan_id ON seller_subscriptions (plan_id);

-- A seller's page.
CREATE TABLE storefronts (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id) UNIQUE, -- Which of the sellers.
  slug TEXT NOT NULL UNIQUE, -- Its name in URLs.
  headline TEXT,
  banner_id INTEGER REFERENCES files (id) ON DELETE SET NULL, -- Which of the files, if any.
  theme TEXT -- JSON text.
);
CREATE INDEX storefronts_banner_id ON storefronts (banner_id);

-- When a seller doesn't send.
CREATE TABLE seller_holidays (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id) ON DELETE CASCADE, -- Which of the sellers.
  starts_on TEXT NOT NULL, -- As YYYY-MM-DD.
  ends_on TEXT NOT NULL, -- As YYYY-MM-DD.
  note TEXT
);
CREATE INDEX seller_holidays_seller_id ON seller_holidays (seller_id);

-- ## catalogue: What is sold.

-- The tree of what there is.
CREATE TABLE categories (
  id INTEGER PRIMARY KEY,
  parent_id INTEGER REFERENCES categories (id) ON DELETE SET NULL, -- Which of the categories, if any.
  name TEXT NOT NULL, -- What it is called.
  slug TEXT NOT NULL UNIQUE, -- Its name in URLs.
  position INTEGER NOT NULL -- Its place among its kind, from 0.
);
CREATE INDEX categories_parent_id ON categories (parent_id);

-- Who makes it.
CREATE TABLE brands (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  logo_id INTEGER REFERENCES files (id) ON DELETE SET NULL, -- Which of the files, if any.
  website TEXT
);
CREATE INDEX brands_logo_id ON brands (logo_id);

-- Something that is sold, in one or more variants.
CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id), -- Which of the sellers.
  category_id INTEGER NOT NULL REFERENCES categories (id), -- Which of the categories.
  brand_id INTEGER REFERENCES brands (id) ON DELETE SET NULL, -- Which of the brands, if any.
  title TEXT NOT NULL, -- What is shown in lists.
  slug TEXT NOT NULL UNIQUE, -- Its name in URLs.
  description TEXT, -- A few sentences.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  default_variant_id INTEGER REFERENCES product_variants (id) ON DELETE SET NULL, -- Which of the product variants, if any.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()), -- When the row was made, in Unix seconds.
  updated_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When anything in it last changed, in Unix seconds.
);
CREATE INDEX products_seller_id ON products (seller_id);
CREATE INDEX products_category_id ON products (category_id);
CREATE INDEX products_brand_id ON products (brand_id);

-- What is put in the basket; a product names one of its own as the default.
CREATE TABLE product_variants (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE, -- Which of the products.
  sku TEXT NOT NULL UNIQUE, -- The seller's own number for it.
  title TEXT NOT NULL, -- What is shown in lists.
  weight_grams INTEGER,
  price INTEGER NOT NULL, -- In cents, with tax.
  currency_code TEXT NOT NULL REFERENCES currencies (code), -- Which of the currencies.
  tax_class_id INTEGER NOT NULL REFERENCES tax_classes (id) -- Which of the tax classes.
);
CREATE INDEX product_variants_product_id ON product_variants (product_id);
CREATE INDEX product_variants_currency_code ON product_variants (currency_code);
CREATE INDEX product_variants_tax_class_id ON product_variants (tax_class_id);

-- Pictures of a product.
CREATE TABLE product_images (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE, -- Which of the products.
  file_id INTEGER NOT NULL REFERENCES files (id), -- Which of the files.
  position INTEGER NOT NULL, -- Its place among its kind, from 0.
  alt TEXT
);
CREATE INDEX product_images_product_id ON product_images (product_id);
CREATE INDEX product_images_file_id ON product_images (file_id);

-- Colour, say, or size.
CREATE TABLE product_options (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE, -- Which of the products.
  name TEXT NOT NULL, -- What it is called.
  position INTEGER NOT NULL -- Its place among its kind, from 0.
);
CREATE INDEX product_options_product_id ON product_options (product_id);

-- Red, say, or XL.
CREATE TABLE product_option_values (
  id INTEGER PRIMARY KEY,
  option_id INTEGER NOT NULL REFERENCES product_options (id) ON DELETE CASCADE, -- Which of the product options.
  value TEXT NOT NULL,
  position INTEGER NOT NULL -- Its place among its kind, from 0.
);
CREATE INDEX product_option_values_option_id ON product_option_values (option_id);

-- What a variant is of each option.
CREATE TABLE variant_option_values (
  variant_id INTEGER NOT NULL REFERENCES product_variants (id),
  value_id INTEGER NOT NULL REFERENCES product_option_values (id),
  PRIMARY KEY (variant_id, value_id)
);

-- A fact that products of a category have.
CREATE TABLE attributes (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  unit TEXT,
  kind TEXT NOT NULL -- Which sort it is.
);

-- Which facts a category asks for.
CREATE TABLE category_attributes (
  category_id INTEGER NOT NULL REFERENCES categories (id),
  attribute_id INTEGER NOT NULL REFERENCES attributes (id),
  is_required INTEGER NOT NULL DEFAULT 0 CHECK (is_required IN (0, 1)),
  PRIMARY KEY (category_id, attribute_id)
);

-- The facts.
CREATE TABLE product_attributes (
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  attribute_id INTEGER NOT NULL REFERENCES attributes (id),
  value TEXT NOT NULL,
  PRIMARY KEY (product_id, attribute_id)
);

-- Products shown together.
CREATE TABLE collections (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- What it is called.
  slug TEXT NOT NULL UNIQUE, -- Its name in URLs.
  description TEXT, -- A few sentences.
  curated_by INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  starts_at INTEGER, -- In Unix seconds.
  ends_at INTEGER -- In Unix seconds.
);
CREATE INDEX collections_curated_by ON collections (curated_by);

-- What is in a collection.
CREATE TABLE collection_products (
  collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
  product_id INTEGER NOT NULL REFERENCES products (id),
  position INTEGER NOT NULL, -- Its place among its kind, from 0.
  PRIMARY KEY (collection_id, product_id)
);

-- Who likes this likes that.
CREATE TABLE related_products (
  product_id INTEGER NOT NULL REFERENCES products (id),
  other_id INTEGER NOT NULL REFERENCES products (id),
  reason TEXT NOT NULL, -- Why, in one sentence.
  PRIMARY KEY (product_id, other_id)
);

-- Words for products.
CREATE TABLE tags (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE -- What it is called.
);

-- Words of a product.
CREATE TABLE product_tags (
  product_id INTEGER NOT NULL REFERENCES products (id) ON DELETE CASCADE,
  tag_id INTEGER NOT NULL REFERENCES tags (id),
  PRIMARY KEY (product_id, tag_id)
);

-- What it cost before; the law wants that.
CREATE TABLE price_history (
  id INTEGER PRIMARY KEY,
  variant_id INTEGER NOT NULL REFERENCES product_variants (id), -- Which of the product variants.
  price INTEGER NOT NULL, -- In cents, with tax.
  valid_from INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  valid_until INTEGER -- In Unix seconds.
);
CREATE INDEX price_history_variant_id ON price_history (variant_id);

-- A product made of others.
CREATE TABLE bundles (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id) UNIQUE, -- Which of the products.
  discount REAL NOT NULL
);

-- What a bundle is made of.
CREATE TABLE bundle_items (
  bundle_id INTEGER NOT NULL REFERENCES bundles (id) ON DELETE CASCADE,
  variant_id INTEGER NOT NULL REFERENCES product_variants (id),
  quantity INTEGER NOT NULL, -- How many.
  PRIMARY KEY (bundle_id, variant_id)
);

-- ## stock: Where it lies, and how it comes and goes.

-- Where goods lie.
CREATE TABLE warehouses (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  seller_id INTEGER REFERENCES sellers (id) ON DELETE SET NULL, -- Which of the sellers, if any.
  address_id INTEGER NOT NULL REFERENCES addresses (id) -- Which of the addresses.
);
CREATE INDEX warehouses_seller_id ON warehouses (seller_id);
CREATE INDEX warehouses_address_id ON warehouses (address_id);

-- A part of a warehouse.
CREATE TABLE warehouse_zones (
  id INTEGER PRIMARY KEY,
  warehouse_id INTEGER NOT NULL REFERENCES warehouses (id) ON DELETE CASCADE, -- Which of the warehouses.
  name TEXT NOT NULL, -- What it is called.
  temperature TEXT,
  parent_id INTEGER REFERENCES warehouse_zones (id) ON DELETE SET NULL -- Which of the warehouse zones, if any.
);
CREATE INDEX warehouse_zones_warehouse_id ON warehouse_zones (warehouse_id);
CREATE INDEX warehouse_zones_parent_id ON warehouse_zones (parent_id);

-- A place on a shelf.
CREATE TABLE bins (
  id INTEGER PRIMARY KEY,
  zone_id INTEGER NOT NULL REFERENCES warehouse_zones (id), -- Which of the warehouse zones.
  code TEXT NOT NULL UNIQUE -- A short name that never changes.
);
CREATE INDEX bins_zone_id ON bins (zone_id);

-- How many lie where.
CREATE TABLE stock_items (
  id INTEGER PRIMARY KEY,
  variant_id INTEGER NOT NULL REFERENCES product_variants (id), -- Which of the product variants.
  bin_id INTEGER NOT NULL REFERENCES bins (id), -- Which of the bins.
  quantity INTEGER NOT NULL, -- How many.
  counted_at INTEGER -- In Unix seconds.
);
CREATE INDEX stock_items_variant_id ON stock_items (variant_id);
CREATE INDEX stock_items_bin_id ON stock_items (bin_id);

-- Goods carried from one place to another.
CREATE TABLE stock_movements (
  id INTEGER PRIMARY KEY,
  variant_id INTEGER NOT NULL REFERENCES product_variants (id), -- Which of the product variants.
  from_bin_id INTEGER REFERENCES bins (id) ON DELETE SET NULL, -- Which of the bins, if any.
  to_bin_id INTEGER REFERENCES bins (id) ON DELETE SET NULL, -- Which of the bins, if any.
  quantity INTEGER NOT NULL, -- How many.
  reason TEXT NOT NULL, -- Why, in one sentence.
  moved_by INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  moved_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX stock_movements_variant_id ON stock_movements (variant_id);
CREATE INDEX stock_movements_from_bin_id ON stock_movements (from_bin_id);
CREATE INDEX stock_movements_to_bin_id ON stock_movements (to_bin_id);

-- What is kept for an order.
CREATE TABLE stock_reservations (
  id INTEGER PRIMARY KEY,
  order_item_id INTEGER NOT NULL REFERENCES order_items (id) UNIQUE, -- Which of the order items.
  stock_item_id INTEGER NOT NULL REFERENCES stock_items (id), -- Which of the stock items.
  quantity INTEGER NOT NULL, -- How many.
  expires_at INTEGER -- When it ends by itself, in Unix seconds.
);
CREATE INDEX stock_reservations_stock_item_id ON stock_reservations (stock_item_id);

-- Where sellers buy.
CREATE TABLE suppliers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  email TEXT, -- Where mail goes.
  lead_days INTEGER
);

-- What a seller buys.
CREATE TABLE purchase_orders (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id), -- Which of the sellers.
  supplier_id INTEGER NOT NULL REFERENCES suppliers (id), -- Which of the suppliers.
  warehouse_id INTEGER NOT NULL REFERENCES warehouses (id), -- Which of the warehouses.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  ordered_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  expected_on TEXT -- As YYYY-MM-DD.
);
CREATE INDEX purchase_orders_seller_id ON purchase_orders (seller_id);
CREATE INDEX purchase_orders_supplier_id ON purchase_orders (supplier_id);
CREATE INDEX purchase_orders_warehouse_id ON purchase_orders (warehouse_id);

-- A line of it.
CREATE TABLE purchase_order_items (
  id INTEGER PRIMARY KEY,
  purchase_order_id INTEGER NOT NULL REFERENCES purchase_orders (id) ON DELETE CASCADE, -- Which of the purchase orders.
  variant_id INTEGER NOT NULL REFERENCES product_variants (id), -- Which of the product variants.
  quantity INTEGER NOT NULL, -- How many.
  cost INTEGER NOT NULL, -- In cents.
  received INTEGER NOT NULL
);
CREATE INDEX purchase_order_items_purchase_order_id ON purchase_order_items (purchase_order_id);
CREATE INDEX purchase_order_items_variant_id ON purchase_order_items (variant_id);

-- Counting everything.
CREATE TABLE stock_takes (
  id INTEGER PRIMARY KEY,
  warehouse_id INTEGER NOT NULL REFERENCES warehouses (id), -- Which of the warehouses.
  began_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  ended_at INTEGER, -- In Unix seconds.
  counted_by INTEGER NOT NULL REFERENCES users (id) -- Which of the users.
);
CREATE INDEX stock_takes_warehouse_id ON stock_takes (warehouse_id);
CREATE INDEX stock_takes_counted_by ON stock_takes (counted_by);

-- What was counted.
CREATE TABLE stock_take_lines (
  id INTEGER PRIMARY KEY,
  stock_take_id INTEGER NOT NULL REFERENCES stock_takes (id) ON DELETE CASCADE, -- Which of the stock takes.
  stock_item_id INTEGER NOT NULL REFERENCES stock_items (id), -- Which of the stock items.
  expected INTEGER NOT NULL,
  counted INTEGER NOT NULL
);
CREATE INDEX stock_take_lines_stock_take_id ON stock_take_lines (stock_take_id);
CREATE INDEX stock_take_lines_stock_item_id ON stock_take_lines (stock_item_id);

-- ## orders: Baskets, orders, returns.

-- A basket.
CREATE TABLE carts (
  id INTEGER PRIMARY KEY,
  user_id INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  session_token TEXT,
  currency_code TEXT NOT NULL REFERENCES currencies (code), -- Which of the currencies.
  updated_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When anything in it last changed, in Unix seconds.
);
CREATE INDEX carts_user_id ON carts (user_id);
CREATE INDEX carts_currency_code ON carts (currency_code);

-- What is in it.
CREATE TABLE cart_items (
  id INTEGER PRIMARY KEY,
  cart_id INTEGER NOT NULL REFERENCES carts (id) ON DELETE CASCADE, -- Which of the carts.
  variant_id INTEGER NOT NULL REFERENCES product_variants (id), -- Which of the product variants.
  quantity INTEGER NOT NULL, -- How many.
  added_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX cart_items_cart_id ON cart_items (cart_id);
CREATE INDEX cart_items_variant_id ON cart_items (variant_id);

-- What somebody bought at one time.
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  cart_id INTEGER REFERENCES carts (id) ON DELETE SET NULL, -- Which of the carts, if any.
  billing_address_id INTEGER NOT NULL REFERENCES addresses (id), -- Which of the addresses.
  shipping_address_id INTEGER NOT NULL REFERENCES addresses (id), -- Which of the addresses.
  coupon_id INTEGER REFERENCES coupons (id) ON DELETE SET NULL, -- Which of the coupons, if any.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  total INTEGER NOT NULL, -- In cents, with tax.
  currency_code TEXT NOT NULL REFERENCES currencies (code), -- Which of the currencies.
  placed_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX orders_user_id ON orders (user_id);
CREATE INDEX orders_cart_id ON orders (cart_id);
CREATE INDEX orders_billing_address_id ON orders (billing_address_id);
CREATE INDEX orders_coupon_id ON orders (coupon_id);
CREATE INDEX orders_currency_code ON orders (currency_code);

-- A line of an order.
CREATE TABLE order_items (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE, -- Which of the orders.
  variant_id INTEGER NOT NULL REFERENCES product_variants (id), -- Which of the product variants.
  seller_id INTEGER NOT NULL REFERENCES sellers (id), -- Which of the sellers.
  quantity INTEGER NOT NULL, -- How many.
  price INTEGER NOT NULL, -- In cents, with tax.
  tax INTEGER NOT NULL, -- In cents.
  state TEXT NOT NULL DEFAULT 'new' -- How far it has come.
);
CREATE INDEX order_items_order_id ON order_items (order_id);
CREATE INDEX order_items_variant_id ON order_items (variant_id);
CREATE INDEX order_items_seller_id ON order_items (seller_id);

-- What became of an order.
CREATE TABLE order_events (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE, -- Which of the orders.
  kind TEXT NOT NULL, -- Which sort it is.
  actor_id INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  data TEXT, -- JSON text.
  happened_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX order_events_order_id ON order_events (order_id);
CREATE INDEX order_events_actor_id ON order_events (actor_id);

-- What people wrote about it.
CREATE TABLE order_notes (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE, -- Which of the orders.
  author_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  text TEXT NOT NULL, -- Plain text, without markup.
  is_internal INTEGER NOT NULL DEFAULT 0 CHECK (is_internal IN (0, 1)),
  written_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX order_notes_order_id ON order_notes (order_id);
CREATE INDEX order_notes_author_id ON order_notes (author_id);

-- A wish to send back.
CREATE TABLE returns (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id), -- Which of the orders.
  reason TEXT NOT NULL, -- Why, in one sentence.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  requested_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  approved_by INTEGER REFERENCES users (id) ON DELETE SET NULL -- Which of the users, if any.
);
CREATE INDEX returns_order_id ON returns (order_id);
CREATE INDEX returns_approved_by ON returns (approved_by);

-- What is sent back.
CREATE TABLE return_items (
  id INTEGER PRIMARY KEY,
  return_id INTEGER NOT NULL REFERENCES returns (id) ON DELETE CASCADE, -- Which of the returns.
  order_item_id INTEGER NOT NULL REFERENCES order_items (id), -- Which of the order items.
  quantity INTEGER NOT NULL, -- How many.
  condition TEXT
);
CREATE INDEX return_items_return_id ON return_items (return_id);
CREATE INDEX return_items_order_item_id ON return_items (order_item_id);

-- Money that one can give.
CREATE TABLE gift_cards (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  amount INTEGER NOT NULL, -- In cents.
  balance INTEGER NOT NULL, -- In cents.
  bought_in_order_id INTEGER REFERENCES orders (id) ON DELETE SET NULL, -- Which of the orders, if any.
  expires_on TEXT -- As YYYY-MM-DD.
);
CREATE INDEX gift_cards_bought_in_order_id ON gift_cards (bought_in_order_id);

-- Where it went.
CREATE TABLE gift_card_uses (
  id INTEGER PRIMARY KEY,
  gift_card_id INTEGER NOT NULL REFERENCES gift_cards (id) ON DELETE CASCADE, -- Which of the gift cards.
  order_id INTEGER NOT NULL REFERENCES orders (id), -- Which of the orders.
  amount INTEGER NOT NULL, -- In cents.
  used_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX gift_card_uses_gift_card_id ON gift_card_uses (gift_card_id);
CREATE INDEX gift_card_uses_order_id ON gift_card_uses (order_id);

-- What somebody would like to have.
CREATE TABLE wishlists (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  name TEXT NOT NULL, -- What it is called.
  is_public INTEGER NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1))
);
CREATE INDEX wishlists_user_id ON wishlists (user_id);

-- A wish.
CREATE TABLE wishlist_items (
  wishlist_id INTEGER NOT NULL REFERENCES wishlists (id) ON DELETE CASCADE,
  variant_id INTEGER NOT NULL REFERENCES product_variants (id),
  added_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  PRIMARY KEY (wishlist_id, variant_id)
);

-- ## payments: Money in and out.

-- What money there is.
CREATE TABLE currencies (
  code TEXT PRIMARY KEY NOT NULL, -- A short name that never changes.
  name TEXT NOT NULL, -- What it is called.
  digits INTEGER NOT NULL
);

-- A card, say.
CREATE TABLE payment_methods (
  id INTEGER PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  provider TEXT NOT NULL,
  token TEXT NOT NULL UNIQUE,
  brand TEXT,
  last_digits TEXT,
  expires_on TEXT, -- As YYYY-MM-DD.
  is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1))
);
CREATE INDEX payment_methods_user_id ON payment_methods (user_id);

-- Money for an order.
CREATE TABLE payments (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id), -- Which of the orders.
  method_id INTEGER REFERENCES payment_methods (id) ON DELETE SET NULL, -- Which of the payment methods, if any.
  amount INTEGER NOT NULL, -- In cents.
  currency_code TEXT NOT NULL REFERENCES currencies (code), -- Which of the currencies.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  provider_reference TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX payments_order_id ON payments (order_id);
CREATE INDEX payments_method_id ON payments (method_id);
CREATE INDEX payments_currency_code ON payments (currency_code);

-- Each time it was tried.
CREATE TABLE payment_attempts (
  id INTEGER PRIMARY KEY,
  payment_id INTEGER NOT NULL REFERENCES payments (id) ON DELETE CASCADE, -- Which of the payments.
  number INTEGER NOT NULL, -- Counted from 1, or printed on paper.
  error TEXT,
  tried_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX payment_attempts_payment_id ON payment_attempts (payment_id);

-- Money that goes back.
CREATE TABLE refunds (
  id INTEGER PRIMARY KEY,
  payment_id INTEGER NOT NULL REFERENCES payments (id), -- Which of the payments.
  return_id INTEGER REFERENCES returns (id) ON DELETE SET NULL, -- Which of the returns, if any.
  amount INTEGER NOT NULL, -- In cents.
  reason TEXT, -- Why, in one sentence.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX refunds_payment_id ON refunds (payment_id);
CREATE INDEX refunds_return_id ON refunds (return_id);

-- Money for a seller.
CREATE TABLE payouts (
  id INTEGER PRIMARY KEY,
  seller_id INTEGER NOT NULL REFERENCES sellers (id), -- Which of the sellers.
  bank_account_id INTEGER NOT NULL REFERENCES seller_bank_accounts (id), -- Which of the seller bank accounts.
  amount INTEGER NOT NULL, -- In cents.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  period_start TEXT NOT NULL, -- As YYYY-MM-DD.
  period_end TEXT NOT NULL -- As YYYY-MM-DD.
);
CREATE INDEX payouts_seller_id ON payouts (seller_id);
CREATE INDEX payouts_bank_account_id ON payouts (bank_account_id);

-- What a payout is for.
CREATE TABLE payout_lines (
  id INTEGER PRIMARY KEY,
  payout_id INTEGER NOT NULL REFERENCES payouts (id) ON DELETE CASCADE, -- Which of the payouts.
  order_item_id INTEGER NOT NULL REFERENCES order_items (id), -- Which of the order items.
  amount INTEGER NOT NULL, -- In cents.
  fee INTEGER NOT NULL -- In cents.
);
CREATE INDEX payout_lines_payout_id ON payout_lines (payout_id);
CREATE INDEX payout_lines_order_item_id ON payout_lines (order_item_id);

-- The bill, or a correction of one.
CREATE TABLE invoices (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id) UNIQUE, -- Which of the orders.
  number TEXT NOT NULL UNIQUE, -- Counted from 1, or printed on paper.
  file_id INTEGER REFERENCES files (id) ON DELETE SET NULL, -- Which of the files, if any.
  issued_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  corrects_id INTEGER REFERENCES invoices (id) ON DELETE SET NULL -- Which of the invoices, if any.
);
CREATE INDEX invoices_file_id ON invoices (file_id);
CREATE INDEX invoices_corrects_id ON invoices (corrects_id);

-- Full, reduced, none.
CREATE TABLE tax_classes (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE -- What it is called.
);

-- How much it is where.
CREATE TABLE tax_rates (
  id INTEGER PRIMARY KEY,
  tax_class_id INTEGER NOT NULL REFERENCES tax_classes (id), -- Which of the tax classes.
  country_code TEXT NOT NULL REFERENCES countries (code), -- Which of the countries.
  rate REAL NOT NULL,
  valid_from TEXT NOT NULL -- As YYYY-MM-DD.
);
CREATE INDEX tax_rates_tax_class_id ON tax_rates (tax_class_id);
CREATE INDEX tax_rates_country_code ON tax_rates (country_code);

-- Where we send.
CREATE TABLE countries (
  code TEXT PRIMARY KEY NOT NULL, -- A short name that never changes.
  name TEXT NOT NULL, -- What it is called.
  currency_code TEXT REFERENCES currencies (code) ON DELETE SET NULL, -- Which of the currencies, if any.
  is_shipped_to INTEGER NOT NULL DEFAULT 0 CHECK (is_shipped_to IN (0, 1))
);
CREATE INDEX countries_currency_code ON countries (currency_code);

-- What a currency costs in another.
CREATE TABLE exchange_rates (
  id INTEGER PRIMARY KEY,
  base_code TEXT NOT NULL REFERENCES currencies (code), -- Which of the currencies.
  quote_code TEXT NOT NULL REFERENCES currencies (code), -- Which of the currencies.
  rate REAL NOT NULL,
  day TEXT NOT NULL -- As YYYY-MM-DD.
);
CREATE INDEX exchange_rates_base_code ON exchange_rates (base_code);
CREATE INDEX exchange_rates_quote_code ON exchange_rates (quote_code);

-- A card holder who says no.
CREATE TABLE disputes (
  id INTEGER PRIMARY KEY,
  payment_id INTEGER NOT NULL REFERENCES payments (id), -- Which of the payments.
  opened_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  reason TEXT NOT NULL, -- Why, in one sentence.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  evidence_id INTEGER REFERENCES files (id) ON DELETE SET NULL -- Which of the files, if any.
);
CREATE INDEX disputes_payment_id ON disputes (payment_id);
CREATE INDEX disputes_evidence_id ON disputes (evidence_id);

-- The chart of accounts.
CREATE TABLE ledger_accounts (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  name TEXT NOT NULL, -- What it is called.
  kind TEXT NOT NULL, -- Which sort it is.
  parent_id INTEGER REFERENCES ledger_accounts (id) ON DELETE SET NULL -- Which of the ledger accounts, if any.
);
CREATE INDEX ledger_accounts_parent_id ON ledger_accounts (parent_id);

-- The books.
CREATE TABLE ledger_entries (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES ledger_accounts (id), -- Which of the ledger accounts.
  payment_id INTEGER REFERENCES payments (id) ON DELETE SET NULL, -- Which of the payments, if any.
  payout_id INTEGER REFERENCES payouts (id) ON DELETE SET NULL, -- Which of the payouts, if any.
  amount INTEGER NOT NULL, -- In cents.
  posted_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX ledger_entries_account_id ON ledger_entries (account_id);
CREATE INDEX ledger_entries_payment_id ON ledger_entries (payment_id);
CREATE INDEX ledger_entries_payout_id ON ledger_entries (payout_id);

-- ## shipping: Parcels.

-- Who carries.
CREATE TABLE carriers (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  tracking_url TEXT
);

-- How one can have it sent.
CREATE TABLE shipping_methods (
  id INTEGER PRIMARY KEY,
  carrier_id INTEGER NOT NULL REFERENCES carriers (id), -- Which of the carriers.
  name TEXT NOT NULL, -- What it is called.
  kind TEXT NOT NULL, -- Which sort it is.
  price INTEGER NOT NULL -- In cents, with tax.
);
CREATE INDEX shipping_methods_carrier_id ON shipping_methods (carrier_id);

-- Countries that cost the same.
CREATE TABLE shipping_zones (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE -- What it is called.
);

-- Which those are.
CREATE TABLE shipping_zone_countries (
  zone_id INTEGER NOT NULL REFERENCES shipping_zones (id) ON DELETE CASCADE,
  country_code TEXT NOT NULL REFERENCES countries (code),
  PRIMARY KEY (zone_id, country_code)
);

-- What it costs.
CREATE TABLE shipping_rates (
  id INTEGER PRIMARY KEY,
  zone_id INTEGER NOT NULL REFERENCES shipping_zones (id), -- Which of the shipping zones.
  method_id INTEGER NOT NULL REFERENCES shipping_methods (id), -- Which of the shipping methods.
  max_grams INTEGER NOT NULL,
  price INTEGER NOT NULL -- In cents, with tax.
);
CREATE INDEX shipping_rates_zone_id ON shipping_rates (zone_id);
CREATE INDEX shipping_rates_method_id ON shipping_rates (method_id);

-- A parcel.
CREATE TABLE shipments (
  id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES orders (id), -- Which of the orders.
  method_id INTEGER NOT NULL REFERENCES shipping_methods (id), -- Which of the shipping methods.
  warehouse_id INTEGER NOT NULL REFERENCES warehouses (id), -- Which of the warehouses.
  tracking_number TEXT,
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  shipped_at INTEGER, -- In Unix seconds.
  delivered_at INTEGER -- In Unix seconds.
);
CREATE INDEX shipments_order_id ON shipments (order_id);
CREATE INDEX shipments_method_id ON shipments (method_id);
CREATE INDEX shipments_warehouse_id ON shipments (warehouse_id);

-- What is in a parcel.
CREATE TABLE shipment_items (
  shipment_id INTEGER NOT NULL REFERENCES shipments (id) ON DELETE CASCADE,
  order_item_id INTEGER NOT NULL REFERENCES order_items (id),
  quantity INTEGER NOT NULL, -- How many.
  PRIMARY KEY (shipment_id, order_item_id)
);

-- Where a parcel was.
CREATE TABLE shipment_events (
  id INTEGER PRIMARY KEY,
  shipment_id INTEGER NOT NULL REFERENCES shipments (id) ON DELETE CASCADE, -- Which of the shipments.
  kind TEXT NOT NULL, -- Which sort it is.
  place TEXT,
  happened_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX shipment_events_shipment_id ON shipment_events (shipment_id);

-- Where one can get it.
CREATE TABLE pickup_points (
  id INTEGER PRIMARY KEY,
  carrier_id INTEGER NOT NULL REFERENCES carriers (id), -- Which of the carriers.
  name TEXT NOT NULL, -- What it is called.
  address_id INTEGER NOT NULL REFERENCES addresses (id), -- Which of the addresses.
  opens TEXT -- JSON text.
);
CREATE INDEX pickup_points_carrier_id ON pickup_points (carrier_id);
CREATE INDEX pickup_points_address_id ON pickup_points (address_id);

-- ## marketing: Coupons, campaigns and what people say.

-- A discount by a code.
CREATE TABLE coupons (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- A short name that never changes.
  kind TEXT NOT NULL, -- Which sort it is.
  value REAL NOT NULL,
  starts_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  ends_at INTEGER, -- In Unix seconds.
  max_uses INTEGER,
  campaign_id INTEGER REFERENCES campaigns (id) ON DELETE SET NULL -- Which of the campaigns, if any.
);
CREATE INDEX coupons_campaign_id ON coupons (campaign_id);

-- What a coupon is good for.
CREATE TABLE coupon_products (
  coupon_id INTEGER NOT NULL REFERENCES coupons (id) ON DELETE CASCADE,
  product_id INTEGER NOT NULL REFERENCES products (id),
  PRIMARY KEY (coupon_id, product_id)
);

-- An effort to sell more.
CREATE TABLE campaigns (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- What it is called.
  owner_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  budget INTEGER, -- In cents.
  starts_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  ends_at INTEGER -- In Unix seconds.
);
CREATE INDEX campaigns_owner_id ON campaigns (owner_id);

-- What somebody thinks of a product.
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id), -- Which of the products.
  user_id INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  order_item_id INTEGER REFERENCES order_items (id) ON DELETE SET NULL, -- Which of the order items, if any.
  rating INTEGER NOT NULL, -- Of five.
  title TEXT, -- What is shown in lists.
  text TEXT, -- Plain text, without markup.
  state TEXT NOT NULL DEFAULT 'new', -- How far it has come.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX reviews_product_id ON reviews (product_id);
CREATE INDEX reviews_user_id ON reviews (user_id);
CREATE INDEX reviews_order_item_id ON reviews (order_item_id);

-- Whether that was of use.
CREATE TABLE review_votes (
  review_id INTEGER NOT NULL REFERENCES reviews (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id),
  is_helpful INTEGER NOT NULL DEFAULT 0 CHECK (is_helpful IN (0, 1)),
  PRIMARY KEY (review_id, user_id)
);

-- What the seller says to that.
CREATE TABLE review_replies (
  id INTEGER PRIMARY KEY,
  review_id INTEGER NOT NULL REFERENCES reviews (id) ON DELETE CASCADE, -- Which of the reviews.
  seller_id INTEGER NOT NULL REFERENCES sellers (id), -- Which of the sellers.
  text TEXT NOT NULL, -- Plain text, without markup.
  written_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX review_replies_review_id ON review_replies (review_id);
CREATE INDEX review_replies_seller_id ON review_replies (seller_id);

-- What somebody wants to know of a product.
CREATE TABLE questions (
  id INTEGER PRIMARY KEY,
  product_id INTEGER NOT NULL REFERENCES products (id), -- Which of the products.
  asked_by INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  text TEXT NOT NULL, -- Plain text, without markup.
  asked_at INTEGER NOT NULL DEFAULT (unixepoch()) -- In Unix seconds.
);
CREATE INDEX questions_product_id ON questions (product_id);
CREATE INDEX questions_asked_by ON questions (asked_by);

-- A letter to many.
CREATE TABLE newsletters (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  language TEXT NOT NULL,
  sent_at INTEGER -- In Unix seconds.
);

-- Who got it.
CREATE TABLE newsletter_readers (
  newsletter_id INTEGER NOT NULL REFERENCES newsletters (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id),
  opened_at INTEGER, -- In Unix seconds.
  PRIMARY KEY (newsletter_id, user_id)
);

-- What reviews may not say.
CREATE TABLE blocked_words (
  id INTEGER PRIMARY KEY,
  word TEXT NOT NULL UNIQUE,
  language TEXT,
  added_by INTEGER NOT NULL REFERENCES users (id) -- Which of the users.
);
CREATE INDEX blocked_words_added_by ON blocked_words (added_by);

-- And what somebody knows.
CREATE TABLE answers (
  id INTEGER PRIMARY KEY,
  question_id INTEGER NOT NULL REFERENCES questions (id), -- Which of the questions.
  answered_by INTEGER NOT NULL REFERENCES users (id), -- Which of the users.
  text TEXT NOT NULL, -- Plain text, without markup.
  answered_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  accepted INTEGER NOT NULL DEFAULT 0 CHECK (accepted IN (0, 1))
);
CREATE INDEX answers_question_id ON answers (question_id);
CREATE INDEX answers_answered_by ON answers (answered_by);

-- ##

-- Pictures and papers. People have pictures, and files are somebody's: a circle.
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL, -- What it is called.
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  sha256 TEXT NOT NULL UNIQUE,
  uploaded_by INTEGER REFERENCES users (id) ON DELETE SET NULL, -- Which of the users, if any.
  created_at INTEGER NOT NULL DEFAULT (unixepoch()) -- When the row was made, in Unix seconds.
);
CREATE INDEX files_uploaded_by ON files (uploaded_by);

-- What is switched on for whom.
CREATE TABLE feature_flags (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE, -- What it is called.
  enabled INTEGER NOT NULL DEFAULT 0 CHECK (enabled IN (0, 1)),
  rules TEXT -- JSON text.
);

-- What is still to be done.
CREATE TABLE job_queue (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, -- Which sort it is.
  payload TEXT NOT NULL, -- JSON text.
  run_at INTEGER NOT NULL DEFAULT (unixepoch()), -- In Unix seconds.
  attempts INTEGER NOT NULL,
  locked_until INTEGER -- In Unix seconds.
);
CREATE TRIGGER products_touched AFTER UPDATE OF title, description ON products BEGIN
  UPDATE products SET updated_at = unixepoch() WHERE id = new.id;
END;
CREATE VIEW open_orders AS SELECT * FROM orders WHERE state NOT IN ('delivered', 'cancelled');
CREATE VIRTUAL TABLE product_search USING fts5(title, description);
